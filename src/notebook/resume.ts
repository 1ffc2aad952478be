/**
 * Which answers go to which cells, kept by the browser for as long as its tab lives: a reload of the page goes on
 * where they were.
 */

/** Names an answer at a cell. */
export interface IKeptAnswer {
  readonly chatId: string;
  /** A run of the answer; null: it is the first one of the chat. */
  readonly runId: string | null;
}

/** What is kept of one answer at a cell. */
export interface IKeptSession extends IKeptAnswer {
  /** Of the notebook. */
  readonly path: string;
  readonly cellId: string;
  /** The cell below which the cell was made for the answer; null: it was there. */
  readonly below: string | null;
  /** Where the cell was, of how many: notebooks before nbformat 4.5 keep no identifiers. */
  readonly index: number;
  readonly count: number;
  /** What the cell holds is changed, and shown as a difference. */
  readonly isChange: boolean;
}

type IStore = Pick<Storage, 'getItem' | 'setItem'>;

export class KeptSessions {
  /** @param prefix - tells servers of one browser origin apart. */
  constructor(
    private readonly _store: IStore,
    prefix: string
  ) {
    this._key = `jupyter-stream-chat:${prefix}:cells`;
  }

  /** Those of a notebook. */
  of(path: string): readonly IKeptSession[] {
    return this._all.filter(kept => kept.path === path);
  }

  /** Keep one, in the place of what was kept of its answer. */
  keep(session: IKeptSession): void {
    this._write([...this._others(session), session]);
  }

  forget(session: IKeptAnswer): void {
    this._write(this._others(session));
  }

  private _others({ chatId, runId }: IKeptAnswer): readonly IKeptSession[] {
    return this._all.filter(kept => kept.chatId !== chatId || kept.runId !== runId);
  }

  private get _all(): readonly IKeptSession[] {
    try {
      const kept: unknown = JSON.parse(this._store.getItem(this._key) ?? '[]');
      return Array.isArray(kept) ? kept.filter(isKept) : [];
    } catch (error) {
      console.warn('jupyter-stream-chat: the browser keeps no cells', error);
      return [];
    }
  }

  private _write(sessions: readonly IKeptSession[]): void {
    try {
      this._store.setItem(this._key, JSON.stringify(sessions));
    } catch (error) {
      console.warn('jupyter-stream-chat: the browser keeps no cells', error);
    }
  }

  private readonly _key: string;
}

function isKept(value: unknown): value is IKeptSession {
  const { chatId, path, cellId, index, count, below, isChange, runId } = (value ??
    {}) as Partial<IKeptSession>;
  return (
    [chatId, path, cellId].every(each => typeof each === 'string') &&
    [index, count].every(Number.isInteger) &&
    [below, runId].every(each => each === null || typeof each === 'string') &&
    typeof isChange === 'boolean'
  );
}
