/**
 * All that the panel shows beside one chat: the list of chats, profiles, the connection, what is wrong.
 *
 * Owns which chat is open, and hands each event to whom it concerns. Followed on the server are the open
 * chat, and others as long as a message waits in them for the answer's end: coming back to a chat is resuming
 * it, as after a lost connection.
 */
import { URLExt } from '@jupyterlab/coreutils';
import type { ServerConnection } from '@jupyterlab/services';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { ChatModel, IChatHost } from './chat';
import { CommandError, Connection, ConnectionState, Request } from '../connection/connection';
import { AttachmentApi } from '../context/api';
import { ContextKinds } from '../context/kinds';
import { newId } from '../protocol/ids';
import { ProfileApi } from '../profiles/api';
import { ProfileEditor } from '../profiles/editor';
import type {
  AnyEvent,
  ChatAdded,
  ChatDeleted,
  ChatInfo,
  ChatUpdated,
  ErrorInfo,
  OpenReason,
  ProfileInfo,
  ProfilesChanged,
  StreamingMode,
  WorkspaceLoaded
} from '../protocol/generated';
import { ISearchResults, ChatsApi } from './chatsapi';
import { IStore, PanelStorage } from './storage';

/** How many chats that nobody follows keep their messages on the page. */
const KEPT_CHATS = 10;
/** How long a deletion can be undone. */
const UNDO_MS = 10_000;

export type ExportFormat = 'markdown' | 'json' | 'ipynb';

interface IOptions {
  serverSettings: ServerConnection.ISettings;
  /** Where this browser keeps drafts and what is open. */
  store: IStore;
}

/** A chat that is followed beside the one that is open. */
export interface IFollowedChat {
  readonly chat: ChatModel;
  /** To be disposed when the chat need no longer be followed. */
  readonly follow: IDisposable;
}

export class WorkspaceModel implements IChatHost, IDisposable {
  constructor({ serverSettings, store }: IOptions) {
    const connection = new Connection(serverSettings);
    const storage = new PanelStorage(store, serverSettings.baseUrl);
    this._baseUrl = serverSettings.baseUrl;
    this.connection = connection;
    this.storage = storage;
    this.attachmentApi = new AttachmentApi(serverSettings);
    this._chatsApi = new ChatsApi(serverSettings);
    this.profileEditor = new ProfileEditor(new ProfileApi(serverSettings), {
      profiles: () => this.profiles,
      use: profileId => this._current.setProfile(profileId)
    });
    connection.event.connect(this._onEvent, this);
    connection.stateChanged.connect(this._onStateChanged, this);
    this._current = this._make(newId(), true);
    this._enter(this._current);
    // Another tab of this browser changed what waits.
    window.addEventListener('storage', this._refreshChats);
    window.addEventListener('pagehide', this._onPageHide);
  }

  readonly connection: Connection;
  readonly storage: PanelStorage;
  /** What can be attached. */
  readonly contextKinds = new ContextKinds();
  readonly attachmentApi: AttachmentApi;
  /** Profiles as the panel shows and changes them. */
  readonly profileEditor: ProfileEditor;

  /** The user's instructions for all chats. */
  instructions = '';

  /** Anything but a chat's messages changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Connect, when that has not been done; the panel calls it when it is first shown. */
  connect(): void {
    this.connection.connect();
  }

  get connectionState(): ConnectionState {
    return this.connection.state;
  }

  /** The chat list and the profiles have arrived. */
  get isLoaded(): boolean {
    return this._loaded !== null;
  }

  /** Connect; resolves when the chat list and the profiles are here. */
  whenLoaded(): Promise<void> {
    this.connect();
    return new Promise(resolve => {
      const check = (): void => {
        if (this.isLoaded) {
          this._changed.disconnect(check);
          resolve();
        }
      };
      this._changed.connect(check);
      check();
    });
  }

  /** The display name of the user, as the server sees it. */
  get user(): string {
    return this.connection.hello?.user ?? '';
  }

  // --- profiles and switches ------------------------------------------------------------------------

  get profiles(): readonly ProfileInfo[] {
    return this._loaded?.profiles ?? [];
  }

  /** The administrator lets no page add profiles. */
  get areProfilesLocked(): boolean {
    return this._loaded?.profiles_locked ?? false;
  }

