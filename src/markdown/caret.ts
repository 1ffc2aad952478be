/**
 * The element in which the text ends while it streams: the style sheet puts the caret there.
 */

import { DISPLAY_CLASS, OPEN_FORMULA_CLASS } from './html';

/** Class of the innermost block that holds the last text. */
export const END_CLASS = 'jp-StreamChat-end';

/** What holds lines of text; a caret behind an inline element would be in its colours. */
const HOLDERS =
  'p, li, h1, h2, h3, h4, h5, h6, td, th, dt, dd, pre > code, pre, div, .jp-StreamChat-codeLines';

/** What stands on lines of its own: behind it a caret would take one more. */
const LINES = `.${DISPLAY_CLASS}, .${OPEN_FORMULA_CLASS}`;

export class Caret {
  /** @param root holds the text. */
  constructor(private readonly _root: HTMLElement) {}

  /** Mark where the text ends now. */
  mark(): void {
    const end = lastText(this._root)?.parentElement;
    const holder = end?.closest(LINES) ? null : (end?.closest<HTMLElement>(HOLDERS) ?? null);
    if (holder !== this._marked) {
      this.clear();
      this._marked = holder;
    }
    // A rendering gives the element its own classes again.
    holder?.classList.add(END_CLASS);
  }

  /** Mark nothing: no text is to come. */
  clear(): void {
    this._marked?.classList.remove(END_CLASS);
    if (this._marked?.className === '') {
      this._marked.removeAttribute('class');
    }
    this._marked = null;
  }

  private _marked: HTMLElement | null = null;
}

/** The last text that a reader sees; null if there is none. */
export function lastText(root: Element): Text | null {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let node = walker.lastChild();
  while (node !== null && (node.textContent?.trim() === '' || inAnchorLink(node))) {
    node = walker.previousNode();
  }
  return node as Text | null;
}

/** Whether a text is the pilcrow that rendermime puts behind a heading. */
function inAnchorLink(node: Node): boolean {
  return node.parentElement?.classList.contains('jp-InternalAnchorLink') ?? false;
}
