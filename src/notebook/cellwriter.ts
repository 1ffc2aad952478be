import type { CellChange, ISharedCell } from '@jupyter/ydoc';
import { type IUndoManager, undoManagerOf } from './undo';

/**
 * Appends a stream of text to a cell's shared model, so that it costs what is added and is one step of undo.
 *
 * Owns the range that it has written. Edits that others make meanwhile, before it or in it, move or change the range
 * and are never overwritten. The model is written, not an editor: the cell may be out of sight. Nothing is run or saved.
 */
export class CellWriter {
  private _start: number;
  private _end: number;
  private _step: object | null = null;
  private _isWriting = false;
  private _isEdited = false;
  private _isClosed = false;

  /** Begin at `at`, in UTF-16 units as the shared model counts; absent: at the end of what the cell holds. */
  constructor(
    private readonly _cell: ISharedCell,
    at?: number
  ) {
    this._start = this._end = at ?? _cell.source.length;
    _cell.changed.connect(this._onChanged, this);
    this._undoManager?.stopCapturing();
  }

  /** The range written so far, as it lies in the cell now. */
  get range(): { start: number; end: number } {
    return { start: this._start, end: this._end };
  }

  /** Whether somebody else has changed text inside the range. */
  get isEdited(): boolean {
    return this._isEdited;
  }

  /** Append text to the range. */
  append(text: string): void {
    if (text === '' || this._isClosed) {
      return;
    }
    const manager = this._undoManager;
    const patience = manager?.captureTimeout ?? 0;
    if (manager) {
      // Yjs joins changes that follow each other within its capture time. Ours are one step, whatever the pauses
      // between them; where the last step is somebody else's, a new one begins.
      if (this._step === null || manager.undoStack[manager.undoStack.length - 1] !== this._step) {
        manager.stopCapturing();
      }
      manager.captureTimeout = Number.MAX_SAFE_INTEGER;
    }
    this._isWriting = true;
    try {
      this._cell.updateSource(this._end, this._end, text);
    } finally {
      this._isWriting = false;
      if (manager) {
        manager.captureTimeout = patience;
        this._step = manager.undoStack[manager.undoStack.length - 1] ?? null;
      }
    }
    this._end += text.length;
  }

  /** Take back what was written, as far as nobody has changed it. False: somebody has, and nothing is done. */
  undo(): boolean {
    const manager = this._undoManager;
    if (
      manager &&
      this._step !== null &&
      manager.undoStack[manager.undoStack.length - 1] === this._step
    ) {
      manager.undo();
      return true;
    }
    if (this._isEdited) {
      return false;
    }
    this._cell.updateSource(this._start, this._end, '');
    return true;
  }

  /** Write no more. What the reader types next is a step of undo of its own. */
  close(): void {
    if (this._isClosed) {
      return;
    }
    this._isClosed = true;
    this._undoManager?.stopCapturing();
  }

  /** Follow the range no longer. */
  dispose(): void {
    this.close();
    this._cell.changed.disconnect(this._onChanged, this);
  }

  private get _undoManager(): IUndoManager | null {
    return undoManagerOf(this._cell);
  }

  private _onChanged(_: ISharedCell, change: CellChange): void {
    if (this._isWriting || !change.sourceChange) {
      return;
    }
    let at = 0;
    for (const { retain, insert, delete: removed } of change.sourceChange) {
      if (retain !== undefined) {
        at += retain;
      } else if (insert !== undefined) {
        this._inserted(at, insert.length);
        at += insert.length;
      } else if (removed !== undefined) {
        this._removed(at, removed);
      }
    }
  }

  private _inserted(at: number, length: number): void {
    if (at < this._start || (at === this._start && this._end > this._start)) {
      this._start += length;
      this._end += length;
    } else if (at < this._end) {
      this._end += length;
      this._isEdited = true;
    }
  }

  private _removed(at: number, length: number): void {
    const before = Math.max(0, Math.min(this._start, at + length) - at);
    const within = Math.max(0, Math.min(this._end, at + length) - Math.max(this._start, at));
    this._start -= before;
    this._end -= before + within;
    this._isEdited ||= within > 0;
  }
}
