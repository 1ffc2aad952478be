/** The output of `%chat` in a cell, with a server that says what a test tells it to. */
import { MimeModel } from '@jupyterlab/rendermime';
import { ServerConnection } from '@jupyterlab/services';
import { MessageLoop } from '@lumino/messaging';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { createLanguages, createRenderMime } from '../../markdown/__tests__/markdown-env';
import { AnswerRenderer, type IFixCells, MIME_TYPE } from '../answerrenderer';

const languages = createLanguages();
const rendermime = createRenderMime(languages);
const trans = nullTranslator.load('jupyter_stream_chat');
const NONCE = '0123456789abcdef0123456789abcdef';

/** One response whose events the test sends. */
class Stream {
  constructor(readonly url: string) {}

  send(event: object): void {
    this._push(new TextEncoder().encode(`id: 1.0\nevent: x\ndata: ${JSON.stringify(event)}\n\n`));
  }

  delta(offset: number, text: string, part = 0, kind = 'text'): void {
    const delta = { type: 'delta', run_id: 'run', part, offset, text };
    this.send(offset === 0 ? { ...delta, kind } : delta);
  }

  finish(run: object): void {
    this.send({ type: 'run_finished', chat_id: 'chat', seq: 0, run });
  }

  break(): void {
    this._push(undefined);
  }

  readonly response = {
    ok: true,
    status: 200,
    body: {
      getReader: () => ({
        read: async () => {
          while (this._chunks.length === 0) {
            await new Promise<void>(resolve => (this._wake = resolve));
          }
          const value = this._chunks.shift();
          return { done: value === undefined, value };
        },
        cancel: () => Promise.resolve()
      })
    }
  } as unknown as Response;

  private _push(chunk: Uint8Array | undefined): void {
    this._chunks.push(chunk);
    this._wake();
  }

  private readonly _chunks: (Uint8Array | undefined)[] = [];
  private _wake: () => void = () => undefined;
}

const cells: AnswerRenderer[] = [];

// A cell that is gone gives its place among the streams to the next.
afterEach(() => cells.splice(0).forEach(renderer => renderer.dispose()));

interface ICell {
  readonly renderer: AnswerRenderer;
  readonly streams: Stream[];
  readonly opened: string[];
  /** What the kernel sends, and what is in the notebook then. */
  show(status: string, markdown: string, more?: object, trusted?: boolean): MimeModel;
}

interface ICellOptions {
  readonly isKnown?: boolean;
  readonly format?: string;
  readonly fixes?: IFixCells | null;
}

function cell({ isKnown = true, format = 'markdown', fixes = null }: ICellOptions = {}): ICell {
  const streams: Stream[] = [];
  const opened: string[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://127.0.0.1:1/base/',
    fetch: async (request: RequestInfo | URL) => {
      const { url, signal } = request as Request;
      const stream = new Stream(url);
      streams.push(stream);
      signal.addEventListener('abort', () => stream.break());
      return isKnown ? stream.response : ({ ok: false, status: 404 } as Response);
    }
  });
  const openChat = (chatId: string) => opened.push(chatId);
  const renderer = new AnswerRenderer({
    rendermime,
    languages,
    settings,
    trans,
    insert: () => null,
    fixes: () => fixes,
    openChat
  });
  cells.push(renderer);
  document.body.append(renderer.node);
  MessageLoop.sendMessage(renderer, Widget.Msg.AfterAttach);
  return {
    renderer,
    streams,
    opened,
    show: (status, markdown, more = {}, trusted = true) => {
      const about = { nonce: NONCE, chat_id: 'chat', format, status, ...more };
      const key = format === 'text' ? 'text/plain' : 'text/markdown';
      const model = new MimeModel({ data: { [MIME_TYPE]: about, [key]: markdown }, trusted });
      void renderer.renderModel(model);
      return model;
    }
  };
}

