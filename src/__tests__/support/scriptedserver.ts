/**
 * The other end of the page's socket, for tests of exact timing: it says what the test tells it to say.
 */
import { ServerConnection } from '@jupyterlab/services';
import type { AnyCommand, AnyEvent, ProfileInfo, RunInfo } from '../../protocol/generated';
import { PROTOCOL_VERSION } from '../../protocol/version';

type Unread = AnyCommand & Record<string, unknown>;

/** One socket as the page sees it. */
class ScriptedSocket {
  constructor(readonly url: string) {}

  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: Unread[] = [];
  isClosed = false;

  send(frame: string): void {
    this.sent.push(JSON.parse(frame) as Unread);
  }

  close(): void {
    this.isClosed = true;
  }
}

export class ScriptedServer {
  readonly sockets: ScriptedSocket[] = [];
  /** Requests past the socket: method, path, body. */
  readonly requests: [string, string, unknown][] = [];

  readonly settings = ServerConnection.makeSettings({
    baseUrl: 'http://127.0.0.1:1/base/',
    wsUrl: 'ws://127.0.0.1:1/base/',
    token: 'a b',
    appendToken: true,
    WebSocket: this._socketClass() as unknown as typeof WebSocket,
    fetch: async (request: RequestInfo | URL) => {
      const { method, url } = request as Request;
      this.requests.push([method, new URL(url).pathname, await (request as Request).json()]);
      return new Response('{}');
    }
  });

  /** The newest socket. */
  get socket(): ScriptedSocket {
    return this.sockets[this.sockets.length - 1];
  }

  /** Types of the commands on the newest socket, in order. */
  get types(): string[] {
    return this.socket.sent.map(command => command.type);
  }

  /** The newest command of a type on the newest socket. */
  last<T extends AnyCommand['type']>(type: T): Extract<AnyCommand, { type: T }> {
    const command = [...this.socket.sent].reverse().find(each => each.type === type);
    if (!command) {
      throw new Error(`The page sent no ${type}`);
    }
    return command as unknown as Extract<AnyCommand, { type: T }>;
  }

  /** Send one frame. */
  say(...events: AnyEvent[]): void {
    const lines = events.map(event => JSON.stringify(event));
    this.socket.onmessage?.({ data: lines.join('\n') });
  }

  hello(changes: { protocol?: number; epoch?: string; user_id?: string } = {}): void {
    const limits = {
      frame_bytes: 1e6,
      message_characters: 1000,
      open_chats: 50,
      live_runs: 64,
      queued_runs: 32,
      attachments: 50,
      attachment_bytes: 262144,
      pending_commands: 100
    };
    this.say({
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      epoch: 'epoch-1',
      user: 'Ada',
      user_id: 'ada',
      limits,
      ...changes
    });
  }

  accept(command: AnyCommand): void {
    this.say({ type: 'command_accepted', command_id: command.command_id });
  }

  reject(command: AnyCommand, code: string): void {
    const error = { code, message: `Refused: ${code}` };
    this.say({ type: 'command_rejected', command_id: command.command_id, error });
  }

  /** Acknowledge all that the newest socket brought. */
  acceptAll(): void {
    this.socket.sent.forEach(command => this.accept(command));
  }

  /** The connection breaks, or the server closes it. */
  drop(code = 1006): void {
    this.socket.onclose?.({ code });
  }

  private _socketClass(): unknown {
    const { sockets } = this;
    return class extends ScriptedSocket {
      constructor(url: string) {
        super(url);
        sockets.push(this);
      }
    };
  }
}

/** A profile that can be asked. */
export function profileInfo(profile_id: string, changes: Partial<ProfileInfo> = {}): ProfileInfo {
  const given = { provider: 'openai', model: 'm', locked: false, has_key: false };
  return { profile_id, label: profile_id, ...given, ...changes };
}

/** A run of the test's chat. */
export function runInfo(
  changes: Partial<RunInfo> & Pick<RunInfo, 'run_id' | 'message_id'>
): RunInfo {
  return {
    chat_id: 'chat-0001',
    profile_id: 'guide',
    model: 'Guide',
    streaming: 'on',
    created_at: 1,
    status: 'queued',
    ...changes
  };
}

/** Let promises settle; no timer runs. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) {
    await Promise.resolve();
  }
}
