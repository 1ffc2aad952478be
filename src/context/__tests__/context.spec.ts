import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { createHash } from 'crypto';
import { TextDecoder, TextEncoder } from 'util';
import type { AttachmentPart } from '../../protocol/generated';
import { AttachmentList } from '../attachments';
import { cut, estimatedTokens, overwritten, withoutAnsi, withoutData } from '../budget';
import { ContextError, ContextKinds, type IContextItem } from '../kinds';
import { decoded } from '../decode';
import { mentionBefore } from '../mention';
import { cellsInFile } from '../notebook';
import { notebookText } from '../notebooktext';
import { errorText, outputsText } from '../outputs';
import type { IFound } from '../search';
import { secretIn } from '../secrets';
import { sha256 } from '../sha256';

// jsdom has none of its own.
Object.assign(globalThis, { TextDecoder, TextEncoder });

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

  it('are as they are seen: written over, and without the data of pictures', () => {
    const { text, omitted } = outputsText(
      [
        { output_type: 'stream', name: 'stderr', text: '  0%|  |\r 50%|# |\r100%|##|\r\ndone\r\n' },
        {
          output_type: 'display_data',
          data: { 'text/markdown': `![p](data:image/png;base64,${'iVBO'.repeat(40)}) end` }
        },
        { output_type: 'display_data', data: { 'text/latex': '$x$' } },
        { output_type: 'display_data', data: { 'application/json': { a: [1] } } }
      ],
      trans
    );
    expect(text).toBe(
      '100%|##|\ndone\n![p](data:image/png;base64,[...]) end\n$x$\n{\n "a": [\n  1\n ]\n}'
    );
    expect(omitted).toEqual(['Data in base64 was left out.']);
  });

  it('that are HTML alone are read line by line, tables cell by cell, and what is not read is said', () => {
    const table =
      '<style>td { color: red }</style><table>\n <thead><tr><th></th><th>a</th></tr></thead>' +
      '<tr><th>0</th><td>1 <b>x</b></td></tr>\n  <tr><th>1</th><td>two\n words</td></tr></table>';
    const html = `<h2>Title</h2>first<br>second<ul><li>one</li><li>two</li></ul><pre>a\n  b</pre>${table}`;
    const { text, omitted } = outputsText(
      [
        { output_type: 'display_data', data: { 'text/html': html } },
        { output_type: 'display_data', data: { 'text/html': ['<p>seen</p>', '<img src="x">'] } },
        {
          output_type: 'display_data',
          data: { 'text/html': '<script>draw()</script><div></div>' }
        },
        { output_type: 'display_data', data: { 'image/svg+xml': '<svg/>' } }
      ],
      trans
    );
    expect(text).toBe('Title\nfirst\nsecond\none\ntwo\na\n  b\n\ta\n0\t1 x\n1\ttwo words\nseen');
    expect(omitted).toEqual([
      'A picture was left out.',
      'An output that has no text was left out: text/html.',
      'An output that has no text was left out: image/svg+xml.'
    ]);
  });

  it('of one very long line are read as fast as short ones', () => {
    // With a search at each character these took hours.
    const long = 'x'.repeat(2_000_000);
    const html = `<p>a${' '.repeat(2_000_000)}b</p>`;
    const { text } = outputsText(
      [
        { output_type: 'stream', text: long },
        { output_type: 'display_data', data: { 'text/html': html } }
      ],
      trans
    );
    expect(text).toBe(`${long}\na b`);
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

  it('takes out data in base64 wherever it stands, and no long word of letters', () => {
    const data = 'iVBORw0KGgo+AAA/9'.repeat(80);
    const lines = `${`${'aB3+'.repeat(19)}\\n`.repeat(20)}aB3=`;
    const left = ['Data in base64 was left out.'];
    expect(withoutData(`{"image/png": "${data}==\\n"}`, trans)).toEqual({
      text: '{"image/png": "[...]\\n"}',
      omitted: left
    });
    expect(withoutData(`"${lines}"`, trans)).toEqual({ text: '"[...]"', omitted: left });
    for (const word of ['ACGT'.repeat(500), 'x'.repeat(3000), '0123456789abcdef'.repeat(100)]) {
      expect(withoutData(word, trans)).toEqual({ text: word, omitted: [] });
    }
  });

  it('shows a line of a terminal as it was left', () => {
    expect(overwritten('a\r\nbc\rd\r\n1/2\b\b\b2/2\r')).toBe('a\nd\n2/2');
    expect(overwritten('\r\n\rb')).toBe('\nb');
    expect(
      withoutAnsi('\u001b(B\u001b[m\u001b7a\u001b=\u001bPq#0\u001b\\b\u001b[38:2::1:2:3mc')
    ).toBe('abc');
  });

  it('takes out links and titles of terminals as well as colours', () => {
    expect(withoutAnsi('\u001b]8;;http://x\u0007a\u001b]8;;\u0007\u001b[1;2Hb\u001b[K')).toBe('ab');
  });
});

