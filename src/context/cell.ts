/**
 * A cell of the notebook that was used last: source, whether it ran, and its outputs as text.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { AttachmentSource } from '../protocol/generated';
import { cut } from './budget';
import { fits, type IContextItem, type IContextKind } from './kinds';
import {
  cellAt,
  cellsOf,
  cellText,
  firstLine,
  type IPlacedCell,
  nameOf,
  readCell,
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
    const isNamed = ({ number }: IPlacedCell) => `cell ${number}` === query.toLowerCase();
    return [...found.filter(isNamed), ...found.filter(cell => !isNamed(cell))].map(cell =>
      this.item(panel, cell)
    );
  }

  /** The cells that are selected in a notebook; the active one alone where none other is. */
  selected(panel: NotebookPanel): readonly IContextItem[] {
    const ids = new Set(panel.content.selectedCells.map(({ model }) => model.id));
    return cellsOf(panel)
      .filter(({ model }) => ids.has(model.id))
      .map(cell => this.item(panel, cell));
  }

  /** A cell that can be attached. */
  item(panel: NotebookPanel, { model, number }: IPlacedCell): IContextItem {
    const { trans } = this._tools;
    const { path } = panel.context;
    const title = trans.__('Cell %1 of %2', number, nameOf(path));
    const detail = firstLine(model.sharedModel.getSource()) || trans.__('Empty cell');
    return this._item(path, model.id, title, detail);
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
        const { text, omitted } = cellText(readCell(cellAt(notebooks, path, id, trans)), trans);
        const fitting = cut(text, limit, left => trans.__('%1 characters left out', left));
        return { text: fitting.text, omitted: [...omitted, ...fitting.omitted] };
      },
      reveal: () => revealCell(this._tools, path, id)
    };
  }
}
