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

const NAME = /^<\/?([A-Za-z][\w:-]*)/;
const GENERIC = /^<([A-Z])>/;

/** Whether a block that begins with an angle bracket is HTML. */
export function isHtmlBlock(source: string): boolean {
  const name = NAME.exec(source)?.[1];
  return source.startsWith('<!--') || (name !== undefined && ELEMENTS.has(name.toLowerCase()));
}

/** Whether what begins with an angle bracket in a line of text is markup. */
export function isTag(source: string): boolean {
  if (!isHtmlBlock(source) || source.startsWith('<!--')) {
    return source.startsWith('<!--');
  }
  const swallowing = SWALLOWING.exec(source)?.[1];
  if (swallowing !== undefined && !closes(source, swallowing)) {
    return false;
  }
  const generic = GENERIC.exec(source)?.[1];
  return generic === undefined || source.includes(`</${generic}>`);
}

function closes(source: string, name: string): boolean {
  return new RegExp(`</${name}`, 'i').test(source);
}
