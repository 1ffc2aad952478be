/**
 * Typesets the formulas of rendered blocks, each once.
 *
 * Only the elements that the renderer made for formulas are given to the typesetter, which would take a dollar sign
 * anywhere else for one. A formula that was typeset before is copied, so that a growing paragraph does not flicker.
 */

import type { IRenderMime } from '@jupyterlab/rendermime';

import { FORMULA_CLASS } from './html';
import { sanitizeLinks } from './sanitize';
import { isModest } from './tex';

const MOST_KEPT = 500;
const SOURCE = 'data-tex';
const DONE = 'data-typeset';
const WIDE = 'data-wide';

/** A formula in a line that is wider may not fit into a list in a narrow panel, in px. */
const LEAST_WIDE = 110;

/** MathJax's fonts for signs and letters. */
const USUAL_FONTS = /^"?MJX(?:ZERO|TEX(?:-[A-Z1-4]+)?)"?$/;

/** Formulas that were given to the typesetter and are not there yet. */
const pending = new WeakSet<Element>();

const kept = new Map<string, readonly Node[]>();

/** Fill in the formulas that are known, and note the source of each. For nodes that are not on the page yet. */
export function prepareFormulas(root: ParentNode): void {
  for (const formula of root.querySelectorAll(`.${FORMULA_CLASS}`)) {
    const source = formula.textContent ?? '';
    // HTML in the text may have our class.
    if (formula.firstElementChild !== null || !isModest(source.slice(2, -2))) {
      formula.removeAttribute('class');
      continue;
    }
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
  const due = [...root.querySelectorAll(`.${FORMULA_CLASS}:not([${DONE}])`)].filter(
    formula => !pending.has(formula)
  );
  due.forEach(formula => pending.add(formula));
  for (const formula of due) {
    await typesetter?.typeset(formula as HTMLElement);
    // Without a typesetter the source is shown.
    formula.setAttribute(DONE, '');
    markWide(formula);
    sanitizeLinks(formula);
    keep(formula);
  }
  return due.length > 0;
}

/** Load the typesetter and its usual fonts: the first formula shall not change its size when they come. */
export async function warmUpTypesetter(
  typesetter: IRenderMime.ILatexTypesetter | null
): Promise<void> {
  const formula = document.createElement('span');
  formula.textContent = '\\(x = 1\\)';
  // It has to be on the page to be typeset.
  formula.style.cssText = 'position: fixed; visibility: hidden;';
  document.body.append(formula);
  await typesetter?.typeset(formula);
  formula.remove();
  const fonts = [...(document.fonts ?? [])].filter(({ family }) => USUAL_FONTS.test(family));
  await Promise.allSettled(fonts.map(font => font.load()));
}

/** Let a formula scroll in itself that has no room in a narrow panel. */
function markWide(formula: Element): void {
  const math = formula.firstElementChild;
  if (math !== null && math.getBoundingClientRect().width > LEAST_WIDE) {
    math.setAttribute(WIDE, '');
  }
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
