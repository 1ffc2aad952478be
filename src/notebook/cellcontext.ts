/**
 * What a question about a cell carries: the cell, the cells that ran before it, and the variables that they name.
 *
 * Each is an attachment, so that the reader sees it, can remove it, and finds it in the chat.
 */
import type { ISharedNotebook } from '@jupyter/ydoc';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { CellKind } from '../context/cell';
import { ErrorKind } from '../context/error';
import { inspectorOf, type IVariable } from '../context/kernelinspector';
import type { IContextItem } from '../context/kinds';
import { cellsOf, nameOf } from '../context/notebooks';
import type { IContextTools } from '../context/tools';
import { VariableKind } from '../context/variable';
import { cellsBefore } from './cellquestion';
import type { IPlace } from './target';

/** Variables that are attached without being asked for. */
const VARIABLES = 5;

/** Types whose shape a model cannot guess from the code. */
const TABLES = new Set(['DataFrame', 'Series', 'ndarray', 'Tensor', 'Dataset', 'DataArray']);

export class CellContext {
  constructor(private readonly _tools: IContextTools) {}

  /** The cell with its outputs. */
  cell(place: IPlace): IContextItem | null {
    const cell = cellsOf(place.panel)[place.index];
    return cell ? new CellKind(this._tools).item(place.panel, cell) : null;
  }

  /** The cell's source and its traceback; null: it shows no error. */
  error({ panel, cell }: IPlace): IContextItem | null {
    const items = new ErrorKind(this._tools).propose('');
    const { path } = panel.context;
    const isIts = ({ source }: IContextItem): boolean =>
      source.path === path && source.cell_id === cell.getId();
    return items.find(isIts) ?? null;
  }

  /** The code cells above that ran; null: there are none. */
  before({ panel, notebook, cell }: IPlace): IContextItem | null {
    const { trans } = this._tools;
    const id = cell.getId();
    const find = (): ReturnType<typeof cellsBefore> => {
      const index = notebook.cells.findIndex(each => each.getId() === id);
      return cellsBefore(notebook, index < 0 ? notebook.cells.length : index);
    };
    const { sources } = find();
    if (sources.length === 0) {
      return null;
    }
    const { path } = panel.context;
    return {
      kind: 'cells',
      title: trans._n('%1 cell that ran before', '%1 cells that ran before', sources.length),
      detail: nameOf(path),
      source: { path },
      resolve: async () => {
        const { sources: texts, omitted } = find();
        const left = trans._n('%1 earlier cell left out', '%1 earlier cells left out', omitted);
        return { text: texts.join('\n\n'), omitted: omitted > 0 ? [left] : [] };
      }
    };
  }

  /**
   * The kernel's variables that texts name, tables first; none where the kernel is busy or is not Python's.
   *
   * @param texts - those that matter most first.
   */
  async variables(panel: NotebookPanel, texts: readonly string[]): Promise<IContextItem[]> {
    const known = await this._known(panel);
    const named = new Set(texts.flatMap(text => text.match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? []));
    const found = [...named].filter(name => known.has(name));
    const isTable = (name: string): boolean => TABLES.has(known.get(name) ?? '');
    const ordered = [...found.filter(isTable), ...found.filter(name => !isTable(name))];
    const kind = new VariableKind(this._tools);
    return ordered
      .slice(0, VARIABLES)
      .map(name => kind.item(panel, { name, type: known.get(name) ?? '' }));
  }

  /** Types of the kernel's variables by name, functions left out: their code is in the cells. */
  private async _known(panel: NotebookPanel): Promise<ReadonlyMap<string, string>> {
    const kernel = panel.sessionContext.session?.kernel;
    const listed = kernel ? await inspectorOf(kernel, this._tools.trans).variables() : null;
    const isData = ({ type }: IVariable): boolean => !['function', 'type'].includes(type);
    return new Map((listed ?? []).filter(isData).map(({ name, type }) => [name, type]));
  }
}

/** The sources that a cell's question is about, the nearest first. */
export function sourcesUpTo(notebook: ISharedNotebook, index: number): readonly string[] {
  return [
    notebook.cells[index]?.getSource() ?? '',
    ...[...cellsBefore(notebook, index).sources].reverse()
  ];
}
