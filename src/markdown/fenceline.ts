/**
 * Lines that open and close fenced code, also within lists and quotes.
 */

export interface IFenceOpening {
  /** The backticks or tildes. */
  readonly marks: string;
  readonly info: string;
  /** A line that closes it. */
  readonly closing: RegExp;
}

const CONTAINERS = /^(?:[ \t]*(?:>|[-+*][ \t]|\d{1,9}[.)][ \t]))*[ \t]*/;
const OPENING = /^(`{3,}|~{3,})([^\n]*)$/;
const DOCUMENT = /^(?:markdown|md|mdx|rmd|qmd)\b/i;

/** The fence that a line opens, whatever list or quote it stands in; null if it opens none. */
export function fenceOpening(line: string): IFenceOpening | null {
  const match = OPENING.exec(line.slice(CONTAINERS.exec(line)?.[0].length));
  if (match === null || (match[1].startsWith('`') && match[2].includes('`'))) {
    return null;
  }
  const [, marks, info] = match;
  const closing = new RegExp(`^[ \\t>]*${marks}[${marks[0]}]*[ \\t]*\\r?$`);
  return { marks, info: info.trim(), closing };
}

/** Whether Markdown holds fenced code. */
export function hasCode(markdown: string): boolean {
  return markdown.split('\n').some(line => fenceOpening(line) !== null);
}

/**
 * Follows the lines of a fence to the one that closes it.
 *
 * A document in a fence may hold fences itself, and models close those with the same marks: a line with a language
 * opens one more, a line without closes the innermost.
 */
export class FenceLines {
  constructor(marks: string, info: string) {
    this._closing = new RegExp(`^ {0,3}${marks}[~\`]* *\\r?\\n?$`);
    this._opening = DOCUMENT.test(info)
      ? new RegExp(`^[ \\t>]*${marks}[ \\t]*[A-Za-z][^\`\\n]*\\r?\\n?$`)
      : null;
    this._innerClosing = new RegExp(`^[ \\t>]*${marks}[~\`]* *\\r?\\n?$`);
  }

  /** Whether a complete line closes the fence. */
  closes(line: string): boolean {
    if (this._opening?.test(line)) {
      this._inner += 1;
      return false;
    }
    if (this._inner > 0 && this._innerClosing.test(line)) {
      this._inner -= 1;
      return false;
    }
    return this._inner === 0 && this._closing.test(line);
  }

  private readonly _closing: RegExp;
  private readonly _innerClosing: RegExp;
  private readonly _opening: RegExp | null;
  private _inner = 0;
}
