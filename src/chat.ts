/**
 * One chat as the page shows it: messages, the draft, Send and Stop.
 *
 * Owns the transcript, the question that is on its way, and the runs that the user stopped. Text goes from
 * here to its renderers, past React: `structureChanged` is emitted for everything but text.
 */
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { CommandError, Connection, Request } from './connection';
import { newId } from './ids';
import type { IStreamingText } from './markdown';
import type {
  ChatInfo,
  CreateChat,
  ErrorInfo,
  Message,
  OpenReason,
  ProfileInfo,
  RunInfo,
  StreamingMode,
  TextLengths
} from './protocol/generated';
import type { IUnsent, PanelStorage } from './storage';
import { codePoints, sliceCodePoints } from './text';
import { TextViews } from './textviews';
import {
  CHANNELS,
  Change,
  Channel,
  channelOf,
  keptOf,
  Transcript,
  TranscriptEvent
} from './transcript';

/** Why nothing can be sent now. */
export type BlockedReason = 'running' | 'loading' | 'read_only' | 'no_profile' | 'reload_needed';

/** How many older messages are asked for at once. */
const PAGE_OF_MESSAGES = 50;

/** What a chat needs to know of its workspace. */
export interface IChatHost {
  readonly connection: Connection;
  readonly storage: PanelStorage;
  /** The display name that questions of this page carry. */
  readonly user: string;
  /** The chat list and the profiles have arrived. */
  readonly isLoaded: boolean;
  /** The chat's line in the list; undefined while the server has no such chat. */
  info(chatId: string): ChatInfo | undefined;
  /** The profile in force: the chat's own, or the default. */
  profile(info: ChatInfo): ProfileInfo | undefined;
  /** The switch in force: the chat's, the profile's, the global one. */
  streaming(info: ChatInfo): StreamingMode;
  /** Tell the user what went wrong; null: nothing any more. */
  report(error: ErrorInfo | null): void;
}

export class ChatModel {
  /**
   * @param isNew - the server has not got this chat; the first question makes it.
   */
  constructor(
    readonly chatId: string,
    host: IChatHost,
    isNew: boolean
  ) {
    this._host = host;
    this._isNew = isNew;
    const now = Date.now() / 1000;
    this._local = { chat_id: chatId, title: '', created_at: now, updated_at: now, running: false };
    this._draft = host.storage.draft(chatId);
    const unsent = host.storage.unsent[chatId];
    if (unsent) {
      this._deliver(unsent);
    }
  }

  /** A message was added or a run changed; not text. Also: what was stopped, loaded, chosen, refused. */
  get structureChanged(): ISignal<this, void> {
    return this._structureChanged;
  }

  get draftChanged(): ISignal<this, void> {
    return this._draftChanged;
  }

  // --- what the list says of it ---------------------------------------------------------------------

  get info(): ChatInfo {
    return this._host.info(this.chatId) ?? this._local;
  }

  /** Empty until the first question names it. */
  get title(): string {
    return this.info.title;
  }

  /** The profile in force; undefined when there is none. */
  get profile(): ProfileInfo | undefined {
    return this._host.profile(this.info);
  }

  /** The streaming switch in force. */
  get streaming(): StreamingMode {
    return this._host.streaming(this.info);
  }

  /** Choose a profile; null: the default. */
  setProfile(profileId: string | null): void {
    this._update({ profile_id: profileId });
  }

  /** Choose whether answers stream; null: as the profile says. */
  setStreaming(streaming: StreamingMode | null): void {
    this._update({ streaming });
  }

  // --- messages -------------------------------------------------------------------------------------

  /** Messages oldest first, with a question that is on its way. Text is shown by `bindText`. */
  get messages(): readonly Message[] {
    const { messages } = this._transcript;
    const question = this._question;
    return question && !this._transcript.message(question.send.message_id)
      ? [...messages, this._messageOf(question)]
      : messages;
  }

  get hasMore(): boolean {
    return this._transcript.hasMore;
  }

  /** Why nothing can be sent here: a run of this chat lives in another server. */
  get readOnly(): ErrorInfo | null {
    return this._transcript.readOnly;
  }

