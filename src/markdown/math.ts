/**
 * Where the formulas are in Markdown source.
 *
 * A formula stands in `\( \)`, `\[ \]`, `$ $`, `$$ $$` or a math environment. A dollar sign opens one only as
 * Pandoc has it, and not where a reader sees a price or a variable. Formulas are found before Markdown is parsed
 * and painted over, so that no sign in them is taken for Markdown. Every offset stays. Renders nothing.
 */

import { FenceLines, fenceOpening, type IFenceOpening, lineAt } from './fenceline';
import { isProse, isText, TEX_SIGN, TEXT_IN_TEX } from './mathtext';

export interface IFormula {
  readonly from: number;
  readonly to: number;
  /** The formula without its marks and without the marks of a quote. */
  readonly tex: string;
  readonly display: boolean;
  /** As it is written. */
  readonly source: string;
}

export interface IMath {
  readonly formulas: readonly IFormula[];
  /** Where a formula begins that is not closed at the end of the source; -1 when none is. */
  readonly open: number;
  /** Whether the open one is a display formula. */
  readonly openDisplay: boolean;
}

/** Painted source: a mark, the number of the formula, and filling up to its length. */
export const FORMULA_MARK = '\ufdd0';
const FILLING = '\ufdd1';
const FIRST_NUMBER = 0xe000;
const MOST_FORMULAS = 6400;
const PAINTED = /\ufdd0([\ue000-\uf8ff])\ufdd1*/g;

