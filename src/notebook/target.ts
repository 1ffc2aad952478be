/**
 * The cell that an action is for: pinned when the user acts, and looked up again when the action is carried out.
 *
 * A cell is found by its notebook and its id. If it cannot be used, the reason is returned; no other cell is taken.
 */
import type { ISharedCell, ISharedNotebook } from '@jupyter/ydoc';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

/** A cell, pinned. */
export interface ITarget {
  readonly panel: NotebookPanel;
  readonly cellId: string;
}

/** Why a target cannot be used. */
export type TargetProblem = 'no_notebook' | 'closed' | 'cell_gone' | 'read_only' | 'cell_locked';

/** A target that was found. */
export interface IPlace {
  readonly panel: NotebookPanel;
  readonly notebook: ISharedNotebook;
  readonly cell: ISharedCell;
  readonly index: number;
}

/**
 * Pin a cell.
 *
 * @param tracker - null: the page has no notebooks.
 * @param origin - an element. Inside of a notebook it means the cell that it is in, elsewhere the active cell of the
 * notebook that was used last.
 * @returns null without a notebook, or where it has no cell.
 */
export function pinTarget(tracker: INotebookTracker | null, origin?: Element): ITarget | null {
  const around = origin ? tracker?.find(({ node }) => node.contains(origin)) : undefined;
  const panel = around ?? tracker?.currentWidget;
  if (!panel) {
    return null;
  }
  const { content } = panel;
  const cell = around
    ? content.widgets.find(({ node }) => origin && node.contains(origin))
    : content.activeCell;
  return cell ? { panel, cellId: cell.model.sharedModel.getId() } : null;
}

/**
 * Pin a cell by its notebook and its id.
 *
 * @param path - absent: the notebook that was used last.
 * @param cellId - absent: the active cell.
 * @returns null where no such notebook is open, or it has no cell.
 */
export function pinCell(
  tracker: INotebookTracker | null,
  path?: string,
  cellId?: string
): ITarget | null {
  const isIts = ({ context }: NotebookPanel): boolean => context.path === path;
  const panel = path === undefined ? tracker?.currentWidget : tracker?.find(isIts);
  const id = cellId ?? panel?.content.activeCell?.model.sharedModel.getId();
  return panel && id !== undefined ? { panel, cellId: id } : null;
}

/**
 * Pin the cell that an output is about: the one above it with this number of execution.
 *
 * @param origin - an element of the output.
 * @returns null where no such cell is in the output's notebook.
 */
export function pinExecuted(
  tracker: INotebookTracker | null,
  origin: Element,
  execution: number
): ITarget | null {
  const own = tracker?.find(({ node }) => node.contains(origin)) && pinTarget(tracker, origin);
  const cells = own?.panel.content.model?.sharedModel.cells ?? [];
  const above = cells.slice(
    0,
    cells.findIndex(cell => cell.getId() === own?.cellId)
  );
  // A notebook may hold numbers of an earlier kernel as well: the nearest cell is meant.
  const cell = above
    .reverse()
    .find(each => 'execution_count' in each && each.execution_count === execution);
  return own && cell ? { panel: own.panel, cellId: cell.getId() } : null;
}

/**
 * Find a pinned cell in its notebook as it is now.
 *
 * @param changes - the cell itself is changed, not only its neighbourhood.
 */
export function findTarget(target: ITarget | null, changes: boolean): IPlace | TargetProblem {
  if (!target) {
    return 'no_notebook';
  }
  const { panel, cellId } = target;
  const model = panel.isDisposed ? null : panel.content.model;
  if (!model) {
    return 'closed';
  }
  if (model.readOnly || panel.context.contentsModel?.writable === false) {
    return 'read_only';
  }
  const notebook = model.sharedModel;
  const index = notebook.cells.findIndex(each => each.getId() === cellId);
  if (index < 0) {
    return 'cell_gone';
  }
  const cell = notebook.cells[index];
  return changes && cell.getMetadata('editable') === false
    ? 'cell_locked'
    : { panel, notebook, cell, index };
}

/** The language of a notebook's kernel, in lower case. */
export function languageOf(notebook: ISharedNotebook): string {
  const { language_info: info, kernelspec } = notebook.metadata;
  const language = info?.name ?? kernelspec?.language;
  return (typeof language === 'string' && language ? language : 'python').toLowerCase();
}

/** The name of the file that a target is in. */
export function fileName({ panel }: ITarget): string {
  return panel.context.path.split('/').pop() ?? '';
}
