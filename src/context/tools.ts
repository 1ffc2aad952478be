/**
 * What the kinds need of the application.
 */
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { ServiceManager } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

export interface IContextTools {
  readonly notebooks: INotebookTracker;
  /** The notebook that was used last is another one, or something about it has changed. */
  readonly notebookChanged: ISignal<unknown, void>;
  readonly contents: ServiceManager.IManager['contents'];
  readonly trans: TranslationBundle;
  /** The documents that are open, the one that was used last first. */
  documents(): readonly Widget[];
  /** Bring a widget to the front. */
  activate(id: string): void;
  /** Open a file. */
  open(path: string): void;
}