  /** Null: no profile can be used, and the panel shows its set-up card. */
  get defaultProfileId(): string | null {
    return this._loaded?.default_profile_id ?? null;
  }

  /** The global streaming setting. */
  get globalStreaming(): StreamingMode {
    return this._loaded?.streaming ?? 'auto';
  }

  /** The administrator's streaming setting holds for every profile and chat. */
  get isStreamingLocked(): boolean {
    return this._loaded?.streaming_locked ?? false;
  }

  /** Why chats live in the server's memory only. */
  get notSaved(): ErrorInfo | null {
    return this._loaded?.not_saved ?? null;
  }

  /** Where the saved chats are that could not be read. */
  get storeDamaged(): ErrorInfo | null {
    return this._loaded?.store_damaged ?? null;
  }

  /** LangChain tracing sends every chat to a third party. */
  get tracing(): boolean {
    return this._loaded?.tracing ?? false;
  }

  /** The profile in force for a chat: its own, or the default. */
  profile(info: ChatInfo): ProfileInfo | undefined {
    const isNew = !this._chats.has(info.chat_id);
    const id = info.profile_id ?? (isNew ? this._profileOfNewChats : this.defaultProfileId);
    return this.profiles.find(profile => profile.profile_id === id);
  }

  /** Note that a profile was chosen in a chat: the next chat begins with it. */
  profileUsed(profileId: string | null): void {
    const over = this.defaultProfileId;
    this.storage.lastProfile = profileId === null ? null : { profileId, over };
  }

  /** The profile that was used last, as long as it can be and no other one has become the default since. */
  private get _profileOfNewChats(): string | null {
    const { lastProfile: last } = this.storage;
    const used = this.profiles.find(({ profile_id }) => profile_id === last?.profileId);
    const isDefaultOlder = last?.over === this.defaultProfileId;
    return used && !used.problem && isDefaultOlder ? used.profile_id : this.defaultProfileId;
  }

  /** The streaming switch in force for a chat: its own, the profile's, the global one, unless that is locked. */
  streaming(info: ChatInfo): StreamingMode {
    if (this.isStreamingLocked) {
      return this.globalStreaming;
    }
    return info.streaming ?? this.profile(info)?.streaming ?? this.globalStreaming;
  }

  // --- chats ----------------------------------------------------------------------------------------

  /** The chats that the server has, newest first, without one that is about to be deleted. */
  get chats(): readonly ChatInfo[] {
    const gone = this._deletion?.chat.chat_id;
    return gone ? this._sorted.filter(({ chat_id }) => chat_id !== gone) : this._sorted;
  }

  /** The chat's line in the list; undefined while the server has no such chat. */
  info(chatId: string): ChatInfo | undefined {
    return this._chats.get(chatId);
  }

  /** The chat that is open; there always is one. */
  get current(): ChatModel {
    return this._current;
  }

  /** Attachments of one question; 0: the server takes none. */
  get maxAttachments(): number {
    return this.connection.hello?.limits.attachments ?? 0;
  }

  /** Begin a chat. It is sent to the server with the first question. */
  newChat(): ChatModel {
    this.profileEditor.hide();
    if (!this._current.isNew) {
      this._open(this._make(newId(), true));
    }
    return this._current;
  }

  /**
   * Begin a chat beside the one that is open, which stays open.
   *
   * @returns the chat, and what is to be disposed when it need no longer be followed.
   */
  beginBeside(): IFollowedChat {
    return this._hold(this._make(newId(), true));
  }

  /** Follow a chat of the server beside the one that is open. */
  followBeside(chatId: string): IFollowedChat {
    const chat = chatId === this._current.chatId ? this._current : this._chat(chatId);
    const held = this._hold(chat);
    if (this.isLoaded && chat !== this._current) {
      this._openBeside(chat, 'opened');
    }
    return held;
  }

  private _hold(chat: ChatModel): IFollowedChat {
    const holders = this._held.get(chat) ?? 0;
    this._held.set(chat, holders + 1);
    if (chat !== this._current) {
      this._background.add(chat);
      chat.structureChanged.connect(this._onStructureChanged, this);
    }
    const follow = new DisposableDelegate(() => {
      const left = (this._held.get(chat) ?? 1) - 1;
      if (left > 0) {
        this._held.set(chat, left);
        return;
      }
      this._held.delete(chat);
      this._leaveBackground();
      this._onStructureChanged();
    });
    return { chat, follow };
  }

