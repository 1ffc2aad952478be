/**
 * What one browser keeps for the panel: the open chat, drafts, and questions that no server has yet or that wait.
 *
 * Owns the keys and the JSON, which anything may have changed: what does not have the right shape is left out. Each
 * user of a server has an own part. Until the server has said who the user is, nothing is read, and what is written is
 * kept in memory. Two tabs share it, which is harmless: a question sent twice has the same identifiers both times.
 */
import type { AttachmentPart, CreateChat, SendMessage } from '../protocol/generated';
import type { Request } from '../connection/connection';

/** Where strings are kept; the browser's `localStorage`, say. */
export type IStore = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** A question that no server has acknowledged. */
export interface IUnsent {
  /** Makes the question's chat first, when the server has not got that either. */
  create: Request<CreateChat> | null;
  send: Request<SendMessage>;
  /** Seconds since the epoch. */
  createdAt: number;
}

/** A message that waits for the answer that is being written. */
export interface IQueued {
  /** Of the question that it will be. */
  ids: Pick<SendMessage, 'message_id' | 'answer_id' | 'run_id'>;
  text: string;
  /** Their contents are on the server. */
  attached?: readonly AttachmentPart[];
  /** `redirect`: the answer is stopped for it. */
  mode: 'queue' | 'redirect';
  /** Not to be sent until the user says so. */
  isHeld: boolean;
}

/** A store of the browser; where the browser forbids its use, one that forgets. */
export function browserStore(kind: 'localStorage' | 'sessionStorage' = 'localStorage'): IStore {
  try {
    return window[kind];
  } catch (error) {
    console.warn('jupyter-stream-chat: the browser keeps nothing', error);
    return memoryStore(new Map());
  }
}

export class PanelStorage {
  /**
   * @param store - where to keep things.
   * @param prefix - tells servers of one browser origin apart: the server's base URL.
   */
  constructor(
    private readonly _store: IStore,
    private readonly _prefix: string
  ) {}

  /** Whether the user is known. */
  get isIdentified(): boolean {
    return this._user !== null;
  }

  /** Use a user's part from now on. What was written until now is the user's. */
  identify(user: string): void {
    const { unsent, queued, lastProfile } = this;
    this._user = user;
    if (lastProfile) {
      this.lastProfile = lastProfile;
    }
    this._drafts.forEach((text, chatId) => this.setDraft(chatId, text));
    unsent.forEach((question, chatId) => this.setUnsent(chatId, question));
    queued.forEach((items, chatId) => this.setQueued(chatId, items));
  }

  get currentChat(): string | null {
    const chatId = this._get('current');
    return chatId !== null && ID.test(chatId) ? chatId : null;
  }
  set currentChat(chatId: string | null) {
    this._set('current', chatId);
  }

  /** The profile that was chosen last, and what the default was then. */
  get lastProfile(): { profileId: string; over: string | null } | null {
    const { profileId, over } = parse(this._get('profile')) as Record<string, unknown>;
    return typeof profileId === 'string' && (over === null || typeof over === 'string')
      ? { profileId, over }
      : null;
  }
  set lastProfile(last: { profileId: string; over: string | null } | null) {
    this._set('profile', last && JSON.stringify(last));
  }

  draft(chatId: string): string {
    return this._get(`draft:${chatId}`) ?? '';
  }
  setDraft(chatId: string, text: string): void {
    this._drafts.set(chatId, text);
    this._set(`draft:${chatId}`, text || null);
  }

  /** What a draft carries beside its text; the contents are on the server. */
  draftParts(chatId: string): readonly AttachmentPart[] {
    const { parts } = parse(this._get(`attached:${chatId}`)) as { parts?: unknown };
    return Array.isArray(parts) ? parts.filter(isAttachment) : [];
  }
  setDraftParts(chatId: string, parts: readonly AttachmentPart[]): void {
    this._set(`attached:${chatId}`, parts.length > 0 ? JSON.stringify({ parts }) : null);
  }

  /** Unsent questions by chat: at most one each. */
  get unsent(): ReadonlyMap<string, IUnsent> {
    return this._all('unsent', isUnsent);
  }
  setUnsent(chatId: string, question: IUnsent | null): void {
    const all = new Map(this.unsent);
    if (question) {
      all.set(chatId, question);
    } else {
      all.delete(chatId);
    }
    this._setAll('unsent', all);
  }

