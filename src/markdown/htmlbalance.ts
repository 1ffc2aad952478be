/**
 * Which HTML elements are still open after a block of Markdown.
 *
 * `<details>`, a blank line and Markdown, `</details>`: three blocks to the Markdown parser, one element on the
 * page, so the splitter must keep them together. This is a scan for tags, not a parser.
 */

import { isTag } from './htmltags';

const TAG = /<!--[\s\S]*?-->|<(\/?)([a-z][\w-]*)[^>]*(>|$)/gi;
const NO_TAGS = /(`+)[^`][\s\S]*?\1(?!`)|\\</g;

// Elements that end a paragraph they stand in, and so outlive it.
const BLOCKS = new Set(
  (
    'address article aside blockquote center details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 ' +
    'h6 header main nav ol pre section table ul'
  ).split(' ')
);

// Further elements that hold what follows until they are closed. Left out: void elements, those that the next
// block closes anyway (p), and unknown ones, which the sanitiser drops.
const INLINES = new Set(
  (
    'a abbr b big caption cite code dd del dfn dt em font i ins kbd li mark q s samp small span strike strong sub ' +
    'summary sup tbody td tfoot th thead tr tt u var'
  ).split(' ')
);

/** The stack of open elements. */
export class HtmlBalance {
  /** Whether an element is open. */
  get open(): boolean {
    return this._stack.length > 0;
  }

  /** Read a block of HTML. */
  readHtml(source: string): void {
    this._read(source, () => true);
  }

  /** Read Markdown, in which tags may stand: its own element closes what is open, but for blocks. */
  readText(source: string): void {
    if (!source.includes('<')) {
      return;
    }
    const depth = this._stack.length;
    const text = source.replace(NO_TAGS, '').replace(/<[^>]*$/, '');
    this._read(text, at => isTag(text.slice(at), name => this._stack.includes(name)));
    if (!this._stack.slice(depth).some(name => BLOCKS.has(name))) {
      this._stack.length = Math.min(this._stack.length, depth);
    }
  }

  private _read(source: string, isMarkup: (at: number) => boolean): void {
    for (const { 1: slash, 2: name, 3: end, index } of source.matchAll(TAG)) {
      if (name !== undefined && isMarkup(index)) {
        this._tag(name.toLowerCase(), slash === '/', end === '');
      }
    }
  }

  private _tag(name: string, closes: boolean, endless: boolean): void {
    if (!closes && (endless || BLOCKS.has(name) || INLINES.has(name))) {
      this._stack.push(name);
    } else if (closes && this._stack.includes(name)) {
      this._stack.length = this._stack.lastIndexOf(name);
    }
  }

  private readonly _stack: string[] = [];
}
