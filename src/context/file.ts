/**
 * A file: as it is open, with changes that are not saved, else as Jupyter's contents manager gives it.
 *
 * Text is read by its encoding, a picture as a picture, a notebook as a notebook; other binary files are refused.
 */
import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import type { AttachmentSource } from '../protocol/generated';
import { cut, withoutData } from './budget';
import { unreadable } from './contentsproblem';
import { bytesOf, decoded, hasControls } from './decode';
import { documentOf, type IOpenDocument } from './documents';
import { fittedPicture, PICTURE_TYPES, SVG } from './fitpicture';
import {
  ContextError,
  fits,
  type IContextContent,
  type IContextItem,
  type IContextKind
} from './kinds';
import type { NotebookKind } from './notebook';
import { nameOf } from './notebooks';
import type { IContextTools } from './tools';

/** Bytes: what is larger is not read at all. */
const MOST_BYTES = 20_000_000;
/** Folders that are looked for where a query can be read in several ways. */
const MOST_READINGS = 4;

export class FileKind implements IContextKind {
  readonly kind = 'file';

  constructor(
    private readonly _tools: IContextTools,
    private readonly _notebooks: NotebookKind
  ) {}

  async propose(query: string): Promise<readonly IContextItem[]> {
    const open = this._open()
      .filter(({ editor }) => editor)
      .map(({ path }) => path);
    const listed = await entriesFor(query, this._tools);
    const paths = [
      ...open,
      ...listed.filter(({ type }) => type !== 'directory').map(({ path }) => path)
    ];
    // A notebook that is open is proposed as one already.
    const isOpenNotebook = (path: string) =>
      this._tools.notebooks.find(({ context }) => context.path === path) !== undefined;
    return [...new Set(paths)]
      .filter(path => fits(query, 'file', path) && !isOpenNotebook(path))
      .map(path => this.item(path));
  }

  restore({ path }: AttachmentSource): IContextItem | null {
    return path ? this.item(path) : null;
  }

  /** A file that can be attached; of a notebook, its cells. */
  item(path: string): IContextItem {
    const { trans, open, notebooks } = this._tools;
    // Jupytext opens scripts as notebooks.
    const isOpenNotebook = notebooks.find(({ context }) => context.path === path) !== undefined;
    if (isOpenNotebook || isNotebookName(path)) {
      return this._notebooks.item(path);
    }
    return {
      kind: this.kind,
      title: nameOf(path),
      detail: trans.__('File %1', path),
      source: { path },
      resolve: limit => this._read(path, limit),
      reveal: () => open(path)
    };
  }

  private _open(): readonly IOpenDocument[] {
    return this._tools.documents().flatMap(widget => documentOf(widget) ?? []);
  }

  private async _read(path: string, limit: number): Promise<IContextContent> {
    const live = this._open().find(each => each.path === path && each.editor);
    return live ? cutText(live.text(), limit, this._tools) : this._readFile(path, limit);
  }

  private async _readFile(path: string, limit: number): Promise<IContextContent> {
    const { trans, contents } = this._tools;
    let file: Contents.IModel;
    try {
      const { size } = await contents.get(path, { content: false });
      if ((size ?? 0) > MOST_BYTES) {
        throw new ContextError(trans.__('%1 is too large: more than %2 MB.', path, 20));
      }
      file = await contents.get(path, { content: true, type: 'file' });
    } catch (error) {
      if (error instanceof ContextError) {
        throw error;
      }
      throw unreadable(path, error, trans);
    }
    const { format, content, mimetype } = file;
    if (typeof content !== 'string') {
      throw new ContextError(trans.__('%1 is no text file.', path));
    }
    if (format !== 'base64' && !hasControls(content)) {
      return cutText(content, limit, this._tools);
    }
    // Binary files and UTF-16 can be valid UTF-8 as well.
    const bytes = format === 'base64' ? bytesOf(content) : new TextEncoder().encode(content);
    return bytesContent(nameOf(path), bytes, mimetype, limit, this._tools);
  }
}

/**
 * What a model is sent of a file's bytes.
 *
 * @throws ContextError when they are neither text nor a picture.
 */
export async function bytesContent(
  name: string,
  bytes: Uint8Array,
  mediaType: string,
  limit: number,
  tools: Pick<IContextTools, 'trans'>
): Promise<IContextContent> {
  const { trans } = tools;
  if (PICTURE_TYPES.includes(mediaType) || mediaType === SVG) {
    return fittedPicture(mediaType, bytes, trans);
  }
  const found = decoded(bytes);
  if (!found) {
    throw new ContextError(trans.__('%1 is no text file.', name));
  }
  const { text, omitted } = cutText(found.text, limit, tools);
  const { encoding } = found;
  const note = encoding && trans.__('Read as %1: the file is not UTF-8.', encoding);
  return { text, omitted: note ? [note, ...omitted] : omitted };
}

/** Whether a file of this name is a notebook. */
export function isNotebookName(name: string): boolean {
  return PathExt.extname(name).toLowerCase() === '.ipynb';
}

/** What is in the folders that a query may mean: the one that it names, or the root and that of the open document. */
export async function entriesFor(
  query: string,
  tools: IContextTools
): Promise<readonly Contents.IModel[]> {
  if (query === '') {
    return [];
  }
  const named = foldersIn(query);
  const [widget] = tools.documents();
  const here = widget && documentOf(widget)?.path;
  const near = here ? ['', PathExt.dirname(here)] : [''];
  const folders = new Set(named.length > 0 ? named : near);
  const listed = await Promise.all([...folders].map(folder => entriesOf(folder, tools)));
  return listed.flat();
}

/** The folders that a query may name: their names may hold spaces, and words may stand before them. */
function foldersIn(query: string): readonly string[] {
  const path = query.slice(0, Math.max(query.lastIndexOf('/'), 0));
  const starts = [...path.matchAll(/(?<=^|\s)\S/g)].map(({ index }) => index);
  return starts.slice(-MOST_READINGS).map(start => path.slice(start));
}

/** What is in a folder; of a folder that there is none, nothing. */
export async function entriesOf(
  folder: string,
  { contents }: IContextTools
): Promise<readonly Contents.IModel[]> {
  try {
    const { content } = await contents.get(folder, { content: true, type: 'directory' });
    return Array.isArray(content) ? (content as Contents.IModel[]) : [];
  } catch {
    return [];
  }
}

/** Text as a model is sent it: without data in base64, with head and tail of what is too long. */
export function cutText(
  text: string,
  limit: number,
  { trans }: Pick<IContextTools, 'trans'>
): IContextContent {
  // As editors show it: without a byte order mark, with line ends of one character.
  const plain = text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  const { text: short, omitted } = withoutData(plain, trans);
  const fitting = cut(short, limit, left => trans.__('%1 characters left out', left));
  return { text: fitting.text, omitted: [...omitted, ...fitting.omitted] };
}
