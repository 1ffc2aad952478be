/**
 * The page's one WebSocket: kept alive, commands acknowledged, events handed on.
 *
 * Owns states, back-off, acknowledgements and sending again. Knows no chat: what events mean is the view
 * models' business. Shaped after JupyterLab's terminal connection.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { newId } from '../protocol/ids';
import type {
  AnyCommand,
  AnyEvent,
  CommandAccepted,
  CommandRejected,
  ErrorInfo,
  Hello
} from '../protocol/generated';
import { PROTOCOL_VERSION } from '../protocol/version';

/**
 * `connecting` until the first greeting; `reload_needed`: the server speaks another version; `user_changed`: another
 * user is signed in now.
 */
export type ConnectionState =
  'connecting' | 'connected' | 'reconnecting' | 'reload_needed' | 'user_changed' | 'closed';

/** A command before the connection gave it its `command_id`. */
export type Request<T extends AnyCommand = AnyCommand> = T extends AnyCommand
  ? Omit<T, 'command_id'>
  : never;

/** The server refused a command. */
export class CommandError extends Error {
  constructor(readonly info: ErrorInfo) {
    super(info.message);
    this.name = 'CommandError';
  }
}

/** Milliseconds without any frame after which a socket with an unanswered command is given up. */
const COMMAND_TIMEOUT = 15_000;
const PING_TIMEOUT = 2000;
const INTERRUPT_TIMEOUT = 1000;
/** After failed attempts a slow link is given more time: the limit doubles, so many times at most. */
const MOST_DOUBLINGS = 4;
/** The first greeting may wait for the server to load what it needs. */
const HELLO_TIMEOUT = 60_000;
const PING_INTERVAL = 5000;
/** The server's close code for a user who has signed out: coming back is of no use. */
const SIGNED_OUT = 4401;
const BACK_OFF_FIRST = 200;
const BACK_OFF_LONGEST = 10_000;

/** Names the list of chats among what the server is to send; no chat is called this. */
const WORKSPACE = '';

/** Commands about one socket alone: forgotten with it, and of no use to the next. */
const OF_ONE_SOCKET = new Set<AnyCommand['type']>(['ping', 'open_chat', 'close_chat']);

interface IPending {
  readonly command: AnyCommand;
  readonly accept: (event: CommandAccepted) => void;
  readonly reject: (error: CommandError) => void;
  /** When a socket was given it, in milliseconds of `performance.now()`: from then on the server may have it. */
  writtenAt: number | null;
  /** It was sent past the socket as well. */
  isPosted: boolean;
  timer?: number;
}