const SIGN = /\\begin\{([a-z]+\*?)\}|\\\\[([]|\\[\s\S]|`+|\$\$?|\n/g;
const PARAGRAPH_END = /\n[ \t>]*(?=\n|`{3}|~{3})/g;
const ENVIRONMENT =
  /^(?:equation|align|alignat|aligned|gather|gathered|multline|eqnarray|split|cases|array|[bBpvV]?matrix|smallmatrix|flalign|math|displaymath)\*?$/;
const QUOTE_LINE = /\n[ \t]*(?:>[ \t]?)+/g;
/** A line that begins an item, a heading or a row: no formula in a line of text goes on behind it. */
const BLOCK_BEGIN = /\n[ \t>]*(?:[-+*][ \t]|\d{1,9}[.)][ \t]|#{1,6}[ \t]|\|)/g;
const BLANK_LINES = /\n[ \t>]*(?=\n)/g;
const OPENING_IN_TEX = /(?:^|[^\\])(?:\\\\)*\\[([]/;
/** How a formula begins that is set to the letter or digit before it. */
const ATTACHED = /^(?:$|[_^](?:$|[\w{\\+*'-])|\\(?:$|[A-Za-z%]))/;
const LONGEST_OPEN = 400;
const LONGEST_OPEN_DOLLAR = 80;
const LONGEST_DOLLAR = 1000;
/** A display formula may hold empty lines if it is no longer. */
const LONGEST_WITH_BLANK = 3000;

/** Find the formulas of some Markdown whose lines end in `\n` alone. */
export function findMath(source: string): IMath {
  return new MathFinder(source).find();
}

/** Paint over formulas; the length stays. */
export function paint(source: string, formulas: readonly IFormula[]): string {
  let text = '';
  let position = 0;
  formulas.slice(0, MOST_FORMULAS).forEach(({ from, to }, index) => {
    const number = String.fromCharCode(FIRST_NUMBER + index);
    text += source.slice(position, from) + FORMULA_MARK + number + FILLING.repeat(to - from - 2);
    position = to;
  });
  return text + source.slice(position);
}

/** The number of the formula that painted text begins with, and its length; null if it begins with none. */
export function paintedFormula(text: string): { index: number; length: number } | null {
  const match = /^\ufdd0([\ue000-\uf8ff])\ufdd1*/.exec(text);
  return match && { index: match[1].charCodeAt(0) - FIRST_NUMBER, length: match[0].length };
}

/** Put formulas back where they are none: in code and addresses. */
export function restore(text: string, formulas: readonly IFormula[]): string {
  return text.replace(
    PAINTED,
    (_, number: string) => formulas[number.charCodeAt(0) - FIRST_NUMBER]?.source ?? ''
  );
}

class MathFinder {
  constructor(private readonly _source: string) {}

  find(): IMath {
    this._skipFence(0);
    for (let match = this._next(); match !== null; match = this._next()) {
      this._read(match[0], match.index, match[1]);
    }
    return { formulas: this._formulas, open: this._open, openDisplay: this._openDisplay };
  }

  private _next(): RegExpExecArray | null {
    SIGN.lastIndex = this._position;
    const match = SIGN.exec(this._source);
    this._position = match ? SIGN.lastIndex : this._position;
    return match;
  }

  private _read(sign: string, at: number, environment?: string): void {
    if (sign === '\n') {
      this._skipFence(at + 1);
    } else if (sign.startsWith('`')) {
      this._skipCode(sign);
    } else if (environment !== undefined) {
      if (ENVIRONMENT.test(environment)) {
        this._try(at, at, `\\end{${environment}}`, true);
      }
    } else if (sign === '$$') {
      this._try(at, at + 2, '$$', true);
    } else if (sign === '$') {
      this._tryDollar(at);
    } else if (sign === '\\(' || sign === '\\\\(') {
      this._try(at, at + sign.length, sign.replace('(', ')'), false);
    } else if (sign === '\\[' || sign === '\\\\[') {
      this._try(at, at + sign.length, sign.replace('[', ']'), true);
    }
  }

  /** Take what stands between `start` and the next `closing` as a formula, if it reads as one. */
  private _try(at: number, start: number, closing: string, display: boolean): void {
    const end = display ? this._displayEnd(at, start, closing) : this._inlineEnd(start);
    const close = this._isClosedLater(closing, start, end) ? this._close(closing, start, end) : -1;
    if (close < 0) {
      this._noteOpen(at, end, display, LONGEST_OPEN * (display ? 5 : 1));
      return;
    }
    const body = this._source.slice(start, close);
    const isEnvironment = start === at;
    if (isEnvironment || this._isFormula(body, at, close + closing.length, display, closing)) {
      this._add(at, close + closing.length, isEnvironment ? body + closing : body, display);
    }
  }

  private _close(closing: string, start: number, end: number): number {
    for (let at = start; at < end;) {
      const close = this._source.indexOf(closing, at);
      if (close < 0 || close >= end) {
        return -1;
      }
      // The second backslash of a line break in a matrix begins no mark.
      const isEscaped =
        closing.length === 2 && /(?:^|[^\\])(?:\\\\)*\\$/.test(this._source.slice(start, close));
      if (!isEscaped) {
        return close;
      }
      at = close + 1;
    }
    return -1;
  }

  private _tryDollar(at: number): void {
    const source = this._source;
    const start = at + 1;
    if (/^\s/.test(source.slice(start, start + 1))) {
      return;
    }
    // Behind a letter or a digit only what is set to it: H$_2$O, 10$^{-3}$, 90$^\circ$.
    const isAttached = /[A-Za-z0-9]/.test(source[at - 1] ?? '');
    if (isAttached && !ATTACHED.test(source.slice(start, start + 2))) {
      return;
    }
    const end = Math.min(this._inlineEnd(start), start + LONGEST_DOLLAR);
    let depth = 0;
    for (let index = start; index < end; index += 1) {
      const sign = source[index];
      if (sign === '\\') {
        index += 1;
      } else if (sign === '{') {
        depth += 1;
      } else if (sign === '}') {
        depth -= 1;
      } else if (sign === '`') {
        return;
      } else if (sign === '$' && depth <= 0) {
        const body = source.slice(start, index);
        const next = source[index + 1] ?? '';
        const mayBe = body !== '' && !/\s$/.test(body) && !isText(body, next);
        const isPrice = /\d/.test(next) && !/^\\[A-Za-z]+$/.test(body);
        if (mayBe && !isPrice && !(isAttached && /[,;]\s|\s\w+$/.test(body))) {
          this._add(at, index + 1, body, false);
        }
        return;
      }
    }
    const body = source.slice(start, end);
    // Behind the comma of `$1,` more digits may stand, or more numbers.
    const isNumber = /^\d[\d.,\s]*$/.test(body);
    if (
      isNumber ||
      (!isText(body, '') &&
        !/^\((?![A-Za-z](?![A-Za-z_'"])|[\d\\-]|$)|^\{\w|^[@?#!*]|^-[^\w\\(]|^\d[\d.,]*[KMBkmb]?(?:[,;)]\s(?!\d|$)|\/[A-Za-z]{2,}[\s,;])|[.!?。] /.test(
          body
        ))
    ) {
      this._noteOpen(at, end, false, LONGEST_OPEN_DOLLAR);
    }
  }

  private _isFormula(
    body: string,
    at: number,
    to: number,
    display: boolean,
    closing: string
  ): boolean {
    if (closing === '$$' && !body.includes('\n') && /\$/.test(body.replace(TEXT_IN_TEX, ''))) {
      return false;
    }
    // Escaped brackets around escaped signs are signs.
    if (display && !/[\p{L}\p{N}]/u.test(body)) {
      return false;
    }
    // What opens once more before it closes was no formula.
    if (closing[0] === '\\' && OPENING_IN_TEX.test(body.replace(TEXT_IN_TEX, ''))) {
      return false;
    }
    if (body.trim() === '' || body.includes('`') || /\\[dwDWsbB](?![a-zA-Z])/.test(body)) {
      return false;
    }
    if (!display || TEX_SIGN.test(body) || /^\s*\n[\s\S]*\n\s*$/.test(body)) {
      return true;
    }
    if (closing === '$$') {
      return !/\p{L}{4,}|\p{L}{2,}\s+\p{L}{2,}|^\s*\p{L}{2,}\s*$/u.test(body);
    }
    // `\[1\]` and `\[a-z\]` in a line of text are brackets; alone on a line or with spaces inside they are not.
    const lineStart = this._source.lastIndexOf('\n', at) + 1;
    const before = this._source.slice(lineStart, at);
    const after = /^[^\n]*/.exec(this._source.slice(to, to + 200))?.[0] ?? '';
    const isAlone = /^[ \t>]*(?:[-+*]|\d+[.)])?[ \t]*$/.test(before) && after.trim() === '';
    return isAlone || /^\s[\s\S]*\s$/.test(body) || /[<>+]|\d\s*[-*/]/.test(body);
  }

  private _add(from: number, to: number, body: string, display: boolean): void {
    const lineStart = this._source.lastIndexOf('\n', from - 1) + 1;
    const isQuoted = /^[ \t]*(?:(?:[-+*]|\d+[.)])[ \t]+)*>/.test(
      this._source.slice(lineStart, from)
    );
    const tex = (isQuoted ? body.replace(QUOTE_LINE, '\n') : body).replace(BLANK_LINES, '');
    this._formulas.push({
      from,
      to,
      tex: tex.trim(),
      display,
      source: this._source.slice(from, to)
    });
    this._position = to;
  }

  private _noteOpen(at: number, end: number, display: boolean, longest: number): void {
    if (this._open < 0 && end >= this._source.length && end - at <= longest) {
      this._open = at;
      this._openDisplay = display;
    }
  }

  /** False if it is known that the paragraph holds no such mark behind `start`. */
  private _isClosedLater(closing: string, start: number, end: number): boolean {
    if (this._unclosed.get(closing) === end) {
      return false;
    }
    const close = this._source.indexOf(closing, start);
    if (close < 0 || close >= end) {
      this._unclosed.set(closing, end);
      return false;
    }
    return true;
  }

  private _paragraphEnd(from: number): number {
    if (this._end < from) {
      PARAGRAPH_END.lastIndex = from;
      this._end = PARAGRAPH_END.exec(this._source)?.index ?? this._source.length;
    }
    return this._end;
  }

  /** Where an item, a heading, a row or the paragraph ends. */
  private _inlineEnd(from: number): number {
    const end = this._paragraphEnd(from);
    if (this._blockEnd < from) {
      BLOCK_BEGIN.lastIndex = from;
      this._blockEnd = BLOCK_BEGIN.exec(this._source)?.index ?? this._source.length;
    }
    return Math.min(end, this._blockEnd);
  }

  /** Where a display formula ends at the latest: models put empty lines into one whose marks have lines of their own. */
  private _displayEnd(at: number, start: number, closing: string): number {
    const end = this._paragraphEnd(start);
    const lineStart = this._source.lastIndexOf('\n', at - 1) + 1;
    const behind = /^(?:\\begin\{[^\n]*)?[ \t]*(?=\n|$)/.test(
      this._source.slice(start, start + 200)
    );
    if (!behind || !/^[ \t>]*$/.test(this._source.slice(lineStart, at))) {
      return end;
    }
    const text = this._source.slice(start, start + LONGEST_WITH_BLANK);
    const close = new RegExp(`\\n[ \\t>]*${closing.replace(/[\\$[\]{}*]/g, '\\$&')}`).exec(text);
    const length = close ? close.index + close[0].length : text.length;
    const pieces = text.slice(0, length).split(/\n[ \t>]*(?=\n)/);
    const isTex = pieces.every((piece, index) => {
      const isOpen = close === null && index === pieces.length - 1;
      return (isOpen || TEX_SIGN.test(piece)) && !isProse(piece);
    });
    return isTex ? Math.max(end, start + length) : end;
  }

  private _skipCode(run: string): void {
    const start = this._position;
    const end = this._paragraphEnd(start);
    if (this._unclosed.get(run) === end) {
      return;
    }
    for (let at = this._source.indexOf(run, start); at >= 0 && at < end;) {
      let to = at + run.length;
      while (this._source[to] === '`') {
        to += 1;
      }
      if (to - at === run.length) {
        this._position = to;
        return;
      }
      at = this._source.indexOf(run, to);
    }
    this._unclosed.set(run, end);
  }

  /** Go behind the fenced code that begins with the line at `start`, if any does. */
  private _skipFence(start: number): void {
    const line = lineAt(this._source, start).replace(/\n$/, '');
    const fence = fenceOpening(line);
    if (fence !== null) {
      this._position = this._fenceEnd(fence, start + line.length + 1);
    }
  }

  private _fenceEnd({ marks, info }: IFenceOpening, from: number): number {
    const lines = new FenceLines(marks, info, true);
    for (let start = from; start < this._source.length;) {
      const line = lineAt(this._source, start);
      const end = start + line.length;
      if (lines.closes(line, lineAt(this._source, end))) {
        return start + line.replace(/\n$/, '').length;
      }
      start = end;
    }
    return this._source.length;
  }

  private readonly _formulas: IFormula[] = [];
  private readonly _unclosed = new Map<string, number>();
  private _open = -1;
  private _openDisplay = false;
  private _position = 0;
  private _end = -1;
  private _blockEnd = -1;
}

/** Whether a formula whose last sign ends the text may be none once the next character is known. */
export function isUndecidedDollar({ source, tex }: IFormula): boolean {
  const isSingle = /^\$[^$]/.test(source);
  return isSingle && (!TEX_SIGN.test(tex) || isText(tex, 'a') || isText(tex, '('));
}
