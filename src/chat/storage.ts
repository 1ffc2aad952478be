/**
 * What one browser keeps for the panel: the open chat, drafts, and questions that no server has yet or that wait.
 *
 * Owns the keys and the JSON. Two tabs share it, which is harmless: a question sent twice has the same
 * identifiers both times.
 */
import type { CreateChat, SendMessage } from '../protocol/generated';
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
  /** `redirect`: the answer is stopped for it. */
  mode: 'queue' | 'redirect';
  /** Not to be sent until the user says so. */
  isHeld: boolean;
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

  get currentChat(): string | null {
    return this._get('current');
  }
  set currentChat(chatId: string | null) {
    this._set('current', chatId);
  }

  draft(chatId: string): string {
    return this._get(`draft:${chatId}`) ?? '';
  }
  setDraft(chatId: string, text: string): void {
    this._set(`draft:${chatId}`, text || null);
  }

  /** Unsent questions by chat: at most one each. */
  get unsent(): Readonly<Record<string, IUnsent>> {
    return JSON.parse(this._get('unsent') ?? '{}') as Record<string, IUnsent>;
  }
  setUnsent(chatId: string, question: IUnsent | null): void {
    const others = Object.entries(this.unsent).filter(([id]) => id !== chatId);
    const all = question ? [...others, [chatId, question]] : others;
    this._set('unsent', all.length > 0 ? JSON.stringify(Object.fromEntries(all)) : null);
  }

  /** Messages that wait, by chat. */
  get queued(): Readonly<Record<string, readonly IQueued[]>> {
    return JSON.parse(this._get('queued') ?? '{}') as Record<string, readonly IQueued[]>;
  }
  setQueued(chatId: string, items: readonly IQueued[]): void {
    const others = Object.entries(this.queued).filter(([id]) => id !== chatId);
    const all = items.length > 0 ? [...others, [chatId, items]] : others;
    this._set('queued', all.length > 0 ? JSON.stringify(Object.fromEntries(all)) : null);
  }

  private _get(key: string): string | null {
    return this._store.getItem(this._key(key));
  }

  private _set(key: string, value: string | null): void {
    if (value === null) {
      this._store.removeItem(this._key(key));
      return;
    }
    try {
      this._store.setItem(this._key(key), value);
    } catch (error) {
      // The quota of the origin, shared with all of JupyterLab, is used up: the panel works without.
      console.warn('jupyter-stream-chat: the browser keeps nothing more', error);
    }
  }

  private _key(key: string): string {
    return `jupyter-stream-chat:${this._prefix}:${key}`;
  }
}
