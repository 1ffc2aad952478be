/**
 * The lines that are selected in the editor that was used last: of a cell, or of a text file.
 */
import type { CodeEditor } from '@jupyterlab/codeeditor';
import type { AttachmentSource } from '../protocol/generated';
import { cut } from './budget';
import { documentOf } from './documents';
import { ContextError, fits, type IContextItem, type IContextKind } from './kinds';
import { cellAt, nameOf, revealCell } from './notebooks';
import type { IContextTools } from './tools';

export class SelectionKind implements IContextKind {
  readonly kind = 'selection';
  readonly changed;

  constructor(private readonly _tools: IContextTools) {
    this.changed = _tools.notebookChanged;
  }

  propose(query: string): readonly IContextItem[] {
    const item = this.current();
    return item && fits(query, 'selection lines', item.source.path ?? '') ? [item] : [];
  }

  /** The text that is selected now; null: none is. */
  current(): IContextItem | null {
    const found = this._editor();
    if (!found) {
      return null;
    }
    const { editor, path, cellId } = found;
    const { start, end } = editor.getSelection();
    const [first, last] = [start.line + 1, end.line + 1].sort((a, b) => a - b);
    const [from, to] = [editor.getOffsetAt(start), editor.getOffsetAt(end)].sort((a, b) => a - b);
    // What is selected is what is attached: the selection itself may be gone when the question is sent.
    const text = editor.model.sharedModel.getSource().slice(from, to);
    if (text.trim() === '') {
      return null;
    }
    const title = this._tools.trans.__('Lines %1 to %2 of %3', first, last, nameOf(path));
    const source = {
      path,
      lines: [first, last] as [number, number],
      ...(cellId && { cell_id: cellId })
    };
    return this._item(source, title, text.trim().split('\n')[0].slice(0, 80), () => text);
  }

  /** The same lines as they are now. */
  restore(source: AttachmentSource, title: string): IContextItem | null {
    const { path, lines } = source;
    return path && lines ? this._item(source, title, '', () => this._linesOf(source)) : null;
  }

  private _item(
    source: AttachmentSource,
    title: string,
    detail: string,
    read: () => string
  ): IContextItem {
    const { trans, open } = this._tools;
    const { path, cell_id: cellId } = source;
    return {
      kind: this.kind,
      title,
      detail,
      source,
      resolve: async limit => cut(read(), limit, left => trans.__('%1 characters left out', left)),
      reveal: () => (cellId ? revealCell(this._tools, path ?? '', cellId) : open(path ?? ''))
    };
  }

  private _linesOf({ path, lines, cell_id: cellId }: AttachmentSource): string {
    const { notebooks, documents, trans } = this._tools;
    const [first = 1, last = 1] = lines ?? [];
    const isThere = (widget: ReturnType<typeof documents>[number]) =>
      documentOf(widget)?.path === path && documentOf(widget)?.editor;
    const text = cellId
      ? cellAt(notebooks, path ?? '', cellId, trans).model.sharedModel.getSource()
      : documents()
          .filter(isThere)
          .map(widget => documentOf(widget)?.text())[0];
    const chosen = text
      ?.split('\n')
      .slice(first - 1, last)
      .join('\n');
    if (chosen === undefined) {
      throw new ContextError(trans.__('%1 is closed: open it again.', nameOf(path ?? '')));
    }
    return chosen;
  }

  private _editor(): { editor: CodeEditor.IEditor; path: string; cellId?: string } | null {
    const { documents, notebooks } = this._tools;
    const [widget] = documents();
    const panel = notebooks.currentWidget;
    if (panel && (!widget || widget === panel)) {
      const cell = panel.content.activeCell;
      return cell?.editor
        ? { editor: cell.editor, path: panel.context.path, cellId: cell.model.id }
        : null;
    }
    const document = widget && documentOf(widget);
    return document?.editor ? { editor: document.editor, path: document.path } : null;
  }
}
