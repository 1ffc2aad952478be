/**
 * The traceback of a cell that failed.
 */
import type { AttachmentSource } from '../protocol/generated';
import { cut } from './budget';
import { ContextError, fits, type IContextItem, type IContextKind } from './kinds';
import { cellAt, cellsOf, nameOf, outputsOf, revealCell } from './notebooks';
import { errorText } from './outputs';
import type { IContextTools } from './tools';

export class ErrorKind implements IContextKind {
  readonly kind = 'error';
  readonly changed;

  constructor(private readonly _tools: IContextTools) {
    this.changed = _tools.notebookChanged;
  }

  propose(query: string): readonly IContextItem[] {
    const { notebooks, trans } = this._tools;
    const panel = notebooks.currentWidget;
    if (!panel) {
      return [];
    }
    const { path } = panel.context;
    const items: IContextItem[] = [];
    for (const { model, number } of cellsOf(panel)) {
      const error = errorText(outputsOf(model));
      const last = error?.trim().split('\n').pop() ?? '';
      if (error !== null && fits(query, 'error traceback', `cell ${number}`, last)) {
        const title = trans.__('Error in cell %1 of %2', number, nameOf(path));
        items.unshift(this._item(path, model.id, title, last));
      }
    }
    return items;
  }

  restore({ path, cell_id: id }: AttachmentSource, title: string): IContextItem | null {
    return path && id ? this._item(path, id, title, '') : null;
  }

  private _item(path: string, id: string, title: string, detail: string): IContextItem {
    const { notebooks, trans } = this._tools;
    return {
      kind: this.kind,
      title,
      detail,
      source: { path, cell_id: id },
      changed: this.changed,
      isQuick: true,
      resolve: async limit => {
        const cell = cellAt(notebooks, path, id, trans);
        const text = errorText(outputsOf(cell.model));
        if (text === null) {
          throw new ContextError(trans.__('The cell shows no error any more.'));
        }
        const source = cell.model.sharedModel.getSource();
        const whole = `[code cell ${cell.number}]\n${source}\n[error]\n${text}`;
        return cut(whole, limit, left => trans.__('%1 characters left out', left));
      },
      reveal: () => revealCell(this._tools, path, id)
    };
  }
}
