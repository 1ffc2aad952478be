/**
 * Emphasis, code, tags and links that are open at the end of a text: closed for the time being, or held back.
 *
 * What `**` and `*` open is shown as it comes: most of it is closed. What `_` opens is held back until it is closed
 * or has become too long, since most of it are names.
 */

import { CJK, isOperator, mayBeName, pythonName } from './emphasis';
import { isTag } from './htmltags';
import { type Bracket, isNumbered, isPlaceholder, isReference, readBracket } from './openbrackets';
import { inlineStart, isEmptyLine, lineStart } from './openlines';

/** How to show inline markup that is open at the end. Offsets are of the source, in UTF-16 units. */
interface IClosed {
  readonly shown: number;
  /** Single characters that are left out. */
  readonly omitted: readonly number[];
  /** Marks to add. */
  readonly added: string;
}

interface IOpening {
  readonly mark: string;
  readonly at: number;
  /** What closes it, if that is not the mark itself. */
  readonly close?: string;
}

/** Marks at the end, which mean something only with what follows. */
const TRAILING = /(?<!\\)(?:\*+|_+|~+|!?\[|!)$/;
/** Tags around words, which are closed for the time being. */
const TAG =
  /<(\/?)(abbr|b|cite|code|del|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|u|var)(?:\s[^<>\n]*)?>/iy;
const ADDRESS = /https?:\/\/[^\s<>*]*/y;
/**
 * What a bracket is set to that begins no link: a letter, as in `a[0]`, the beginning of a line in a pattern, as in
 * `^[A-Z]`, or a command to a terminal.
 */
// eslint-disable-next-line no-control-regex
const BEFORE_INDEX = /[A-Za-z0-9)\]^\0-\x08\x0b-\x1f\x7f-\x9f]/;

/** Punctuation that is none of CJK text: no mark between a Latin letter and it opens anything. */
const LATIN_SIGN = new RegExp(`(?!${CJK})[\\p{P}\\p{S}]`, 'u');

/** Brackets of one text in which links are looked for: each costs as much as the text is long. */
const MOST_BRACKETS = 200;

/** What an underscore opens is held back as long as it is no longer, in characters. */
const LONGEST_HELD = 40;
/** A sentence in italics, as a note at the end of an answer has it. */
const SENTENCE = /^_{1,3}[A-Z][a-z]*[ :]/;

/** Say how to show the inline markup that is open at the end of `source`. */
export function closeInline(source: string): IClosed {
  return new InlineReader(source).read();
}

