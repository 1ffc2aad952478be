/**
 * Columns of tables that Python code reads, makes and may have made. Pure.
 *
 * A table of which any column may be there is judged no more: it was handed to code that is not seen, say.
 */
import type { SyntaxNode } from '@lezer/common';
import { isTarget, outermost, textOf } from './pythonsyntax';

/** Calls that leave a table as it is. */
const READERS = new Set(
  'len print display list type isinstance str repr id tuple set dict iter enumerate zip sorted hash sum min max any all map filter'.split(
    ' '
  )
);

/** Usual names of libraries that leave a table as it is. */
const LIBRARIES = new Set(['np', 'pd', 'pl', 'plt', 'sns', 'px', 'alt', 'sm', 'smf', 'stats']);

/** Members that change a table's columns, or tell which there are. */
const CHANGING = /^\s*\.\s*(?:insert|eval|columns|pop|update)\b/;

/** Methods that take columns, as their first argument or by these names. */
const TAKE_COLUMNS = /^(?:groupby|sort_values|set_index)$/;
const COLUMNS_BY_NAME = /^(?:by|keys)$/;

export class TableColumns {
  /** @param _tables - columns by the name of the table. */
  constructor(private readonly _tables: ReadonlyMap<string, ReadonlySet<string>>) {}

  /** Whether a name is a table's. */
  hasTable(name: string): boolean {
    return this._tables.has(name);
  }

  /** Whether a table has a column, or may have it. */
  has(table: string, column: string): boolean {
    return (
      this._changed.has(table) ||
      this._tables.get(table)?.has(column) !== false ||
      this._created.has(`${table}\n${column}`)
    );
  }

  /** From now on any column may be there. */
  release(table: string): void {
    this._changed.add(table);
  }

  /** Note what becomes of a table's columns where its name stands. */
  note(node: SyntaxNode, text: string): void {
    const table = textOf(node, text);
    const outer = outermost(node);
    if (isTarget(outer)) {
      const columns = keysIn(outer, node, text).map(key => literal(key, text));
      columns.forEach(column => this._created.add(`${table}\n${column}`));
      if (columns.length === 0 || columns.includes(null)) {
        this.release(table);
      }
    } else if (isHandedOn(node, text, this) || CHANGING.test(text.slice(node.to, outer.to))) {
      this.release(table);
    }
  }

  /** Note what a statement as a whole does to a table that it names. */
  noteStatement(table: string, source: string): void {
    const isAsked = new RegExp(`\\bin\\s+${table}(?![\\w\\u0080-\\uffff])`).test(source);
    if (isAsked || /\binplace\s*=\s*True\b/.test(source)) {
      this.release(table);
    }
  }

  /** The columns that are read where a table's name stands: the literals, and what they say. */
  read(node: SyntaxNode, text: string): readonly { node: SyntaxNode; column: string }[] {
    if (isTarget(outermost(node))) {
      return [];
    }
    const { parent } = node;
    if (parent?.name !== 'MemberExpression' || parent.from !== node.from) {
      return [];
    }
    const around = parent.parent;
    const isLooked = around?.name === 'MemberExpression' && around.from === node.from;
    const nodes =
      around?.name === 'CallExpression' && TAKE_COLUMNS.test(textOf(parent.lastChild, text))
        ? argumentsOf(around, text)
        : keysIn(
            isLooked && parent.lastChild?.name === 'PropertyName' ? around : parent,
            node,
            text
          );
    return nodes.flatMap(each => {
      const column = literal(each, text);
      return column === null ? [] : [{ node: each, column }];
    });
  }

  /** The table, a line break, the column: what the code makes. */
  private readonly _created = new Set<string>();
  private readonly _changed = new Set<string>();
}

/** The columns in `table[columns]`, `table.loc[rows, columns]` and `table.at[rows, columns]`; empty: it is none of them. */
function keysIn(member: SyntaxNode, table: SyntaxNode, text: string): readonly SyntaxNode[] {
  const object = member.firstChild;
  const bracket = object?.nextSibling;
  if (!object || bracket?.name !== '[') {
    return [];
  }
  const parts: SyntaxNode[] = [];
  for (let part = bracket.nextSibling; part && part.name !== ']'; part = part.nextSibling) {
    parts.push(part);
  }
  if (object.to === table.to) {
    return parts.length === 1 ? elementsOf(parts[0]) : [];
  }
  const isByLabel =
    object.firstChild?.to === table.to && /^(?:loc|at)$/.test(textOf(object.lastChild, text));
  return isByLabel && parts.length === 3 && parts[1].name === ',' ? elementsOf(parts[2]) : [];
}

/** What a call takes as columns. */
function argumentsOf(call: SyntaxNode, text: string): readonly SyntaxNode[] {
  const first = call.lastChild?.firstChild?.nextSibling;
  const value =
    first?.nextSibling?.name === 'AssignOp' && COLUMNS_BY_NAME.test(textOf(first, text))
      ? first.nextSibling.nextSibling
      : first;
  return value ? elementsOf(value) : [];
}

/** The elements of a list; another expression is its only element. */
function elementsOf(node: SyntaxNode): readonly SyntaxNode[] {
  if (node.name !== 'ArrayExpression') {
    return [node];
  }
  const elements: SyntaxNode[] = [];
  for (let element = node.firstChild; element; element = element.nextSibling) {
    if (!['[', ',', ']'].includes(element.name)) {
      elements.push(element);
    }
  }
  return elements;
}

/** What a plain literal says; null: it is something else, or has a prefix or escapes. */
function literal(node: SyntaxNode, text: string): string | null {
  return node.name === 'String'
    ? (/^(["'])((?:(?!\1|\\).)*)\1$/s.exec(textOf(node, text))?.[2] ?? null)
    : null;
}

/** Whether a table itself goes somewhere where its columns may change. */
function isHandedOn(node: SyntaxNode, text: string, tables: TableColumns): boolean {
  const { parent } = node;
  if (parent?.name === 'MemberExpression' && parent.from === node.from) {
    return false;
  }
  if (parent?.name !== 'ArgList') {
    return parent?.name !== 'ExpressionStatement';
  }
  let root = parent.prevSibling;
  const isMethod = root?.name === 'MemberExpression';
  while (root?.firstChild && ['MemberExpression', 'CallExpression'].includes(root.name)) {
    root = root.firstChild;
  }
  const name = textOf(root, text);
  const isReader = isMethod ? LIBRARIES.has(name) || tables.hasTable(name) : READERS.has(name);
  return root?.name !== 'VariableName' || !isReader;
}
