/**
 * Names and columns of tables that Python code uses and that neither it nor the kernel has. Pure.
 *
 * Code is judged by whole statements of the outermost level while it streams; what is in functions at the end, because
 * they may use what is defined below them. A doubt counts as known: an alarm that is wrong costs more than one that is
 * missing. Cost is linear in the code, also where one statement is very long.
 */
import type { Parser, SyntaxNode } from '@lezer/common';

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

/** What looks at names in ways that cannot be followed. */
const DYNAMIC = /\b(?:globals|locals|vars|exec|eval|dir|setattr|delattr)\s*\(/;

/** Calls that leave a table as it is. */
const READERS = new Set(
  'len print display list type isinstance str repr id tuple set dict iter enumerate zip sorted hash sum min max any all map filter'.split(
    ' '
  )
);

const PATTERNS = /Pattern$/;

export class NameCheck {
  constructor(
    private readonly _parser: Parser,
    private readonly _known: IKnownNames
  ) {}

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
    const source = text.slice(statement.from, statement.to);
    this._isDynamic ||= DYNAMIC.test(source);
    const uses: { node: SyntaxNode; isLater: boolean }[] = [];
    const walk = (node: SyntaxNode, isLater: boolean, isTried: boolean): void => {
      if (node.name === 'VariableName') {
        const role = isBroken ? 'binds' : roleOf(node);
        const name = text.slice(node.from, node.to);
        if (role === 'binds') {
          this._bound.add(name);
        } else if (role === 'uses' && !isTried) {
          uses.push({ node, isLater });
        }
        return;
      }
      if (node.name === 'ImportStatement' && source.includes('*')) {
        this._isDynamic = true;
      }
      const isBody = node.name === 'FunctionDefinition' || node.name === 'LambdaExpression';
      let isFirstBody = node.name === 'TryStatement';
      for (let child = node.firstChild; child; child = child.nextSibling) {
        // What may fail on purpose is not judged.
        const isGuarded = isFirstBody && child.name === 'Body';
        walk(child, isLater || isBody, isTried || isGuarded);
        isFirstBody &&= !isGuarded;
      }
    };
    walk(statement, false, false);
    uses.forEach(({ node }) => this._noteTable(node, text));
    const found: IUnknownName[] = [];
    for (const { node, isLater } of uses) {
      for (const unknown of [this._nameAt(node, text), this._columnAt(node, text)]) {
        if (unknown) {
          (isLater ? this._later : found).push(unknown);
        }
      }
    }
    return found;
  }

  private _nameAt({ from, to }: SyntaxNode, text: string): IUnknownName | null {
    const name = text.slice(from, to);
    return this._has(name, null)
      ? null
      : { from: from + this._base, to: to + this._base, name, table: null };
  }

  /** The column that is read from the table at a node, where nobody has it. */
  private _columnAt(node: SyntaxNode, text: string): IUnknownName | null {
    const table = text.slice(node.from, node.to);
    const key = keyOf(node);
    if (!key || !this._known.tables.has(table) || isTarget(node.parent)) {
      return null;
    }
    const name = literal(key, text);
    return name === null || this._has(name, table)
      ? null
      : { from: key.from + this._base, to: key.to + this._base, name, table };
  }

  private _has(name: string, table: string | null): boolean {
    if (this._isDynamic) {
      return true;
    }
    if (table === null) {
      return name.startsWith('_') || this._known.names.has(name) || this._bound.has(name);
    }
    return (
      this._bound.has(table) ||
      this._changed.has(table) ||
      this._known.tables.get(table)?.has(name) !== false ||
      this._created.has(`${table}\n${name}`)
    );
  }

  /** Note what becomes of a table's columns where it is used. */
  private _noteTable(node: SyntaxNode, text: string): void {
    const table = text.slice(node.from, node.to);
    if (!this._known.tables.has(table)) {
      return;
    }
    const outer = outermost(node);
    const rest = text.slice(node.to, outer.to);
    if (isTarget(outer)) {
      const keys = rest.match(/(["'])(?:(?!\1|\\).)*\1/g) ?? [];
      keys.forEach(key => this._created.add(`${table}\n${key.slice(1, -1)}`));
      // A key that is no literal: any column may be there from now on.
      if (keys.length === 0) {
        this._changed.add(table);
      }
    } else if (
      isHandedOn(node, text) ||
      /^\s*\.\s*(?:insert|eval|columns|pop|update)\b/.test(rest)
    ) {
      this._changed.add(table);
    }
    const statement = statementOf(node);
    const around = text.slice(statement.from, statement.to);
    if (/\binplace\s*=\s*True\b/.test(around) || new RegExp(`\\bin\\s+${table}\\b`).test(around)) {
      this._changed.add(table);
    }
  }

  private _pending = '';
  /** Where the pending code begins. */
  private _base = 0;
  private _patience = 0;
  private _isDynamic = false;
  private _later: IUnknownName[] = [];
  private readonly _bound = new Set<string>();
  /** Columns that the code makes: the table, a line break, the column. */
  private readonly _created = new Set<string>();
  /** Tables of which any column may be there. */
  private readonly _changed = new Set<string>();
}

type Role = 'binds' | 'uses' | 'neither';

/** What a name does where it stands. */
function roleOf(node: SyntaxNode): Role {
  const { parent } = node;
  const next = node.nextSibling?.name;
  const previous = node.prevSibling?.name;
  switch (parent?.name) {
    case 'ImportStatement':
    case 'ScopeStatement':
    case 'TypeParam':
    case 'KeywordPattern':
      return 'binds';
    case 'FunctionDefinition':
    case 'ClassDefinition':
    case 'TypeDefinition':
      return previous === 'def' || previous === 'class' || previous === 'type' ? 'binds' : 'uses';
    case 'ParamList':
      return previous === 'AssignOp' ? 'uses' : 'binds';
    case 'ArgList':
      return next === 'AssignOp' ? 'neither' : isTarget(node) ? 'binds' : 'uses';
    case 'Decorator':
      return previous === '.' ? 'neither' : 'uses';
    case 'NamedExpression':
      return next === 'AssignOp' ? 'binds' : 'uses';
    case 'ClassPattern':
      return 'uses';
    case 'TryStatement':
    case 'AsPattern':
      return previous === 'as' ? 'binds' : 'uses';
    default:
      break;
  }
  if (parent && PATTERNS.test(parent.name)) {
    return 'binds';
  }
  return isTarget(node) ? 'binds' : 'uses';
}

/** Whether something is assigned here, or a loop's variable, or what `with` calls it. */
function isTarget(node: SyntaxNode | null): boolean {
  let inner = node;
  while (
    inner?.parent &&
    ['TupleExpression', 'ArrayExpression', 'ParenthesizedExpression'].includes(inner.parent.name)
  ) {
    inner = inner.parent;
  }
  switch (inner?.parent?.name) {
    case 'AssignStatement':
      return hasAfter(inner, 'AssignOp') || inner.nextSibling?.name === 'TypeDef';
    case 'ForStatement':
    case 'ComprehensionExpression':
    case 'ArrayComprehensionExpression':
    case 'SetComprehensionExpression':
    case 'DictionaryComprehensionExpression':
      return nearest(inner, ['for', 'in', 'if', ':']) === 'for';
    case 'ArgList':
      return nearest(inner, ['for', 'in', 'if', '(']) === 'for';
    case 'WithStatement':
      return nearest(inner, ['as', 'with', ',']) === 'as';
    default:
      return false;
  }
}

/** The nearest of these that stands before a node. */
function nearest(node: SyntaxNode, names: readonly string[]): string | null {
  for (let before = node.prevSibling; before; before = before.prevSibling) {
    if (names.includes(before.name)) {
      return before.name;
    }
  }
  return null;
}

function hasAfter(node: SyntaxNode, name: string): boolean {
  for (let after = node.nextSibling; after; after = after.nextSibling) {
    if (after.name === name) {
      return true;
    }
  }
  return false;
}

/** The expression of members, keys and calls that begins with a name. */
function outermost(node: SyntaxNode): SyntaxNode {
  let outer = node;
  while (outer.parent?.name === 'MemberExpression' && outer.parent.from === node.from) {
    outer = outer.parent;
  }
  return outer;
}

/** The one key by which a name is looked into: `name[key]`. */
function keyOf(node: SyntaxNode): SyntaxNode | null {
  const bracket = node.nextSibling;
  const key = bracket?.nextSibling;
  return node.parent?.name === 'MemberExpression' &&
    bracket?.name === '[' &&
    key?.name === 'String' &&
    key.nextSibling?.name === ']'
    ? key
    : null;
}

/** The text of a plain literal; null: it has a prefix or escapes. */
function literal({ from, to }: SyntaxNode, text: string): string | null {
  return /^(["'])((?:(?!\1|\\).)*)\1$/s.exec(text.slice(from, to))?.[2] ?? null;
}

/** Whether a table itself goes somewhere where its columns may change. */
function isHandedOn(node: SyntaxNode, text: string): boolean {
  const { parent } = node;
  if (parent?.name === 'MemberExpression' && parent.from === node.from) {
    return false;
  }
  if (parent?.name !== 'ArgList') {
    return parent?.name !== 'ExpressionStatement';
  }
  const callee = parent.prevSibling;
  const isReader =
    callee?.name === 'MemberExpression' ||
    (callee?.name === 'VariableName' && READERS.has(text.slice(callee.from, callee.to)));
  return !isReader;
}

function statementOf(node: SyntaxNode): SyntaxNode {
  let statement = node;
  while (statement.parent && statement.parent.name !== 'Script') {
    statement = statement.parent;
  }
  return statement;
}

function hasError(statement: SyntaxNode): boolean {
  let isBroken = false;
  statement.cursor().iterate(({ type }) => {
    isBroken ||= type.isError;
  });
  return isBroken;
}

/** Lines that are IPython's and not Python's, as Python of the same length. */
function withoutMagics(code: string): string {
  return code
    .replace(/^([ \t]*)([%!?].*|[^#'"\n]*\?)$/gm, (_, indent: string, line: string) =>
      line.length < 4
        ? `${indent}#${' '.repeat(line.length - 1)}`
        : `${indent}pass${' '.repeat(line.length - 4)}`
    )
    .replace(
      /^([ \t]*[\w, ]+=[ \t]*)([%!].*)$/gm,
      (_, target: string, line: string) => `${target}0${' '.repeat(line.length - 1)}`
    );
}
