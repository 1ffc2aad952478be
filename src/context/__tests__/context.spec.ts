import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { createHash } from 'crypto';
import { TextEncoder } from 'util';
import { AttachmentList } from '../attachments';
import { cut, estimatedTokens, withoutAnsi } from '../budget';
import { ContextError, ContextKinds, type IContextItem } from '../kinds';
import { mentionBefore } from '../mention';
import { errorText, outputsText } from '../outputs';
import type { IFound } from '../search';
import { sha256 } from '../sha256';

const trans = nullTranslator.load('jupyter_stream_chat');

function item(text: () => string, title = 'Cell 1'): IContextItem {
  return {
    kind: 'cell',
    title,
    detail: 'a',
    source: { path: 'a.ipynb', cell_id: title },
    resolve: async () => ({ text: text(), omitted: [] })
  };
}

describe('sha256', () => {
  it.each([
    '',
    'abc',
    'é你😀',
    'x'.repeat(55),
    'x'.repeat(56),
    'x'.repeat(64),
    'x'.repeat(100_000)
  ])('is what Node says of text %#', text => {
    const bytes = new TextEncoder().encode(text);
    expect(sha256(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
  });
});

describe('outputs', () => {
  it('are plain text before HTML, without escape sequences and base64', () => {
    const { text, omitted } = outputsText(
      [
        { output_type: 'stream', name: 'stdout', text: ['\u001b[31mred\u001b[0m\n', 'line\n'] },
        { output_type: 'execute_result', data: { 'text/html': '<b>5</b>', 'text/plain': '5' } },
        { output_type: 'display_data', data: { 'text/html': '<p>one</p><script>x()</script>' } },
        { output_type: 'display_data', data: { 'image/png': 'iVBORw0KGgo=' } },
        { output_type: 'display_data', data: { 'image/png': 'iVBO', 'text/plain': '<Figure>' } }
      ],
      trans
    );
    expect(text).toBe('red\nline\n5\none\n<Figure>');
    expect(omitted).toEqual([
      'An output that has no text was left out: image/png.',
      'A picture was left out.'
    ]);
  });

  it('have the traceback of their last error', () => {
    const error = {
      output_type: 'error',
      ename: 'E',
      evalue: 'v',
      traceback: ['\u001b[0;31mE\u001b[0m: v']
    };
    expect(errorText([{ output_type: 'stream', text: 'x' }, error])).toBe('E: v');
    expect(errorText([{ output_type: 'error', ename: 'E', evalue: 'v', traceback: [] }])).toBe(
      'E: v'
    );
    expect(errorText([])).toBeNull();
  });
});

describe('a budget', () => {
  it('keeps head and tail, and says how much is missing', () => {
    const { text, omitted } = cut('a'.repeat(90) + 'z'.repeat(90), 90, left => `${left} left out`);
    expect(text).toBe(`${'a'.repeat(60)}\n[90 left out]\n${'z'.repeat(30)}`);
    expect(omitted).toEqual(['90 left out']);
    expect(cut('😀😀', 2, String)).toEqual({ text: '😀😀', omitted: [] });
  });

  it('estimates tokens by script', () => {
    expect(estimatedTokens('a'.repeat(400))).toBe(100);
    expect(estimatedTokens('你'.repeat(30))).toBe(20);
  });

  it('takes out links and titles of terminals as well as colours', () => {
    expect(withoutAnsi('\u001b]8;;http://x\u0007a\u001b]8;;\u0007\u001b[1;2Hb\u001b[K')).toBe('ab');
  });
});

describe('the attachments of a draft', () => {
  it('are read again when they are sent', async () => {
    const list = new AttachmentList();
    let now = 'before';
    await list.add(item(() => now));
    await list.add(item(() => now));
    expect(list.chips.map(({ content }) => content?.text)).toEqual(['before']);
    now = 'after';
    const uploaded: string[] = [];
    const parts = await list.prepare(async text => `hash of ${uploaded.push(text)}`);
    expect(uploaded).toEqual(['after']);
    expect(parts).toEqual([
      {
        type: 'attachment',
        kind: 'cell',
        title: 'Cell 1',
        source: { path: 'a.ipynb', cell_id: 'Cell 1' },
        media_type: 'text/plain',
        sha256: 'hash of 1',
        characters: 5,
        omitted: []
      }
    ]);
  });

  it('stay, with the reason, where one cannot be read any more', async () => {
    const list = new AttachmentList();
    let isGone = false;
    const read = (): string => {
      if (isGone) {
        throw new ContextError('The cell was deleted.');
      }
      return 'text';
    };
    await list.add(item(read));
    await list.add(item(() => 'other', 'Cell 2'));
    isGone = true;
    expect(await list.prepare(async () => 'hash')).toBeNull();
    expect(list.chips.map(({ problem }) => problem)).toEqual(['The cell was deleted.', null]);
  });

  it('come back with a question that was not asked', async () => {
    const list = new AttachmentList();
    await list.add(item(() => 'text'));
    const parts = (await list.prepare(async () => 'hash'))!;
    list.sent(list.chips);
    expect(list.chips).toEqual([]);
    list.restore(parts);
    expect(await list.prepare(async () => 'unused')).toEqual(parts);
  });
});

describe('the menu', () => {
  it.each([
    ['@', 1, { start: 0, end: 1, query: '' }],
    ['explain @cell 4', 15, { start: 8, end: 15, query: 'cell 4' }],
    ['me@example.org', 14, null],
    ['@a\nb', 4, null],
    ['a @df b', 5, { start: 2, end: 5, query: 'df' }]
  ])('finds what is typed behind @ in %j', (text, caret, found) => {
    expect(mentionBefore(text, caret)).toEqual(found);
  });

  it('shows what is proposed at once, and adds what takes longer in the order of the kinds', async () => {
    const kinds = new ContextKinds();
    let answer: (items: IContextItem[]) => void = () => undefined;
    kinds.add({ kind: 'slow', propose: () => new Promise(resolve => (answer = resolve)) });
    const added = kinds.add({ kind: 'cell', propose: query => [item(() => '', query)] });
    const shown: (string | boolean)[][] = [];
    const search = kinds.search(' Cell 4 ', ({ items, isSearching }) =>
      shown.push([...items.map(({ title }) => title), isSearching])
    );
    expect(shown).toEqual([['cell 4', true]]);
    answer([item(() => '', 'x')]);
    await Promise.resolve();
    expect(shown[1]).toEqual(['x', 'cell 4', false]);
    search.dispose();
    added.dispose();
    kinds.search('', ({ items }) => shown.push(items.map(({ title }) => title)));
    expect(shown[2]).toEqual([]);
  });

  it('asks a kind again when its proposals change, and keeps the former ones until it answers', async () => {
    const kinds = new ContextKinds();
    const changed = new Signal<object, void>({});
    const answers: ((items: IContextItem[]) => void)[] = [];
    kinds.add({
      kind: 'slow',
      changed,
      propose: () => new Promise(resolve => answers.push(resolve))
    });
    let titles: string[] = [];
    const search = kinds.search('', ({ items }) => (titles = items.map(({ title }) => title)));
    answers[0]([item(() => '', 'before')]);
    await Promise.resolve();
    changed.emit();
    changed.emit();
    expect(titles).toEqual(['before']);
    answers[2]([item(() => '', 'after')]);
    await Promise.resolve();
    // An answer to an older request comes late.
    answers[1]([item(() => '', 'between')]);
    await Promise.resolve();
    expect(titles).toEqual(['after']);
    search.dispose();
    changed.emit();
    expect(answers).toHaveLength(3);
  });

  it('leaves out a kind that fails, at once or later', async () => {
    const kinds = new ContextKinds();
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    kinds.add({ kind: 'rejects', propose: () => Promise.reject(new Error('no')) });
    kinds.add({
      kind: 'throws',
      propose: () => {
        throw new Error('no');
      }
    });
    kinds.add({ kind: 'cell', propose: query => [item(() => '', query)] });
    let found: IFound | undefined;
    kinds.search('a', now => (found = now));
    await Promise.resolve();
    expect(found).toMatchObject({ items: [{ title: 'a' }], isSearching: false });
    expect(warn).toHaveBeenCalledTimes(2);
    warn.mockRestore();
  });
});
