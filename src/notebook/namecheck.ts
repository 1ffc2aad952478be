/**
 * Names and columns of tables that Python code uses and that neither it nor the kernel has. Pure.
 *
 * Code is judged by whole statements of the outermost level while it streams; what is in functions at the end, because
 * they may use what is defined below them. A doubt counts as known: an alarm that is wrong costs more than one that is
 * missing. Cost is linear in the code, also where one statement is very long.
 */
import type { Parser, SyntaxNode } from '@lezer/common';
import { hasError, roleOf, textOf, withoutMagics } from './pythonsyntax';
import { TableColumns } from './tablecolumns';

/** What a kernel knows. */
export interface IKnownNames {
  readonly names: ReadonlySet<string>;
  /** Columns of data frames by name. */
  readonly tables: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A name that is not known, and where: UTF-16 units from the beginning of the code. */
export interface IUnknownName {
  readonly from: number;
  readonly to: number;
  readonly name: string;
  /** The table whose column it would be; null: it is a variable's name. */
  readonly table: string | null;
}

/** What makes or looks at names in ways that cannot be followed. */
const DYNAMIC =
  /(?<![.\w])(?:(?:globals|locals|vars|exec|eval|dir|setattr|delattr)\s*\(|(?:get_ipython|builtins|__main__)\b)/;

/** Blocks that may fail on purpose. */
const EXPECTS_ERRORS = /\b(?:suppress|raises)\s*\(/;

export class NameCheck {
  constructor(
    private readonly _parser: Parser,
    private readonly _known: IKnownNames
  ) {
    this._columns = new TableColumns(_known.tables);
  }

  /** Take code that follows; return what it makes known to be unknown. */
  add(text: string): readonly IUnknownName[] {
    this._pending += text;
    this._isDynamic ||= this._base === 0 && this._pending.startsWith('%%');
    const end = this._pending.lastIndexOf('\n') + 1;
    if (!text.includes('\n') || end < this._patience) {
      return [];
    }
    return this._check(this._pending.slice(0, end), false);
  }

  /** The code is complete: return what else is unknown. */
  end(): readonly IUnknownName[] {
    const found = this._check(this._pending, true);
    const later = this._later.filter(({ name, table }) => !this._has(name, table));
    this._later = [];
    return [...found, ...later];
  }

  private _check(code: string, isWhole: boolean): readonly IUnknownName[] {
    const text = withoutMagics(code);
    const statements: SyntaxNode[] = [];
    for (let node = this._parser.parse(text).topNode.firstChild; node; node = node.nextSibling) {
      if (node.name !== 'Comment') {
        statements.push(node);
      }
    }
    const found: IUnknownName[] = [];
    let taken = 0;
    for (const [at, statement] of statements.entries()) {
      const isLast = at === statements.length - 1;
      const isBroken = hasError(statement);
      if (!isWhole && (isLast || isBroken)) {
        break;
      }
      found.push(...this._take(statement, text, isBroken));
      taken = isLast ? code.length : statements[at + 1].from;
    }
    this._base += taken;
    this._pending = this._pending.slice(taken);
    // A statement that goes on and on is looked at again when it has grown by a tenth.
    this._patience = taken > 0 ? 0 : code.length * 1.1;
    return found;
  }

  /** Take a whole statement. */
  private _take(statement: SyntaxNode, text: string, isBroken: boolean): readonly IUnknownName[] {
    const source = textOf(statement, text);
    this._isDynamic ||= DYNAMIC.test(source);
    const uses: { node: SyntaxNode; isLater: boolean; isJudged: boolean }[] = [];
    const walk = (node: SyntaxNode, isLater: boolean, isJudged: boolean): void => {
      if (node.name === 'VariableName') {
        const role = isBroken ? 'binds' : roleOf(node, text);
        if (role === 'binds') {
          this._bind(textOf(node, text));
        } else if (role === 'uses') {
          uses.push({ node, isLater, isJudged });
        }
        return;
      }
      if (node.name === 'ImportStatement') {
        this._isDynamic ||= source.includes('*');
        this._hasLazyTypes ||= /^from\s+__future__\b.*\bannotations\b/s.test(source);
      }
      const isBody = node.name === 'FunctionDefinition' || node.name === 'LambdaExpression';
      let isGuard = mayFail(node, text);
      for (let child = node.firstChild; child; child = child.nextSibling) {
        const isGuarded = isGuard && child.name === 'Body';
        const isType = child.name === 'TypeDef' && this._isLazy(node, isLater);
        walk(child, isLater || isBody, isJudged && !isGuarded && !isType);
        isGuard &&= !isGuarded;
      }
    };
    walk(statement, false, true);
    this._noteTables(
      uses.map(({ node }) => node),
      source,
      text
    );
    const found: IUnknownName[] = [];
    for (const { node, isLater, isJudged } of uses) {
      if (isJudged) {
        (isLater ? this._later : found).push(...this._unknownAt(node, text));
      }
    }
    return found;
  }

  private _bind(name: string): void {
    this._bound.add(name);
    this._columns.release(name);
  }

  /** Whether an annotation is never evaluated. */
  private _isLazy({ name }: SyntaxNode, isInFunction: boolean): boolean {
    return this._hasLazyTypes || (isInFunction && name === 'AssignStatement');
  }

  private _noteTables(uses: readonly SyntaxNode[], source: string, text: string): void {
    const tables = uses.filter(node => this._columns.hasTable(textOf(node, text)));
    tables.forEach(node => this._columns.note(node, text));
    new Set(tables.map(node => textOf(node, text))).forEach(table =>
      this._columns.noteStatement(table, source)
    );
  }

  /** What is unknown where a name is used: the name, or columns that are read of its table. */
  private _unknownAt(node: SyntaxNode, text: string): readonly IUnknownName[] {
    const name = textOf(node, text);
    if (!this._has(name, null)) {
      return [this._placed(node, name, null)];
    }
    return this._columns
      .read(node, text)
      .filter(({ column }) => !this._has(column, name))
      .map(({ node: key, column }) => this._placed(key, column, name));
  }

  private _placed({ from, to }: SyntaxNode, name: string, table: string | null): IUnknownName {
    return { from: from + this._base, to: to + this._base, name, table };
  }

  private _has(name: string, table: string | null): boolean {
    if (this._isDynamic) {
      return true;
    }
    return table === null
      ? name.startsWith('_') || this._known.names.has(name) || this._bound.has(name)
      : this._columns.has(table, name);
  }

  private _pending = '';
  /** Where the pending code begins. */
  private _base = 0;
  private _patience = 0;
  private _isDynamic = false;
  /** Annotations are not evaluated. */
  private _hasLazyTypes = false;
  private _later: IUnknownName[] = [];
  private readonly _bound = new Set<string>();
  private readonly _columns: TableColumns;
}

/** Whether the first block of a statement may fail on purpose: it is not judged. */
function mayFail(node: SyntaxNode, text: string): boolean {
  const body = node.name === 'WithStatement' ? node.getChild('Body') : null;
  return (
    node.name === 'TryStatement' ||
    (body !== null && EXPECTS_ERRORS.test(text.slice(node.from, body.from)))
  );
}
