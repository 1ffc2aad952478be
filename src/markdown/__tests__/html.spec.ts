/** The dialect: what models write, and what a reader sees of it. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { toHtml } from '../html';
import { sanitizedNodes } from '../sanitize';

const ANSWERS = resolve(__dirname, '../../../ui-tests/tests/answers');

interface IExpectation {
  readonly count?: Record<string, number | string>;
  readonly has?: string[];
  readonly not?: string[];
  readonly texts?: Record<string, string[]>;
  readonly hrefs?: string[];
}

const expectations = JSON.parse(readFileSync(resolve(ANSWERS, 'expect.json'), 'utf8')) as Record<
  string,
  IExpectation
>;

function render(source: string): HTMLElement {
  const node = document.createElement('div');
  node.append(sanitizedNodes(toHtml(source).html));
  return node;
}

const textOf = (element: Element) => element.textContent!.replace(/\s+/g, ' ').trim();
const texts = (node: Element, selector: string) => [...node.querySelectorAll(selector)].map(textOf);

/** The selector of an expectation, for formulas that are not typeset. */
function untypeset(selector: string): string {
  return selector
    .replace('mjx-container[display="true"]', '.jp-StreamChat-displayFormula')
    .replace('mjx-container', '.jp-StreamChat-formula');
}

describe('answers of models', () => {
  it.each(Object.entries(expectations))('%s', (name, { count, has, not, texts: seen, hrefs }) => {
    const node = render(readFileSync(resolve(ANSWERS, `${name}.md`), 'utf8'));
    for (const [selector, number] of Object.entries(count ?? {})) {
      const found = node.querySelectorAll(untypeset(selector)).length;
      const least = typeof number === 'string' ? parseInt(number.slice(2), 10) : number;
      expect([selector, typeof number === 'string' ? found >= least : found]).toEqual([
        selector,
        typeof number === 'string' ? true : number
      ]);
    }
    for (const [selector, wanted] of Object.entries(seen ?? {})) {
      expect(texts(node, selector)).toEqual(wanted);
    }
    if (hrefs) {
      const links = [...node.querySelectorAll('a')].map(a => decodeURI(a.getAttribute('href')!));
      expect(links).toEqual(hrefs);
    }
    node.querySelectorAll('.jp-StreamChat-formula').forEach(formula => formula.remove());
    has?.forEach(text => expect(textOf(node)).toContain(text));
    node.querySelectorAll('code, pre').forEach(code => code.remove());
    not?.forEach(text => expect(textOf(node)).not.toContain(text));
  });
});