  /** The server has not confirmed this question yet. */
  isUnsent(messageId: string): boolean {
    return this._isUnsent && this._question?.send.message_id === messageId;
  }

  /** Whether a message has reasoning to show. */
  hasReasoning(messageId: string): boolean {
    return this._visible(messageId, 'reasoning') !== '';
  }

  /** The text that a reader sees of a message: of a stopped answer, what was kept. */
  keptText(messageId: string): string {
    return this._visible(messageId, 'content');
  }

  /** The text that arrived but was not shown when the reader stopped the answer. */
  discarded(messageId: string): string {
    const message = this._transcript.message(messageId);
    const run = message?.runs[message.runs.length - 1];
    const part = message?.content.find(
      ({ type, run_id }) => type === 'text' && run_id === run?.run_id
    );
    return part && run?.kept ? sliceCodePoints(part.text, run.kept.content) : '';
  }

  /**
   * Attach a renderer to a message's text: it gets what there is, then what is added.
   *
   * @returns detaches the renderer, which remains its owner's.
   */
  bindText(messageId: string, view: IStreamingText, channel: Channel = 'content'): IDisposable {
    const isLive = this._transcript.liveRun?.message_id === messageId;
    return this._views.bind(messageId, channel, view, this._visible(messageId, channel), !isLive);
  }

  /** Ask for older messages; resolves when they are here, or the server refused. */
  async loadOlder(): Promise<void> {
    const oldest = this._transcript.messages[0];
    if (!oldest || !this.hasMore || this._isLoadingOlder) {
      return;
    }
    this._isLoadingOlder = true;
    try {
      await this._host.connection.send({
        type: 'load_messages',
        chat_id: this.chatId,
        before: oldest.message_id,
        limit: PAGE_OF_MESSAGES
      });
    } catch (error) {
      this._report(error);
    } finally {
      this._isLoadingOlder = false;
    }
  }

  // --- Send -----------------------------------------------------------------------------------------

  /** The question as far as it is written; kept by the browser. */
  get draft(): string {
    return this._draft;
  }
  set draft(text: string) {
    if (text !== this._draft) {
      this._draft = text;
      this._host.storage.setDraft(this.chatId, text);
      this._draftChanged.emit();
    }
  }

  /** Nobody but this page knows of the chat: it has no question yet. */
  get isNew(): boolean {
    return this._isNew;
  }

  /** An answer is being generated, or a question is on its way. */
  get isRunning(): boolean {
    return this._question !== null || this._transcript.liveRun !== null;
  }

  /** Why nothing can be sent now, or null. A lost connection is no reason: the question is kept. */
  get blockedReason(): BlockedReason | null {
    if (this.isRunning) {
      return 'running';
    }
    if (this._host.connection.state === 'reload_needed') {
      return 'reload_needed';
    }
    if (!this._isNew && !this._epoch) {
      return 'loading';
    }
    if (this.readOnly) {
      return 'read_only';
    }
    return this._host.isLoaded && !this.profile ? 'no_profile' : null;
  }

  /**
   * Ask a question: it is on the page, and on the socket, when this returns.
   *
   * @returns whether it was sent; else the draft is as it was.
   */
  send(text: string): boolean {
    if (this.blockedReason || !text.trim()) {
      return false;
    }
    const { messages } = this._transcript;
    const parent = messages[messages.length - 1];
    const question: IUnsent = {
      create: this._isNew ? this._createRequest() : null,
      send: {
        type: 'send_message',
        chat_id: this.chatId,
        message_id: newId(),
        ...(parent && { parent_id: parent.message_id }),
        content: [{ type: 'text', text }],
        answer_id: newId(),
        run_id: newId()
      },
      createdAt: Date.now() / 1000
    };
    this._deliver(question);
    this._host.storage.setUnsent(this.chatId, question);
    this._host.report(null);
    this.draft = '';
    this._structureChanged.emit();
    return true;
  }

  // --- Stop -----------------------------------------------------------------------------------------

  /** The user stopped the run, and it has not ended yet. Without an id: any run of this chat. */
  isStopping(runId?: string): boolean {
    return runId === undefined ? this._stopping.size > 0 : this._stopping.has(runId);
  }