  /** Follow a chat again that is not the open one; a chat that was never asked anything is not on the server. */
  private _openBeside(chat: ChatModel, reason: OpenReason): void {
    if (this._chats.has(chat.chatId)) {
      chat.open(reason);
    } else if (chat.messages.length === 0) {
      chat.isNew = true;
    }
  }

  /** Open a chat of the list. */
  switchTo(chatId: string): void {
    this.profileEditor.hide();
    if (chatId !== this._current.chatId) {
      this._open(this._chat(chatId));
    }
  }

  renameChat(chatId: string, title: string): void {
    this._send({ type: 'update_chat', chat_id: chatId, title });
  }

  /** Where a chat is to be had as a file. */
  exportUrl(chatId: string, format: ExportFormat = 'markdown'): string {
    const path = URLExt.join(this._baseUrl, 'stream-chat/api/chats', chatId, 'export');
    return format === 'markdown' ? path : `${path}?format=${format}`;
  }

  /** Make a chat of a file that was exported as JSON, and open it. */
  async importChat(file: Blob): Promise<void> {
    try {
      this.switchTo(await this._chatsApi.importChat(await file.text()));
    } catch (error) {
      if (!(error instanceof CommandError)) {
        throw error;
      }
      this.report(error.info);
    }
  }

  /** Put a chat away, or take it back. */
  archiveChat(chatId: string, isArchived: boolean): void {
    this._send({ type: 'update_chat', chat_id: chatId, archived: isArchived });
  }

  /** Find where all words of a query occur. */
  search(query: string): Promise<ISearchResults> {
    return this._chatsApi.search(query);
  }

  /** Open a chat of the list at a message; null: at its end. */
  reveal(chatId: string, messageId: string | null): void {
    this.switchTo(chatId);
    if (messageId !== null) {
      void this._current.reveal(messageId);
    }
  }

  /** The chat that is about to be deleted, which can still be undone. */
  get deleting(): ChatInfo | null {
    return this._deletion?.chat ?? null;
  }

  /** Delete a chat unless that is undone within `UNDO_MS`. */
  deleteSoon(chatId: string): void {
    this._deleteNow();
    const chat = this._chats.get(chatId);
    if (!chat) {
      return;
    }
    const timer = window.setTimeout(this._deleteNow, UNDO_MS);
    this._deletion = { chat, timer };
    if (chatId === this._current.chatId) {
      this._open(this._make(newId(), true));
    }
    this._changed.emit();
  }

  /** Keep the chat that was about to be deleted. */
  undoDelete(): void {
    const chat = this._endDeletion();
    if (chat) {
      this.switchTo(chat.chat_id);
    }
    this._changed.emit();
  }

  private readonly _deleteNow = (): void => {
    const chat = this._endDeletion();
    if (chat) {
      this.deleteChat(chat.chat_id);
      // It would be in the list again until the server has deleted it.
      this._chats.delete(chat.chat_id);
      this._emitAll();
    }
  };

  /** The socket goes with the page: what the user has deleted is deleted by a request that outlives it. */
  private readonly _onPageHide = (): void => {
    const chat = this._endDeletion();
    if (chat) {
      void this._chatsApi.deleteChat(chat.chat_id);
    }
  };

  private _endDeletion(): ChatInfo | null {
    const { chat, timer } = this._deletion ?? {};
    window.clearTimeout(timer);
    this._deletion = null;
    return chat ?? null;
  }

  deleteChat(chatId: string): void {
    // A chat that is gone already is what was asked for: the first of two commands may have done it.
    this._send({ type: 'delete_chat', chat_id: chatId }, ['unknown_chat']);
  }

  // --- errors ---------------------------------------------------------------------------------------

  /** What the server refused last. */
  get error(): ErrorInfo | null {
    return this._error;
  }

  /** Show what went wrong; null: nothing any more. */
  report(error: ErrorInfo | null): void {
    if (error !== this._error) {
      this._error = error;
      this._changed.emit();
    }
  }

