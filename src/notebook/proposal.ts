/**
 * A cell's new source while it streams, as far as it is written, followed by what it has not come to yet of the old
 * one. Pure.
 *
 * A line that is written anew takes the place of the next equal line of the old source, with the lines before that
 * one. Cost is linear in both sources.
 */

/** A change of the text that is shown. */
export interface ITextChange {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

export class Proposal {
  constructor(original: string) {
    this._lines = original.split('\n');
    this._lines.forEach((line, at) => {
      const places = this._places.get(line);
      if (places) {
        places.push(at);
      } else {
        this._places.set(line, [at]);
      }
    });
    this._rest = original.length;
  }

  /** Take the next piece of the new source. A line is shown when it is complete. */
  add(text: string): ITextChange {
    const before = this._rest;
    const from = this._written;
    const lines = (this._line + text).split('\n');
    this._line = lines.pop() ?? '';
    lines.forEach(line => this._complete(line));
    const insert = lines.map(line => `${line}\n`).join('');
    this._written += insert.length;
    return { from, to: from + before - this._rest, insert };
  }

  /** The new source is complete: nothing of the old one follows. */
  end(): ITextChange {
    const change = { from: this._written, to: this._written + this._rest, insert: this._line };
    this._next = this._lines.length;
    this._rest = 0;
    return change;
  }

  /** Take a whole line: what of the old source it stands for is passed. */
  private _complete(line: string): void {
    // Blank lines and lone brackets are everywhere: they count where they stand alone.
    const isTelling = line.trim().length > 1;
    const places = this._places.get(line) ?? [];
    while (places[0] < this._next) {
      places.shift();
    }
    const at = isTelling ? places[0] : this._next;
    if (at !== undefined && this._lines[at] === line) {
      for (; this._next <= at; this._next++) {
        this._rest -= this._lines[this._next].length + 1;
      }
      this._rest = Math.max(0, this._rest);
    }
  }

  private readonly _lines: readonly string[];
  private readonly _places = new Map<string, number[]>();
  /** The first line of the old source that still follows. */
  private _next = 0;
  /** UTF-16 units of the old source that still follow. */
  private _rest: number;
  /** UTF-16 units of the new source. */
  private _written = 0;
  private _line = '';
}
