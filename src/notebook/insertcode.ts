/**
 * Puts text into a notebook's shared model, which is there whether its cells are on the page or not.
 *
 * Each function is one step of undo. Nothing is run or saved.
 */
import type { ISharedCell, ISharedNotebook } from '@jupyter/ydoc';
import type { INewCell } from './answercells';
import { asOneStep } from './undo';

/**
 * Insert cells.
 *
 * @param index - the place of the first one.
 * @returns the ids of the new cells.
 */
export function insertCells(
  notebook: ISharedNotebook,
  index: number,
  cells: readonly INewCell[]
): readonly string[] {
  const added = asOneStep(notebook, () =>
    notebook.insertCells(
      index,
      cells.map(cell => ({
        ...cell,
        // As JupyterLab's own new cells: there is no output yet that could be distrusted.
        metadata: cell.cell_type === 'code' ? { trusted: true } : {}
      }))
    )
  );
  return added.map(cell => cell.getId());
}

/**
 * Put text into a cell, in the place of a range.
 *
 * @param start - UTF-16 units from the beginning of the source; `end` likewise.
 */
export function insertText(cell: ISharedCell, text: string, start: number, end = start): void {
  asOneStep(cell, () => cell.updateSource(start, end, text));
}

/** Replace all that a cell holds. */
export function replaceSource(cell: ISharedCell, text: string): void {
  insertText(cell, text, 0, cell.getSource().length);
}