describe('the attachments of a draft', () => {
  function draft(restore: (part: AttachmentPart) => IContextItem | null = () => null) {
    const uploaded: string[] = [];
    const kept: AttachmentPart[][] = [];
    const list = new AttachmentList({
      upload: async ({ text }) => `hash of ${uploaded.push(text)}`,
      restore,
      keep: parts => kept.push([...parts])
    });
    return { list, uploaded, kept };
  }

  it('are read again when they are sent, and uploaded where they are new', async () => {
    const { list, uploaded } = draft();
    let now = 'before';
    await list.add(item(() => now));
    await list.add(item(() => now));
    expect(list.chips.map(({ content }) => content?.text)).toEqual(['before']);
    await list.prepare();
    expect(uploaded).toEqual(['before']);
    now = 'after';
    const parts = await list.prepare();
    expect(uploaded).toEqual(['before', 'after']);
    expect(parts).toEqual([
      {
        type: 'attachment',
        kind: 'cell',
        title: 'Cell 1',
        source: { path: 'a.ipynb', cell_id: 'Cell 1' },
        media_type: 'text/plain',
        sha256: 'hash of 2',
        characters: 5,
        omitted: []
      }
    ]);
    expect(list.chips[0].hasChanged).toBe(true);
  });

  it('stay, with the reason, where one cannot be read any more', async () => {
    const { list } = draft();
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
    expect(await list.prepare()).toBeNull();
    expect(list.chips.map(({ problem }) => problem)).toEqual(['The cell was deleted.', null]);
  });

  it('come back with a question that was not asked, or after a reload, and are read again', async () => {
    const first = draft();
    await first.list.add(item(() => 'text'));
    const parts = (await first.list.prepare())!;
    expect(first.kept.at(-1)).toEqual(parts);
    first.list.sent(first.list.chips);
    expect(first.list.chips).toEqual([]);
    expect(first.kept.at(-1)).toEqual([]);

    const { list, uploaded } = draft();
    list.restore(parts);
    expect(await list.prepare()).toEqual(parts);
    const again = draft(() => item(() => 'newer'));
    again.list.restore(parts);
    const [part] = (await again.list.prepare())!;
    expect([part.characters, again.uploaded, uploaded]).toEqual([5, ['newer'], []]);
  });

  it('are read again as soon as they may have changed, or can be read', async () => {
    const { list } = draft();
    const changed = new Signal<object, void>({});
    let text: string | null = null;
    const read = (): string => {
      if (text === null) {
        throw new ContextError('The kernel is busy.');
      }
      return text;
    };
    await list.add({ ...item(read), changed });
    expect(list.chips[0].problem).toBe('The kernel is busy.');
    text = 'idle';
    changed.emit();
    await Promise.resolve();
    expect(list.chips[0]).toMatchObject({ problem: null, content: { text: 'idle' } });
    list.remove(list.chips[0].id);
    text = null;
    changed.emit();
    await Promise.resolve();
    expect(list.chips).toEqual([]);
  });

  it('are not there twice, also where one came back with the draft', async () => {
    const { list } = draft();
    await list.add(item(() => 'text'));
    const parts = (await list.prepare())!;
    list.sent(list.chips);
    list.restore([{ ...parts[0], source: { cell_id: 'Cell 1', lines: null, path: 'a.ipynb' } }]);
    await list.add(item(() => 'text'));
    expect(list.chips).toHaveLength(1);
    await list.add(item(() => 'text', 'Cell 2'));
    expect(list.chips.map(({ title }) => title)).toEqual(['Cell 1', 'Cell 2']);
  });

  it('that look like a key or a password are pointed out and not changed', async () => {
    const { list } = draft();
    await list.add(item(() => 'a = 1\napi_key = "abcd-1234-efgh"'));
    expect(list.chips[0].secretLine).toBe(2);
    expect(list.chips[0].content?.text).toContain('abcd-1234-efgh');
  });
});

