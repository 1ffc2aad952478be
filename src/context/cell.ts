/**
 * A cell of the notebook that was used last: source, whether it ran, and its outputs as text.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import { cut } from './budget';
import { fits, type IContextItem, type IContextKind } from './kinds';
import {
  cellAt,
  cellsOf,
  cellText,
  firstLine,
  type IPlacedCell,
  nameOf,
  notebookAt,
  revealCell
} from './notebooks';
import type { IContextTools } from './tools';

export class CellKind implements IContextKind {
  readonly kind = 'cell';
  readonly changed;

  constructor(private readonly _tools: IContextTools) {
    this.changed = _tools.notebookChanged;
  }

  propose(query: string): readonly IContextItem[] {
    const panel = this._tools.notebooks.currentWidget;
    if (!panel) {
      return [];
    }
    const active = panel.content.activeCell?.model.id;
    const found = cellsOf(panel).filter(({ model, number }) =>
      query === ''
        ? model.id === active
        : fits(query, `cell ${number}`, firstLine(model.sharedModel.getSource()))
    );
    // The cell of that number goes before those that only hold the number.
    const isNamed = ({ number }: IPlacedCell) => `cell ${number}` === query;
    return [...found.filter(isNamed), ...found.filter(cell => !isNamed(cell))].map(cell =>
      this.item(panel, cell)
    );
  }

  /** A cell that can be attached. */
  item(panel: NotebookPanel, { model, number }: IPlacedCell): IContextItem {
    const { notebooks, trans, activate } = this._tools;
    const { path } = panel.context;
    const { id } = model;
    return {
      kind: this.kind,
      title: trans.__('Cell %1 of %2', number, nameOf(path)),
      detail: firstLine(model.sharedModel.getSource()) || trans.__('Empty cell'),
      source: { path, cell_id: id },
      resolve: async limit => {
        const { text, omitted } = cellText(cellAt(notebooks, path, id, trans), trans);
        const fitting = cut(text, limit, left => trans.__('%1 characters left out', left));
        return { text: fitting.text, omitted: [...omitted, ...fitting.omitted] };
      },
      reveal: () => revealCell(notebookAt(notebooks, path, trans), id, activate)
    };
  }
}
