/**
 * Tells when something about the notebook that was used last may have changed: its cells, their outputs, its kernel.
 */
import type { INotebookTracker } from '@jupyterlab/notebook';
import { type ISignal, Signal } from '@lumino/signaling';

/** A cell that prints changes many times a second; a list need not follow each, in milliseconds. */
const PAUSE = 150;

export class NotebookWatch {
  constructor(tracker: INotebookTracker) {
    const follow = () => this._follow(tracker);
    tracker.currentChanged.connect(follow);
    tracker.activeCellChanged.connect(this._change);
    follow();
  }

  /** At most one emission in a while, the last change included. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  private _follow({ currentWidget: panel }: INotebookTracker): void {
    this._signals.forEach(signal => signal.disconnect(this._change));
    this._signals = panel
      ? [
          panel.context.pathChanged,
          panel.content.modelContentChanged,
          panel.sessionContext.statusChanged,
          panel.sessionContext.kernelChanged
        ]
      : [];
    this._signals.forEach(signal => signal.connect(this._change));
    this._change();
  }

  private readonly _change = (): void => {
    this._timer ??= window.setTimeout(() => {
      this._timer = undefined;
      this._changed.emit();
    }, PAUSE);
  };

  private _signals: readonly ISignal<unknown, unknown>[] = [];
  private _timer: number | undefined;
  private readonly _changed = new Signal<this, void>(this);
}
