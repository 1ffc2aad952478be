/**
 * A stream into a cell that holds a beginning of it already, from before the page was reloaded.
 */
import type { ISharedCell } from '@jupyter/ydoc';
import { CellWriter } from './cellwriter';

export class ResumedWriter extends CellWriter {
  /** @param _onOther - called when the stream is not what the cell holds: somebody has edited it. */
  constructor(
    cell: ISharedCell,
    private readonly _onOther: () => void
  ) {
    super(cell, 0);
    this._held = cell.getSource();
  }

  override append(text: string): void {
    const same = Math.min(text.length, this._held.length - this._passed);
    if (text.slice(0, same) === this._held.slice(this._passed, this._passed + same)) {
      this._passed += same;
      super.append(text.slice(same));
    } else if (!this._isOther) {
      this._isOther = true;
      this._onOther();
    }
  }

  override clear(): void {
    this._passed = this._held.length;
    super.clear();
  }

  private readonly _held: string;
  /** UTF-16 units of the held code that the stream has repeated. */
  private _passed = 0;
  private _isOther = false;
}
