/**
 * The traceback of a cell that failed.
 */
import { cut } from './budget';
import { ContextError, fits, type IContextItem, type IContextKind } from './kinds';
import { cellAt, cellsOf, nameOf, notebookAt, outputsOf, revealCell } from './notebooks';
import { errorText } from './outputs';
import type { IContextTools } from './tools';

export class ErrorKind implements IContextKind {
  readonly kind = 'error';
  readonly changed;

  constructor(private readonly _tools: IContextTools) {
    this.changed = _tools.notebookChanged;
  }

  propose(query: string): readonly IContextItem[] {
    const { notebooks, trans, activate } = this._tools;
    const panel = notebooks.currentWidget;
    if (!panel) {
      return [];
    }
    const { path } = panel.context;
    const items: IContextItem[] = [];
    for (const { model, number } of cellsOf(panel)) {
      const error = errorText(outputsOf(model));
      const last = error?.trim().split('\n').pop() ?? '';
      if (error === null || !fits(query, 'error traceback', `cell ${number}`, last)) {
        continue;
      }
      const { id } = model;
      items.unshift({
        kind: this.kind,
        title: trans.__('Error in cell %1 of %2', number, nameOf(path)),
        detail: last,
        source: { path, cell_id: id },
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
        reveal: () => revealCell(notebookAt(notebooks, path, trans), id, activate)
      });
    }
    return items;
  }
}
