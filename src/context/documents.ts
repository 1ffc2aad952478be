/**
 * Open documents by their shape: a text file's widget is that of JupyterLab's editor or of another extension.
 */
import type { CodeEditor } from '@jupyterlab/codeeditor';
import type { Widget } from '@lumino/widgets';

export interface IOpenDocument {
  readonly path: string;
  /** Present where the document is text. */
  readonly editor?: CodeEditor.IEditor;
  /** Its text as it is now, saved or not. */
  text(): string;
}

interface IDocumentShape {
  readonly context?: { readonly path?: unknown; readonly model?: { toString(): string } };
  readonly content?: { readonly editor?: CodeEditor.IEditor };
}

/** What a widget shows of a file; null: it is none's. */
export function documentOf(widget: Widget): IOpenDocument | null {
  const { context, content } = widget as Widget & IDocumentShape;
  const { path, model } = context ?? {};
  if (typeof path !== 'string' || !model) {
    return null;
  }
  return { path, editor: content?.editor, text: () => model.toString() };
}
