import { Lexer } from 'marked';

import { type IBlock, MarkdownSplitter } from '../splitter';
import { documents } from './fixtures/documents';
import { pieces, randomPieces } from './pieces';

/** The blocks of a text that arrives in pieces, and the code that fences handed out meanwhile. */
function split(texts: Iterable<string>): {
  blocks: IBlock[];
  code: string[];
  splitter: MarkdownSplitter;
} {
  const blocks: IBlock[] = [];
  const code: string[] = [];
  const splitter = new MarkdownSplitter({
    block: block => blocks.push(block),
    openFence: () => code.push(''),
    code: text => (code[code.length - 1] += text),
    closeFence: block => blocks.push(block)
  });
  for (const text of texts) {
    splitter.append(text);
  }
  splitter.finish();
  return { blocks, code, splitter };
}

describe('MarkdownSplitter', () => {
  it.each(Object.entries(documents))('splits "%s" alike, however it arrives', (_, source) => {
    const whole = split([source]);
    for (const texts of [
      pieces(source, 1),
      pieces(source, 3),
      pieces(source, 7),
      randomPieces(source, 1)
    ]) {
      const streamed = split(texts);
      expect(streamed.blocks.map(block => block.source).join('')).toBe(source);
      expect(streamed.blocks).toEqual(whole.blocks);
      expect(streamed.code).toEqual(whole.code);
    }
  });

  it('hands a paragraph out when the next block begins, and not before', () => {
    const blocks: string[] = [];
    const none = () => undefined;
    const sink = {
      block: (b: IBlock) => void blocks.push(b.source),
      openFence: none,
      code: none,
      closeFence: none
    };
    const splitter = new MarkdownSplitter(sink);
    splitter.append('one\ntwo\n\n');
    expect(blocks).toEqual([]);
    splitter.append('three\n');
    expect(blocks).toEqual(['one\ntwo\n\n']);
    expect(splitter.tail).toBe('three\n');
  });

  it('hands out the code of a fence line by line, without the last newline', () => {
    const { code, blocks } = split(pieces('```python\na = 1\n\nb = 2\n```\nafter\n', 2));
    expect(code).toEqual(['a = 1\n\nb = 2']);
    expect(blocks.map(({ kind, info }) => [kind, info])).toEqual([
      ['fence', 'python'],
      ['markdown', undefined]
    ]);
  });

  it('leaves labels with markup to the renderer', () => {
    const { blocks } = split(['```a"b<c\nx\n```\n']);
    expect(blocks.map(block => block.kind)).toEqual(['markdown']);
  });

  it('keeps a document in a fence together with the fences in it', () => {
    const source = 'A\n\n```markdown\n# P\n\n```bash\npip\n```\n\n## N\n```\n\nB\n';
    const { blocks } = split(pieces(source, 4));
    expect(blocks.map(block => block.kind)).toEqual(['markdown', 'fence', 'markdown']);
  });

  it.each([
    ['list', '- an item of some length, to be a part of a list\n'],
    ['table', '| cell | another cell |\n']
  ])('hands out a long %s in parts, alike however it arrives', (of, unit) => {
    const head = of === 'table' ? '| a | b |\n|---|---|\n' : '';
    const source = `${head}${unit.repeat(200)}\nEnd\n`;
    const whole = split([source]).blocks;
    expect(whole.length).toBeGreaterThan(3);
    expect(whole.slice(1, -1).every(({ continues }) => continues?.of === of)).toBe(true);
    expect(whole[whole.length - 1].continues).toBeUndefined();
    expect(split(pieces(source, 7)).blocks).toEqual(whole);
  });

  it('keeps math together that Markdown would split', () => {
    const source = 'Let\n$$\na\n# b\n$$\nbe.\n\nEnd\n';
    expect(split(pieces(source, 3)).blocks.map(b => b.source)).toEqual([
      'Let\n$$\na\n# b\n$$\nbe.\n\n',
      'End\n'
    ]);
  });

  it('keeps an HTML element together with the Markdown in it', () => {
    const source = '<details>\n<summary>More</summary>\n\n- a\n- b\n\n</details>\n\nEnd\n';
    expect(split(pieces(source, 3)).blocks).toHaveLength(2);
  });

  it('reports the link definitions of a block, also of quotes and list items', () => {
    const { blocks } = split(['> [a]: /x\n\n- item\n\n  [b]: /y "t"\n\ntext\n']);
    expect(blocks.flatMap(block => block.definitions ?? []).map(d => d.label)).toEqual(['a', 'b']);
  });

  it.each([
    ['paragraphs', 'Some words of a paragraph, forty or so.\n\n'],
    ['one endless list', '- an item of a list\n'],
    ['one endless paragraph of lines', 'line after line\n'],
    ['one endless line', 'word '],
    ['fences', '```js\nlet a = 1;\n```\n'],
    ['one endless table', '| a | b |\n|---|---|\n']
  ])('does work in proportion to the text: %s', (_, unit) => {
    const work = [2, 4, 8].map(thousands => {
      const source = unit.repeat(Math.ceil((thousands * 4000) / unit.length));
      return Math.max(1, split(pieces(source, 7)).splitter.lexed);
    });
    expect(work[1] / work[0]).toBeLessThan(2.4);
    expect(work[2] / work[1]).toBeLessThan(2.4);
  });

  it('lexes nothing inside a fence', () => {
    const source = '```python\n' + 'x = 1\n'.repeat(5000);
    expect(split(pieces(source, 7)).splitter.lexed).toBe(0);
  });

  it('finds the fences and blocks that a lexing of the whole text finds', () => {
    const source = documents['a long answer'];
    const whole = new Lexer({ gfm: true })
      .blockTokens(source, [])
      .filter(token => token.type !== 'space');
    expect(split(pieces(source, 5)).blocks).toHaveLength(whole.length);
  });
});