  /** Stop the answer that is being generated: rendering stops now, and what is shown is kept. */
  interrupt(): void {
    const run = this._transcript.liveRun;
    const runId = run?.run_id ?? this._question?.send.run_id;
    if (runId === undefined || this._stopping.has(runId)) {
      return;
    }
    const shown = run ? this._freeze(run) : { content: 0, reasoning: 0 };
    this._stopping.set(runId, shown);
    this._sendInterrupt(runId, shown);
    this._structureChanged.emit();
  }

  // --- following the server -------------------------------------------------------------------------

  /** Follow the chat on the server: what is missing here comes, or a snapshot. */
  open(reason: OpenReason = 'opened'): void {
    this._isOpening = true;
    this._host.connection
      .send({
        type: 'open_chat',
        chat_id: this.chatId,
        ...(this._epoch && { epoch: this._epoch, after_seq: this._transcript.seq }),
        held: this._transcript.held,
        reason
      })
      .catch((error: unknown) => {
        this._isOpening = false;
        this._report(error);
      });
  }

  /** The server has no such chat: it is made with the first question. */
  becomeNew(): void {
    this._isNew = true;
    this._structureChanged.emit();
  }

  /** Tell that something which is the workspace's changed: the list's line, profiles, connection. */
  refresh(): void {
    this._structureChanged.emit();
  }

  /** Fold an event of this chat. */
  apply(event: TranscriptEvent): void {
    const change = this._transcript.apply(event);
    switch (change.kind) {
      case 'none':
        return;
      case 'text':
        this._showText(change);
        return;
      case 'gap':
        // While the chat is being opened again, what does not fit comes once more.
        if (!this._isOpening) {
          this.open('gap');
        }
        return;
      case 'resumed':
        this._isOpening = false;
        return;
      case 'reset':
        this._showAll();
        break;
      case 'run_started':
        this._started(change.run);
        break;
      case 'run_finished':
        this._finished(change.run, change.isIntact);
        break;
      default:
        break;
    }
    this._structureChanged.emit();
  }

  private _showText({ run, channel, text, isFirst }: Extract<Change, { kind: 'text' }>): void {
    if (!this._stopping.has(run.run_id)) {
      this._views.append(run.message_id, channel, text);
    }
    if (isFirst) {
      this._structureChanged.emit();
    }
  }

  private _showAll(): void {
    this._isOpening = false;
    this._epoch = this._host.connection.hello?.epoch ?? null;
    this._settle();
    for (const runId of this._stopping.keys()) {
      if (this._transcript.run(runId)?.status === 'finished') {
        this._stopping.delete(runId);
      }
    }
    const live = this._transcript.liveRun;
    for (const { message_id: messageId } of this._transcript.messages) {
      for (const channel of CHANNELS) {
        const text = this._visible(messageId, channel);
        if (messageId !== live?.message_id) {
          this._views.end(messageId, channel, text);
        } else if (!this._stopping.has(live.run_id)) {
          this._views.reset(messageId, channel, text);
        }
      }
    }
  }

  private _started(run: RunInfo): void {
    this._settle();
    const shown = this._stopping.get(run.run_id);
    if (shown) {
      // Stopped before the server knew of the run, which then refused the interrupt.
      this._sendInterrupt(run.run_id, shown);
    }
  }

  private _finished(run: RunInfo, isIntact: boolean): void {
    this._stopping.delete(run.run_id);
    for (const channel of CHANNELS) {
      this._views.end(run.message_id, channel, this._visible(run.message_id, channel));
    }
    if (!isIntact) {
      this.open('digest_mismatch');
    }
  }

  /** The question is no longer on its way once its run is here. */
  private _settle(): void {
    if (this._question && this._transcript.run(this._question.send.run_id)) {
      this._drop();
    }
  }

  private _drop(): void {
    this._question = null;
    this._host.storage.setUnsent(this.chatId, null);
  }

  /** Put a question on its way: all commands at once, none waits for another's acknowledgement. */
  private _deliver(question: IUnsent): void {
    const { connection } = this._host;
    this._question = question;
    this._isUnsent = true;
    this._isNew = false;
    const created = question.create && connection.send(question.create);
    const sent = connection.send(question.send);
    if (created) {
      this.open();
    }
    Promise.all([created, sent]).then(
      () => this._accepted(question),
      (error: unknown) => this._refused(question, error)
    );
  }

