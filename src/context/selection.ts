/**
 * The lines that are selected in the editor that was used last: of a cell, or of a text file.
 */
import type { CodeEditor } from '@jupyterlab/codeeditor';
import { cut } from './budget';
import { fits, type IContextItem, type IContextKind } from './kinds';
import { documentOf } from './documents';
import { nameOf } from './notebooks';
import type { IContextTools } from './tools';

export class SelectionKind implements IContextKind {
  readonly kind = 'selection';
  readonly changed;

  constructor(private readonly _tools: IContextTools) {
    this.changed = _tools.notebookChanged;
  }

  propose(query: string): readonly IContextItem[] {
    const { trans } = this._tools;
    const found = this._editor();
    if (!found || !fits(query, 'selection lines', found.path)) {
      return [];
    }
    const { editor, path, cellId } = found;
    const { start, end } = editor.getSelection();
    const [first, last] = [start.line, end.line].sort((a, b) => a - b);
    const isEmpty = start.line === end.line && start.column === end.column;
    if (isEmpty) {
      return [];
    }
    // What is selected is what is attached: the selection itself may be gone when the question is sent.
    const from = editor.getOffsetAt(start);
    const to = editor.getOffsetAt(end);
    const text = editor.model.sharedModel.getSource().slice(Math.min(from, to), Math.max(from, to));
    return [
      {
        kind: this.kind,
        title: trans.__('Lines %1 to %2 of %3', first + 1, last + 1, nameOf(path)),
        detail: text.trim().split('\n')[0].slice(0, 80),
        source: { path, lines: [first + 1, last + 1], ...(cellId && { cell_id: cellId }) },
        resolve: async limit => cut(text, limit, left => trans.__('%1 characters left out', left)),
        reveal: () => this._tools.open(path)
      }
    ];
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
