/**
 * Lines at the open end of a text: what stands before their text, and where the text begins that markup may span.
 */

import { lineAt } from './fenceline';

export const LAST_LINE = /[^\n]*$/;

/** Marks of quotes and items in front of the text of a line. */
export const CONTAINER = /^(?:[ \t]*(?:>|[-+*][ \t]+|\d{1,9}[.)][ \t]+))*[ \t]*/;

/** How a line begins that does not go on with the paragraph before it. */
const BLOCK_BEGIN = /^[ \t>]*(?:\n|$|[-+*][ \t]|\d{1,9}[.)][ \t]|#{1,6} |\|)/;

/** A line of fence marks. */
const FENCE_LINE = /^[ \t>]*(?:`{3,}[^`\n]*|~{3,}[^\n]*)$/;

export function lineStart(source: string, at: number): number {
  return at <= 0 ? 0 : source.lastIndexOf('\n', at - 1) + 1;
}

/** Whether a line ends at `end` that has the marks of an item, a task or a quote and nothing behind them. */
export function isEmptyLine(source: string, end: number): boolean {
  const line = source.slice(lineStart(source, end), end);
  const rest = line.slice(CONTAINER.exec(line)?.[0].length);
  return line !== '' && (rest === '' || /^(?:#{1,6}|\[[ xX]\])[ \t]*$/.test(rest));
}

/** Where the text begins that emphasis may span: a paragraph, an item, a heading, a cell. */
export function inlineStart(source: string): number {
  // Behind the end of a line the paragraph may go on.
  let paragraph = lineStart(source, source.replace(/(?<!\n[ \t>]*)\n$/, '').length);
  if (paragraph > 0 && FENCE_LINE.test(lineAt(source, paragraph).replace(/\n$/, ''))) {
    // No text goes on behind the end of code.
    return source.length;
  }
  while (paragraph > 0 && !BLOCK_BEGIN.test(source.slice(paragraph, paragraph + 20))) {
    const before = lineStart(source, paragraph - 1);
    if (FENCE_LINE.test(source.slice(before, paragraph - 1))) {
      break;
    }
    paragraph = before;
  }
  const line = source.slice(paragraph);
  const container = /^[ \t>]*(?:(?:[-+*]|\d{1,9}[.)]|#{1,6})[ \t]+)*/.exec(line)?.[0].length ?? 0;
  const isRow = line[container] === '|' || /\n[^\n]*\|[^\n]*$/.test(source.slice(0, paragraph));
  const cell = isRow && hasPipe(line) ? lastPipe(line) + 1 : 0;
  return paragraph + Math.max(container, cell);
}

/** Whether a line has a pipe that may end a cell. */
export function hasPipe(line: string): boolean {
  return /(?:^|[^\\])\|/.test(line.replace(/`[^`]*`/g, ''));
}

/** The last pipe that ends a cell: not one that is escaped, and none in code, which may be open. */
function lastPipe(line: string): number {
  const text = line.replace(/\\[\s\S]|(`+)(?:[\s\S]*?[^`])?(?:\1(?!`)|$)/g, sign =>
    ' '.repeat(sign.length)
  );
  return text.lastIndexOf('|');
}
