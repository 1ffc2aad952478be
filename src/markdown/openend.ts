/**
 * How the open end of a text is shown: markup that is not finished is held back or closed, never shown raw.
 *
 * What is held back appears once the next characters tell what it is. Pure functions of the open block's source.
 */

import { FenceLines, fenceOpening, lineAt } from './fenceline';
import { findMath, isUndecidedDollar, paint } from './math';
import { applied, closeInline } from './openinline';
import { CONTAINER, hasPipe, LAST_LINE } from './openlines';

export interface IOpenEnd {
  /** Markdown to render in place of the source. */
  readonly text: string;
  /** How much of the source is visible; what follows is held back. In UTF-16 units. */
  readonly shown: number;
  /** A display formula is being written behind the text. */
  readonly hasOpenFormula: boolean;
}

/** A line that may yet be a bullet, a number, a heading, a rule, an underline, the second line of a table. */
const UNDECIDED = /^(?:[-+*=_]+|\d{1,9}[.)]?|#{1,6}|`{1,}|~+|[|:\- ]*-[|:\- ]*)[ \t]*$/;
const ALERT = /^\[(?:![A-Za-z]*(?:\][+-]?)?)?[ \t]*$/;
const TASK = /^\[[ xX]?\]?[ \t]*$/;
/** A definition is not shown, and a footnote begins with its sign. */
const DEFINITION = /^\[(?:[^\]\n]|\\\])+\]:/;
const FOOTNOTE = /^\[\^[^\]\s]*(?:\]:?[ \t]*)?$/;
/** A tag that is not complete, or one with attributes, of which the next character tells whether it is a word. */
const OPEN_TAG =
  /<(?<=(?<!\\)(?:\\\\)*<)(?:[!/?]?$|[!/?]?[A-Za-z][^<>\n]{0,300}$|[A-Za-z]\w*[ \t][^<>\n]{0,300}>$|!-[^>]*$)/;
/** `\\begin{name`, which opens a formula if it is the name of one. */
const OPEN_ENVIRONMENT = /\\(?:b|be|beg|begi|begin|begin\{[a-zA-Z]{0,16}\*?)$/;
/**
 * A backslash that escapes what is still to come, or breaks a line that does not go on yet; two, which may open a
 * formula.
 */
const OPEN_ESCAPE = /(?<!\\)(?:(?:\\\\)*\\\n?|\\\\)$/;
const OPEN_ENTITY = /(?<!\\)&[#\w]{0,10}$/;
/** A line without a mark at its beginning is a table's first if its first cell is no longer, in characters. */
const LONGEST_FIRST_CELL = 24;
/** Another cell of a table's first line, in characters. */
const LONGEST_HEAD_CELL = 60;
/** The same where no mark begins the line: more of them are sentences. */
const LONGEST_BARE_CELL = 24;

/** Say how to show `source`, the text of the open block. */
export function openEnd(source: string): IOpenEnd {
  const fence = inOpenFence(source);
  if (fence !== null) {
    return plain(source, fence);
  }
  const { formulas, open, openDisplay } = findMath(source);
  const last = formulas[formulas.length - 1];
  if (last !== undefined && last.to === source.length && isUndecidedDollar(last)) {
    // The next character tells whether the sign closes a formula or begins a price.
    return openEnd(source.slice(0, -1));
  }
  const painted = paint(source, formulas);
  const limit = open >= 0 ? open : source.length;
  const shown = heldFrom(painted.slice(0, limit));
  const end = closeInline(painted.slice(0, shown));
  // What the formula is indented by, as a part of an item or a quote.
  const indent = source.slice(end.shown, limit);
  const hasOpenFormula = openDisplay && open >= 0 && /^[ \t>]*$/.test(indent);
  return {
    // Formulas have kept their length, so that what was added or left out is found in the source.
    text: applied(source.slice(0, shown), end) + (hasOpenFormula ? indent : ''),
    shown: end.shown,
    hasOpenFormula
  };
}

function plain(source: string, shown: number): IOpenEnd {
  return { text: source.slice(0, shown), shown, hasOpenFormula: false };
}

/** Within fenced code: how much of the source is shown; null outside. */
function inOpenFence(source: string): number | null {
  if (!/`{3}|~{3}/.test(source)) {
    return null;
  }
  let fence: FenceLines | null = null;
  let opener = 0;
  let start = 0;
  for (let end = source.indexOf('\n'); end >= 0; end = source.indexOf('\n', start)) {
    const line = source.slice(start, end + 1);
    const lineStart = start;
    start = end + 1;
    if (fence === null) {
      const opening = fenceOpening(line.slice(0, -1));
      opener = lineStart;
      fence = opening && new FenceLines(opening.marks, opening.info, true);
    } else if (fence.closes(line, lineAt(source, start))) {
      fence = null;
    }
  }
  const last = source.slice(start);
  if (fence !== null) {
    if (!/^[ \t>]*[`~]*$/.test(last)) {
      return source.length;
    }
    // Without any code behind it the opener is not shown either.
    return lineAt(source, opener).length === start - opener ? opener : start;
  }
  return fenceOpening(last) !== null ? start : null;
}

