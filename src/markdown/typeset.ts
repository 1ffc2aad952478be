/**
 * Typesets the formulas of rendered blocks, each once.
 *
 * Only the elements that the renderer made for formulas are given to the typesetter, which would take a dollar sign
 * anywhere else for one. A formula that was typeset before is copied, so that a growing paragraph does not flicker.
 */

import type { IRenderMime } from '@jupyterlab/rendermime';

import { FORMULA_CLASS } from './html';
import { sanitizeLinks } from './sanitize';

const MOST_KEPT = 500;
const SOURCE = 'data-tex';
const DONE = 'data-typeset';

const kept = new Map<string, readonly Node[]>();

/** Fill in the formulas that are known, and note the source of each. For nodes that are not on the page yet. */
export function prepareFormulas(root: ParentNode): void {
  for (const formula of root.querySelectorAll(`.${FORMULA_CLASS}`)) {
    const source = formula.textContent ?? '';
    formula.setAttribute(SOURCE, source);
    const nodes = kept.get(source);
    if (nodes) {
      formula.setAttribute(DONE, '');
      formula.replaceChildren(...nodes.map(node => node.cloneNode(true)));
    }
  }
}

/** Typeset what is not; resolves once it is there, to whether anything was. For nodes on the page: the fonts around them matter. */
export async function typesetFormulas(
  root: ParentNode,
  typesetter: IRenderMime.ILatexTypesetter | null
): Promise<boolean> {
  const due = [...root.querySelectorAll(`.${FORMULA_CLASS}:not([${DONE}])`)];
  if (typesetter === null) {
    return false;
  }
  due.forEach(formula => formula.setAttribute(DONE, ''));
  for (const formula of due) {
    await typesetter.typeset(formula as HTMLElement);
    sanitizeLinks(formula);
    keep(formula);
  }
  return due.length > 0;
}

/** The source of a formula, with its marks; null for another element. */
export function formulaSource(element: Element): string | null {
  return element.getAttribute(SOURCE);
}

function keep(formula: Element): void {
  const source = formulaSource(formula);
  if (source === null || formula.firstElementChild === null) {
    return;
  }
  if (kept.size >= MOST_KEPT) {
    kept.clear();
  }
  kept.set(
    source,
    [...formula.childNodes].map(node => node.cloneNode(true))
  );
}
