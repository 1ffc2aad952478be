/**
 * Open notebooks: the one that was used last, a cell of one by its id, and a cell as text.
 */
import type { Cell, ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ContextError, type IContextContent } from './kinds';
import { type IOutput, outputsText } from './outputs';

/** A cell of an open notebook, and where it is in it. */
export interface IPlacedCell {
  readonly model: ICellModel;
  /** From 1. */
  readonly number: number;
}

/** The cells of a notebook; those that are scrolled out of sight as well. */
export function cellsOf(panel: NotebookPanel): readonly IPlacedCell[] {
  const cells = panel.content.model?.cells;
  return [...(cells ?? [])].map((model, at) => ({ model, number: at + 1 }));
}

/**
 * The open notebook with a path.
 *
 * @throws ContextError when it was closed.
 */
export function notebookAt(
  tracker: INotebookTracker,
  path: string,
  trans: TranslationBundle
): NotebookPanel {
  const panel = tracker.find(({ context }) => context.path === path);
  if (!panel) {
    throw new ContextError(trans.__('%1 is closed: open it again.', nameOf(path)));
  }
  return panel;
}

/**
 * The cell of an open notebook with an id.
 *
 * @throws ContextError when the notebook or the cell is gone.
 */
export function cellAt(
  tracker: INotebookTracker,
  path: string,
  id: string,
  trans: TranslationBundle
): IPlacedCell {
  const cell = cellsOf(notebookAt(tracker, path, trans)).find(({ model }) => model.id === id);
  if (!cell) {
    throw new ContextError(trans.__('The cell was deleted from %1.', nameOf(path)));
  }
  return cell;
}

/** A cell with its outputs, as a model reads it. */
export function cellText(
  { model, number }: IPlacedCell,
  trans: TranslationBundle
): IContextContent {
  const source = model.sharedModel.getSource();
  if (model.type !== 'code') {
    return { text: `[${model.type} cell ${number}]\n${source}`, omitted: [] };
  }
  const { executionCount, isDirty } = model as ICodeCellModel;
  const ran =
    executionCount === null
      ? 'not executed'
      : `executed as ${executionCount}${isDirty ? ', changed since' : ''}`;
  const outputs = outputsText(outputsOf(model), trans);
  const output = outputs.text ? `\n[output of cell ${number}]\n${outputs.text}` : '';
  return { text: `[code cell ${number}, ${ran}]\n${source}${output}`, omitted: outputs.omitted };
}

export function outputsOf(model: ICellModel): readonly IOutput[] {
  return model.type === 'code' ? (model as ICodeCellModel).outputs.toJSON() : [];
}

/** Open the notebook and go to one of its cells. */
export function revealCell(panel: NotebookPanel, id: string, activate: (id: string) => void): void {
  const at = panel.content.widgets.findIndex((cell: Cell) => cell.model.id === id);
  activate(panel.id);
  if (at >= 0) {
    panel.content.activeCellIndex = at;
    void panel.content.scrollToItem(at);
  }
}

/** The first line that says something, for a list. */
export function firstLine(text: string): string {
  const line = text.split('\n').find(each => each.trim() !== '') ?? '';
  return line.trim().slice(0, 80);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