/** The source with what was closed and left out. */
export function applied(source: string, { shown, omitted, added }: IClosed): string {
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

class InlineReader {
  constructor(private readonly _source: string) {
    this._start = inlineStart(_source);
    const trailing = TRAILING.exec(_source.slice(this._start));
    this._end = trailing ? this._start + trailing.index : _source.length;
  }

  read(): IClosed {
    for (let at = this._start; at < this._end;) {
      at = this._readSign(at);
    }
    this._holdUnderscored();
    this._dropEmpty();
    if (isEmptyLine(this._source, this._end)) {
      this._end = lineStart(this._source, this._end);
    }
    return {
      shown: this._end,
      omitted: this._omitted.filter(at => at < this._end),
      added: this._openings
        .reverse()
        .map(({ mark, close }) => close ?? mark)
        .join('')
    };
  }

  /** Read what stands at `at`; returns where to go on. */
  private _readSign(at: number): number {
    switch (this._source[at]) {
      case '\\':
        return at + 2;
      case '`':
        return this._readCode(at);
      case '[':
        return this._readBracket(at);
      case '*':
      case '_':
      case '~':
        return this._readRun(at);
      case '<':
        return this._readTag(at);
      case 'h':
        ADDRESS.lastIndex = at;
        return at + (ADDRESS.exec(this._source)?.[0].length ?? 1);
      default:
        return at + 1;
    }
  }

  /** Hold back all from `at` on; returns where to go on: nowhere. */
  private _hold(at: number): number {
    this._end = at;
    return at;
  }

  private _readCode(at: number): number {
    const source = this._source;
    const marks = /^`+/.exec(source.slice(at))?.[0] ?? '`';
    const start = at + marks.length;
    const close = closingRun(source, start, this._end, marks);
    if (close >= 0) {
      return close + marks.length;
    }
    const partial = /`+$/.exec(source.slice(start, this._end));
    this._end -= partial?.[0].length ?? 0;
    if (source.slice(start, this._end).trim() === '') {
      return this._hold(at);
    }
    // A space behind the mark is not shown if there is one before the other mark.
    this._openings.push({ mark: marks, at, close: source[start] === ' ' ? ` ${marks}` : marks });
    return this._end;
  }

  private _readBracket(at: number): number {
    if (this._brackets >= MOST_BRACKETS) {
      return at + 1;
    }
    this._brackets += 1;
    const source = this._source;
    const bracket = readBracket(source, at, this._end);
    const open = source.slice(at, this._end);
    if (typeof bracket === 'number') {
      this._hasPlain = isNumbered(open) ? this._hasPlain : bracket === at + 1;
      return Math.max(at + 1, bracket);
    }
    return this._readOpenBracket(at, bracket, open);
  }

  private _readOpenBracket(at: number, bracket: Bracket, open: string): number {
    const source = this._source;
    const before = source[at - 1] ?? '';
    const close = at + open.search(/\](?=[([])/);
    if (before === '!') {
      return this._hold(at - 1);
    }
    if (bracket === 'target') {
      // `[1][2]` are two numbers, and `a[0][1]` is a place in an array.
      if (source[close + 1] === '[' && (isNumbered(open) || BEFORE_INDEX.test(before))) {
        return close + 1;
      }
      this._end = close;
      this._omitted.push(at);
      return at + 1;
    }
    if (isReference(open)) {
      return this._hold(at);
    }
    const isPlain = isPlaceholder(open);
    if (BEFORE_INDEX.test(before) || this._hasPlain || isPlain) {
      this._hasPlain ||= isPlain === true;
      return at + 1;
    }
    if (isPlain === null) {
      return this._hold(at);
    }
    this._omitted.push(at);
    this._end -= source[this._end - 1] === ']' ? 1 : 0;
    return at + 1;
  }

  /** Read a tag: it opens, closes, or is text. */
  private _readTag(at: number): number {
    TAG.lastIndex = at;
    const match = TAG.exec(this._source);
    if (match === null) {
      return at + 1;
    }
    const [mark, slash, name] = match;
    const behind = this._source.slice(at + mark.length, at + mark.length + 2);
    if (slash === '' && /^<\w+>$/.test(mark) && /^\p{P}$/u.test(behind)) {
      // The next character tells whether the tag is a word of a sentence.
      return this._hold(at);
    }
    const close = `</${name.toLowerCase()}>`;
    if (slash !== '') {
      const index = this._openings.map(opening => opening.close).lastIndexOf(close);
      this._openings.splice(index < 0 ? this._openings.length : index);
    } else if (isTag(mark + behind + close, () => false)) {
      this._openings.push({ mark, at, close });
    }
    return at + mark.length;
  }

  /** Read a run of `*`, `_` or `~`: it opens, closes, or is text. */
  private _readRun(at: number): number {
    const source = this._source;
    const sign = source[at];
    const name = sign === '_' ? pythonName(source.slice(at, at + 40)) : '';
    if (name !== '') {
      return at + name.length;
    }
    let to = at;
    while (source[to] === sign) {
      to += 1;
    }
    const before = at > this._start ? source[at - 1] : ' ';
    const after = source[to] ?? ' ';
    const text = source.slice(at, Math.min(at + 40, this._end));
    if (mayBeName(text) && at + text.length === this._end) {
      return this._hold(at);
    }
    if (isText(source.slice(at, at + 40), before, after, to - at)) {
      return to;
    }
    let length = Math.min(to - at, sign === '~' ? 2 : 3);
    if (to - at === 4 && this._last?.mark === '**' && !/\s/.test(before + after)) {
      // Bold text right behind bold text.
      this._openings.pop();
      this._openings.push({ mark: '**', at: at + 2 });
      return to;
    }
    const opens = mayOpen(sign, before, after);
    const mayClose = !/\s/.test(before) && !(sign === '_' && isWord(after));
    while (mayClose && length > 0 && this._last?.mark[0] === sign) {
      const { mark, at: start } = this._last;
      if (mark.length > length || (opens && isNested(mark.length, to - at))) {
        if (mark.length === 3 && !opens) {
          // The inner one of two ends.
          this._openings.pop();
          this._openings.push({ mark: sign.repeat(3 - length), at: start });
          length = 0;
        }
        break;
      }
      this._openings.pop();
      length -= mark.length;
    }
    if (length > 0 && opens) {
      this._open(sign.repeat(length), at);
    }
    return to;
  }

  /** Open emphasis. Asterisks do not open the same twice: what opened the first, and all in it, is text. */
  private _open(mark: string, at: number): void {
    const same = this._openings.findIndex(opening => opening.mark === mark);
    if (same >= 0 && mark[0] === '*') {
      this._openings.splice(same);
    }
    this._openings.push({ mark, at });
  }

  /** Hold back what an underscore has opened, or show the underscore. */
  private _holdUnderscored(): void {
    const kept: IOpening[] = [];
    let isSentence = false;
    for (const opening of this._openings) {
      const { mark, at } = opening;
      if (isSentence || !mark.startsWith('_')) {
        kept.push(opening);
      } else if (this._end - at <= LONGEST_HELD) {
        this._end = at;
        break;
      } else if (at === this._start && SENTENCE.test(this._source.slice(at, this._end))) {
        isSentence = true;
        kept.push(opening);
      }
    }
    this._openings = kept;
  }

  /** Hold back opening marks without anything behind them. */
  private _dropEmpty(): void {
    for (let last = this._last; last !== undefined; last = this._last) {
      const { mark, at } = last;
      if (at < this._end && this._source.slice(at + mark.length, this._end).trim() !== '') {
        return;
      }
      this._end = Math.min(this._end, at);
      this._openings.pop();
    }
  }

  private get _last(): IOpening | undefined {
    return this._openings[this._openings.length - 1];
  }

  private readonly _start: number;
  private _openings: IOpening[] = [];
  private readonly _omitted: number[] = [];
  private _end: number;
  private _brackets = 0;
  /** Whether the bracket before was no link: the next is none either. */
  private _hasPlain = false;
}

/** Whether a run of marks, with what follows it, is text whatever comes. */
function isText(source: string, before: string, after: string, length: number): boolean {
  if (source[0] === '~') {
    return length !== 2;
  }
  const isInWord = source[0] === '_' && isWord(before) && isWord(after);
  return isInWord || isOperator(source, before);
}

/** Whether a run that may open and close opens within an opening: CommonMark's rule of three. */
function isNested(opening: number, run: number): boolean {
  return (opening + run) % 3 === 0 && opening % 3 !== 0;
}

/** Whether a run opens what stands behind it, by the characters around it. */
function mayOpen(sign: string, before: string, after: string): boolean {
  const isBehindWord = sign === '_' ? isWord(before) : /[A-Za-z0-9]/.test(before);
  return !/\s/.test(after) && !(isBehindWord && (sign === '_' || LATIN_SIGN.test(after)));
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}

/** Where the run of backticks stands that closes code; -1 if none does. */
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