describe('dialect', () => {
  it.each([
    ['**굵게(Bold)**는 글자', ['굵게(Bold)']],
    ['これは**「重要」**です。', ['「重要」']],
    ['**`a`**和**b**，**c。**d', ['a', 'b', 'c。']],
    ['2 ** 3 ** 4', []],
    ['x**2 + y**2 = z**2, f(*args, **kwargs), 2**10**2', []],
    ['Hyper**T**ext **M**arkup, **Result**1', ['T', 'M', 'Result']]
  ])('bold beside CJK: %j', (source, bold) => {
    expect(texts(render(source), 'strong')).toEqual(bold);
  });

  it.each([
    '2*3*4=24, a*b*c, (a+b)*(c+d)*e and *args',
    'x**2, 2**10**2',
    '__init__.py calls __main__ and __repr__()',
    '$_.Name | % { $_.Length }'
  ])('signs and names are no emphasis: %j', source => {
    const node = render(source);
    expect(node.querySelector('em, strong')).toBeNull();
    expect(textOf(node)).toBe(source);
  });

  it.each([
    ['~~“引号”~~内容，~~100元~~80元，~~**b**~~', ['“引号”', '100元', 'b']],
    ['~~a~ b~ c and ~~ d ~~', []],
    ['`~~a~~` ~~`b`~~', ['b']]
  ])('strikes out: %j', (source, struck) => {
    expect(texts(render(source), 'del')).toEqual(struck);
  });

  it.each([
    ['##标题\n\n###1. 步骤', ['标题', '1. 步骤']],
    ['正文\n##“小结”\n- 项\n####结尾', ['“小结”', '结尾']],
    ['#标签 #include <a>\n#1 is first', []]
  ])('reads headings without a space: %j', (source, headings) => {
    expect(texts(render(source), 'h1, h2, h3, h4, h5, h6')).toEqual(headings);
  });

  it.each([
    ['| A | B |\n|---|---|\n| `a | b` | c |\n| `||` | or |', ['a | b', '||']],
    ['| A | B |\n|---|---|\n| `x \\| y` | `z` |', ['x | y', 'z']],
    ['| A | B | C |\n|---|---|---|\n| `a` | `b` | `c` |', ['a', 'b', 'c']]
  ])('keeps code with pipes in its cell: %j', (source, code) => {
    const node = render(source);
    expect(texts(node, 'code')).toEqual(code);
    expect(node.querySelectorAll('td:empty')).toHaveLength(0);
  });

  it.each(['| A | B | C |\n|---|---|---|\n| `a|b` |', '| A | B |\n|---|---|\n| `a|b`'])(
    'keeps code with pipes in its cell while the row is written: %j',
    source => {
      expect(texts(render(source), 'code')).toEqual(['a|b']);
    }
  );

  it.each([
    'List<String> and Map<K, V>, vector<int>, Option<T>',
    'set <title> or <script> or <your name> or <path/to/file>',
    '<T> and </T2>',
    'use <input>, <data> and <label>, <path> and <code>, then </div>',
    '<Button onClick={() => go()}>Go</Button> and <Image src="x" />',
    '<input>',
    'if a<b and c>d, then x<i or y>j',
    'The <div> element, the <p> tag and <hr> end with </div>, </p>.',
    '<header>: the head',
    '</section> closes it',
    'press <kbd> or <b>'
  ])('words in angle brackets stay: %j', source => {
    expect(textOf(render(source))).toBe(source);
  });

  it.each([
    ['访问https://a.test/b，然后', 'https://a.test/b'],
    ['访问https://a.test/b查看', 'https://a.test/b'],
    ['（https://a.test）', 'https://a.test'],
    ['**https://a.test/x**。', 'https://a.test/x'],
    ['[https://a.test], (https://a.test)을', 'https://a.test'],
    ['https://zh.a.test/wiki/中文', 'https://zh.a.test/wiki/%E4%B8%AD%E6%96%87']
  ])('an address ends where Chinese begins: %j', (source, href) => {
    expect(render(source).querySelector('a')!.getAttribute('href')).toBe(href);
  });

  it('has elements that words stand in', () => {
    const node = render(
      'press <kbd>Enter</kbd>, H<sub>2</sub>O <span class="x">red</span> <BR>end'
    );
    expect(textOf(node)).toBe('press Enter, H2O red end');
    expect(node.querySelectorAll('kbd, sub, span, br')).toHaveLength(4);
  });

  it.each([
    ['```markdown\n# A\n\n```sh\nls\n```\n\n```\nplain\n```\n\nend\n```\n\nAfter $x$.', 1],
    ['```md\n- a\n  ```js\n  x\n  ```\n```\nafter', 1],
    ['```\nplain\n```\n\n```\nsecond\n```\n', 2],
    ['````markdown\n```\nplain\n```\n````\n', 1]
  ])('keeps a document in a fence in one block: %j', (source, count) => {
    const node = render(source);
    expect(node.querySelectorAll('pre')).toHaveLength(count);
    expect(node.querySelectorAll('.jp-StreamChat-formula')).toHaveLength(
      source.includes('$') ? 1 : 0
    );
  });

  it('has no empty line behind a formula of its own', () => {
    expect(render('$$\na = 1\n$$\ntext right after').querySelector('br')).toBeNull();
  });

  it('draws notes, footnotes and tasks', () => {
    const node = render('> [!WARNING]\n> Hot.\n\n- [x] done\n\nA[^1].\n\n[^1]: The *note*.\n');
    expect(texts(node, '.jp-StreamChat-alert-warning p')).toEqual(['Warning', 'Hot.']);
    expect(texts(node, '.jp-StreamChat-task')).toEqual(['done']);
    expect(texts(node, 'sup')).toEqual(['[1]', '[1]']);
    expect(texts(node, '.jp-StreamChat-footnote em')).toEqual(['note']);
  });

  it.each([
    ['> [!TIP] A *title*\n> Text.', 'tip', ['A title', 'Text.']],
    ['> [!NOTE] Only one line.', 'note', ['Note', 'Only one line.']],
    ['> [!INFO]- 折叠\n> 内容', 'note', ['折叠', '内容']],
    ['> [!danger]\n> Hot.', 'caution', ['Danger', 'Hot.']]
  ])('draws a note with its title: %j', (source, kind, lines) => {
    expect(texts(render(source), `.jp-StreamChat-alert-${kind} p`)).toEqual(lines);
  });

  it.each([
    ['```{python}\nx\n```', 'python'],
    ['```{.r #id}\nx\n```', 'r'],
    ['```ts:src/a.ts\nx\n```', 'ts'],
    ['```python{1,2}\nx\n```', 'python'],
    ['```c++\nx\n```', 'c++']
  ])('names the language of %j', (source, language) => {
    expect(render(source).querySelector('code')!.className).toBe(`language-${language}`);
  });

  it('has lists and quotes that read from the right at the right', () => {
    const node = render('- العنصر\n\n> اقتباس\n\n- item\n');
    expect([...node.children].map(element => element.getAttribute('dir'))).toEqual([
      'rtl',
      'rtl',
      null
    ]);
    expect(render('> [!NOTE]\n> ملاحظة').querySelector('blockquote')!.dir).toBe('rtl');
  });

  it('shows control characters as signs', () => {
    expect(textOf(render('a\x1b[31mb \u202ec `\x07`'))).toBe('a␛[31mb ␦c ␇');
  });

  it('shows a diagram as code, however its language is spelt', () => {
    for (const space of ['', ' ', '\u00a0', '\u2003', '\f', '\v', '\ufeff']) {
      const node = render(`\`\`\`mermaid${space}\ngraph TD; A@{ img: "http://a.test/p" }\n\`\`\``);
      expect(node.querySelector('img, svg')).toBeNull();
      expect(texts(node, 'pre')).toHaveLength(1);
    }
  });

  it('takes a link from around a picture in the text', () => {
    const node = render('[![Sign in](data:image/png;base64,AAAA)](https://a.test) x');
    expect(node.querySelector('a')).toBeNull();
    expect(node.querySelectorAll('img')).toHaveLength(1);
  });

  it('shows a formula that is too deep as code', () => {
    const node = render(`\\(${'\\frac{1}{'.repeat(120)}x${'}'.repeat(120)}\\)`);
    expect(node.querySelector('.jp-StreamChat-formula')).toBeNull();
    expect(node.querySelectorAll('code')).toHaveLength(1);
  });

  it.each(['`', '*a_', '[', '![', '[a](', '<a', '~~a', '> ', '- ', '$a$', 'http', '\\(', '`a``'])(
    'reads thousands of %j',
    unit => {
      expect(textOf(render('x ' + unit.repeat(10_000)))).not.toBe('');
    },
    60_000
  );
});
