/**
 * Lines that open and close fenced code, also within lists and quotes.
 */

export interface IFenceOpening {
  /** The backticks or tildes. */
  readonly marks: string;
  readonly info: string;
}

const CONTAINERS = /^(?:[ \t]*(?:>|[-+*][ \t]|\d{1,9}[.)][ \t]))*[ \t]*/;
const OPENING = /^(`{3,}|~{3,})([^\n]*)$/;
const BLANK = /^[ \t>]*\r?\n?$/;
const DOCUMENT = /^(?:markdown|md|mdx|rmd|qmd)\b/i;

/** The fence that a line opens, whatever list or quote it stands in; null if it opens none. */
export function fenceOpening(line: string): IFenceOpening | null {
  const match = OPENING.exec(line.slice(CONTAINERS.exec(line)?.[0].length));
  if (match === null || (match[1].startsWith('`') && match[2].includes('`'))) {
    return null;
  }
  return { marks: match[1], info: match[2].trim() };
}

/** The line that begins at `start`, with its end; '' at the end of the text. */
export function lineAt(text: string, start: number): string {
  const newline = text.indexOf('\n', start);
  return newline < 0 ? text.slice(start) : text.slice(start, newline + 1);
}

/**
 * The language in an info string: `python {1,2}`, `jsonc title="a"`, `js:src/a.js` and `{.python .numberLines}` name
 * one and say more.
 */
export function languageIn(info: string): string {
  return /^(?:\{[ \t]*\.?(?=[A-Za-z]))?([^\s{},:]+)/.exec(info)?.[1] ?? '';
}

/** Whether Markdown holds fenced code. */
export function hasCode(markdown: string): boolean {
  return markdown.split('\n').some(line => fenceOpening(line) !== null);
}

/**
 * Follows the lines of a fence to the one that closes it.
 *
 * A document in a fence may hold fences itself, and models close those with the same marks: a line with a language
 * opens one more, and so does a line without one that has an empty line before it and none behind it; another line
 * without a language closes the innermost.
 */
export class FenceLines {
  /** @param isNested whether the lines stand in whatever list or quote. */
  constructor(marks: string, info: string, isNested = false) {
    const closing = `${marks}${marks[0]}*[ \\t]*\\r?\\n?$`;
    this._closing = new RegExp(`^${isNested ? '[ \\t>]*' : ' {0,3}'}${closing}`);
    this._innerClosing = new RegExp(`^[ \\t>]*${closing}`);
    this._opening = DOCUMENT.test(info)
      ? new RegExp(`^[ \\t>]*${marks}[ \\t]*[A-Za-z][^\`\\n]*\\r?\\n?$`)
      : null;
  }

  /** Whether it takes the line after it to know whether a line closes the fence. */
  isUndecided(line: string): boolean {
    return this._isDocument && this._inner === 0 && this._isAfterBlank && this._closing.test(line);
  }

  /**
   * Whether a complete line closes the fence. To be asked of each line in turn.
   *
   * @param next the line after it; '' at the end of the text.
   */
  closes(line: string, next: string): boolean {
    const isOpening = this._opening?.test(line) || (this.isUndecided(line) && !BLANK.test(next));
    this._isAfterBlank = BLANK.test(line);
    if (isOpening) {
      this._inner += 1;
      return false;
    }
    if (this._inner > 0 && this._innerClosing.test(line)) {
      this._inner -= 1;
      return false;
    }
    return this._inner === 0 && this._closing.test(line);
  }

  private get _isDocument(): boolean {
    return this._opening !== null;
  }

  private readonly _closing: RegExp;
  private readonly _innerClosing: RegExp;
  private readonly _opening: RegExp | null;
  private _inner = 0;
  private _isAfterBlank = false;
}
