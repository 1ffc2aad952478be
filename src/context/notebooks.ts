/**
 * Notebooks: an open one by its path, a cell by its id, cells as text. A notebook that is closed is read from its file.
 */
import type { Cell, ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { withoutData } from './budget';
import { ContextError, type IContextContent } from './kinds';
import { type IOutput, outputsText } from './outputs';
import type { IContextTools } from './tools';

/** A cell of an open notebook, and where it is in it. */
export interface IPlacedCell {
  readonly model: ICellModel;
  /** From 1. */
  readonly number: number;
}

/** A cell as it is read: of an open notebook or of a file. */
export interface IReadCell {
  readonly number: number;
  readonly type: string;
  readonly source: string;
  readonly executionCount: number | null;
  /** Its source is another one than the one that ran. */
  readonly isChanged: boolean;
  readonly outputs: readonly IOutput[];
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

export function readCell({ model, number }: IPlacedCell): IReadCell {
  const { executionCount = null, isDirty = false } = model as Partial<ICodeCellModel>;
  return {
    number,
    type: model.type,
    source: model.sharedModel.getSource(),
    executionCount,
    isChanged: isDirty,
    outputs: outputsOf(model)
  };
}

/** A cell with its outputs, as a model reads it. */
export function cellText(cell: IReadCell, trans: TranslationBundle): IContextContent {
  const { number, type, executionCount, isChanged } = cell;
  const { text: source, omitted } = withoutData(cell.source, trans);
  if (type !== 'code') {
    return { text: `[${type} cell ${number}]\n${source}`, omitted };
  }
  const ran =
    executionCount === null
      ? 'not executed'
      : `executed as ${executionCount}${isChanged ? ', changed since' : ''}`;
  const outputs = outputsText(cell.outputs, trans);
  const output = outputs.text ? `\n[output of cell ${number}]\n${outputs.text}` : '';
  return {
    text: `[code cell ${number}, ${ran}]\n${source}${output}`,
    omitted: [...new Set([...omitted, ...outputs.omitted])]
  };
}

export function outputsOf(model: ICellModel): readonly IOutput[] {
  const { outputs } = model as Partial<ICodeCellModel>;
  return outputs && outputs.length > 0 ? outputs.toJSON() : [];
}

/** Go to a cell of a notebook, which is opened where it was closed. */
export function revealCell(tools: IContextTools, path: string, id: string): void {
  const panel = tools.notebooks.find(({ context }) => context.path === path);
  if (!panel) {
    tools.open(path);
    return;
  }
  const at = panel.content.widgets.findIndex((cell: Cell) => cell.model.id === id);
  tools.activate(panel.id);
  if (at >= 0) {
    panel.content.activeCellIndex = at;
    void panel.content.scrollToItem(at);
  }
}

/** The first line that says something, for a list. */
export function firstLine(text: string): string {
  const line = /\S[^\n]*/.exec(text.slice(0, 2000))?.[0] ?? '';
  return line.trim().slice(0, 80);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
