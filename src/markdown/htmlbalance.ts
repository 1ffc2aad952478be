/**
 * Which HTML elements are still open after a block of Markdown.
 *
 * `<details>`, a blank line and Markdown, `</details>`: three blocks to the Markdown parser, one element on the
 * page, so the splitter must keep them together. This is a scan for tags, not a parser.
 */

const TAG = /<!--[\s\S]*?-->|<(\/?)([a-z][\w-]*)(?:[^<>"']|"[^"]*"|'[^']*')*>/gi;
const CODE_SPAN = /(`+)[^`][\s\S]*?\1(?!`)/g;

// Elements that hold what follows until they are closed. Left out: void elements, those that the next block
// closes anyway (p), and unknown ones, which the sanitiser drops.
const CONTAINERS = new Set(
  (
    'a abbr address article aside b big blockquote caption center cite code dd del details dfn div dl dt em ' +
    'figcaption figure font footer h1 h2 h3 h4 h5 h6 header i ins kbd li main mark nav ol pre q s samp section ' +
    'small span strike strong sub summary sup table tbody td tfoot th thead tr tt u ul var'
  ).split(' ')
);

/** The stack of open elements. */
export class HtmlBalance {
  /** Whether an element is open. */
  get open(): boolean {
    return this._stack.length > 0;
  }

  /** Read the tags of some source, outside of code spans. */
  read(source: string): void {
    for (const [, slash, name] of source.replace(CODE_SPAN, '').matchAll(TAG)) {
      if (name !== undefined) {
        this._tag(name.toLowerCase(), slash === '/');
      }
    }
  }

  private _tag(name: string, closes: boolean): void {
    if (!closes && CONTAINERS.has(name)) {
      this._stack.push(name);
    } else if (closes && this._stack.includes(name)) {
      this._stack.length = this._stack.lastIndexOf(name);
    }
  }

  private readonly _stack: string[] = [];
}
