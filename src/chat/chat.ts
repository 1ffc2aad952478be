/**
 * One chat as the page shows it: messages, the draft, Send and Stop.
 *
 * Owns the transcript, the draft and the question that is on its way. Text goes to its renderers past React:
 * `structureChanged` is emitted for everything but text.
 */
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { Branches } from './branches';
import { CommandError, Connection, Request } from '../connection/connection';
import type { AttachmentApi, ISentMessage } from '../context/api';
import { AttachmentList, readAgain } from '../context/attachments';
import type { ContextKinds, IContextItem } from '../context/kinds';
import { discardedText } from './effectivetext';
import type { IStreamingText } from '../markdown';
import type {
  AttachmentPart,
  ChatInfo,
  ErrorInfo,
  FinishReason,
  Message,
  OpenReason,
  Parameters,
  ProfileInfo,
  RunInfo,
  StreamingMode,
  PartLengths
} from '../protocol/generated';
import { newQuestion, Question } from './question';
import { MessageQueue, WhileRunning } from './queue';
import { VisibleText } from './visibletext';
import { Offer, offerOf, RunControl } from './runcontrol';
import { FIRST_TEXT, ISection } from './sections';
import type { IQueued, PanelStorage } from './storage';
import { attachmentsOf } from '../protocol/parts';
import { Change, Transcript, TranscriptEvent, upTo } from '../protocol/transcript';

/** Why nothing can be sent now. */
export type BlockedReason = 'running' | 'loading' | 'read_only' | 'no_profile' | 'reload_needed';

export type PauseAction = 'pause' | 'resume';

/** How an answer ends that a waiting message can follow without the user's word. */
const GOOD_ENDS: readonly FinishReason[] = ['stop', 'length'];

/** How many older messages are asked for at once. */
const PAGE_OF_MESSAGES = 100;

/** What a chat needs to know of its workspace. */
export interface IChatHost {
  readonly connection: Connection;
  readonly storage: PanelStorage;
  readonly attachmentApi: AttachmentApi;
  readonly contextKinds: ContextKinds;
  /** The user's instructions for all chats; empty: there are none. */
  readonly instructions: string;
  /** The display name that questions of this page carry. */
  readonly user: string;
  /** The chat list and the profiles have arrived. */
  readonly isLoaded: boolean;
  readonly profiles: readonly ProfileInfo[];
  /** The chat's line in the list; undefined while the server has no such chat. */
  info(chatId: string): ChatInfo | undefined;
  /** The profile in force: the chat's own, or the default. */
  profile(info: ChatInfo): ProfileInfo | undefined;
  /** The switch in force: the chat's, the profile's, the global one. */
  streaming(info: ChatInfo): StreamingMode;
  /** A profile was chosen in a chat. */
  profileUsed(profileId: string | null): void;
  /** Tell the user what went wrong; null: nothing any more. */
  report(error: ErrorInfo | null): void;
}

export class ChatModel {
  /**
   * @param isNew - the server has no such chat; the first question makes it.
   */
  constructor(
    readonly chatId: string,
    host: IChatHost,
    public isNew: boolean
  ) {
    this._host = host;
    const now = Date.now() / 1000;
    this._local = { chat_id: chatId, title: '', created_at: now, updated_at: now, running: false };
    this.branches = new Branches(
      chatId,
      request => this._command(request),
      () => this._structureChanged.emit()
    );
    this.queue = new MessageQueue(chatId, host.storage);
    this._control = new RunControl(
      chatId,
      this._visible,
      request => this._command(request),
      () => this._structureChanged.emit()
    );
    this.attachments = new AttachmentList({
      upload: content => host.attachmentApi.put(content),
      restore: part => host.contextKinds.restore(part),
      keep: parts => host.storage.setDraftParts(chatId, parts)
    });
    this.restore();
  }

  /** Take up what the browser keeps of this chat: the draft, and a question that was on its way. */
  restore(): void {
    const { storage } = this._host;
    this._draft ||= storage.draft(this.chatId);
    if (this.attachments.chips.length === 0) {
      this.attachments.restore(storage.draftParts(this.chatId));
    }
    const unsent = storage.unsent.get(this.chatId);
    if (unsent && !this._question) {
      this._wasLeft = true;
      this._deliver(new Question(unsent));
    }
    this._draftChanged.emit();
  }

  /** Nobody has written anything here. */
  get isPristine(): boolean {
    const { chips } = this.attachments;
    return this.isNew && this._draft === '' && chips.length === 0 && this.messages.length === 0;
  }

  /** Alternatives of messages, and what counts of an answer. */
  readonly branches: Branches;