  private _accepted(question: IUnsent): void {
    if (this._question === question) {
      this._isUnsent = false;
      this._host.storage.setUnsent(this.chatId, null);
      this._structureChanged.emit();
    }
  }

  private _refused(question: IUnsent, error: unknown): void {
    if (this._question === question) {
      this._stopping.delete(question.send.run_id);
      this._drop();
      this.draft ||= question.send.content.map(part => part.text).join('');
      this._structureChanged.emit();
    }
    this._report(error);
  }

  private _freeze(run: RunInfo): TextLengths {
    this._views.freeze(run.message_id);
    const held = this._transcript.held[run.run_id];
    const shown = (channel: Channel): number => {
      const onPage = this._views.shown(run.message_id, channel);
      return onPage === null
        ? held[channel]
        : Math.max(0, onPage - codePoints(this._visible(run.message_id, channel, run.run_id)));
    };
    return { content: shown('content'), reasoning: shown('reasoning') };
  }

  private _sendInterrupt(runId: string, shown: TextLengths): void {
    this._host.connection
      .send({ type: 'interrupt_run', run_id: runId, shown })
      .catch((error: unknown) => this._notInterrupted(runId, error));
  }

  private _notInterrupted(runId: string, error: unknown): void {
    if (this._question?.send.run_id === runId) {
      return;
    }
    // The run goes on, or is none of this server's: a snapshot says which.
    this._stopping.delete(runId);
    this._report(error);
    this.open('gap');
  }

  /** The text that a reader sees, `except` for what one run wrote. */
  private _visible(messageId: string, channel: Channel, except?: string): string {
    const message = this.messages.find(message => message.message_id === messageId);
    if (!message) {
      return '';
    }
    return this._transcript
      .content(message)
      .filter(part => channelOf(part) === channel && (!except || part.run_id !== except))
      .map(part => {
        const shown = this._stopping.get(part.run_id ?? '');
        const run = message.runs.find(run => run.run_id === part.run_id);
        return shown ? sliceCodePoints(part.text, 0, shown[channel]) : keptOf(part, run);
      })
      .join('');
  }

  private _messageOf({ send, createdAt }: IUnsent): Message {
    return {
      message_id: send.message_id,
      chat_id: this.chatId,
      parent_id: send.parent_id,
      role: 'user',
      author: this._host.user,
      content: send.content,
      created_at: createdAt,
      runs: []
    };
  }

  /** Change the chat's line: on the server, or here while the server has no such chat. */
  private _update(choice: Pick<ChatInfo, 'profile_id' | 'streaming'>): void {
    if (this._isNew) {
      this._local = { ...this._local, ...choice };
      this._structureChanged.emit();
      return;
    }
    this._host.connection
      .send({ type: 'update_chat', chat_id: this.chatId, ...choice })
      .catch((error: unknown) => this._report(error));
  }

  private _createRequest(): Request<CreateChat> {
    const { profile_id, streaming } = this._local;
    return { type: 'create_chat', chat_id: this.chatId, title: '', profile_id, streaming };
  }

  private _report(error: unknown): void {
    if (error instanceof CommandError) {
      this._host.report(error.info);
    } else {
      console.error('jupyter-stream-chat:', error);
    }
  }

  private readonly _host: IChatHost;
  private readonly _transcript = new Transcript(this.chatId);
  private readonly _views = new TextViews();
  /** What was on the page when the user stopped a run that has not ended yet. */
  private readonly _stopping = new Map<string, TextLengths>();
  private _question: IUnsent | null = null;
  private _isUnsent = false;
  private _isNew: boolean;
  private _isOpening = false;
  private _isLoadingOlder = false;
  /** The server's start in which the transcript's `seq` counts; null before the first snapshot. */
  private _epoch: string | null = null;
  private _draft: string;
  /** The chat's line while the server has none. */
  private _local: ChatInfo;
  private readonly _structureChanged = new Signal<this, void>(this);
  private readonly _draftChanged = new Signal<this, void>(this);
}