describe('a secret', () => {
  it.each([
    `OPENAI = "sk-${'a1B2'.repeat(8)}"`,
    'key = AKIAIOSFODNN7ABCDEFG',
    `ghp_${'x9'.repeat(18)}`,
    '-----BEGIN OPENSSH PRIVATE KEY-----',
    '{"password": "correct-horse"}',
    "headers['Authorization'] = 'Bearer abcdefghijklmnop.qrst'",
    'postgres://ada:hunter22@db/prod',
    "password: str with 9 characters: 'hunter22x'",
    'OPENAI_API_KEY=abcd1234efgh5678',
    'export DB_PASSWORD=hunter22x # local',
    'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY',
    'db_password: hunter22x',
    'API_TOKEN_V2 = "abcd1234efgh"',
    '-----BEGIN PGP PRIVATE KEY BLOCK-----',
    `${'x '.repeat(20_000)}api_key="abcd-1234-efgh" ${'y '.repeat(20_000)}`,
    `hf_${'aB3'.repeat(12)}`,
    'os.environ["AZURE_OPENAI_API_KEY"] = "0123456789abcdef0123456789abcdef"',
    "os.environ['SECRET'] = 'abcd1234efgh'",
    'api_key: str = "abcd1234efgh"',
    '%env MISTRAL_API_KEY=abcd1234efgh',
    `DefaultEndpointsProtocol=https;AccountName=ada;AccountKey=${'aB3+'.repeat(21)}==;EndpointSuffix=core`,
    `Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=${'aB3'.repeat(14)}=`,
    'engine = connect("Server=tcp:db.example.net,1433;Database=my sales;Uid=ada;Pwd=Hunter22!;")',
    'redis://:hunter22@cache:6379/0',
    `https://ada.blob.core.windows.net/c?sv=2024&sig=${'aB3%2F'.repeat(6)}`,
    `gsk_${'aB3'.repeat(14)}`,
    `sk-ant-api03-${'aB3_'.repeat(10)}`,
    'Authorization: Basic YWRhOmh1bnRlcjIy',
    '密码："hunter22x"',
    '{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\\nMIIE"}'
  ])('is found in %j', line => {
    expect(secretIn(`first\n${line}`)).toBe(2);
  });

  it.each([
    'token = next(tokens)',
    'api_key = os.environ["OPENAI_API_KEY"]',
    'password = "<your password>"',
    'api_key="your-api-key"',
    'max_tokens: "100"',
    'https://example.org/a:b@c',
    'for token in text.split(): print("token:", token)',
    'max_tokens: 1000000000',
    'tokenizer = "bert-base-uncased-v2"',
    'password=$PASSWORD',
    'df["token"] = df.a1 + 5',
    'token = tokens[index1]',
    `sha256: "${'0123456789abcdef'.repeat(4)}"`,
    'id = "550e8400-e29b-41d4-a716-446655440000"',
    'commit 9fceb02d0ae598e95dc970b74767f19372d61af8',
    '<label class="sk-toggleable__content sk-top-container-of-the-pipeline">',
    'columns = ["token", "position", "customer_id"]',
    'pwd = "/home/ada/project"',
    'PWD=/home/ada1',
    'password = getpass.getpass()',
    'let a = 1; password = userInput; b = 2',
    'url = f"postgres://{user}:{password}@{host}/db"',
    'postgres://user:password@localhost/db',
    'headers = {"Authorization": f"Bearer {token}"}',
    'tokens: 512, temperature: 0.7',
    "password: str with 9 characters: '<password>'"
  ])('is not seen in %j', line => {
    expect(secretIn(line)).toBeNull();
  });
});

