/**
 * A notebook with all its cells: as it is open, with changes that are not saved, else as its file has it.
 */
import type { ICodeCellModel } from '@jupyterlab/cells';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { AttachmentSource } from '../protocol/generated';
import { unreadable } from './contentsproblem';
import {
  ContextError,
  fits,
  type IContextContent,
  type IContextItem,
  type IContextKind
} from './kinds';
import { cellsOf, nameOf, readCell } from './notebooks';
import { type ILazyCell, notebookText } from './notebooktext';
import type { IOutput } from './outputs';
import type { IContextTools } from './tools';

export class NotebookKind implements IContextKind {
  readonly kind = 'notebook';
  readonly changed;

  constructor(private readonly _tools: IContextTools) {
    this.changed = _tools.notebookChanged;
  }

  propose(query: string): readonly IContextItem[] {
    const { notebooks, trans } = this._tools;
    const items: IContextItem[] = [];
    notebooks.forEach(panel => {
      const { path } = panel.context;
      if (fits(query, 'notebook', path)) {
        const size = panel.content.model?.cells.length ?? 0;
        items.push(this.item(path, trans.__('Notebook with %1 cells: %2', size, path)));
      }
    });
    return items;
  }

  restore({ path }: AttachmentSource): IContextItem | null {
    return path ? this.item(path) : null;
  }

  /** A notebook that can be attached, whether it is open or not. */
  item(path: string, detail?: string): IContextItem {
    const { trans, open } = this._tools;
    return {
      kind: this.kind,
      title: nameOf(path),
      detail: detail ?? trans.__('Notebook %1', path),
      source: { path },
      resolve: limit => this._read(path, limit),
      reveal: () => open(path)
    };
  }

  private async _read(path: string, limit: number): Promise<IContextContent> {
    const { notebooks, contents, trans } = this._tools;
    const panel = notebooks.find(({ context }) => context.path === path);
    if (panel) {
      const cells = cellsOf(panel).map(cell => ({
        hasRun: typeof (cell.model as Partial<ICodeCellModel>).executionCount === 'number',
        read: () => readCell(cell)
      }));
      return notebookText(cells, panel.content.activeCellIndex, limit, trans);
    }
    let file: Contents.IModel;
    try {
      file = await contents.get(path, { type: 'notebook', content: true });
    } catch (error) {
      throw unreadable(path, error, trans);
    }
    return storedNotebookText(path, file.content, limit, trans);
  }
}

interface IFileCell {
  readonly cell_type?: unknown;
  readonly source?: unknown;
  readonly execution_count?: unknown;
  readonly outputs?: unknown;
}

/**
 * The text of a notebook that is not open, of its JSON.
 *
 * @throws ContextError when it has no cells, or is no notebook of this version of the format.
 */
export function storedNotebookText(
  name: string,
  content: unknown,
  limit: number,
  trans: TranslationBundle
): Promise<IContextContent> {
  const cells = cellsInFile(content);
  if (cells === null) {
    throw new ContextError(trans.__('%1 cannot be read: its content is damaged.', name));
  }
  return notebookText(cells, cells.length - 1, limit, trans);
}

/** The cells of a notebook's JSON; what is no cell is left out. Null: it is no notebook. */
export function cellsInFile(content: unknown): readonly ILazyCell[] | null {
  const { cells } = (content ?? {}) as { cells?: unknown };
  if (!Array.isArray(cells)) {
    return null;
  }
  const isObject = (cell: unknown) => typeof cell === 'object' && cell !== null;
  return (cells.filter(isObject) as IFileCell[]).map((cell, at) => {
    const count = cell.execution_count;
    const executionCount = typeof count === 'number' ? count : null;
    return {
      hasRun: executionCount !== null,
      read: () => ({
        number: at + 1,
        type: String(cell.cell_type),
        source: Array.isArray(cell.source) ? cell.source.join('') : String(cell.source ?? ''),
        executionCount,
        isChanged: false,
        outputs: Array.isArray(cell.outputs) ? (cell.outputs.filter(isObject) as IOutput[]) : []
      })
    };
  });
}
