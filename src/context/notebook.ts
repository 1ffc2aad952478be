/**
 * A notebook that is open: all cells that fit, those up to the active one first.
 */
import { codePoints } from '../protocol/text';
import { cut } from './budget';
import { fits, type IContextContent, type IContextItem, type IContextKind } from './kinds';
import { cellsOf, cellText, nameOf, notebookAt } from './notebooks';
import type { IContextTools } from './tools';

export class NotebookKind implements IContextKind {
  readonly kind = 'notebook';
  readonly changed;

  constructor(private readonly _tools: IContextTools) {
    this.changed = _tools.notebookChanged;
  }

  propose(query: string): readonly IContextItem[] {
    const { notebooks, trans, activate } = this._tools;
    const items: IContextItem[] = [];
    notebooks.forEach(panel => {
      const { path } = panel.context;
      if (!fits(query, 'notebook', path)) {
        return;
      }
      items.push({
        kind: this.kind,
        title: nameOf(path),
        detail: trans.__('Notebook with %1 cells: %2', cellsOf(panel).length, path),
        source: { path },
        resolve: async limit => this._read(path, limit),
        reveal: () => activate(notebookAt(notebooks, path, trans).id)
      });
    });
    return items;
  }

  private _read(path: string, limit: number): IContextContent {
    const { notebooks, trans } = this._tools;
    const panel = notebookAt(notebooks, path, trans);
    const cells = cellsOf(panel);
    const active = Math.max(panel.content.activeCellIndex, 0);
    // What ran before the active cell explains it best: from there backwards, then what follows.
    const order = [...cells.slice(0, active + 1).reverse(), ...cells.slice(active + 1)];
    const kept: { number: number; text: string }[] = [];
    const omitted = new Set<string>();
    let room = limit;
    for (const cell of order) {
      const { text, omitted: missing } = cellText(cell, trans);
      const most = Math.floor(limit / 4);
      const short = cut(text, most, left => trans.__('%1 characters left out', left));
      room -= codePoints(short.text) + 2;
      if (room < 0) {
        break;
      }
      kept.push({ number: cell.number, text: short.text });
      [...missing, ...short.omitted].forEach(sentence => omitted.add(sentence));
    }
    if (kept.length < cells.length) {
      const left = cells.length - kept.length;
      omitted.add(trans._n('%1 cell left out', '%1 cells left out', left));
    }
    kept.sort((a, b) => a.number - b.number);
    return { text: kept.map(({ text }) => text).join('\n\n'), omitted: [...omitted] };
  }
}
