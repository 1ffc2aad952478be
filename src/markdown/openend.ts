/**
 * How the open end of a text is shown: markup that is not finished is held back or closed, never shown raw.
 *
 * What is held back appears once the next characters tell what it is. Pure functions of the open block's source.
 */

import { isOperator, pythonName } from './emphasis';
import { FenceLines, fenceOpening, lineAt } from './fenceline';
import { isTag } from './htmltags';
import { findMath, isUndecidedDollar, paint } from './math';

export interface IOpenEnd {
  /** Markdown to render in place of the source. */
  readonly text: string;
  /** How much of the source is visible; what follows is held back. In UTF-16 units. */
  readonly shown: number;
  /** A display formula is being written behind the text. */
  readonly hasOpenFormula: boolean;
}

const LAST_LINE = /[^\n]*$/;
const CONTAINER = /^(?:[ \t]*(?:>|[-+*][ \t]+|\d{1,9}[.)][ \t]+))*[ \t]*/;
/** A line that may yet be a bullet, a number, a heading, a rule, an underline, the second line of a table. */
const UNDECIDED = /^(?:[-+*=_]+|\d{1,9}[.)]?|#{1,6}|`{1,}|~+|[|:\- ]*-[|:\- ]*)[ \t]*$/;
const ALERT = /^\[(?:![A-Za-z]*(?:\][+-]?)?)?[ \t]*$/;
const TASK = /^\[[ xX]?\]?[ \t]*$/;
/** A definition is not shown, and a footnote begins with its sign. */
const DEFINITION = /^\[(?:[^\]\n]|\\\])+\]:/;
const FOOTNOTE = /^\[\^[^\]\s]*(?:\]:?[ \t]*)?$/;
/** How a line begins that does not go on with the paragraph before it. */
const BLOCK_BEGIN = /^[ \t>]*(?:\n|$|[-+*][ \t]|\d{1,9}[.)][ \t]|#{1,6} |\|)/;
const OPEN_TAG = /<(?:[!/?]?$|[!/?]?[A-Za-z][^<>\n]{0,300}$|!-[^>]*$)/;
/** `\\begin{name`, which opens a formula if it is the name of one. */
const OPEN_ENVIRONMENT = /\\(?:b|be|beg|begi|begin|begin\{[a-zA-Z]{0,16}\*?)$/;
/** A backslash that escapes what is still to come, or breaks a line that does not go on yet. */
const OPEN_ESCAPE = /(?:^|[^\\])(?:\\\\)*(\\)\n?$/;
const OPEN_ENTITY = /&[#\w]{0,10}$/;
/** Tags around words, which are closed for the time being. */
const TAG =
  /<(\/?)(abbr|b|cite|code|del|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|u|var)(?:\s[^<>\n]*)?>/iy;
const ADDRESS = /https?:\/\/[^\s<>*]*/y;

/** The number of a source or the sign of a footnote: brackets that are seen. */
const REFERENCE = /^\[(?:\^[^\]\s]*|\d[\d, \u2013-]*)?\]?$/;

/** A line of fence marks. */
const FENCE_LINE = /^[ \t>]*(?:`{3,}[^`\n]*|~{3,}[^\n]*)$/;

/** A line without a mark at its beginning is a table's first if its first cell is no longer, in characters. */
const LONGEST_FIRST_CELL = 24;
/** The last cell of a table's first line, while it grows, in characters. */
const LONGEST_HEAD_CELL = 60;