  get isDisposed(): boolean {
    return this.connection.isDisposed;
  }

  dispose(): void {
    window.removeEventListener('storage', this._refreshChats);
    window.removeEventListener('pagehide', this._onPageHide);
    this._onPageHide();
    this.connection.dispose();
    this.profileEditor.dispose();
    Signal.clearData(this);
  }

  // --- events ---------------------------------------------------------------------------------------

  private _onEvent(_: Connection, event: AnyEvent): void {
    switch (event.type) {
      case 'delta':
        this._followed.forEach(chat => chat.apply(event));
        break;
      case 'chat_opened':
      case 'chat_resumed':
      case 'messages_loaded':
      case 'message_added':
      case 'message_changed':
      case 'branch_selected':
      case 'run_started':
      case 'run_progressed':
      case 'run_finished':
        this._followed.find(({ chatId }) => chatId === event.chat_id)?.apply(event);
        this._leaveBackground();
        break;
      case 'workspace_loaded':
        this._onLoaded(event);
        break;
      case 'chat_added':
      case 'chat_updated':
      case 'chat_deleted':
      case 'profiles_changed':
        this._inSequence(event);
        break;
      case 'command_rejected':
        this.report(event.error);
        break;
      default:
        console.warn('jupyter-stream-chat: unknown event', event.type);
    }
  }

  private _onLoaded(event: WorkspaceLoaded): void {
    const isFirst = this._loaded === null;
    this._loaded = event;
    this._seq = event.seq;
    this._chats = new Map(event.chats.map(chat => [chat.chat_id, chat]));
    const current = this._current;
    if (this._chats.has(current.chatId) || (!current.isNew && current.isRunning)) {
      current.open(isFirst ? 'opened' : 'reconnected');
    } else if (current.messages.length > 0) {
      this._open(this._make(newId(), true));
    } else {
      current.isNew = true;
    }
    for (const chat of this._followed.slice(1)) {
      if (this._chats.has(chat.chatId) || this._held.has(chat)) {
        this._openBeside(chat, isFirst ? 'opened' : 'reconnected');
      } else {
        this._leave(chat);
      }
    }
    this._emitAll();
  }

  private _inSequence(event: ChatAdded | ChatUpdated | ChatDeleted | ProfilesChanged): void {
    if (!this._loaded || event.seq <= this._seq) {
      return;
    }
    if (event.seq > this._seq + 1) {
      // The list comes whole with a connection, and only then.
      this.connection.reconnect();
      return;
    }
    this._seq = event.seq;
    switch (event.type) {
      case 'chat_added':
        this._added(event.chat);
        break;
      case 'chat_updated':
        this._chats.set(event.chat.chat_id, event.chat);
        break;
      case 'chat_deleted':
        this._deleted(event.chat_id);
        break;
      case 'profiles_changed':
        this._loaded = {
          ...this._loaded,
          profiles: event.profiles,
          default_profile_id: event.default_profile_id
        };
        break;
    }
    this._emitAll();
  }

  private _added(chat: ChatInfo): void {
    this._chats.set(chat.chat_id, chat);
    const empty = this._followed.find(({ chatId, isNew }) => chatId === chat.chat_id && isNew);
    if (empty) {
      // Another tab had the same empty chat open, and was the first to use it.
      empty.isNew = false;
      empty.open();
    }
  }

  private _deleted(chatId: string): void {
    this._chats.delete(chatId);
    this._background.forEach(chat => chat.chatId === chatId && this._leave(chat));
    this._models.delete(chatId);
    this.storage.setDraft(chatId, '');
    this.storage.setQueued(chatId, []);
    if (this._deletion?.chat.chat_id === chatId) {
      this._endDeletion();
    }
    if (chatId === this._current.chatId) {
      this._open(this._make(newId(), true));
    }
  }

  private _onStateChanged(): void {
    const { hello } = this.connection;
    if (hello && !this.storage.isIdentified) {
      this._restore(hello.user_id ?? '');
    }
    this._changed.emit();
    this._refreshChats();
  }

