/**
 * A stream into a cell that holds a beginning of it already, from before the page was reloaded.
 */
import type { CellWriter } from './cellwriter';
import type { ICodeSink } from './codesink';

export class Overlap implements ICodeSink {
  /**
   * @param _writer - begins where the held code begins and ends where it ends.
   * @param _onOther - called when the stream is not what the cell holds: somebody has edited it.
   */
  constructor(
    private readonly _writer: CellWriter,
    private readonly _onOther: () => void
  ) {
    this._held = _writer.text;
  }

  get text(): string {
    return this._writer.text;
  }

  get isEdited(): boolean {
    return this._writer.isEdited;
  }

  get isWriting(): boolean {
    return this._writer.isWriting;
  }

  get isHeld(): boolean {
    return this._writer.isHeld;
  }
  set isHeld(isHeld: boolean) {
    this._writer.isHeld = isHeld;
  }

  append(text: string): void {
    const same = Math.min(text.length, this._held.length - this._passed);
    if (text.slice(0, same) === this._held.slice(this._passed, this._passed + same)) {
      this._passed += same;
      this._writer.append(text.slice(same));
    } else if (!this._isOther) {
      this._isOther = true;
      this._onOther();
    }
  }

  clear(): void {
    this._passed = this._held.length;
    this._writer.clear();
  }

  end(): void {
    this._writer.end();
  }

  undo(): void {
    this._writer.undo();
  }

  joined(change: () => void): void {
    this._writer.joined(change);
  }

  get isDisposed(): boolean {
    return this._writer.isDisposed;
  }

  dispose(): void {
    this._writer.dispose();
  }

  private readonly _held: string;
  /** UTF-16 units of the held code that the stream has repeated. */
  private _passed = 0;
  private _isOther = false;
}
