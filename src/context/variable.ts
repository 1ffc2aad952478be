/**
 * A variable of the notebook's kernel: names, types and shapes, never its values as a whole. Rows of a table only when
 * they are asked for.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import type { AttachmentSource } from '../protocol/generated';
import { cut } from './budget';
import { inspectorOf, type IVariable } from './kernelinspector';
import { ContextError, fits, type IContextItem, type IContextKind } from './kinds';
import { nameOf, notebookAt } from './notebooks';
import type { IContextTools } from './tools';

/** Rows of a table that are sent where they are asked for. */
const ROWS = 5;
const TABLES: readonly string[] = ['DataFrame', 'Series', 'LazyFrame'];
/** What may be a name in some language. */
const NAME = /[\p{L}_.$][\p{L}\p{N}_.$]*/u;

export class VariableKind implements IContextKind {
  readonly kind = 'variable';
  readonly changed;

  constructor(private readonly _tools: IContextTools) {
    this.changed = _tools.notebookChanged;
  }

  propose(query: string): Promise<readonly IContextItem[]> | readonly IContextItem[] {
    const panel = this._tools.notebooks.currentWidget;
    const kernel = panel?.sessionContext.session?.kernel;
    return panel && kernel && query !== '' ? this._fitting(query, panel.context.path, kernel) : [];
  }

  restore({ path, variable, lines }: AttachmentSource, title: string): IContextItem | null {
    return path && variable ? this._item(path, variable, title, '', lines?.[1] ?? 0) : null;
  }

  /** A variable of a notebook's kernel that can be attached. */
  item({ context }: NotebookPanel, { name, type }: IVariable): IContextItem {
    const detail = this._tools.trans.__('Variable of %1: %2', nameOf(context.path), type);
    return this._item(context.path, name, name, detail, 0);
  }

  private async _fitting(
    query: string,
    path: string,
    kernel: Kernel.IKernelConnection
  ): Promise<readonly IContextItem[]> {
    const { trans } = this._tools;
    const inspector = inspectorOf(kernel, trans);
    const variables = await inspector.variables();
    if (variables === null) {
      // The kernel lists nothing: it can be asked for a name that is typed.
      const name = NAME.exec(query.split(/\s+/).slice(-1)[0])?.[0];
      return name ? this._items(path, { name, type: '' }, query) : [];
    }
    const found = variables.flatMap(variable => this._items(path, variable, query));
    const isNamed = ({ source }: IContextItem) =>
      query.split(/\s+/).includes(source.variable ?? '');
    return [...found.filter(isNamed), ...found.filter(item => !isNamed(item))];
  }

  private _items(path: string, { name, type }: IVariable, query: string): readonly IContextItem[] {
    const { trans } = this._tools;
    const detail = trans.__('Variable of %1: %2', nameOf(path), type);
    const items = fits(query, 'variable', name, type)
      ? [this._item(path, name, name, detail, 0)]
      : [];
    if (TABLES.includes(type) && fits(query, 'variable rows', name, type)) {
      const title = trans.__('%1 with %2 rows', name, ROWS);
      items.push(this._item(path, name, title, detail, ROWS));
    }
    return items;
  }

  private _item(
    path: string,
    name: string,
    title: string,
    detail: string,
    rows: number
  ): IContextItem {
    const { notebooks, trans, activate, notebookChanged } = this._tools;
    return {
      kind: this.kind,
      title,
      detail,
      source: { path, variable: name, ...(rows > 0 && { lines: [1, rows] as [number, number] }) },
      changed: notebookChanged,
      resolve: async limit => {
        const kernel = notebookAt(notebooks, path, trans).sessionContext.session?.kernel;
        if (!kernel) {
          throw new ContextError(trans.__('%1 has no kernel.', nameOf(path)));
        }
        const text = await inspectorOf(kernel, trans).describe(name, rows);
        return cut(text, limit, left => trans.__('%1 characters left out', left));
      },
      reveal: () => activate(notebookAt(notebooks, path, trans).id)
    };
  }
}
