/**
 * A text file: as it is open, with changes that are not saved, else as Jupyter's contents manager gives it.
 */
import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import { cut } from './budget';
import { documentOf, type IOpenDocument } from './documents';
import { ContextError, fits, type IContextItem, type IContextKind } from './kinds';
import { nameOf } from './notebooks';
import type { IContextTools } from './tools';

export class FileKind implements IContextKind {
  readonly kind = 'file';

  constructor(private readonly _tools: IContextTools) {}

  async propose(query: string): Promise<readonly IContextItem[]> {
    const open = this._open()
      .filter(({ editor }) => editor)
      .map(({ path }) => path);
    const paths = query === '' ? open : [...open, ...(await this._list(PathExt.dirname(query)))];
    return [...new Set(paths)]
      .filter(path => fits(query, 'file', path))
      .map(path => this.item(path));
  }

  /** A file that can be attached. */
  item(path: string): IContextItem {
    const { trans, open } = this._tools;
    return {
      kind: this.kind,
      title: nameOf(path),
      detail: trans.__('File %1', path),
      source: { path },
      resolve: async limit =>
        cut(await this._read(path), limit, left => trans.__('%1 characters left out', left)),
      reveal: () => open(path)
    };
  }

  private _open(): readonly IOpenDocument[] {
    return this._tools.documents().flatMap(widget => documentOf(widget) ?? []);
  }

  private async _list(folder: string): Promise<readonly string[]> {
    const listed = await this._tools.contents.get(folder, { content: true });
    const entries = Array.isArray(listed.content) ? (listed.content as Contents.IModel[]) : [];
    return entries.filter(({ type }) => type === 'file').map(({ path }) => path);
  }

  private async _read(path: string): Promise<string> {
    const { trans, contents } = this._tools;
    const live = this._open().find(each => each.path === path && each.editor);
    if (live) {
      return live.text();
    }
    let file: Contents.IModel;
    try {
      file = await contents.get(path, { content: true, type: 'file' });
    } catch (error) {
      console.warn('jupyter-stream-chat:', error);
      throw new ContextError(
        trans.__('%1 cannot be read: it may have been moved or deleted.', path)
      );
    }
    if (file.format !== 'text' || typeof file.content !== 'string') {
      throw new ContextError(trans.__('%1 is no text file.', path));
    }
    return file.content;
  }
}