/** Where what is to be held back at the end begins. */
function heldFrom(source: string): number {
  const line = LAST_LINE.exec(source)?.[0] ?? '';
  const lineStart = source.length - line.length;
  const container = CONTAINER.exec(line)?.[0] ?? '';
  const rest = line.slice(container.length);
  const table = tableHead(source, line, lineStart, rest);
  if (table !== null) {
    return table;
  }
  const escape = OPEN_ESCAPE.exec(source.slice(-200));
  if (escape !== null) {
    return source.length - (/^\\$/.test(escape[0]) ? 1 : 2);
  }
  if (
    rest === '' ||
    UNDECIDED.test(rest) ||
    (container.includes('>') && ALERT.test(rest)) ||
    (/[-+*\d.)]/.test(container) && TASK.test(rest)) ||
    FOOTNOTE.test(rest) ||
    (DEFINITION.test(rest) && !rest.startsWith('[^'))
  ) {
    return lineStart;
  }
  const tag = OPEN_TAG.exec(line) ?? OPEN_ENVIRONMENT.exec(line) ?? OPEN_ENTITY.exec(line);
  return tag ? lineStart + tag.index : source.length;
}

/** Where a table begins whose head is not complete; null if there is none. */
function tableHead(source: string, line: string, lineStart: number, rest: string): number | null {
  const before = source.slice(0, Math.max(0, lineStart - 1));
  const previous = LAST_LINE.exec(before)?.[0] ?? '';
  const container = CONTAINER.exec(line)?.[0] ?? '';
  const previousContainer = CONTAINER.exec(previous)?.[0] ?? '';
  const previousRest = previous.slice(previousContainer.length);
  const isFirst = previousRest.trim() === '' || !hasPipe(previous);
  if (isFirst && mayBeTableHead(rest, container)) {
    return lineStart + headStart(line);
  }
  // The line of dashes, as long as it is one.
  if (/^[|:\- \t]*$/.test(rest) && mayBeTableHead(previousRest, previousContainer)) {
    const above = source.slice(0, Math.max(0, before.length - previous.length - 1));
    const aboveLine = LAST_LINE.exec(above)?.[0] ?? '';
    if (!hasPipe(aboveLine)) {
      return before.length - previous.length + headStart(previous);
    }
  }
  // A row without anything in its last cell.
  return /^\|[ \t]*$/.test(rest) ? lineStart : null;
}

/** Whether a line may be the first of a table, and not a sentence with `|x|` or `P(A | B)` in it. */
function mayBeTableHead(line: string, container: string): boolean {
  if (!hasPipe(line)) {
    return false;
  }
  const [cell, ...others] = line.split('|');
  const longest = Math.max(...others.map(other => other.length));
  if (cell.trim() === '') {
    return longest <= LONGEST_HEAD_CELL;
  }
  const isItem = /[-+*\d]/.test(container);
  return (
    !isItem && /\s$/.test(cell) && cell.length <= LONGEST_FIRST_CELL && longest <= LONGEST_BARE_CELL
  );
}

/** Where in a table's first line begins what is held back: the text in front of its first mark is shown already. */
function headStart(line: string): number {
  const [cell] = line.split('|', 1);
  return cell.slice(CONTAINER.exec(cell)?.[0].length).trim() === '' ? 0 : cell.trimEnd().length;
}
