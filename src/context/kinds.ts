/**
 * What can be attached to a question: kinds, the items that they propose, and what an item is when it is read.
 *
 * Each kind is a module of its own; other extensions add theirs (`IStreamChat.registerContextKind`).
 */
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { AttachmentSource } from '../protocol/generated';
import { type IFound, Search } from './search';

/** The text of an item, as the model is sent it. */
export interface IContextContent {
  readonly text: string;
  /** Sentences: what was left out, and why. */
  readonly omitted: readonly string[];
}

/** Something that can be attached. It is pinned: it is read where it was proposed, whatever has the focus then. */
export interface IContextItem {
  readonly kind: string;
  readonly title: string;
  /** One line that says what it is. */
  readonly detail: string;
  readonly source: AttachmentSource;
  /**
   * Read it: from the live model first, from disk second.
   *
   * @param limit - the most code points.
   * @throws ContextError with a sentence for the user.
   */
  resolve(limit: number): Promise<IContextContent>;
  /** Show where it is from. */
  reveal?(): void;
}

export interface IContextKind {
  /** Stable name: lower case letters, digits, dots, dashes and underscores, 32 at most. */
  readonly kind: string;
  /**
   * What of this kind fits what the user types.
   *
   * @param query - lower case; empty: propose what is nearest.
   */
  propose(query: string): Promise<readonly IContextItem[]> | readonly IContextItem[];
  /** Emitted when other proposals may be due: a menu that is open then asks again. */
  readonly changed?: ISignal<unknown, unknown>;
}

/** An item cannot be read; the message is a sentence for the user, in their language. */
export class ContextError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ContextError';
  }
}

export class ContextKinds {
  /** Add a kind; disposing removes it. */
  add(kind: IContextKind): IDisposable {
    this._kinds.add(kind);
    return new DisposableDelegate(() => this._kinds.delete(kind));
  }

  /** Whether there is anything to attach. */
  get isEmpty(): boolean {
    return this._kinds.size === 0;
  }

  /**
   * Look for what fits a query, in the order of the kinds. A kind that fails proposes nothing.
   *
   * @param show - called at once, and whenever more is known, until the search is disposed.
   */
  search(query: string, show: (found: IFound) => void): IDisposable {
    return new Search([...this._kinds], query.trim().toLowerCase(), show);
  }

  private readonly _kinds = new Set<IContextKind>();
}

/** Whether two items are of the same thing. */
export function isSame(a: IContextItem, b: IContextItem): boolean {
  return a.kind === b.kind && JSON.stringify(a.source) === JSON.stringify(b.source);
}

/** Whether an item fits a query: each of its words is in the title, the kind or the detail. */
export function fits(query: string, ...texts: readonly string[]): boolean {
  const all = texts.join(' ').toLowerCase();
  return query.split(/\s+/).every(word => all.includes(word));
}