describe('bytes of a file', () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  it.each<[string, number[], string | null, string | null]>([
    ['UTF-8', [...encode('é你')], 'é你', null],
    ['UTF-16 with a mark', [0xff, 0xfe, 0x61, 0, 0x60, 0x4f], 'a你', 'utf-16le'],
    ['GBK', [0xc4, 0xe3, 0xba, 0xc3, 0x2c, 0x31], '你好,1', 'gb18030'],
    ['Latin-1', [0x63, 0x61, 0x66, 0xe9, 0x20, 0x61], 'café a', 'windows-1252'],
    ['Shift JIS', [0x82, 0xb1, 0x82, 0xea, 0x82, 0xcd, 0x93, 0xfa], 'これは日', 'shift_jis'],
    [
      'EUC-KR',
      Array.from({ length: 10 }, () => [0xc7, 0xd1, 0xb1, 0xdb, 0x20]).flat(),
      '한글 '.repeat(10),
      'euc-kr'
    ],
    [
      'Big5',
      [0xb3, 0x6f, 0xac, 0x4f, 0xa4, 0x40, 0xad, 0xd3, 0xb4, 0xfa, 0xb8, 0xd5, 0xc0, 0xc9],
      '這是一個測試檔',
      'big5'
    ],
    ['Big5, in a table', [0xa7, 0x41, 0xa6, 0x6e, 0x2c, 0x31], '你好,1', 'big5'],
    ['EUC-JP', [0xa4, 0xb3, 0xa4, 0xec, 0xa4, 0xcf, 0xc6, 0xfc], 'これは日', 'euc-jp'],
    ['GBK, of single characters', [0xca, 0xc7, 0x2c, 0xb7, 0xf1, 0x0a], '是,否\n', 'gb18030'],
    ['Latin-1 with degrees', [0x32, 0x35, 0xb0, 0x43, 0x2c, 0xb5, 0x6d], '25°C,µm', 'windows-1252'],
    ['German in Latin-1', [0xc4, 0x72, 0x67, 0x65, 0x72], 'Ärger', 'windows-1252'],
    ['Portuguese in Latin-1', [0x61, 0xe7, 0xe3, 0x6f], 'ação', 'windows-1252'],
    [
      'windows-1251',
      [0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2, 0x2c, 0x20, 0xec, 0xe8, 0xf0],
      'Привет, мир',
      'windows-1251'
    ],
    [
      'KOI8-R',
      [0xf0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4, 0x2c, 0x20, 0xcd, 0xc9, 0xd2],
      'Привет, мир',
      'koi8-r'
    ],
    ['UTF-16 without a mark', [...encode('a\0,\0b\0\n\0')], 'a,b\n', 'utf-16le'],
    ['UTF-16, the other way round', [...encode('\0a\0,\0b\0\n')], 'a,b\n', 'utf-16be'],
    ['UTF-16BE with a mark', [0xfe, 0xff, 0x4f, 0x60], '你', 'utf-16be'],
    ['UTF-8 with a mark', [0xef, 0xbb, 0xbf, ...encode('é')], 'é', null],
    ['zeros', [0, 0, 0, 0], null, null],
    ['an empty file', [], '', null],
    ['a mark alone', [0xef, 0xbb, 0xbf], '', null],
    ['a zip file', [0x50, 0x4b, 3, 4, 0, 0], null, null]
  ])('of %s are read', (_, bytes, text, encoding) => {
    expect(decoded(Uint8Array.from(bytes))).toEqual(text === null ? null : { text, encoding });
  });
});

describe('a notebook', () => {
  const cell = (source: string, count: number | null) => ({
    cell_type: 'code',
    source,
    execution_count: count,
    outputs: []
  });
  const cells = cellsInFile({
    cells: [
      cell('a'.repeat(20), 1),
      cell('b'.repeat(20), null),
      cell('c'.repeat(20), 2),
      cell('d'.repeat(20), 3),
      cell('e'.repeat(20), 4)
    ]
  })!;

  it('keeps the active cell, then those before it that ran, and says what is left out', async () => {
    // Each cell has 49 or 48 characters and a gap of two.
    const { text, omitted } = await notebookText(cells, 3, 200, trans);
    expect([...'abcde'].map(letter => text.includes(letter.repeat(20)))).toEqual([
      true,
      false,
      true,
      true,
      false
    ]);
    expect(omitted).toEqual(['2 cells left out']);
    expect(text.indexOf('aaa')).toBeLessThan(text.indexOf('ccc'));
  });

  it('that is no notebook has no cells, and what is no cell is left out', () => {
    expect([cellsInFile(null), cellsInFile({ cells: 'x' })]).toEqual([null, null]);
    const odd = cellsInFile({
      cells: [null, 5, { cell_type: 'code', outputs: [null], source: ['a', 'b'] }]
    });
    expect(odd?.map(each => each.read())).toMatchObject([{ source: 'ab', outputs: [] }]);
  });
});

describe('the menu', () => {
  it.each([
    ['@', 1, { start: 0, end: 1, query: '' }],
    ['explain @cell 4', 15, { start: 8, end: 15, query: 'cell 4' }],
    ['me@example.org', 14, null],
    ['@a\nb', 4, null],
    ['a @df b', 5, { start: 2, end: 5, query: 'df' }],
    ['请看@df', 5, { start: 2, end: 5, query: 'df' }],
    ['问题：＠数据/天气', 9, { start: 3, end: 9, query: '数据/天气' }],
    ['@data/@scope/a', 14, { start: 0, end: 14, query: 'data/@scope/a' }],
    ['pip install pkg@https', 21, null]
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
    expect(shown).toEqual([['Cell 4', true]]);
    answer([item(() => '', 'x')]);
    await Promise.resolve();
    expect(shown[1]).toEqual(['x', 'Cell 4', false]);
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