/** Brackets of one text in which links are looked for: each costs as much as the text is long. */
const MOST_BRACKETS = 200;

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
  const hasOpenFormula = openDisplay && open >= 0 && shown === limit;
  const end = closed(painted.slice(0, shown));
  return {
    // Formulas have kept their length, so that what was added or left out is found in the source.
    text: applied(source.slice(0, shown), end),
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
  const escape = OPEN_ESCAPE.exec(source.slice(-200));
  if (escape !== null) {
    return source.length - (escape[0].endsWith('\n') ? 2 : 1);
  }
  const table = tableHead(source, line, lineStart, rest);
  if (table !== null) {
    return table;
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
  const previousRest = previous.slice(CONTAINER.exec(previous)?.[0].length);
  const isFirst = previousRest.trim() === '' || !hasPipe(previous);
  if (isFirst && mayBeTableHead(rest)) {
    return lineStart;
  }
  // The line of dashes, as long as it is one.
  if (/^[|:\- \t]*$/.test(rest) && mayBeTableHead(previousRest)) {
    const above = source.slice(0, Math.max(0, before.length - previous.length - 1));
    const aboveLine = LAST_LINE.exec(above)?.[0] ?? '';
    if (!hasPipe(aboveLine)) {
      return before.length - previous.length;
    }
  }
  // A row without anything in its last cell.
  return /^\|[ \t]*$/.test(rest) ? lineStart : null;
}

/** Whether a line may be the first of a table, and not a sentence with `|x|` or `P(A | B)` in it. */
function mayBeTableHead(line: string): boolean {
  if (!hasPipe(line)) {
    return false;
  }
  const [cell] = line.split('|', 1);
  const isPiped = cell.trim() === '' || (/\s$/.test(cell) && cell.length <= LONGEST_FIRST_CELL);
  return isPiped && line.length - line.lastIndexOf('|') <= LONGEST_HEAD_CELL;
}

function hasPipe(line: string): boolean {
  return /(?:^|[^\\])\|/.test(line.replace(/`[^`]*`/g, ''));
}

interface IClosed {
  /** Of the source, in UTF-16 units. */
  readonly shown: number;
  /** Offsets of single characters that are left out. */
  readonly omitted: readonly number[];
  /** Stretches that are left out. */
  readonly added: string;
}

interface IOpening {
  readonly mark: string;
  readonly at: number;
  /** What closes it, if that is not the mark itself. */
  readonly close?: string;
}

function applied(source: string, { shown, omitted, added }: IClosed): string {
  let text = '';
  let position = 0;
  for (const at of omitted) {
    text += source.slice(position, at);
    position = at + 1;
  }
  text += source.slice(position, shown);
  if (added === '') {
    return text;
  }
  const content = text.trimEnd();
  return content + (added[0] === '`' && content.endsWith('`') ? ' ' : '') + added;
}

/** Close the emphasis, code and links that are open at the end. */
function closed(source: string): IClosed {
  const start = inlineStart(source);
  const trailing = /(?<!\\)(?:\*+|_+|~+|!?\[|!)$/.exec(source.slice(start));
  let end = trailing ? start + trailing.index : source.length;
  const openings: IOpening[] = [];
  let omitted: number[] = [];
  let brackets = 0;
  for (let at = start; at < end;) {
    const sign = source[at];
    if (sign === '\\') {
      at += 2;
    } else if (sign === '`') {
      const run = /`+/y;
      run.lastIndex = at;
      const marks = run.exec(source)?.[0] ?? '`';
      const close = closingRun(source, at + marks.length, end, marks);
      if (close < 0) {
        const partial = /`+$/.exec(source.slice(at + marks.length, end));
        end = partial ? end - partial[0].length : end;
        const isEmpty = source.slice(at + marks.length, end).trim() === '';
        end = isEmpty ? at : end;
        if (!isEmpty) {
          openings.push({ mark: marks, at });
        }
        break;
      }
      at = close + marks.length;
    } else if (sign === '[' && brackets < MOST_BRACKETS) {
      brackets += 1;
      const link = readLink(source, at, end);
      const isReference = REFERENCE.test(source.slice(at, end));
      if (link === 'target') {
        const text = source.slice(at).search(/\](?=[([])/);
        if (source[at - 1] === '!') {
          end = at - 1;
          break;
        }
        end = at + text;
        omitted.push(at);
        at += 1;
      } else if (link === 'text') {
        if (source[at - 1] === '!') {
          end = at - 1;
          break;
        }
        if (isReference) {
          end = at;
          break;
        }
        if (/[A-Za-z0-9)\]]/.test(source[at - 1] ?? '')) {
          // `a[0]`, `List[int]`: no link begins within a word.
          at += 1;
          continue;
        }
        omitted.push(at);
        if (source[end - 1] === ']') {
          end -= 1;
        }
        at += 1;
      } else {
        at = Math.max(at + 1, link);
      }
    } else if (sign === '_' && pythonName(source.slice(at, at + 20)) !== '') {
      at += pythonName(source.slice(at, at + 20)).length;
    } else if (sign === '*' || sign === '_' || sign === '~') {
      at = readRun(source, at, openings, start);
    } else if (sign === '<') {
      at = readTag(source, at, openings);
    } else if (sign === 'h') {
      ADDRESS.lastIndex = at;
      at += ADDRESS.exec(source)?.[0].length ?? 1;
    } else {
      at += 1;
    }
  }
  // An opening mark without anything behind it waits for what it marks.
  while (openings.length > 0) {
    const { mark, at } = openings[openings.length - 1];
    if (at < end && source.slice(at + mark.length, end).trim() !== '') {
      break;
    }
    end = Math.min(end, at);
    openings.pop();
  }
  if (isEmptyLine(source, end)) {
    end = lineStart(source, end);
  }
  omitted = omitted.filter(at => at < end);
  const added = openings
    .reverse()
    .map(({ mark, close }) => close ?? mark)
    .join('');
  return { shown: end, omitted, added };
}

/** Whether a line ends at `end` that has the marks of an item, a task or a quote and nothing behind them. */
function isEmptyLine(source: string, end: number): boolean {
  const line = source.slice(lineStart(source, end), end);
  const rest = line.slice(CONTAINER.exec(line)?.[0].length);
  return line !== '' && (rest === '' || /^(?:#{1,6}|\[[ xX]\])[ \t]*$/.test(rest));
}

/** Where the text begins that emphasis may span: a paragraph, an item, a heading, a cell. */
function inlineStart(source: string): number {
  // Behind the end of a line the paragraph may go on.
  let paragraph = lineStart(source, source.replace(/(?<!\n[ \t>]*)\n$/, '').length);
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

function lineStart(source: string, at: number): number {
  return at <= 0 ? 0 : source.lastIndexOf('\n', at - 1) + 1;
}

/** The last pipe that ends a cell: not one that is escaped, and none in code, which may be open. */
function lastPipe(line: string): number {
  const text = line.replace(/\\[\s\S]|(`+)(?:[\s\S]*?[^`])?(?:\1(?!`)|$)/g, sign =>
    ' '.repeat(sign.length)
  );
  return text.lastIndexOf('|');
}

function closingRun(source: string, from: number, end: number, marks: string): number {
  for (let at = source.indexOf(marks, from); at >= 0 && at < end;) {
    let to = at + marks.length;
    while (source[to] === '`') {
      to += 1;
    }
    if (to - at === marks.length) {
      return to <= end ? at : -1;
    }
    at = source.indexOf(marks, to);
  }
  return -1;
}

/** Whether a link's text or its target is open at `end`; else where to go on. */
function readLink(source: string, at: number, end: number): 'text' | 'target' | number {
  let depth = 0;
  for (let index = at; index < end; index += 1) {
    const sign = source[index];
    if (sign === '\\') {
      index += 1;
    } else if (sign === '[') {
      depth += 1;
    } else if (sign === ']') {
      depth -= 1;
      if (depth === 0) {
        const next = source[index + 1];
        if (index + 1 >= end) {
          return 'text';
        }
        if (next !== '(' && next !== '[') {
          return at + 1;
        }
        const close = targetEnd(source, index + 1, end, next);
        return close < 0 ? 'target' : close;
      }
    } else if (sign === '\n' && source[index + 1] === '\n') {
      return at + 1;
    }
  }
  return 'text';
}

function targetEnd(source: string, from: number, end: number, open: string): number {
  const close = open === '(' ? ')' : ']';
  let depth = 0;
  for (let index = from; index < end; index += 1) {
    const sign = source[index];
    if (sign === open) {
      depth += 1;
    } else if (sign === close) {
      depth -= 1;
      if (depth === 0) {
        return index + 1;
      }
    } else if (sign === '\n') {
      return index;
    }
  }
  return -1;
}

/** Read a tag: it opens, closes, or is text. */
function readTag(source: string, at: number, openings: IOpening[]): number {
  TAG.lastIndex = at;
  const match = TAG.exec(source);
  if (match === null) {
    return at + 1;
  }
  const [mark, slash, name] = match;
  const close = `</${name.toLowerCase()}>`;
  if (slash === '' && !isTag(mark + close, () => false)) {
    return at + mark.length;
  }
  if (slash === '') {
    openings.push({ mark, at, close });
  } else {
    const index = openings.map(opening => opening.close).lastIndexOf(close);
    openings.splice(index < 0 ? openings.length : index);
  }
  return at + mark.length;
}

/** Read a run of `*`, `_` or `~`: it opens, closes, or is text. */
function readRun(source: string, at: number, openings: IOpening[], start: number): number {
  const sign = source[at];
  let to = at;
  while (source[to] === sign) {
    to += 1;
  }
  const before = to > start && at > start ? source[at - 1] : ' ';
  const after = source[to] ?? ' ';
  let length = Math.min(to - at, sign === '~' ? 2 : 3);
  const isWord = (character: string) => /[\p{L}\p{N}]/u.test(character);
  const isInWord =
    (sign === '_' && isWord(before) && isWord(after)) ||
    (sign !== '~' && isOperator(source.slice(at, at + 20), before));
  if (isInWord || (sign === '~' && to - at !== 2)) {
    return to;
  }
  if (!/\s/.test(before)) {
    while (length > 0) {
      const last = openings[openings.length - 1];
      if (last === undefined || last.mark[0] !== sign || last.mark.length > length) {
        break;
      }
      openings.pop();
      length -= last.mark.length;
    }
  }
  if (length > 0 && !/\s/.test(after) && !(sign === '_' && isWord(before))) {
    openings.push({ mark: sign.repeat(length), at });
  }
  return to;
}
