/**
 * HTML of which nothing acts: what a model wrote.
 *
 * JupyterLab's sanitiser lets through what suits the notes of a notebook's author: pictures from anywhere, styles
 * and classes that lay an element over the page, buttons that run commands, forms, links to the server itself. What
 * passes it passes a narrower list here: only the form of text is left. Pictures and media become links, so that the
 * page asks nobody for anything; a link leads to another site, in a tab of its own, or nowhere.
 */

const ELEMENTS = new Set(
  (
    'a abbr b bdi blockquote br caption center cite code col colgroup dd del details dfn div dl dt em figcaption ' +
    'figure h1 h2 h3 h4 h5 h6 hr i img input ins kbd li mark ol p pre q s samp small span strike strong sub summary ' +
    'sup table tbody td tfoot th thead tr tt u ul var wbr'
  ).split(' ')
);

const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  '*': ['dir', 'lang', 'title'],
  a: ['href'],
  blockquote: ['class'],
  code: ['class'],
  details: ['open'],
  div: ['class'],
  img: ['alt', 'src'],
  input: ['checked', 'disabled', 'type'],
  li: ['class', 'value'],
  ol: ['class', 'reversed', 'start', 'type'],
  p: ['class'],
  span: ['class'],
  td: ['align', 'class', 'colspan', 'rowspan'],
  th: ['align', 'class', 'colspan', 'rowspan'],
  ul: ['class']
};

const HTML = 'http://www.w3.org/1999/xhtml';

/** The classes of highlighted code. */
const CODE_CLASS = /^(?:\u037c\w+|language-.+)$/;

/** Pictures that are in the text itself; as a picture even SVG runs nothing and loads nothing. */
const OWN_PICTURE = /^data:image\/(?:png|jpeg|gif|webp|avif|svg\+xml)[;,]/i;

/** The classes that our renderer gives. */
const OWN_CLASS =
  /^jp-StreamChat-(?:formula|displayFormula|openFormula|tight|task|footnote|longCell|alert(?:Title|-[a-z]+)?)$/;

/** Elements whose content is no text. */
const WITHOUT_TEXT = 'script, style, textarea, title, noscript, template, iframe, object, select';

/** A picture in the text itself may be this long, in characters. */
const LARGEST_PICTURE = 2_000_000;

/**
 * Make nodes of HTML, of which only what gives text its form is left.
 *
 * The nodes that were checked are the ones that are returned: nothing is read as HTML a second time.
 */
export function sanitizedNodes(html: string): DocumentFragment {
  // Nothing is loaded and nothing runs in a template.
  const template = document.createElement('template');
  template.innerHTML = html;
  const { content } = template;
  content.querySelectorAll(WITHOUT_TEXT).forEach(element => element.remove());
  content.querySelectorAll('*').forEach(sanitize);
  return document.importNode(content, true);
}

/** Sanitise the links that the typesetter has made. */
export function sanitizeLinks(host: Element): void {
  host.querySelectorAll('a').forEach(sanitizeLink);
}

function sanitize(element: Element): void {
  if (['img', 'audio', 'video'].includes(element.localName) && !isOwnPicture(element)) {
    element.replaceWith(linkTo(element));
  } else if (
    element.namespaceURI !== HTML ||
    !ELEMENTS.has(element.localName) ||
    isField(element)
  ) {
    element.replaceWith(...element.childNodes);
  } else if (element.localName === 'img') {
    sanitizeAttributes(element);
    unlink(element);
  } else {
    sanitizeAttributes(element);
    if (element.localName === 'a') {
      sanitizeLink(element);
    }
  }
}

function isOwnPicture(element: Element): boolean {
  const address = element.getAttribute('src') ?? '';
  return (
    element.localName === 'img' && address.length < LARGEST_PICTURE && OWN_PICTURE.test(address)
  );
}

/** Take the link from around a picture: a picture of a button must lead nowhere. */
function unlink(picture: Element): void {
  for (let link = picture.closest('a'); link !== null; link = picture.closest('a')) {
    link.replaceWith(...link.childNodes);
  }
}

/** Of fields only the boxes of task lists are text. */
function isField(element: Element): boolean {
  return element.localName === 'input' && element.getAttribute('type') !== 'checkbox';
}

/** What stands for a picture: its description, which leads to it. */
function linkTo(element: Element): Node {
  const source = element.getAttribute('src') ?? '';
  const address = source.startsWith('data:') ? '' : source;
  const text = element.getAttribute('alt') || address || element.textContent || '';
  if (element.closest('a') || address === '') {
    return document.createTextNode(text);
  }
  const link = document.createElement('a');
  link.textContent = text;
  link.title = address;
  link.setAttribute('href', address);
  sanitizeLink(link);
  return link;
}

function sanitizeAttributes(element: Element): void {
  const allowed = [...ATTRIBUTES['*'], ...(ATTRIBUTES[element.localName] ?? [])];
  for (const { name } of [...element.attributes]) {
    if (!allowed.includes(name)) {
      element.removeAttribute(name);
    }
  }
  const classes = [...element.classList].filter(
    name => CODE_CLASS.test(name) || OWN_CLASS.test(name)
  );
  if (classes.length > 0) {
    element.className = classes.join(' ');
  } else {
    element.removeAttribute('class');
  }
}

function sanitizeLink(link: Element): void {
  if (leadsElsewhere(link.getAttribute('href') ?? '')) {
    link.setAttribute('target', '_blank');
    link.setAttribute('rel', 'noopener noreferrer nofollow');
  } else {
    link.removeAttribute('href');
  }
}

/** Whether an address is another site's: one of the server itself may sign the reader out, or leave the page. */
function leadsElsewhere(address: string): boolean {
  try {
    const { protocol, origin } = new URL(address, document.baseURI);
    return (
      protocol === 'mailto:' ||
      (['http:', 'https:'].includes(protocol) && origin !== window.location.origin)
    );
  } catch {
    return false;
  }
}