export class Connection implements IDisposable {
  constructor(settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {
    this._settings = settings;
    window.addEventListener('online', this._hurry);
    document.addEventListener('visibilitychange', this._hurry);
  }

  get state(): ConnectionState {
    return this._state;
  }

  get stateChanged(): ISignal<this, ConnectionState> {
    return this._stateChanged;
  }

  /** Every event but greetings and acknowledgements; among them refusals of no command of ours. */
  get event(): ISignal<this, AnyEvent> {
    return this._event;
  }

  /** The latest greeting. */
  get hello(): Hello | null {
    return this._hello;
  }

  /** Something is going on that the user waits for: pings find a dead socket within seconds. */
  set busy(busy: boolean) {
    if (busy === (this._pinger !== undefined)) {
      return;
    }
    window.clearInterval(this._pinger);
    this._pinger = busy ? window.setInterval(this._ping, PING_INTERVAL) : undefined;
  }

  get isDisposed(): boolean {
    return this._state === 'closed';
  }

  /** Open the socket; does nothing when there is one. */
  connect(): void {
    if (!this._socket && (this._state === 'connecting' || this._state === 'reconnecting')) {
      this._cancelRetry();
      this._openSocket();
    }
  }

  /** Leave the socket and open another. */
  reconnect(): void {
    if (this._socket) {
      this._lost();
      this.connect();
    }
  }

  /**
   * Send a command; without a connection it is kept and sent once there is one.
   *
   * @returns its acknowledgement; that of a command about a lost socket (`open_chat`) never comes.
   * @throws CommandError when the server refuses.
   */
  send(request: Request): Promise<CommandAccepted> {
    const command = { ...request, command_id: newId() } as AnyCommand;
    return new Promise((accept, reject) => {
      const pending: IPending = { command, accept, reject, writtenAt: null, isPosted: false };
      if (this._state === 'connected') {
        this._pending.set(command.command_id, pending);
        this._write(pending);
      } else if (!OF_ONE_SOCKET.has(command.type)) {
        this._pending.set(command.command_id, pending);
        this._interruptByPost(pending);
      }
    });
  }

  /**
   * Take back the commands that wait for a connection.
   *
   * @returns whether all of those meant were taken back; else the server may have some, and none was.
   */
  withdraw(isMeant: (command: AnyCommand) => boolean): boolean {
    const meant = [...this._pending.values()].filter(({ command }) => isMeant(command));
    if (meant.length === 0 || meant.some(({ writtenAt }) => writtenAt !== null)) {
      return false;
    }
    meant.forEach(({ command }) => this._pending.delete(command.command_id));
    return true;
  }

  dispose(): void {
    window.removeEventListener('online', this._hurry);
    document.removeEventListener('visibilitychange', this._hurry);
    this.busy = false;
    this._close('closed');
    Signal.clearData(this);
  }

  // --- the socket -----------------------------------------------------------------------------------

  private _openSocket(): void {
    const { WebSocket, wsUrl, token, appendToken } = this._settings;
    let url = URLExt.join(wsUrl, 'stream-chat/ws');
    if (appendToken && token !== '') {
      url += `?token=${encodeURIComponent(token)}`;
    }
    const socket = new WebSocket(url);
    this._socket = socket;
    socket.onmessage = ({ data }) => this._receive(data as string);
    socket.onclose = ({ code }) => {
      if (code === SIGNED_OUT) {
        this._close('closed');
        return;
      }
      this._fail();
    };
    this._helloTimer = window.setTimeout(() => this._fail(), HELLO_TIMEOUT);
  }

  /** Forget the socket. Its further frames are ignored. */
  private _lost(): void {
    const socket = this._socket;
    this._socket = null;
    window.clearTimeout(this._helloTimer);
    window.clearTimeout(this._owedTimer);
    this._owed.clear();
    if (socket) {
      socket.onmessage = socket.onclose = null;
      socket.close();
    }
    for (const [id, pending] of this._pending) {
      window.clearTimeout(pending.timer);
      if (OF_ONE_SOCKET.has(pending.command.type)) {
        this._pending.delete(id);
      }
    }
    if (this._state === 'connected') {
      this._setState('reconnecting');
    }
  }

  /** Give the socket up, and open another after a while: longer each time until a connection is useful. */
  private _fail(): void {
    this._lost();
    this._retryLater();
  }

  private _retryLater(): void {
    const longest = Math.min(BACK_OFF_LONGEST, BACK_OFF_FIRST * 2 ** this._attempts++);
    // Jitter keeps the pages of a server that was restarted from coming all at once.
    const delay = longest * (0.5 + Math.random() / 2);
    this._retry = window.setTimeout(() => this.connect(), delay);
  }

  /** The network is back, or the user is: do not wait for the back-off. */
  private readonly _hurry = (): void => {
    if (document.hidden) {
      return;
    }
    if (this._retry !== undefined) {
      this.connect();
    }
    // A machine that slept may hold a dead socket: the ping finds out.
    this._ping();
  };

  private _cancelRetry(): void {
    window.clearTimeout(this._retry);
    this._retry = undefined;
  }

  private _close(state: ConnectionState): void {
    this._cancelRetry();
    this._setState(state);
    this._lost();
  }

  private _setState(state: ConnectionState): void {
    if (state !== this._state) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  // --- frames ---------------------------------------------------------------------------------------

  /** Take a frame: an event per line. */
  private _receive(frame: string): void {
    this._heardAt = performance.now();
    for (const line of frame.split('\n')) {
      this._take(JSON.parse(line) as AnyEvent);
    }
  }

  private _take(event: AnyEvent): void {
    switch (event.type) {
      case 'hello':
        this._greeted(event);
        break;
      case 'command_accepted':
        this._settle(event.command_id)?.accept(event);
        break;
      case 'command_rejected':
        this._rejected(event);
        break;
      default:
        this._paid(event);
        this._event.emit(event);
    }
    if (this._state === 'connected' && this._owed.size === 0 && !this._isWaiting) {
      this._attempts = 0; // the connection was useful
    }
  }

  private _greeted(hello: Hello): void {
    window.clearTimeout(this._helloTimer);
    if (hello.protocol !== PROTOCOL_VERSION) {
      this._close('reload_needed');
      return;
    }
    if (this._hello && this._hello.user_id !== hello.user_id) {
      // What waits was written by somebody else.
      this._close('user_changed');
      return;
    }
    this._hello = hello;
    this._owe(WORKSPACE);
    const isInterrupt = ({ command }: IPending): boolean => command.type === 'interrupt_run';
    const pending = [...this._pending.values()];
    pending.filter(isInterrupt).forEach(this._write);
    pending.filter(each => !isInterrupt(each)).forEach(this._write);
    this._setState('connected');
  }

  private _rejected(event: CommandRejected): void {
    const pending = this._settle(event.command_id);
    if (pending) {
      if (pending.command.type === 'open_chat') {
        this._owed.delete(pending.command.chat_id);
      }
      pending.reject(new CommandError(event.error));
    } else {
      this._event.emit(event);
    }
  }

  private _settle(commandId: string | null | undefined): IPending | undefined {
    const pending = this._pending.get(commandId ?? '');
    if (pending) {
      window.clearTimeout(pending.timer);
      this._pending.delete(pending.command.command_id);
    }
    return pending;
  }

  private readonly _write = (pending: IPending): void => {
    const { command } = pending;
    pending.writtenAt = performance.now();
    this._await(pending, this._timeout(command));
    if (command.type === 'open_chat') {
      this._owe(command.chat_id);
    } else if (command.type === 'close_chat') {
      this._owed.delete(command.chat_id);
    }
    // On a socket that is closing this is lost; the command is sent again on the next one.
    this._socket?.send(JSON.stringify(command));
  };

  private _await(pending: IPending, milliseconds: number): void {
    window.clearTimeout(pending.timer);
    pending.timer = window.setTimeout(() => this._unanswered(pending), milliseconds);
  }

  /** Any frame is a sign of life: what counts is how long nothing came. */
  private _unanswered(pending: IPending): void {
    const { command } = pending;
    this._interruptByPost(pending);
    const silence = performance.now() - Math.max(this._heardAt, pending.writtenAt ?? 0);
    // What is large may be on its way: until it is here, no short command says anything about the socket.
    const isBusy = this._owed.size > 0 || this._isWaiting;
    const limit = isBusy ? this._patience : this._timeout(command);
    if (silence < limit) {
      this._await(pending, limit - silence);
    } else {
      this._fail();
    }
  }

  private _timeout({ type }: AnyCommand): number {
    switch (type) {
      case 'interrupt_run':
        return INTERRUPT_TIMEOUT;
      case 'ping':
        return PING_TIMEOUT;
      default:
        return this._patience;
    }
  }

  /** Milliseconds that a socket may be silent while something is due. */
  private get _patience(): number {
    return COMMAND_TIMEOUT * 2 ** Math.min(MOST_DOUBLINGS, this._attempts);
  }

  /** Whether a command other than a ping or a Stop waits for its answer. */
  private get _isWaiting(): boolean {
    return [...this._pending.values()].some(
      ({ command: { type }, writtenAt }) =>
        writtenAt !== null && type !== 'ping' && type !== 'interrupt_run'
    );
  }

  /** The server is to send something large: the list of chats, or a chat. */
  private _owe(name: string): void {
    this._owed.add(name);
    this._awaitOwed(this._patience);
  }

  private _awaitOwed(milliseconds: number): void {
    window.clearTimeout(this._owedTimer);
    this._owedTimer = window.setTimeout(() => {
      const silence = performance.now() - this._heardAt;
      if (silence < this._patience) {
        this._awaitOwed(this._patience - silence);
      } else {
        this._fail();
      }
    }, milliseconds);
  }

  /** What was to come has come. */
  private _paid(event: AnyEvent): void {
    if (event.type === 'workspace_loaded') {
      this._owed.delete(WORKSPACE);
    } else if (event.type === 'chat_opened' || event.type === 'chat_resumed') {
      this._owed.delete(event.chat_id);
    }
    if (this._owed.size === 0) {
      window.clearTimeout(this._owedTimer);
    }
  }

  private readonly _ping = (): void => {
    if (this._state === 'connected') {
      void this.send({ type: 'ping' });
    }
  };

  /** Stop a run past the socket. The command stays pending: interrupting twice is harmless. */
  private _interruptByPost(pending: IPending): void {
    const { command } = pending;
    if (command.type !== 'interrupt_run' || pending.isPosted) {
      return;
    }
    pending.isPosted = true;
    const { baseUrl } = this._settings;
    const url = URLExt.join(baseUrl, 'stream-chat/api/runs', command.run_id, 'interrupt');
    const body = JSON.stringify({ shown: command.shown });
    ServerConnection.makeRequest(url, { method: 'POST', body }, this._settings).catch(
      (error: unknown) => console.warn('jupyter-stream-chat: Stop waits for the connection', error)
    );
  }

  private readonly _settings: ServerConnection.ISettings;
  private readonly _pending = new Map<string, IPending>();
  private _state: ConnectionState = 'connecting';
  private _socket: WebSocket | null = null;
  private _hello: Hello | null = null;
  private _attempts = 0;
  private _retry: number | undefined;
  private _helloTimer: number | undefined;
  /** What the server is to send: the list of chats (`WORKSPACE`), and chats by their id. */
  private readonly _owed = new Set<string>();
  private _owedTimer: number | undefined;
  /** When the last frame came, in milliseconds of `performance.now()`. */
  private _heardAt = 0;
  private _pinger: number | undefined;
  private readonly _stateChanged = new Signal<this, ConnectionState>(this);
  private readonly _event = new Signal<this, AnyEvent>(this);
}
