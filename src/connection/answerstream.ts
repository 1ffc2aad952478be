/**
 * One answer as server-sent events, for a cell: it names the answer by its nonce and follows no chat.
 *
 * Owns the reading of the stream and going on after a lost connection. What the events mean is the reader's matter.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { Delta, PartLengths, RunFinished, RunProgressed } from '../protocol/generated';

export type AnswerEvent = Delta | RunProgressed | RunFinished;

/** Milliseconds until a lost connection is tried again. */
const BACK_OFF_FIRST = 300;
const BACK_OFF_LONGEST = 5000;

/** Browsers allow six connections to a server at once: the rest of JupyterLab needs some. */
const PLACES = 3;

interface IOptions {
  settings: ServerConnection.ISettings;
  /** Names the answer. */
  nonce: string;
  /** The length of each part that is here already, in code points: the stream begins behind them. */
  lengths: () => PartLengths;
  /** Ends the reading. */
  signal: AbortSignal;
}

/** A stranger's notebook may hold anything: nothing else becomes a part of an address. */
const NONCE = /^[0-9a-f]{32}$/;

/** Yield what is missing of an answer, what comes, and its end. Yields nothing if the server knows no such answer. */
export async function* followAnswer({
  settings,
  nonce,
  lengths,
  signal
}: IOptions): AsyncGenerator<AnswerEvent> {
  if (!NONCE.test(nonce)) {
    return;
  }
  const path = URLExt.join(settings.baseUrl, 'stream-chat/api/answers', nonce, 'events');
  await places.acquire();
  try {
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const url = `${path}?after=${lengths().join('.')}`;
        const response = await ServerConnection.makeRequest(url, { signal }, settings);
        if (response.status < 500 && !response.ok) {
          return;
        }
        for await (const event of read(response)) {
          failures = 0;
          yield event;
          if (event.type === 'run_finished') {
            return;
          }
        }
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        console.debug('jupyter-stream-chat: an answer is waited for again', error);
      }
      await pause(Math.min(BACK_OFF_LONGEST, BACK_OFF_FIRST * 2 ** failures));
    }
  } finally {
    places.release();
  }
}

/** Decode the events of a response; what was cut off at its end is dropped. */
async function* read(response: Response): AsyncGenerator<AnswerEvent> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) {
        return;
      }
      const blocks = (text + decoder.decode(value, { stream: true })).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data !== undefined) {
          yield JSON.parse(data) as AnswerEvent;
        }
      }
    }
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => window.setTimeout(resolve, milliseconds));
}

/** Lets a number of streams run at once; the others wait in the order of their asking. */
class Semaphore {
  constructor(private _free: number) {}

  acquire(): Promise<void> {
    if (this._free > 0) {
      this._free -= 1;
      return Promise.resolve();
    }
    return new Promise(resolve => this._waiting.push(resolve));
  }

  release(): void {
    const next = this._waiting.shift();
    if (next) {
      next();
    } else {
      this._free += 1;
    }
  }

  private readonly _waiting: (() => void)[] = [];
}

const places = new Semaphore(PLACES);
