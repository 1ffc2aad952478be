/**
 * Where the code of an answer goes while it streams: into a cell, or into a comparison with one.
 */
import type { IDisposable } from '@lumino/disposable';

export interface ICodeSink extends IDisposable {
  /** The code, as it stands there now. */
  readonly text: string;
  /** Whether somebody else has changed it there. */
  readonly isEdited: boolean;
  /** While it is held, what the reader adds at its end belongs to it. */
  isHeld: boolean;
  /** Add code at the end. */
  append(text: string): void;
  /** Take everything out again: another version of the answer comes. */
  clear(): void;
  /**
   * Take note that no more comes, for now.
   *
   * @param isWhole - the answer came to its end.
   */
  end(isWhole: boolean): void;
  /** Take back what was written, as one step of undo. */
  undo(): void;
  /** Make a change of the cell that belongs to that step. */
  joined(change: () => void): void;
  /** The cell is being changed by this, not by somebody else. */
  readonly isWriting: boolean;
}