  /** Messages that wait for the answer that is being written. */
  readonly queue: MessageQueue;

  /** The content of an attachment, from the server. */
  attachedText(sha256: string): Promise<string> {
    return this._host.attachmentApi.get(sha256);
  }

  /** What the model was sent for a run, as it went out. @throws CommandError when it is not kept any more. */
  sentFor(runId: string): Promise<readonly ISentMessage[]> {
    return this._host.attachmentApi.sent(runId);
  }

  /** Where an attachment of a question is from; null: it cannot be read again. */
  sourceOf(part: AttachmentPart): IContextItem | null {
    return this._host.contextKinds.restore(part);
  }

  /** What the draft carries beside its text. */
  readonly attachments: AttachmentList;

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

  /** The chat's own parameters; what is absent in them is the profile's. */
  get parameters(): Parameters {
    return this.info.parameters ?? {};
  }

  /** Whose instructions the model is sent: the nearest ones hold. Null: there are none. */
  get instructionsOf(): 'chat' | 'profile' | 'all' | null {
    if (this.parameters.system_prompt) {
      return 'chat';
    }
    if (this.profile?.parameters?.system_prompt) {
      return 'profile';
    }
    return this._host.instructions.trim() ? 'all' : null;
  }

  /** Something holds here that the profile says otherwise. */
  get hasOwnSettings(): boolean {
    const { streaming, parameters } = this.info;
    const isOther =
      !!streaming && streaming !== this._host.streaming({ ...this.info, streaming: null });
    return isOther || Object.keys(parameters ?? {}).length > 0;
  }

  /** Choose a profile; null: the default. The next chat begins with it. */
  setProfile(profileId: string | null): void {
    this._host.profileUsed(profileId);
    this._update({ profile_id: profileId });
  }

  /** Choose whether answers stream; null: as the profile says. */
  setStreaming(streaming: StreamingMode | null): void {
    this._update({ streaming });
  }

  /** Whether attachments go to local models only. */
  setLocalOnly(isLocalOnly: boolean): void {
    this._update({ local_only: isLocalOnly || null });
  }

  /** Replace the chat's own parameters as a whole. */
  setParameters(parameters: Parameters): void {
    this._update({ parameters: Object.keys(parameters).length > 0 ? parameters : null });
  }

  // --- messages -------------------------------------------------------------------------------------

  /** Messages oldest first, with a question that is on its way. Text is shown by `bindText`. */
  get messages(): readonly Message[] {
    const { messages } = this._transcript;
    const question = this._question?.message(this._host.user);
    if (!question || this._transcript.message(question.message_id)) {
      return messages;
    }
    return [...(upTo(messages, question.parent_id) ?? messages), question];
  }

  get hasMore(): boolean {
    return this._transcript.hasMore;
  }

  /** Why nothing can be sent here: a run of this chat lives in another server. */
  get readOnly(): ErrorInfo | null {
    return this._transcript.readOnly;
  }

  /** The server has not confirmed this question, and cannot just now. */
  isUnsent(messageId: string): boolean {
    const isConnected = this._host.connection.state === 'connected';
    return !isConnected && this._question?.messageId === messageId && this._question.isUnsent;
  }

  /** The parts of a message that a reader sees, those that one renderer shows put together. */
  sections(messageId: string): readonly ISection[] {
    const message = this._message(messageId);
    return message ? this._visible.sections(message) : [];
  }

  /** The text that a reader sees of a message: of a stopped answer, what was kept. */
  keptText(messageId: string): string {
    const message = this._message(messageId);
    return message ? this._visible.text(message) : '';
  }

  /** The text that arrived but was not shown when the reader stopped the answer. */
  discarded(messageId: string): string {
    const message = this._transcript.message(messageId);
    return message ? discardedText(message) : '';
  }

