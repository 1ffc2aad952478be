import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { sanitizedNodes } from '../sanitize';
import { createLanguages, createRenderMime, wholeRendering } from './markdown-env';

const texts = JSON.parse(
  readFileSync(resolve(__dirname, '../../../tests/hostile_texts.json'), 'utf8')
) as Record<string, { text: string; repeated?: number; shown: string }>;

/** All that an answer may consist of: an element, an attribute, or an address beyond these acts. */
const ALLOWED = new Set([
  ...['alt', 'checked', 'class', 'colspan', 'data-jupyter-id', 'disabled', 'href', 'lang'],
  ...['open', 'rel', 'start', 'target', 'title', 'type', 'align', 'dir', 'data-tex']
]);

let rendermime: IRenderMimeRegistry;
const languages = createLanguages();

function sanitizedHtml(html: string): string {
  const node = document.createElement('div');
  node.append(sanitizedNodes(html));
  return node.innerHTML;
}

beforeAll(() => {
  rendermime = createRenderMime(languages);
});

function dangers(root: Element): string[] {
  return [...root.querySelectorAll('*')].flatMap(element => {
    const bad = [...element.attributes].map(({ name }) => name).filter(name => !ALLOWED.has(name));
    if (/^(script|style|iframe|form|button|svg|math|img|video|object)$/.test(element.localName)) {
      bad.push(element.localName);
    }
    const href = element.getAttribute('href') ?? 'https:';
    if (!/^(https?:|mailto:|\/\/)/.test(href) && !element.matches('.jp-InternalAnchorLink')) {
      bad.push(href);
    }
    const classes = element.matches('code, .jp-InternalAnchorLink') ? '' : element.className;
    return classes && !/^(?:\u037c\w+|(?:jp-StreamChat-\w+ ?)+)$/.test(classes)
      ? [...bad, classes]
      : bad;
  });
}

describe('sanitizedNodes', () => {
  it.each(Object.entries(texts))(
    'leaves nothing that acts: %s, cut anywhere',
    async (_, { text, repeated = 1 }) => {
      const whole = `Before\n\n${text.repeat(repeated)}\n\nAfter`;
      for (let end = 1; end <= Math.min(whole.length, 500); end += 1) {
        expect(dangers(await wholeRendering(rendermime, languages, whole.slice(0, end)))).toEqual(
          []
        );
      }
      expect(dangers(await wholeRendering(rendermime, languages, whole))).toEqual([]);
    }
  );

  it('typesets nothing that HTML in the text gives out for a formula', async () => {
    const tex = '&#92;(&#92;def&#92;a{&#92;a&#92;a}&#92;a&#92;)';
    const html = `a <span class="jp-StreamChat-formula">${tex}</span> b`;
    const node = await wholeRendering(rendermime, languages, html);
    expect(node.textContent).toContain('\\def');
    expect(node.querySelector('.jp-StreamChat-formula')).toBeNull();
  });

  it('makes links of pictures, but for those in the text itself', () => {
    expect(sanitizedHtml('<img src="https://a.test/b.png" alt="chart">')).toBe(
      '<a title="https://a.test/b.png" href="https://a.test/b.png" target="_blank" ' +
        'rel="noopener noreferrer nofollow">chart</a>'
    );
    expect(sanitizedHtml('<img src="/logout" alt="chart">')).toBe('<a title="/logout">chart</a>');
    const own = '<img src="data:image/png;base64,AAAA" alt="dot">';
    expect(sanitizedHtml(own)).toBe(own);
  });

  it('keeps the form of text', () => {
    const kept =
      '<h2>A</h2><ul><li><input type="checkbox" disabled="" checked=""> b</li></ul>' +
      '<table><tbody><tr><td align="right" colspan="2">c</td></tr></tbody></table>' +
      '<pre><code class="language-python"><span class="\u037c5">d</span></code></pre>' +
      '<details open=""><summary>e</summary>f</details>';
    expect(sanitizedHtml(kept)).toBe(kept);
  });
});
