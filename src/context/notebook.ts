/**
 * A notebook with all its cells: as it is open, with changes that are not saved, else as its file has it.
 */
import type { ICodeCellModel } from '@jupyterlab/cells';
import type { Contents } from '@jupyterlab/services';
import type { AttachmentSource } from '../protocol/generated';
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
      console.warn('jupyter-stream-chat:', error);
      throw new ContextError(
        trans.__('%1 cannot be read: it may have been moved or deleted.', path)
      );
    }
    const cells = cellsInFile(file.content);
    return notebookText(cells, cells.length - 1, limit, trans);
  }
}

interface IFileCell {
  readonly cell_type?: unknown;
  readonly source?: unknown;
  readonly execution_count?: unknown;
  readonly outputs?: unknown;
}

/** The cells of a notebook's JSON; anything else in it is left out. */
export function cellsInFile(content: unknown): readonly ILazyCell[] {
  const { cells } = (content ?? {}) as { cells?: unknown };
  return (Array.isArray(cells) ? (cells as IFileCell[]) : []).map((cell, at) => {
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
        outputs: Array.isArray(cell.outputs) ? (cell.outputs as IOutput[]) : []
      })
    };
  });
}
