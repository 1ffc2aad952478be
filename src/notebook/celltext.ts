/**
 * An answer whose page is a cell: takes its code, and hands it on once a frame.
 */
import type { IStreamingText } from '../markdown';
import { codePoints } from '../protocol/text';
import type { CodeFilter } from './codefilter';
import type { ICodeSink } from './codesink';

export class CellText implements IStreamingText {
  /**
   * @param sink - remains its owner's.
   * @param _filter - takes the code out of the answer; has taken nothing yet.
   * @param given - a beginning of the answer whose code is in the cell already.
   * @param onCode - called after code was handed on, with it.
   */
  constructor(
    private readonly _sink: ICodeSink,
    private readonly _filter: CodeFilter,
    given = '',
    private readonly _onCode: (code: string) => void = () => undefined,
    private readonly _schedule: (callback: () => void) => unknown = requestAnimationFrame.bind(
      window
    )
  ) {
    this._filter.add(given);
    this._given = given;
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
    if (this._isOther) {
      return;
    }
    this._given += text;
    this._waiting += text;
    if (!this._isScheduled && !this._isFrozen) {
      this._isScheduled = true;
      this._schedule(() => {
        this._isScheduled = false;
        this._flush();
      });
    }
  }

  setText(text: string): void {
    if (text.startsWith(this._given)) {
      this._isFrozen = false;
      this.append(text.slice(this._given.length));
    } else {
      // Another answer: what is in the cell stays as it is.
      this._isOther = true;
    }
  }

  freeze(): void {
    this._flush();
    this._isFrozen = true;
  }

  truncate(): void {
    this.freeze();
  }

  async finish(): Promise<void> {
    this._isFrozen = false;
    this._flush();
    this._hand(this._filter.end());
  }

  dispose(): void {
    this._isOther = true;
  }

  private _flush(): void {
    if (!this._isFrozen && !this._isOther) {
      const text = this._waiting;
      this._waiting = '';
      this._hand(this._filter.add(text));
    }
  }

  private _hand(code: string): void {
    if (code !== '' && !this._isOther) {
      this._sink.append(code);
      this._onCode(code);
    }
  }

  private _given: string;
  private _waiting = '';
  private _isScheduled = false;
  /** The reader stopped or paused the answer. */
  private _isFrozen = false;
  /** What comes is no longer for the cell. */
  private _isOther = false;
}
