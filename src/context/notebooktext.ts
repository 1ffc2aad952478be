/**
 * A whole notebook as text, within a budget: what explains the active cell best comes first.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { codePoints } from '../protocol/text';
import { cut } from './budget';
import type { IContextContent } from './kinds';
import { cellText, type IReadCell } from './notebooks';

/** How long the page may be held up at a time, in milliseconds. */
const SLICE = 20;

/** A cell that is read when its turn comes. */
export interface ILazyCell {
  readonly hasRun: boolean;
  read(): IReadCell;
}

/**
 * The text of a notebook's cells, in their order.
 *
 * @param active - the number of the active cell, from 0. It is kept first, then the cells before it that ran, the
 * nearest first, the others before it, and those behind it.
 * @param limit - the most code points. No cell gets more than a quarter of them.
 */
export async function notebookText(
  cells: readonly ILazyCell[],
  active: number,
  limit: number,
  trans: TranslationBundle
): Promise<IContextContent> {
  const kept: { at: number; text: string }[] = [];
  const omitted = new Set<string>();
  let room = limit;
  let since = performance.now();
  for (const at of orderOf(cells, active)) {
    if (performance.now() - since > SLICE) {
      await new Promise(resolve => window.setTimeout(resolve));
      since = performance.now();
    }
    const { text, omitted: missing } = cellText(cells[at].read(), trans);
    const most = Math.floor(limit / 4);
    const short = cut(text, most, left => trans.__('%1 characters left out', left));
    room -= codePoints(short.text) + 2;
    if (room < 0) {
      break;
    }
    kept.push({ at, text: short.text });
    [...missing, ...short.omitted].forEach(sentence => omitted.add(sentence));
  }
  if (kept.length < cells.length) {
    const left = cells.length - kept.length;
    omitted.add(trans._n('%1 cell left out', '%1 cells left out', left));
  }
  kept.sort((a, b) => a.at - b.at);
  return { text: kept.map(({ text }) => text).join('\n\n'), omitted: [...omitted] };
}

function orderOf(cells: readonly ILazyCell[], active: number): readonly number[] {
  const all = cells.map((_, at) => at);
  const before = all.slice(0, Math.max(active, 0)).reverse();
  return [
    ...all.slice(active, active + 1),
    ...before.filter(at => cells[at].hasRun),
    ...before.filter(at => !cells[at].hasRun),
    ...all.slice(active + 1)
  ];
}
