import type { CellChange, ISharedCell } from '@jupyter/ydoc';
import type { ICodeSink } from './codesink';
import { asOneStep, type IUndoManager, undoManagerOf } from './undo';

/**
 * Appends a stream of text to a cell's shared model, so that it costs what is added and is one step of undo.
 *
 * Owns the range that it has written. Edits that others make meanwhile, before it or in it, move or change the range
 * and are never overwritten. The model is written, not an editor: the cell may be out of sight. Nothing is run or saved.
 */
export class CellWriter implements ICodeSink {
  private _start: number;
  private _end: number;
  private _step: object | null = null;
  /** More than one where others made steps in between. */
  private _steps = 0;
  private _isWriting = false;
  private _isEdited = false;
  /** A part of the range was there before, and is in no step of undo. */
  private readonly _isTakenUp: boolean;
  private _isDisposed = false;

  /**
   * Begin at the end of what the cell holds.
   *
   * @param start - the beginning of text there that is of the stream already, in UTF-16 units as the model counts.
   */
  constructor(
    private readonly _cell: ISharedCell,
    start?: number
  ) {
    this._end = _cell.source.length;
    this._start = start ?? this._end;
    this._isTakenUp = this._start < this._end;
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

  isHeld = false;

  get text(): string {
    return this._cell.getSource().slice(this._start, this._end);
  }

  /** Append text to the range. */
  append(text: string): void {
    if (text === '' || this._isDisposed) {
      return;
    }
    this.joined(() => this._cell.updateSource(this._end, this._end, text));
    this._end += text.length;
  }

  clear(): void {
    if (this._end > this._start) {
      this.joined(() => this._cell.updateSource(this._start, this._end, ''));
      this._end = this._start;
    }
    this._isEdited = false;
  }

  get isWriting(): boolean {
    return this._isWriting;
  }

  joined(change: () => void): void {
    const manager = this._undoManager;
    const patience = manager?.captureTimeout ?? 0;
    if (manager) {
      // Yjs joins changes that follow each other within its capture time. Ours are one step, whatever the pauses
      // between them; where the last step is somebody else's, a new one begins.
      if (this._isOnTop) {
        manager.lastChange = Date.now();
      } else {
        manager.stopCapturing();
        this._steps += 1;
      }
      manager.captureTimeout = Number.MAX_SAFE_INTEGER;
    }
    this._isWriting = true;
    try {
      change();
    } finally {
      this._isWriting = false;
      if (manager) {
        manager.captureTimeout = patience;
        this._step = manager.undoStack[manager.undoStack.length - 1] ?? null;
        // What the reader types next is a step of its own, however soon that is.
        manager.stopCapturing();
      }
    }
  }

  /** Take back what was written, as far as nobody has changed it. */
  undo(): void {
    if (this._isOnTop && this._steps === 1 && !this._isTakenUp) {
      this._undoManager?.undo();
    } else if (!this._isEdited) {
      asOneStep(this._cell, () => this._cell.updateSource(this._start, this._end, ''));
    }
  }

  end(): void {
    this._undoManager?.stopCapturing();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Follow the range no longer. */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this.end();
    this._isDisposed = true;
    this._cell.changed.disconnect(this._onChanged, this);
  }

  /** The last step of undo is of this. */
  private get _isOnTop(): boolean {
    const steps = this._undoManager?.undoStack ?? [];
    return this._step !== null && steps[steps.length - 1] === this._step;
  }

  private get _undoManager(): IUndoManager | null {
    return undoManagerOf(this._cell);
  }

  private _onChanged(_: ISharedCell, change: CellChange): void {
    if (this._isWriting || !change.sourceChange) {
      return;
    }
    let at = 0;
    for (const [place, { retain, insert, delete: removed }] of change.sourceChange.entries()) {
      if (retain !== undefined) {
        at += retain;
      } else if (insert !== undefined) {
        const isReplacing = change.sourceChange[place + 1]?.delete !== undefined;
        this._inserted(at, insert.length, isReplacing);
        at += insert.length;
      } else if (removed !== undefined) {
        this._removed(at, removed);
      }
    }
  }

  /** @param isReplacing - what followed at that place is removed: text that takes its place is of the range too. */
  private _inserted(at: number, length: number, isReplacing: boolean): void {
    const isAtStart = at === this._start && this._end > this._start;
    if (at < this._start || (isAtStart && !isReplacing)) {
      this._start += length;
      this._end += length;
    } else if (at < this._end || (this.isHeld && at === this._end)) {
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