  /**
   * Attach a renderer to a section of a message: it gets the text that there is, then what is added.
   *
   * @returns detaches the renderer, which remains its owner's.
   * @throws when the message is not one of `messages`.
   */
  bindText(messageId: string, view: IStreamingText, section = FIRST_TEXT): IDisposable {
    const message = this._message(messageId);
    if (!message) {
      throw new Error(`No message ${messageId} in chat ${this.chatId}`);
    }
    return this._visible.bind(message, view, section);
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

  /** Lead the reader to a message, wherever it is: further up, or in a branch that is not shown. */
  async reveal(messageId: string): Promise<void> {
    await this._until(() => this.isNew || this._epoch !== null);
    const isHere = (): boolean => this._message(messageId) !== undefined;
    while (!isHere() && this.hasMore) {
      const before = this.messages.length;
      await this.loadOlder();
      if (this.messages.length === before) {
        break;
      }
    }
    if (!isHere()) {
      await this.branches.selected(messageId);
    }
    await this._until(isHere);
    this.branches.show(messageId);
  }

  /** Resolves when the chat is as it is wanted. */
  private _until(isSo: () => boolean): Promise<void> {
    return new Promise(resolve => {
      const look = (): void => {
        if (isSo()) {
          this._structureChanged.disconnect(look);
          resolve();
        }
      };
      this._structureChanged.connect(look);
      look();
    });
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

  /** An answer is being generated, or a question is on its way. */
  get isRunning(): boolean {
    return this._runId !== undefined;
  }

  /** Why nothing can be sent now, or null. A lost connection is no reason: the question is kept. */
  get blockedReason(): BlockedReason | null {
    if (this.isRunning) {
      return 'running';
    }
    if (['reload_needed', 'user_changed'].includes(this._host.connection.state)) {
      return 'reload_needed';
    }
    if (!this.isNew && !this._epoch) {
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
  send(text: string, attached: readonly AttachmentPart[] = []): boolean {
    const isSent = this._ask(text, this._leaf?.message_id ?? null, attached);
    if (isSent) {
      this.draft = '';
    }
    return isSent;
  }

  /** Send the draft once the answer has ended, or stop the answer for it; at once when none is being written. */
  sendLater(text: string, mode: WhileRunning, attached: readonly AttachmentPart[] = []): void {
    if (!this.isRunning) {
      this.send(text, attached);
    } else if (text.trim()) {
      this.queue.add(text, mode, attached);
      this.draft = '';
      if (mode === 'redirect') {
        this.interrupt();
      }
      this._structureChanged.emit();
    }
  }

  /** Send a message that waits: now, or when the answer has ended. */
  sendQueued(messageId: string): void {
    this.queue.release(messageId);
    this._sendNext();
    this._structureChanged.emit();
  }

  /** Take a message that waits back into the draft, if there is room for it. */
  withdrawQueued(messageId: string): void {
    const item = this.queue.remove(messageId);
    this.draft ||= item?.text ?? '';
    this.attachments.restore(item?.attached ?? []);
    this._structureChanged.emit();
  }

  /** Give a message that waits another text. */
  editQueued(messageId: string, text: string): void {
    this.queue.edit(messageId, text);
    this._structureChanged.emit();
  }

  private _sendNext(): void {
    const item = this.blockedReason ? undefined : this.queue.next();
    if (item) {
      this._ask(item.text, this._leaf?.message_id ?? null, item.attached ?? [], item.ids);
    }
  }

  /** What waits for the answer is sent when that ended as it should, and held back otherwise. */
  private _answerEnded(): void {
    const { runs = [] } = this._leaf ?? {};
    const reason = runs[runs.length - 1]?.finish_reason;
    if (reason && !GOOD_ENDS.includes(reason)) {
      this.queue.hold();
    }
    this._sendNext();
  }

  private get _leaf(): Message | undefined {
    const { messages } = this._transcript;
    return messages[messages.length - 1];
  }

  /** Ask a question of this chat anew, with another text or other attachments: a branch beside its own. */
  askAnew(messageId: string, text: string, attached: readonly AttachmentPart[]): boolean {
    const message = this._transcript.message(messageId);
    return message !== undefined && this._ask(text, message.parent_id ?? null, attached);
  }

  /**
   * The attachments of a question as their sources are now. What cannot be read again stays as it was.
   *
   * @throws CommandError when the server refuses a content.
   */
  attachedNow(messageId: string): Promise<readonly AttachmentPart[]> {
    const { attachmentApi, contextKinds } = this._host;
    return readAgain(attachmentsOf(this._transcript.message(messageId)?.content ?? []), {
      upload: content => attachmentApi.put(content),
      restore: part => contextKinds.restore(part)
    });
  }

  /** Ask an answer's question anew, without its pictures. */
  askWithoutPictures(answerId: string): void {
    const questionId = this._transcript.message(answerId)?.parent_id;
    const question = questionId ? this._transcript.message(questionId) : undefined;
    if (question) {
      const attached = attachmentsOf(question.content).filter(
        ({ media_type: type }) => !type?.startsWith('image/')
      );
      this.askAnew(question.message_id, this.keptText(question.message_id), attached);
    }
  }

  private _ask(
    text: string,
    parentId: string | null,
    attached: readonly AttachmentPart[],
    ids?: IQueued['ids']
  ): boolean {
    if (this.blockedReason || !text.trim()) {
      return false;
    }
    // A chat stays with the profile that it began with, whatever becomes the default.
    const info = this.isNew ? { ...this.info, profile_id: this.profile?.profile_id } : this.info;
    const { instructions } = this._host;
    const question = newQuestion(info, this.isNew, parentId, text, attached, instructions, ids);
    this._deliver(new Question(question));
    this._host.storage.setUnsent(this.chatId, question);
    this._host.report(null);
    this._structureChanged.emit();
    return true;
  }

  // --- branches -------------------------------------------------------------------------------------

  /** Profiles that can answer a message's question, other than the one that wrote this answer. */
  otherProfiles({ runs }: Message): readonly ProfileInfo[] {
    const writer = runs[runs.length - 1]?.profile_id;
    return this._host.profiles.filter(
      ({ profile_id, problem }) => !problem && profile_id !== writer
    );
  }

  /**
   * Give an answer again: another one beside it. Returns whether that was asked for.
   *
   * @param profileId - who answers, this once; absent: the chat's profile.
   */
  regenerate(messageId: string, profileId?: string): boolean {
    const questionId = this._transcript.message(messageId)?.parent_id;
    if (this.blockedReason || !questionId) {
      return false;
    }
    this._host.report(null);
    void this.branches.regenerate(questionId, this._host.instructions, profileId);
    this._structureChanged.emit();
    return true;
  }

  // --- Continue and Pause -----------------------------------------------------------------------------

  /** What can be done about an answer that ended early; the newest message's alone. */
  offer(message: Message): Offer | null {
    const { messages } = this;
    const isNewest = messages[messages.length - 1]?.message_id === message.message_id;
    return isNewest && !this.isRunning
      ? offerOf(message, this.keptText(message.message_id).trim() !== '')
      : null;
  }

  /** Go on with an answer in the same bubble, or ask for it again where it has no text. */
  continueAnswer(messageId: string): void {
    if (!this.blockedReason) {
      this._host.report(null);
      void this._control.continueAnswer(messageId);
    }
  }

  /** What the pause button does now; null: nothing can be paused. */
  get pauseAction(): PauseAction | null {
    const run = this._transcript.liveRun;
    if (!run || this._visible.isStopped(run.run_id)) {
      return null;
    }
    return this._control.isPaused(run) ? 'resume' : 'pause';
  }

  /** Add nothing more to the answer that is being written, until `resume`. */
  pause(): void {
    const run = this._transcript.liveRun;
    if (run && this.pauseAction === 'pause') {
      this._control.pause(run.run_id);
      this._structureChanged.emit();
    }
  }

  /** Let the paused answer go on. */
  resume(): void {
    const run = this._transcript.liveRun;
    if (run && this.pauseAction === 'resume') {
      this._control.resume(run.run_id);
    }
  }

  // --- Stop -----------------------------------------------------------------------------------------

  /** The user stopped the run, and it has not ended yet. By default: the one that is going on. */
  isStopping(runId = this._runId): boolean {
    return runId !== undefined && this._visible.isStopped(runId);
  }

  /** Stop the answer that is being generated: rendering stops now, and what is shown is kept. */
  interrupt(): void {
    const runId = this._runId;
    if (this._withdraw()) {
      this._structureChanged.emit();
    } else if (runId !== undefined && !this._visible.isStopped(runId)) {
      this._sendInterrupt(runId, this._visible.stop(runId));
      this._structureChanged.emit();
    }
  }

  /** A question that no server has seen goes back into the draft, and asks for no answer. */
  private _withdraw(): boolean {
    const question = this._question;
    if (!question || this._wasLeft || !question.withdraw(this._host.connection)) {
      return false;
    }
    this._drop();
    this.isNew ||= question.makesChat;
    this._takeBack(question);
    return true;
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
        known_lengths: Object.fromEntries(this._transcript.knownLengths),
        reason: this._isDamaged ? 'digest_mismatch' : reason
      })
      .catch((error: unknown) => {
        this._isOpening = false;
        const isUnknown = error instanceof CommandError && error.info.code === 'unknown_chat';
        if (isUnknown && this.messages.length === 0) {
          // Whoever led here named a chat that is not there: the first question makes it.
          this.isNew = true;
          this._structureChanged.emit();
        }
        this._report(error);
      });
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
        this._answerEnded();
        return;
      case 'reset':
        this._opened();
        break;
      case 'message_changed':
        this._visible.show(change.message);
        break;
      case 'run_started':
        this._visible.reopen(change.run);
        this._settle();
        break;
      case 'run_progressed':
        this._control.progressed(change.run);
        break;
      case 'run_finished':
        this._finished(change.run, change.isIntact);
        break;
      default:
        break;
    }
    this._structureChanged.emit();
  }

  private _showText({ run, part, text, isFirst }: Extract<Change, { kind: 'text' }>): void {
    this._visible.append(run, part, text);
    if (isFirst) {
      this._structureChanged.emit();
    }
  }

  private _opened(): void {
    this._isOpening = false;
    this._isDamaged = false;
    this._epoch = this._host.connection.hello?.epoch ?? null;
    this._settle();
    this._visible.showAll();
    this._answerEnded();
  }

  private _finished(run: RunInfo, isIntact: boolean): void {
    this._control.finished(run.run_id);
    this._visible.release(run.run_id);
    if (!isIntact) {
      this._isDamaged = true;
      this.open('digest_mismatch');
    }
    this._answerEnded();
  }

  private _sendInterrupt(runId: string, shown: PartLengths): void {
    this._host.connection
      .send({ type: 'interrupt_run', run_id: runId, shown })
      .catch((error: unknown) => this._notInterrupted(runId, error));
  }

  private _notInterrupted(runId: string, error: unknown): void {
    if (this._question?.runId !== runId && this._visible.isStopped(runId)) {
      // The run goes on, or is none of this server's: a snapshot says which.
      this._visible.release(runId);
      this._report(error);
      this.open('gap');
    }
  }

  // --- the question on its way ----------------------------------------------------------------------

  private _deliver(question: Question): void {
    this._question = question;
    question.deliver(this._host.connection).then(
      () => this._confirmed(question),
      (error: unknown) => this._refused(question, error)
    );
    if (this.isNew) {
      this.isNew = false;
      this.open();
    }
  }

  private _confirmed(question: Question): void {
    if (this._question === question) {
      this._host.storage.setUnsent(this.chatId, null);
      this._structureChanged.emit();
    }
  }

  private _refused(question: Question, error: unknown): void {
    if (this._question === question) {
      this._drop();
      this._visible.release(question.runId);
      this._takeBack(question);
      this._structureChanged.emit();
    }
    this._report(error);
  }

  private _takeBack(question: Question): void {
    this.draft ||= question.text;
    this.attachments.restore(question.attached);
  }

  /** The question is no longer on its way once its run is here. */
  private _settle(): void {
    const run = this._question && this._transcript.run(this._question.runId);
    if (!run) {
      return;
    }
    this._drop();
    const shown = this._visible.shown(run.run_id);
    if (shown && run.status !== 'finished') {
      // Stopped before the server knew of the run, so that it may have refused the interrupt.
      this._sendInterrupt(run.run_id, shown);
    }
  }

  private _drop(): void {
    this._question = null;
    this._host.storage.setUnsent(this.chatId, null);
  }

  /** The run that is going on, or will when the question arrives. */
  private get _runId(): string | undefined {
    return (
      this._transcript.liveRun?.run_id ??
      this._question?.runId ??
      this.branches.runId ??
      this._control.runId
    );
  }

  private _message(messageId: string): Message | undefined {
    return this.messages.find(({ message_id }) => message_id === messageId);
  }

  /** Change the chat's line: on the server, or here while the server has no such chat. */
  private _update(
    choice: Pick<ChatInfo, 'profile_id' | 'streaming' | 'parameters' | 'local_only'>
  ): void {
    if (this.isNew) {
      this._local = { ...this._local, ...choice };
      this._structureChanged.emit();
      return;
    }
    void this._command({ type: 'update_chat', chat_id: this.chatId, ...choice });
  }

  /** Send a command; resolves when it was carried out, or refused and reported. */
  private async _command(request: Request): Promise<void> {
    try {
      await this._host.connection.send(request);
    } catch (error) {
      this._report(error);
    }
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
  private readonly _visible = new VisibleText(this._transcript);
  private readonly _control: RunControl;
  private _question: Question | null = null;
  /** The question is from an earlier visit to this page: whether a server has seen it is not known. */
  private _wasLeft = false;
  private _isOpening = false;
  /** A text is not the server's: nothing but a snapshot mends it, however often the connection is lost until then. */
  private _isDamaged = false;
  private _isLoadingOlder = false;
  /** The server's start in which the transcript's `seq` counts; null before the first snapshot. */
  private _epoch: string | null = null;
  private _draft = '';
  /** The chat's line while the server has none. */
  private _local: ChatInfo;
  private readonly _structureChanged = new Signal<this, void>(this);
  private readonly _draftChanged = new Signal<this, void>(this);
}