  /** Messages that wait, by chat. */
  get queued(): ReadonlyMap<string, readonly IQueued[]> {
    return this._all('queued', isQueue);
  }
  setQueued(chatId: string, items: readonly IQueued[]): void {
    const all = new Map(this.queued);
    if (items.length > 0) {
      all.set(chatId, items);
    } else {
      all.delete(chatId);
    }
    this._setAll('queued', all);
  }

  private _all<T>(key: string, isRight: (value: unknown, chatId: string) => value is T) {
    const all = new Map<string, T>();
    for (const [chatId, value] of Object.entries(parse(this._get(key)))) {
      if (ID.test(chatId) && isRight(value, chatId)) {
        all.set(chatId, value);
      }
    }
    return all;
  }

  private _setAll(key: string, all: ReadonlyMap<string, unknown>): void {
    this._set(key, all.size > 0 ? JSON.stringify(Object.fromEntries(all)) : null);
  }

  private _get(key: string): string | null {
    try {
      return this._place.getItem(this._key(key));
    } catch (error) {
      console.warn('jupyter-stream-chat: the browser reads nothing', error);
      return null;
    }
  }

  private _set(key: string, value: string | null): void {
    try {
      if (value === null) {
        this._place.removeItem(this._key(key));
      } else {
        this._place.setItem(this._key(key), value);
      }
    } catch (error) {
      // The quota of the origin, shared with all of JupyterLab, is used up: the panel works without.
      console.warn('jupyter-stream-chat: the browser keeps nothing more', error);
    }
  }

  private _key(key: string): string {
    return `jupyter-stream-chat:${this._prefix}:${encodeURIComponent(this._user ?? '')}:${key}`;
  }

  private get _place(): IStore {
    return this._user === null ? this._memory : this._store;
  }

  private _user: string | null = null;
  private readonly _memory = memoryStore(new Map());
  /** Drafts of this page. */
  private readonly _drafts = new Map<string, string>();
}

function memoryStore(values: Map<string, string>): IStore {
  return {
    getItem: key => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: key => void values.delete(key)
  };
}

// --- shapes -----------------------------------------------------------------------------------------

/** Identifiers as `protocol.Id` has them. */
const ID = /^[A-Za-z0-9_-]{8,64}$/;

function parse(json: string | null): object {
  try {
    const value: unknown = JSON.parse(json ?? '{}');
    return isObject(value) ? value : {};
  } catch (error) {
    console.warn('jupyter-stream-chat: what the browser keeps is damaged', error);
    return {};
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && ID.test(value);
}

function isUnsent(value: unknown, chatId: string): value is IUnsent {
  if (!isObject(value) || !isObject(value.send) || typeof value.createdAt !== 'number') {
    return false;
  }
  const { create, send } = value;
  const isCreate =
    create === null ||
    (isObject(create) && create.type === 'create_chat' && create.chat_id === chatId);
  return isCreate && isQuestion(send, chatId);
}

function isQuestion(send: Readonly<Record<string, unknown>>, chatId: string): boolean {
  const { type, chat_id, parent_id, content } = send;
  return (
    type === 'send_message' &&
    chat_id === chatId &&
    hasIds(send) &&
    (parent_id === undefined || parent_id === null || isId(parent_id)) &&
    Array.isArray(content) &&
    content.length > 0 &&
    content.every(part => isText(part) || isAttachment(part))
  );
}

function isText(part: unknown): boolean {
  return isObject(part) && part.type === 'text' && typeof part.text === 'string';
}

function isAttachment(part: unknown): part is AttachmentPart {
  return (
    isObject(part) &&
    part.type === 'attachment' &&
    typeof part.title === 'string' &&
    typeof part.sha256 === 'string' &&
    Array.isArray(part.omitted)
  );
}

function hasIds(value: unknown): boolean {
  return isObject(value) && [value.message_id, value.answer_id, value.run_id].every(id => isId(id));
}

function isQueue(value: unknown): value is readonly IQueued[] {
  return Array.isArray(value) && value.length > 0 && value.every(isQueued);
}

function isQueued(value: unknown): boolean {
  return (
    isObject(value) &&
    hasIds(value.ids) &&
    typeof value.text === 'string' &&
    (value.attached === undefined ||
      (Array.isArray(value.attached) && value.attached.every(isAttachment))) &&
    (value.mode === 'queue' || value.mode === 'redirect') &&
    typeof value.isHeld === 'boolean'
  );
}
