/**
 * The question that asks for the code of a cell, and the cells that ran before it. Pure.
 */
import type { ISharedNotebook } from '@jupyter/ydoc';
import { cellMagicOf } from './codelanguages';

/** Characters of earlier cells that are sent at most; the newest are kept. */
const CONTEXT_LIMIT = 12_000;

/** Code cells that ran. */
export interface IContext {
  readonly sources: readonly string[];
  /** Cells left out because the text would be too long. */
  readonly omitted: number;
}

/** The code cells above a place that ran, in their order. */
export function cellsBefore(notebook: ISharedNotebook, index: number): IContext {
  const ran = notebook.cells
    .slice(0, index)
    .filter(cell => 'execution_count' in cell && cell.execution_count !== null)
    .map(cell => cell.getSource())
    .filter(source => source.trim() !== '');
  let room = CONTEXT_LIMIT;
  let first = ran.length;
  while (first > 0 && ran[first - 1].length <= room) {
    first -= 1;
    room -= ran[first].length;
  }
  return { sources: ran.slice(first), omitted: first };
}

/**
 * The text of the question; what it is about is attached.
 *
 * @param changed - the source of the cell that is to be changed; null: new code is wanted.
 */
export function cellQuestion(
  instruction: string,
  language: string,
  changed: string | null
): string {
  const magic = changed === null ? null : cellMagicOf(changed);
  const kept = magic ? ', the cell magic in its first line included,' : '';
  const wanted =
    changed !== null
      ? `Change the attached cell. Answer with its whole new source${kept} in one fenced ${magic ? '' : `${language} `}code block.`
      : `Write the code of one notebook cell in ${language}. Answer with one fenced code block.`;
  return `${instruction.trim()}\n\n${wanted}`;
}
