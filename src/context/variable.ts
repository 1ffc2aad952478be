/**
 * A variable of the notebook's kernel: names, types and shapes, never its values as a whole.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import { cut } from './budget';
import { inspectorOf } from './kernelinspector';
import { ContextError, fits, type IContextItem, type IContextKind } from './kinds';
import { nameOf, notebookAt } from './notebooks';
import type { IContextTools } from './tools';

export class VariableKind implements IContextKind {
  readonly kind = 'variable';
  readonly changed;

  constructor(private readonly _tools: IContextTools) {
    this.changed = _tools.notebookChanged;
  }

  propose(query: string): Promise<readonly IContextItem[]> | readonly IContextItem[] {
    const panel = this._tools.notebooks.currentWidget;
    const kernel = panel?.sessionContext.session?.kernel;
    return panel && kernel && query !== '' ? this._fitting(query, panel, kernel) : [];
  }

  /** A variable that can be attached. */
  item(panel: NotebookPanel, name: string, type: string): IContextItem {
    const { notebooks, trans, activate } = this._tools;
    const { path } = panel.context;
    return {
      kind: this.kind,
      title: name,
      detail: trans.__('Variable of %1: %2', nameOf(path), type),
      source: { path, variable: name },
      resolve: async limit => {
        const kernel = notebookAt(notebooks, path, trans).sessionContext.session?.kernel;
        if (!kernel) {
          throw new ContextError(trans.__('%1 has no kernel.', nameOf(path)));
        }
        const text = await inspectorOf(kernel, trans).describe(name);
        return cut(text, limit, left => trans.__('%1 characters left out', left));
      },
      reveal: () => activate(notebookAt(notebooks, path, trans).id)
    };
  }

  private async _fitting(
    query: string,
    panel: NotebookPanel,
    kernel: Kernel.IKernelConnection
  ): Promise<readonly IContextItem[]> {
    const variables = await inspectorOf(kernel, this._tools.trans).variables();
    return variables
      .filter(({ name, type }) => fits(query, 'variable', name, type))
      .map(({ name, type }) => this.item(panel, name, type));
  }
}
