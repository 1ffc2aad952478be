/**
 * Python as the editor's parser reads it: what names do where they stand, and IPython's own lines. Pure.
 */
import type { SyntaxNode } from '@lezer/common';

export type Role = 'binds' | 'uses' | 'neither';

const PATTERNS = /Pattern$/;

/** IPython's commands that make no names; what others make is not known. */
const HARMLESS = new Set(
  'matplotlib load_ext reload_ext autoreload pip conda mamba uv cd pwd ls env set_env config timeit who whos reset_selective precision history lsmagic'.split(
    ' '
  )
);

/** What a name does where it stands. */
export function roleOf(node: SyntaxNode, text: string): Role {
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
      if (next === 'AssignOp') {
        return textOf(node.nextSibling, text) === ':=' ? 'binds' : 'neither';
      }
      return isTarget(node) ? 'binds' : 'uses';
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
export function isTarget(node: SyntaxNode | null): boolean {
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
export function outermost(node: SyntaxNode): SyntaxNode {
  let outer = node;
  while (outer.parent?.name === 'MemberExpression' && outer.parent.from === node.from) {
    outer = outer.parent;
  }
  return outer;
}

export function hasError(statement: SyntaxNode): boolean {
  let isBroken = false;
  statement.cursor().iterate(({ type }) => {
    isBroken ||= type.isError;
  });
  return isBroken;
}

/** Lines that are IPython's and not Python's, as Python of the same length: what makes names becomes `exec()`. */
export function withoutMagics(code: string): string {
  return code
    .replace(
      /^([ \t]*)((?:%{1,2}[A-Za-z]|\?|!(?!=))(?:\\\n|.)*|[^#'"\n]*\?)$/gm,
      (_, indent: string, line: string) => indent + asPython(line)
    )
    .replace(
      /^([ \t]*[\w, ]+=[ \t]*)((?:%[A-Za-z]|!)(?:\\\n|.)*)$/gm,
      (_, target: string, line: string) => target + '0'.padEnd(line.length)
    );
}

function asPython(line: string): string {
  const [, timed] = /^%time[ \t]+(?=[^-\s])([^]*)$/.exec(line) ?? [];
  if (timed !== undefined) {
    return `0${';'.padStart(line.length - timed.length - 1)}${timed}`;
  }
  const [, command] = /^%(\w+)[ \t]/.exec(line) ?? [];
  const isUnclear = command !== undefined && !HARMLESS.has(command);
  const python = isUnclear || line === '%pylab' ? 'exec()' : 'pass';
  return (python.length <= line.length ? python : '#').padEnd(line.length);
}

export function textOf(node: SyntaxNode | null, text: string): string {
  return node ? text.slice(node.from, node.to) : '';
}
