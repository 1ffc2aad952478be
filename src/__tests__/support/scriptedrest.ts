/**
 * The other end of the page's REST requests, for tests: it answers what the test tells it to.
 */
import { ServerConnection } from '@jupyterlab/services';
import { ProfileApi } from '../../profiles/api';
import type { AnyCommand, ErrorInfo, ProviderInfo } from '../../protocol/generated';
import { PROTOCOL_VERSION } from '../../protocol/version';

/** What to answer: JSON, a refusal, or a text that comes in pieces. */
type Answer = object | { error: ErrorInfo } | string[];

/** A socket whose other end greets, and accepts every command. */
class AnsweringSocket {
  constructor() {
    this._say({ type: 'hello', protocol: PROTOCOL_VERSION });
  }

  onmessage: ((event: { data: string }) => void) | null = null;

  send(frame: string): void {
    const { command_id } = JSON.parse(frame) as AnyCommand;
    this._say({ type: 'command_accepted', command_id });
  }

  close(): void {}

  private _say(event: object): void {
    queueMicrotask(() => this.onmessage?.({ data: JSON.stringify(event) }));
  }
}

export class ScriptedRest {
  /** Requests so far: method and path, body. */
  readonly requests: [string, unknown][] = [];
  /** What to answer, by method and path (`POST profiles/check`); absent: no server is there. */
  readonly answers: Record<string, Answer | undefined> = {
    'POST profiles/check': { problems: [] }
  };

  readonly api = new ProfileApi(
    ServerConnection.makeSettings({
      baseUrl: 'http://127.0.0.1:1/base/',
      WebSocket: AnsweringSocket as unknown as typeof WebSocket,
      fetch: async (input: RequestInfo | URL) => {
        const request = input as Request;
        const text = await request.text();
        const path = new URL(request.url).pathname.replace('/base/stream-chat/api/', '');
        const name = `${request.method} ${path}`;
        this.requests.push([name, text ? JSON.parse(text) : undefined]);
        return respond(this.answers[name]);
      }
    })
  );

  /** The body of the newest request of a name. */
  body(name: string): Record<string, unknown> {
    const found = [...this.requests].reverse().find(([each]) => each === name);
    return found?.[1] as Record<string, unknown>;
  }

  count(name: string): number {
    return this.requests.filter(([each]) => each === name).length;
  }
}

function respond(answer: Answer | undefined): Response {
  if (answer === undefined) {
    throw new TypeError('Failed to fetch');
  }
  if (Array.isArray(answer)) {
    return streamed(answer);
  }
  return new Response(JSON.stringify(answer), { status: 'error' in answer ? 400 : 200 });
}

/** A response whose body comes in these pieces. */
function streamed(pieces: string[]): Response {
  const encoder = new TextEncoder();
  const chunks = pieces.map(piece => encoder.encode(piece));
  const response = new Response('');
  const reader = {
    read: () => {
      const value = chunks.shift();
      return Promise.resolve({ done: value === undefined, value });
    }
  };
  Object.defineProperty(response, 'body', { value: { getReader: () => reader } });
  return response;
}

/** Two providers: one with an address, a key and a preset, one with a model alone. */
export const PROVIDERS: readonly ProviderInfo[] = [
  {
    provider: 'server',
    label: 'A server',
    fields: [
      { name: 'base_url', kind: 'url', required: true },
      { name: 'model', kind: 'model', required: true },
      { name: 'api_key', kind: 'key', required: false }
    ],
    parameters: ['temperature', 'seed', 'stop', 'system_prompt'],
    timeouts: { first_token: 300, stall: 60, total: 1800 },
    on_repetition: 'ask',
    presets: [{ id: 'known', label: 'Known', values: { base_url: 'http://known/v1' } }],
    lists_models: true
  },
  {
    provider: 'local',
    label: 'Local',
    fields: [{ name: 'model', kind: 'model', required: true }],
    parameters: ['temperature'],
    timeouts: { first_token: 900, stall: 120, total: 0 },
    on_repetition: 'ask',
    presets: [],
    lists_models: false
  }
];
