/**
 * Undo of shared models: what is written in one go is one step, also where the user typed a moment before.
 */

/** What is needed of Yjs' undo manager. */
export interface IUndoManager {
  captureTimeout: number;
  /** Milliseconds since the epoch; 0: the next change begins a step. */
  lastChange: number;
  readonly undoStack: readonly object[];
  stopCapturing(): void;
  undo(): unknown;
}

/**
 * The undo manager of a shared model.
 *
 * It is part of JupyterLab's shared models, but not of their interface. A cell outside of a notebook may have none.
 */
export function undoManagerOf(model: object): IUndoManager | null {
  return (model as { undoManager?: IUndoManager | null }).undoManager ?? null;
}

/** Make changes that one undo takes back, and nothing else with them. */
export function asOneStep<T>(model: object, change: () => T): T {
  const manager = undoManagerOf(model);
  manager?.stopCapturing();
  try {
    return change();
  } finally {
    manager?.stopCapturing();
  }
}
