/** What costs most to read: signs that may all begin something, ten thousand times. */
import { doWithin } from '../../__tests__/support/timelimit';
import { toHtml } from '../html';
import { openEnd } from '../openend';
import { sanitizedNodes } from '../sanitize';
import { type IBlockSink, MarkdownSplitter } from '../splitter';

const TIMES = 10_000;

/** Each takes tenths of a second. Work that grows with the square of the length takes minutes. */
const SECONDS = 10;

/** More of these than are read in one text: it is shown as it is written. */
const SIGNS = [
  ...[
    '`',
    '``',
    '*',
    '_',
    '*a_',
    '**a',
    '*_',
    '[',
    '[a](',
    '](',
    '![',
    '[x](<',
    '<',
    '<a b="',
    '</'
  ],
  ...['~~a', '\\', '\\(', '\\[', '`[*<', '重点**', '**「', '*「」_', '[重](', '*a_重`[']
];

const OTHERS = [
  ...[
    '(',
    '>',
    '> ',
    '>\n',
    '> - ',
    '~',
    '$',
    '$$',
    '$a',
    '$\\frac{',
    '\\begin{align}',
    '|',
    '|a|\n'
  ],
  ...[
    'a|b\n-|-\n',
    '#',
    '# ',
    '##a\n',
    '-',
    '- ',
    '- a\n',
    '- [x] a\n',
    '1. ',
    '1. a\n',
    '[^',
    '[^a]'
  ],
  ...[
    '[^1]: a\n',
    '[a]: b\n',
    '&',
    'http://',
    'http://a(',
    'http://a)',
    'www.a.b ',
    'a@b.c ',
    '<!--'
  ],
  ...[
    '<div>\n',
    '```\n',
    '~~~\n',
    '$$\n',
    '---\n',
    'a\n---\n',
    '> [!NOTE]\n',
    '重',
    '」',
    '（',
    '\u202e'
  ],
  ...['$=*', '(-$]', '。_', '$重$', '\t', '\n', '\r\n', ' \n']
];

/** How deep the elements of some HTML of the renderer lie in each other. */
function depthOf(html: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [, end] of html.matchAll(/<(\/?)(?!br|hr|img|input)[a-z][^<>]*>/g)) {
    depth += end ? -1 : 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function split(text: string): string {
  let source = '';
  const sink: IBlockSink = {
    block: block => (source += block.source),
    openFence: (_, opener) => (source += opener),
    code: (_, code) => (source += code),
    closeFence: (_, closer) => (source += closer)
  };
  const splitter = new MarkdownSplitter(sink);
  for (let start = 0; start < text.length; start += 100) {
    splitter.append(text.slice(start, start + 100));
  }
  splitter.finish();
  return source;
}

it.each([...SIGNS, ...OTHERS])('reads %j ten thousand times in bounded steps', unit => {
  const text = unit.repeat(TIMES);
  const { html } = doWithin(SECONDS, () => toHtml(text));
  const end = doWithin(SECONDS, () => openEnd(text));
  doWithin(SECONDS, () => toHtml(end.text, end.hasOpenFormula));
  expect(doWithin(SECONDS, () => split(text)) === text).toBe(true);
  if (!unit.startsWith('<')) {
    expect(depthOf(html)).toBeLessThan(120);
  }
});

it.each(SIGNS)('shows %j as it is written beyond the budget', unit => {
  const text = `x ${unit.repeat(TIMES)}`;
  for (const around of [text, `重点 ${text}`, `Before **bold**\n\n${text}\n\nAfter`]) {
    const nodes = sanitizedNodes(toHtml(around).html);
    // A difference of so many signs is nothing to print.
    expect(nodes.textContent?.includes(text)).toBe(true);
    expect([...nodes.querySelectorAll('*')].map(({ localName }) => localName)).toEqual(
      around.startsWith('Before') ? ['p', 'strong', 'p', 'p'] : ['p']
    );
  }
});
