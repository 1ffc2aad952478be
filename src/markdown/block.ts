/**
 * One rendering of Markdown: nodes for the page, of which nothing acts.
 */

import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { colourCode } from './codecolours';
import { toHtml } from './html';
import { fitOrdinals } from './ordinals';
import { sanitizedNodes } from './sanitize';
import { formulaSource, prepareFormulas, warmUpTypesetter } from './typeset';

/** Class of the element that holds a block, beside those of rendermime. */
const BLOCK_CLASS = 'jp-StreamChat-block';

/** What rendering needs of JupyterLab. */
export interface IRenderTools {
  readonly rendermime: IRenderMimeRegistry;
  readonly languages: IEditorLanguageRegistry;
}

/** Rendered Markdown that is not on the page yet. */
export interface IRendered {
  readonly nodes: DocumentFragment;
  /** Languages that are being loaded; the code is to be coloured after each. */
  readonly loading: readonly Promise<void>[];
}

/** Render Markdown. */
export function renderMarkdown(
  { rendermime, languages }: IRenderTools,
  source: string,
  hasOpenFormula = false
): IRendered {
  const { html, hasHtml } = toHtml(source, hasOpenFormula);
  // What our renderer writes needs no sanitiser but ours; what the text itself holds passes JupyterLab's as well.
  const safe = hasHtml ? rendermime.sanitizer.sanitize(html) : html;
  const nodes = sanitizedNodes(safe);
  prepareFormulas(nodes);
  fitOrdinals(nodes);
  return { nodes, loading: colourCode(nodes, languages) };
}

/** An element like rendermime's, for a block. */
export function createBlockNode(): HTMLElement {
  const node = document.createElement('div');
  node.className = `jp-RenderedHTMLCommon jp-RenderedMarkdown ${BLOCK_CLASS}`;
  node.dataset.mimeType = 'text/markdown';
  return node;
}

/** Whether a node on the page may stay for a new one: a formula that is the same, a part that a reader has opened. */
export function keepsNode(present: Node, wanted: Node): boolean {
  if (!(present instanceof Element && wanted instanceof Element)) {
    return false;
  }
  const source = formulaSource(present);
  return (
    source !== null &&
    source === formulaSource(wanted) &&
    present.localName === wanted.localName &&
    present.childNodes.length > 0
  );
}

/** Prepare what the first rendering needs, ahead of it. */
export function warmUp(rendermime: IRenderMimeRegistry): void {
  sanitizedNodes(toHtml('*ready*').html);
  rendermime.sanitizer.sanitize('<b>ready</b>');
  void warmUpTypesetter(rendermime.latexTypesetter);
}
