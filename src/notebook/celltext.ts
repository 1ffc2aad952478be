/**
 * An answer whose page is a cell: takes its code, and writes it into the cell's model once a frame.
 */
import type { IStreamingText } from '../markdown';
import { codePoints } from '../protocol/text';
import type { CellWriter } from './cellwriter';
import { CodeFilter } from './codefilter';

export class CellText implements IStreamingText {
  /**
   * @param writer - remains its owner's.
   * @param language - the kernel's, in lower case.
   */
  constructor(
    private readonly _writer: CellWriter,
    language: string,
    private readonly _schedule: (callback: () => void) => unknown = requestAnimationFrame.bind(
      window
    )
  ) {
    this._filter = new CodeFilter(language);
  }

  /** Whether any code has come. */
  get hasCode(): boolean {
    return this._filter.hasCode;
  }

  /** All that was taken can be shown as taken: what is not code is not shown anywhere else here. */
  get shown(): number {
    return codePoints(this._given);
  }

  append(text: string): void {
    if (this._isEnded) {
      return;
    }
    this._given += text;
    this._waiting += text;
    if (!this._isScheduled) {
      this._isScheduled = true;
      this._schedule(() => {
        this._isScheduled = false;
        this._flush();
      });
    }
  }

  setText(text: string): void {
    // A text that does not continue this one is another answer: what is in the cell stays as it is.
    if (text.startsWith(this._given)) {
      this.append(text.slice(this._given.length));
    } else {
      this._isEnded = true;
    }
  }

  freeze(): void {
    this._flush();
    this._isEnded = true;
  }

  truncate(): void {
    this.freeze();
  }

  async finish(): Promise<void> {
    if (!this._isEnded) {
      this._flush();
      this._writer.append(this._filter.end());
    }
    this._isEnded = true;
  }

  dispose(): void {
    this._isEnded = true;
  }

  private _flush(): void {
    if (!this._isEnded) {
      const text = this._waiting;
      this._waiting = '';
      this._writer.append(this._filter.add(text));
    }
  }

  private readonly _filter: CodeFilter;
  private _given = '';
  private _waiting = '';
  private _isScheduled = false;
  private _isEnded = false;
}
