/** JupyterLab's own Markdown rendering, as its application sets it up. */

import { EditorLanguageRegistry } from '@jupyterlab/codemirror';
import { createMarkdownParser } from '@jupyterlab/markedparser-extension';
import {
  type IRenderMimeRegistry,
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';

import { renderMarkdown } from '../block';
import { CHUNK_CLASS } from '../codestream';
import { GROUP_CLASS } from '../groups';

export function createLanguages(): EditorLanguageRegistry {
  const languages = new EditorLanguageRegistry();
  EditorLanguageRegistry.getDefaultLanguages()
    .filter(language => language.name !== 'none')
    .forEach(language => languages.addLanguage(language));
  return languages;
}

export function createRenderMime(languages: EditorLanguageRegistry): IRenderMimeRegistry {
  return new RenderMimeRegistry({
    initialFactories: standardRendererFactories,
    markdownParser: createMarkdownParser(languages)
  });
}

/** What JupyterLab's preview makes of a whole text. */
export async function preview(
  rendermime: IRenderMimeRegistry,
  source: string
): Promise<HTMLElement> {
  const renderer = rendermime.createRenderer('text/markdown');
  await renderer.renderModel(
    rendermime.createModel({ data: { 'text/markdown': source }, trusted: false })
  );
  return renderer.node;
}

/** A whole text in one rendering of ours, with the languages loaded that its code needs. */
export async function wholeRendering(
  rendermime: IRenderMimeRegistry,
  languages: EditorLanguageRegistry,
  source: string
): Promise<HTMLElement> {
  await Promise.all(renderMarkdown({ rendermime, languages }, source).loading);
  const node = document.createElement('div');
  node.append(renderMarkdown({ rendermime, languages }, source).nodes);
  return node;
}

/**
 * The structure and the text of rendered Markdown, to compare.
 *
 * Left out: the elements around blocks and around chunks of code, white space between blocks, and the random
 * entities that the parser hides mail addresses behind, and whether formulas were typeset.
 */
export function structure(root: Element, blocks = false): string {
  const copy = root.cloneNode(true) as HTMLElement;
  if (blocks) {
    unwrap(copy.querySelectorAll(`.${GROUP_CLASS}`));
    unwrap(copy.children);
  }
  unwrap(copy.querySelectorAll(`.${CHUNK_CLASS}`));
  copy.querySelectorAll('[data-typeset]').forEach(node => node.removeAttribute('data-typeset'));
  copy.normalize();
  joinSpans(copy);
  [...copy.childNodes].forEach(
    node => node instanceof Text && node.data.trim() === '' && node.remove()
  );
  [...copy.childNodes].forEach(node => node instanceof Text && (node.data = node.data.trim()));
  return copy.innerHTML;
}

/** Put what elements hold in their place. */
function unwrap(elements: Iterable<Element>): void {
  [...elements].forEach(element => element.replaceWith(...element.childNodes));
}

/** The finished blocks of an answer, in the order of the text. */
export function blocksOf(node: Element): Element[] {
  return [...node.querySelectorAll(`:scope > .${GROUP_CLASS} > *`)];
}

/** Join spans that the end of a chunk has cut. */
function joinSpans(root: HTMLElement): void {
  for (const span of root.querySelectorAll('code span')) {
    const next = span.nextSibling;
    if (next instanceof HTMLElement && next.className === span.className && span.className !== '') {
      next.prepend(...span.childNodes);
      next.normalize();
      span.remove();
    }
  }
}
