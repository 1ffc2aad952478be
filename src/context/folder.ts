/**
 * A folder: the names in it and in the folders in it, no contents.
 */
import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import type { AttachmentSource } from '../protocol/generated';
import { cut } from './budget';
import { unreadable } from './contentsproblem';
import { entriesFor, entriesOf } from './file';
import { fits, type IContextItem, type IContextKind } from './kinds';
import { nameOf } from './notebooks';
import type { IContextTools } from './tools';

/** Folders whose names are listed as well; more are named only. */
const MOST_FOLDERS = 50;

export class FolderKind implements IContextKind {
  readonly kind = 'folder';

  constructor(private readonly _tools: IContextTools) {}

  async propose(query: string): Promise<readonly IContextItem[]> {
    const listed = await entriesFor(query, this._tools);
    const paths = listed.filter(({ type }) => type === 'directory').map(({ path }) => path);
    return [...new Set(paths)]
      .filter(path => fits(query, 'folder', `${path}/`))
      .map(path => this.item(path));
  }

  restore({ path }: AttachmentSource): IContextItem | null {
    return typeof path === 'string' ? this.item(path) : null;
  }

  /** A folder that can be attached; '' is the root. */
  item(path: string): IContextItem {
    const { trans, showFolder } = this._tools;
    return {
      kind: this.kind,
      title: `${nameOf(path)}/`,
      detail: trans.__('Names in the folder %1', `${path}/`),
      source: { path },
      resolve: async limit =>
        cut(await this._names(path), limit, left => trans.__('%1 characters left out', left)),
      reveal: () => showFolder(path)
    };
  }

  private async _names(path: string): Promise<string> {
    const { trans, contents } = this._tools;
    try {
      await contents.get(path, { content: false, type: 'directory' });
    } catch (error) {
      throw unreadable(path, error, trans);
    }
    const entries = sorted(await entriesOf(path, this._tools));
    const inner = new Map<string, readonly Contents.IModel[]>();
    const folders = entries.filter(({ type }) => type === 'directory').slice(0, MOST_FOLDERS);
    for (const { path: folder } of folders) {
      inner.set(folder, sorted(await entriesOf(folder, this._tools)));
    }
    const lines = entries.flatMap(entry => [
      labelOf(entry),
      ...(inner.get(entry.path) ?? []).map(each => `  ${labelOf(each)}`)
    ]);
    return [`[names in ${path}/]`, ...lines].join('\n');
  }
}

function labelOf({ path, type }: Contents.IModel): string {
  return type === 'directory' ? `${PathExt.basename(path)}/` : PathExt.basename(path);
}

function sorted(entries: readonly Contents.IModel[]): readonly Contents.IModel[] {
  return [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
}