  /** Take up what this browser keeps for the user, who is known now. */
  private _restore(userId: string): void {
    const { storage } = this;
    storage.identify(userId);
    this._models.forEach(chat => chat.restore());
    const { currentChat } = storage;
    if (currentChat !== null && this._current.isPristine) {
      this._current.structureChanged.disconnect(this._onStructureChanged, this);
      this._models.delete(this._current.chatId);
      this._enter(this._chat(currentChat));
    } else {
      storage.currentChat = this._current.chatId;
    }
    // Questions that were on their way when the page was left go on their way again.
    [...storage.unsent.keys()].forEach(chatId => this._chat(chatId));
    [...storage.queued.keys()]
      .filter(chatId => chatId !== this._current.chatId)
      .forEach(chatId => this._background.add(this._chat(chatId)));
  }

  private readonly _refreshChats = (): void => this._followed.forEach(chat => chat.refresh());

  /** The list changed, and with it what chats show of themselves. */
  private _emitAll(): void {
    this._sorted = [...this._chats.values()].sort((a, b) => b.updated_at - a.updated_at);
    this._changed.emit();
    this._refreshChats();
  }

  // --- the open chat --------------------------------------------------------------------------------

  private _open(chat: ChatModel): void {
    const left = this._current;
    if ((!left.isNew && this._chats.has(left.chatId)) || this._held.has(left)) {
      this._background.add(left);
      this._leaveBackground();
    } else {
      this._leave(left);
    }
    this._enter(chat);
    if (!chat.isNew) {
      chat.open();
    }
    this._changed.emit();
  }

  private _enter(chat: ChatModel): void {
    this._current = chat;
    this._background.delete(chat);
    this._models.delete(chat.chatId);
    this._models.set(chat.chatId, chat); // the newest is the last one
    this._forgetOldest();
    this.storage.currentChat = chat.chatId;
    chat.structureChanged.connect(this._onStructureChanged, this);
    this._onStructureChanged();
  }

  private _onStructureChanged(): void {
    this.connection.busy = this._followed.some(chat => chat.isRunning);
  }

  /** The open chat, those in which a message waits for the end of the answer, and those that are held. */
  private get _followed(): readonly ChatModel[] {
    return [...new Set([this._current, ...this._background])];
  }

  /** Follow chats no longer in which nothing waits any more. */
  private _leaveBackground(): void {
    for (const chat of this._background) {
      if (!chat.queue.isWaiting && !this._held.has(chat)) {
        this._leave(chat);
        if (!chat.isNew) {
          this._send({ type: 'close_chat', chat_id: chat.chatId });
        }
      }
    }
  }

  /** Follow a chat no longer on the page. */
  private _leave(chat: ChatModel): void {
    this._background.delete(chat);
    chat.structureChanged.disconnect(this._onStructureChanged, this);
  }

  private _chat(chatId: string): ChatModel {
    return this._models.get(chatId) ?? this._make(chatId, false);
  }

  private _make(chatId: string, isNew: boolean): ChatModel {
    const chat = new ChatModel(chatId, this, isNew);
    this._models.set(chatId, chat);
    return chat;
  }

  /** Keep the chats that were left last: going back to them takes no snapshot. */
  private _forgetOldest(): void {
    const idle = [...this._models.values()].filter(
      chat => chat !== this._current && !this._background.has(chat) && !chat.isRunning
    );
    idle.slice(0, -KEPT_CHATS).forEach(({ chatId }) => this._models.delete(chatId));
  }

  /** @param expected - codes of refusals that are nothing to report. */
  private _send(request: Request, expected: readonly string[] = []): void {
    this.connection.send(request).catch((error: unknown) => {
      if (error instanceof CommandError && !expected.includes(error.info.code)) {
        this.report(error.info);
      }
    });
  }

  private readonly _baseUrl: string;
  private readonly _chatsApi: ChatsApi;
  private _deletion: { chat: ChatInfo; timer: number } | null = null;
  private _loaded: WorkspaceLoaded | null = null;
  private _seq = 0;
  private _chats = new Map<string, ChatInfo>();
  private _sorted: readonly ChatInfo[] = [];
  private readonly _models = new Map<string, ChatModel>();
  private readonly _background = new Set<ChatModel>();
  /** Chats that somebody beside the panel follows, and how many do. */
  private readonly _held = new Map<ChatModel, number>();
  private _current: ChatModel;
  private _error: ErrorInfo | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
