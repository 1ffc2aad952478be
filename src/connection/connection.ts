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

/** `connecting` until the first greeting; `reload_needed`: the server speaks another version. */
export type ConnectionState =
  'connecting' | 'connected' | 'reconnecting' | 'reload_needed' | 'closed';

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

/** Milliseconds until an unanswered command means a dead socket. */
const ACK_TIMEOUT = 2000;
const INTERRUPT_TIMEOUT = 1000;
/** The first greeting may wait for the server to load what it needs. */
const HELLO_TIMEOUT = 60_000;
const PING_INTERVAL = 5000;
/** The server's close code for a user who has signed out: coming back is of no use. */
const SIGNED_OUT = 4401;
const BACK_OFF_FIRST = 200;
const BACK_OFF_LONGEST = 10_000;

/** Commands about one socket alone: forgotten with it, and of no use to the next. */
const OF_ONE_SOCKET = new Set<AnyCommand['type']>(['ping', 'open_chat', 'close_chat']);

interface IPending {
  readonly command: AnyCommand;
  /** It was given to a socket, so that the server may have it. */
  isWritten: boolean;
  readonly accept: (event: CommandAccepted) => void;
  readonly reject: (error: CommandError) => void;
  timer: number | undefined;
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
      const pending: IPending = { command, isWritten: false, accept, reject, timer: undefined };
      if (this._state === 'connected') {
        this._pending.set(command.command_id, pending);
        this._write(pending);
      } else if (!OF_ONE_SOCKET.has(command.type)) {
        this._pending.set(command.command_id, pending);
        this._interruptByPost(command);
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
    if (meant.length === 0 || meant.some(({ isWritten }) => isWritten)) {
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
      this._lost();
      this._retryLater();
    };
    this._helloTimer = window.setTimeout(() => this.reconnect(), HELLO_TIMEOUT);
  }

  /** Forget the socket. What it says from now on is not heard. */
  private _lost(): void {
    const socket = this._socket;
    this._socket = null;
    window.clearTimeout(this._helloTimer);
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
        this._event.emit(event);
    }
  }

  private _greeted(hello: Hello): void {
    window.clearTimeout(this._helloTimer);
    if (hello.protocol !== PROTOCOL_VERSION) {
      this._close('reload_needed');
      return;
    }
    this._hello = hello;
    this._attempts = 0;
    const isInterrupt = ({ command }: IPending): boolean => command.type === 'interrupt_run';
    const pending = [...this._pending.values()];
    pending.filter(isInterrupt).forEach(this._write);
    pending.filter(each => !isInterrupt(each)).forEach(this._write);
    this._setState('connected');
  }

  private _rejected(event: CommandRejected): void {
    const pending = this._settle(event.command_id);
    if (pending) {
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
    const timeout = command.type === 'interrupt_run' ? INTERRUPT_TIMEOUT : ACK_TIMEOUT;
    window.clearTimeout(pending.timer);
    pending.isWritten = true;
    pending.timer = window.setTimeout(() => this._unanswered(command), timeout);
    // On a socket that is closing this is lost; the command is sent again on the next one.
    this._socket?.send(JSON.stringify(command));
  };

  private _unanswered(command: AnyCommand): void {
    this._interruptByPost(command);
    this.reconnect();
  }

  private readonly _ping = (): void => {
    if (this._state === 'connected') {
      void this.send({ type: 'ping' });
    }
  };

  /** Stop a run past the socket. The command stays pending: interrupting twice is harmless. */
  private _interruptByPost(command: AnyCommand): void {
    if (command.type !== 'interrupt_run') {
      return;
    }
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
  private _pinger: number | undefined;
  private readonly _stateChanged = new Signal<this, ConnectionState>(this);
  private readonly _event = new Signal<this, AnyEvent>(this);
}