/** Wait until a condition holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

test('shows what the server sends, before the kernel does', async () => {
  const { renderer, streams, opened, show } = cell();
  const shown = () => renderer.node.textContent!.replace(/\s+/g, ' ').trim();
  show('live', '');
  expect(renderer.node.dataset.status).toBe('waiting');
  await until(() => streams.length === 1);
  expect(streams[0].url).toContain(`/base/stream-chat/api/answers/${NONCE}/events?after=`);
  streams[0].delta(0, 'one **two** ');
  streams[0].delta(12, 'three');
  await until(() => shown() === 'one two three');
  expect(renderer.node.dataset.status).toBe('streaming');
  show('live', 'one **two** ');
  streams[0].delta(17, ' four');
  await until(() => shown() === 'one two three four');
  streams[0].finish({ finish_reason: 'stop' });
  await until(() => renderer.node.dataset.status === 'finished');
  show('finished', 'one **two** three four');
  expect(shown()).toBe('one two three four');
  expect(streams).toHaveLength(1);
  expect(opened).toEqual([]);
});

test('adds to what the notebook has the text that is missing', async () => {
  const { renderer, streams, show } = cell();
  show('live', '😀 held ');
  await until(() => streams.length === 1);
  streams[0].delta(0, '😀 ');
  streams[0].delta(2, 'held and more');
  await until(() => renderer.node.textContent!.includes('😀 held and more'));
});

test('shows the texts of an answer that reasons between them, and resumes every part', async () => {
  const { renderer, streams, show } = cell();
  const shown = () => renderer.node.textContent!.replace(/\s+/g, ' ').trim();
  show('live', '');
  await until(() => streams.length === 1);
  streams[0].delta(0, 'First 6 × 7.', 0, 'reasoning');
  streams[0].delta(0, '42, ', 1);
  streams[0].delta(0, 'Now minus 2.', 2, 'reasoning');
  streams[0].delta(0, 'so ', 3);
  await until(() => shown() === '42, so');
  streams[0].break();
  await until(() => streams.length === 2);
  expect(streams[1].url).toMatch(/[?]after=12[.]4[.]12[.]3(&|$)/);
  streams[1].delta(3, '40 or so', 3);
  streams[1].finish({ finish_reason: 'interrupted', kept: [12, 4, 12, 5] });
  await until(() => renderer.node.dataset.status === 'finished');
  await until(() => shown() === '42, so 40Stopped.');
});

test('goes on where a lost connection broke', async () => {
  const { renderer, streams, show } = cell();
  show('live', '');
  await until(() => streams.length === 1);
  streams[0].delta(0, 'first ');
  await until(() => renderer.node.textContent!.includes('first'));
  streams[0].break();
  await until(() => streams.length === 2);
  expect(streams[1].url).toMatch(/[?]after=6(&|$)/);
  streams[1].delta(6, 'second');
  await until(() => renderer.node.textContent!.includes('first second'));
});

test('shows the Markdown of a notebook whose answer the server does not know', async () => {
  const { renderer, streams, opened, show } = cell({ isKnown: false });
  show('live', 'a *stranger*', { open: true });
  await until(() => renderer.node.dataset.status === 'finished');
  expect(renderer.node.textContent).toContain('a stranger');
  expect([streams.length, opened]).toEqual([1, []]);
});

test.each(['../../../logout?', `${NONCE}/../..`, 'x', ''])(
  'asks the server for nothing by the name %j',
  async nonce => {
    const { renderer, streams, show } = cell();
    show('live', 'some text', { nonce });
    await until(() => renderer.node.dataset.status === 'finished');
    expect(streams).toEqual([]);
    expect(renderer.node.textContent).toContain('some text');
  }
);

test.each([null, 'text', 7, [], {}])(
  'shows the Markdown beside a broken bundle: %j',
  async value => {
    const { renderer } = cell();
    await renderer.renderModel(
      new MimeModel({ data: { [MIME_TYPE]: value, 'text/markdown': 'some text' } })
    );
    await until(() => renderer.node.textContent!.includes('some text'));
  }
);

test('asks the server for nothing when the answer is whole', async () => {
  const { renderer, streams, show } = cell();
  show('finished', '# Done');
  await until(() => renderer.node.querySelector('h1') !== null);
  expect(streams).toEqual([]);
});

test('shows no more than was kept, and tells the notebook when the kernel does not', async () => {
  const { renderer, streams, show } = cell();
  const model = show('live', '');
  await until(() => streams.length === 1);
  streams[0].delta(0, 'kept and discarded');
  streams[0].finish({ finish_reason: 'interrupted', kept: [4] });
  await until(() => renderer.node.dataset.status === 'finished');
  await until(() => renderer.node.textContent!.includes('Stopped.'));
  expect(renderer.node.textContent).not.toContain('discarded');
  await until(() => model.data['text/markdown'] !== '');
  expect(model.data['text/markdown']).toBe('kept\n\n*Stopped.*');
  expect(model.data[MIME_TYPE]).toMatchObject({ status: 'finished', finish_reason: 'interrupted' });
});

test('shows what the server notes of an answer below it', async () => {
  const { renderer, streams, show } = cell();
  const model = show('live', '');
  await until(() => streams.length === 1);
  streams[0].delta(0, 'again and again');
  const notice = { code: 'went_on_repeating', message: 'It repeats itself.' };
  streams[0].finish({ finish_reason: 'stop', notice });
  await until(() => renderer.node.textContent!.includes('It repeats itself.'));
  await until(() => model.data['text/markdown'] !== '');
  expect(model.data['text/markdown']).toBe('again and again\n\n*It repeats itself.*');
});

test('leaves the notebook alone when the kernel has told it', async () => {
  const { streams, show } = cell();
  const model = show('live', '');
  await until(() => streams.length === 1);
  streams[0].delta(0, 'all');
  streams[0].finish({ finish_reason: 'stop' });
  show('finished', 'all');
  await new Promise(resolve => setTimeout(resolve, 3100));
  expect(model.data['text/markdown']).toBe('');
});

test('shows plain text as it is', async () => {
  const { renderer, streams, show } = cell({ format: 'text' });
  show('live', '');
  await until(() => streams.length === 1);
  streams[0].delta(0, '*not* emphasis');
  await until(() => renderer.node.textContent!.includes('*not* emphasis'));
});

test('opens the chat in the panel when it is asked to, once', async () => {
  const { streams, opened, show } = cell();
  show('live', '', { open: true });
  await until(() => streams.length === 1);
  streams[0].delta(0, 'a');
  streams[0].delta(1, 'b');
  await until(() => opened.length > 0);
  expect(opened).toEqual(['chat']);
});

test('opens no chat for a notebook that is not trusted', async () => {
  const { renderer, streams, opened, show } = cell();
  show('live', '', { open: true, chat_id: 'constructor' }, false);
  await until(() => streams.length === 1);
  streams[0].delta(0, 'known');
  await until(() => renderer.node.textContent!.includes('known'));
  expect(opened).toEqual([]);
});

test('the correction of a cell is offered as its change, while it is written and afterwards', async () => {
  const fixed: unknown[] = [];
  const fixes: IFixCells = {
    isOffered: execution => execution === 3,
    fix: (execution, _, chatId, runId) => fixed.push([execution, chatId, runId])
  };
  const { renderer, streams, show } = cell({ fixes });
  const buttons = () => [...renderer.node.querySelectorAll('button')].map(each => each.textContent);
  show('live', '', { fixes: 3 });
  expect(buttons()).toEqual(['Show as a change of the failed cell']);
  renderer.node.querySelector('button')!.click();
  // The server makes the id of the run from the nonce in the same way.
  expect(fixed).toEqual([[3, 'chat', '07f852241166e12757bd8d57efbe6906']]);
  await until(() => streams.length === 1);
  show('finished', '```python\nx = 1\n```', { fixes: 3 });
  expect(buttons()).toContain('Show as a change of the failed cell');
});

test.each([{ fixes: 4 }, { fixes: '3' }, {}])('no change is offered for %p', more => {
  const fixes: IFixCells = { isOffered: execution => execution === 3, fix: () => undefined };
  const { renderer, show } = cell({ fixes });
  show('finished', '```python\nx = 1\n```', more);
  expect(renderer.node.textContent).not.toContain('failed cell');
});
