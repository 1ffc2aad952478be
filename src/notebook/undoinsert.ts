/**
 * Undo of inserted cells by the key that undoes text.
 *
 * JupyterLab's Ctrl+Z undoes in the active cell; only Z in command mode takes cells away. Until the notebook changes
 * again, Ctrl+Z in it, or at the button that was used, takes the inserted cells away.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

/** Class of the elements in which the key has this meaning; the shortcut in `schema/plugin.json` names it. */
const UNDOABLE_CLASS = 'jp-StreamChat-undoable';

const COMMAND = 'stream-chat:undo-insert';

export class UndoInsert {
  constructor(app: JupyterFrontEnd, trans: TranslationBundle) {
    app.commands.addCommand(COMMAND, {
      label: trans.__('Undo the insertion of cells'),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => this._undo !== null,
      execute: () => this._undo?.()
    });
  }

  /** Offer undo for what was just inserted; `origin` is what the user acted on. */
  offer(panel: NotebookPanel, origin: Element): void {
    this._forget?.();
    const { model } = panel.content;
    if (!model) {
      return;
    }
    const nodes = [panel.content.node, origin];
    const forget = (): void => {
      nodes.forEach(node => node.classList.remove(UNDOABLE_CLASS));
      model.contentChanged.disconnect(forget);
      panel.disposed.disconnect(forget);
      this._undo = this._forget = null;
    };
    nodes.forEach(node => node.classList.add(UNDOABLE_CLASS));
    model.contentChanged.connect(forget);
    panel.disposed.connect(forget);
    this._forget = forget;
    this._undo = () => model.sharedModel.undo();
  }

  private _undo: (() => void) | null = null;
  private _forget: (() => void) | null = null;
}
