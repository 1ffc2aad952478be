/**
 * JupyterLab's rendering of Markdown, for text of which nothing may act: what a model wrote.
 *
 * JupyterLab's sanitiser lets through what suits the notes of a notebook's author: pictures from anywhere, styles
 * and classes that lay an element over the page, buttons that run commands, forms, links to the server itself. What
 * passes it passes a narrower list here: only the form of text is left. Pictures and media become links, so that the
 * page asks nobody for anything; a link leads to another site, in a tab of its own, or nowhere.
 */

import type { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';

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
  code: ['class'],
  details: ['open'],
  img: ['alt', 'src'],
  input: ['checked', 'disabled', 'type'],
  li: ['value'],
  ol: ['reversed', 'start', 'type'],
  span: ['class'],
  td: ['align', 'colspan', 'rowspan'],
  th: ['align', 'colspan', 'rowspan']
};

/** The classes of highlighted code. */
const CODE_CLASS = /^(?:\u037c\w+|language-.+)$/;

/** Pictures that are in the text itself; as a picture even SVG runs nothing and loads nothing. */
const OWN_PICTURE = /^data:image\/(?:png|jpeg|gif|webp|avif|svg\+xml)[;,]/i;

/** JupyterLab draws these, and a diagram may load pictures and styles: they are shown as code. */
const DIAGRAM = /^(.*(?:`{3,}|~{3,})[ \t]*)mermaid(?=[ \t]*$)/gm;

/** A registry like this one, whose Markdown is inert. */
export function inertRenderMime(rendermime: IRenderMimeRegistry): IRenderMimeRegistry {
  const { sanitizer, markdownParser, latexTypesetter } = rendermime;
  return rendermime.clone({
    sanitizer: { sanitize: (html, options) => inertHtml(sanitizer.sanitize(html, options)) },
    markdownParser: markdownParser
      ? { render: source => markdownParser.render(source.replace(DIAGRAM, '$1Mermaid')) }
      : undefined,
    latexTypesetter: latexTypesetter ? inertTypesetter(latexTypesetter) : undefined
  });
}

/** Leave of sanitised HTML what gives text its form. */
export function inertHtml(html: string): string {
  // Nothing is loaded and nothing runs in a template.
  const template = document.createElement('template');
  template.innerHTML = html;
  template.content.querySelectorAll('*').forEach(tame);
  return template.innerHTML;
}

/** The typesetter makes links of its own. */
function inertTypesetter(base: IRenderMime.ILatexTypesetter): IRenderMime.ILatexTypesetter {
  return {
    typeset: async host => {
      await base.typeset(host);
      host.querySelectorAll('a:not(.jp-InternalAnchorLink)').forEach(tameLink);
    }
  };
}

function tame(element: Element): void {
  if (['img', 'audio', 'video'].includes(element.localName) && !isOwnPicture(element)) {
    element.replaceWith(linkTo(element));
  } else if (!ELEMENTS.has(element.localName) || isField(element)) {
    element.replaceWith(...element.childNodes);
  } else {
    tameAttributes(element);
    if (element.localName === 'a') {
      tameLink(element);
    }
  }
}

function isOwnPicture(element: Element): boolean {
  return element.localName === 'img' && OWN_PICTURE.test(element.getAttribute('src') ?? '');
}

/** Of fields only the boxes of task lists are text. */
function isField(element: Element): boolean {
  return element.localName === 'input' && element.getAttribute('type') !== 'checkbox';
}

/** What stands for a picture: its description, which leads to it. */
function linkTo(element: Element): Node {
  const address = element.getAttribute('src') ?? '';
  const text = element.getAttribute('alt') || address || element.textContent || '';
  if (element.closest('a')) {
    return document.createTextNode(text);
  }
  const link = document.createElement('a');
  link.textContent = text;
  link.title = address;
  link.setAttribute('href', address);
  tameLink(link);
  return link;
}

function tameAttributes(element: Element): void {
  const allowed = [...ATTRIBUTES['*'], ...(ATTRIBUTES[element.localName] ?? [])];
  for (const { name } of [...element.attributes]) {
    if (!allowed.includes(name)) {
      element.removeAttribute(name);
    }
  }
  const classes = [...element.classList].filter(name => CODE_CLASS.test(name));
  if (classes.length > 0) {
    element.className = classes.join(' ');
  } else {
    element.removeAttribute('class');
  }
}

function tameLink(link: Element): void {
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
