/**
 * A search among the kinds for as long as the menu is open: what is proposed at once is shown at once.
 *
 * A kind that takes longer joins when it is ready, and one whose proposals change is asked again. Until then its
 * former proposals stay.
 */
import type { IDisposable } from '@lumino/disposable';
import type { IContextItem, IContextKind } from './kinds';

/** Items that the menu shows of one kind. */
const PER_KIND = 8;

/** What is known of the proposals so far. */
export interface IFound {
  /** In the order of the kinds. */
  readonly items: readonly IContextItem[];
  /** Some kinds have not answered yet. */
  readonly isSearching: boolean;
}

export class Search implements IDisposable {
  /**
   * @param query - lower case, without space around it.
   * @param show - called at once and after every change.
   */
  constructor(
    private readonly _kinds: readonly IContextKind[],
    private readonly _query: string,
    private readonly _show: (found: IFound) => void
  ) {
    for (const kind of _kinds) {
      const again = () => {
        this._propose(kind);
        this._report();
      };
      kind.changed?.connect(again);
      this._watches.push(() => kind.changed?.disconnect(again));
      this._propose(kind);
    }
    this._report();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._watches.splice(0).forEach(stop => stop());
  }

  private _propose(kind: IContextKind): void {
    const attempt = (this._attempts.get(kind) ?? 0) + 1;
    this._attempts.set(kind, attempt);
    const settle = (items: readonly IContextItem[]) => {
      this._waiting.delete(kind);
      this._found.set(kind, items.slice(0, PER_KIND));
    };
    const fail = (error: unknown) => {
      console.warn(`jupyter-stream-chat: the kind ${kind.kind} proposes nothing`, error);
      settle([]);
    };
    try {
      const proposed = kind.propose(this._query);
      if (!(proposed instanceof Promise)) {
        settle(proposed);
        return;
      }
      this._waiting.add(kind);
      const ifNewest = <T>(then: (value: T) => void) => {
        return (value: T) => {
          if (!this._isDisposed && this._attempts.get(kind) === attempt) {
            then(value);
            this._report();
          }
        };
      };
      proposed.then(ifNewest(settle), ifNewest(fail));
    } catch (error) {
      fail(error);
    }
  }

  private _report(): void {
    if (!this._isDisposed) {
      const items = this._kinds.flatMap(kind => this._found.get(kind) ?? []);
      this._show({ items, isSearching: this._waiting.size > 0 });
    }
  }

  private readonly _found = new Map<IContextKind, readonly IContextItem[]>();
  private readonly _waiting = new Set<IContextKind>();
  /** How often each kind was asked: only the newest answer counts. */
  private readonly _attempts = new Map<IContextKind, number>();
  private readonly _watches: (() => void)[] = [];
  private _isDisposed = false;
}
