/**
 * Which words in angle brackets are HTML.
 *
 * `<keyword>` and `List<String>` are text that a reader must see; so is the tag of an element that would swallow
 * the rest of the text.
 */

const ELEMENTS = new Set(
  (
    'a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blockquote body br button canvas ' +
    'caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset ' +
    'figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img ' +
    'input ins kbd label legend li link main map mark marquee math menu menuitem meta meter nav nobr noembed noframes noscript ' +
    'object ol optgroup option output p param picture plaintext pre progress q rp rt ruby s samp script search ' +
    'section select slot small source span strike strong style sub summary sup svg table tbody td template ' +
    'textarea tfoot th thead time title tr track tt u ul var video wbr xmp ' +
    // Drawings and formulas: nothing of them is shown.
    'animate circle clippath defs desc ellipse filter foreignobject g image line lineargradient mask path pattern ' +
    'polygon polyline rect set stop symbol text tspan use mi mn mo mtext mrow mfrac mglyph msup msub annotation'
  ).split(' ')
);

/** Elements whose content is no text: without their end they take all that follows. */
const SWALLOWING =
  /^<(script|style|textarea|title|noscript|noembed|noframes|iframe|xmp|plaintext|template|option|select)(?=[\s>/])/i;

/** Elements that hold blocks: they are HTML at the beginning of a line, wherever they end. */
const HOLDING = new Set(
  (
    'article aside blockquote center details div dl dd dt figure footer h1 h2 h3 h4 h5 h6 header li main nav ol p pre ' +
    'section summary table tbody td tfoot th thead tr ul'
  ).split(' ')
);

/** Elements without content. */
const EMPTY = new Set(['br', 'hr', 'wbr']);

const EMPTY_LINE = /\n[ \t]*\n/;

const NAME = /^<(\/?)([A-Za-z][\w:-]*)(\s*\/?>)?/;

/** A whole tag, as HTML has it: what stands in it are attributes, and no words. */
const WHOLE_TAG =
  /^<\/?[A-Za-z][\w:-]*(?:\s+[\w:@.-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+)|\s+(?:allowfullscreen|async|autoplay|checked|controls|defer|disabled|hidden|loop|multiple|muted|noshade|nowrap|open|readonly|required|reversed|selected))*\s*\/?>/i;

/** Elements that models fold text into. */
const FOLDS = new Set(['details', 'summary']);

/** A word behind a tag, or the punctuation of the sentence that the tag is a word of. */
const SENTENCE =
  /^<[^<>]*>(?:[ \t]+[-\u2013\u2014\p{L}\p{N}`]|[ \t]*[,.;:!?)\u3001\u3002\uff01\uff09\uff0c\uff1a\uff1b\uff1f])/u;

/** A tag without attributes as a word in front of a comma or a full stop: `or <span>, then`; `<kbd>,</kbd>` is none. */
const WORD = /^<\w+>(?:[,.;:!?)](?=\s)|[\u3001\u3002\uff01\uff09\uff0c\uff1a\uff1b\uff1f](?!<))/;

/** A component or a type: nobody writes the name of an HTML element so. */
const CAPITALIZED = /^[A-Z][a-z]/;

/** A tag as it begins: its name in small letters, whether it closes, and whether it has no attributes. */
interface ITagStart {
  readonly name: string;
  readonly closes: boolean;
  readonly isBare: boolean;
}

/**
 * Whether a block that begins with an angle bracket is HTML.
 *
 * Only the text up to an empty line decides, so that the answer is the same while more text follows.
 *
 * @param isOpen whether an element of this name is open.
 */
export function isHtmlBlock(source: string, isOpen: (name: string) => boolean): boolean {
  if (source.startsWith('<!--')) {
    return true;
  }
  const tag = tagStart(source);
  if (tag === null) {
    return false;
  }
  if (tag.closes) {
    return isOpen(tag.name) || (HOLDING.has(tag.name) && !SENTENCE.test(source));
  }
  const isElement = HOLDING.has(tag.name) && (FOLDS.has(tag.name) || !SENTENCE.test(source));
  return !tag.isBare || isElement || isComplete(source.split(EMPTY_LINE, 1)[0], tag);
}

/**
 * Whether what begins with an angle bracket in a line of text is markup: a tag without attributes has to be closed,
 * since it may be a word for something to be filled in.
 *
 * @param isOpen whether an element of this name is open.
 */
export function isTag(source: string, isOpen: (name: string) => boolean): boolean {
  if (source.startsWith('<!--')) {
    return true;
  }
  const tag = tagStart(source);
  if (tag === null) {
    return false;
  }
  if (tag.closes) {
    return isOpen(tag.name);
  }
  // In a sentence about `<div>` and `</div>` both are words, and so is `<div class="x">` that nothing closes.
  const isWord =
    (!EMPTY.has(tag.name) && WORD.test(source)) ||
    (HOLDING.has(tag.name) && !FOLDS.has(tag.name) && SENTENCE.test(source));
  const mustEnd = tag.isBare || isWord || SWALLOWING.test(source);
  return !(tag.isBare && (isWord || tag.name === 'hr')) && (!mustEnd || isComplete(source, tag));
}

/** The name of the element that a tag opens, in small letters; null for another tag. */
export function openedBy(tag: string): string | null {
  const start = tagStart(tag);
  return start === null || start.closes || EMPTY.has(start.name) ? null : start.name;
}

function tagStart(source: string): ITagStart | null {
  const match = NAME.exec(source);
  const name = match?.[2].toLowerCase() ?? '';
  const isWhole = /^<[^<>]*>/.test(source);
  if (match === null || CAPITALIZED.test(match[2]) || !ELEMENTS.has(name)) {
    return null;
  }
  if (isWhole && !WHOLE_TAG.test(source)) {
    return null;
  }
  return { name, closes: match[1] !== '', isBare: match[3] !== undefined };
}

/** Whether the next tag of this name closes it. */
function isComplete(source: string, { name }: ITagStart): boolean {
  const next = new RegExp(`<(/?)${name}[\\s>]`, 'i').exec(source.slice(1));
  return EMPTY.has(name) || next?.[1] === '/';
}
