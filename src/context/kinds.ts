/**
 * What can be attached to a question: kinds, the items that they propose, and what an item is when it is read.
 *
 * Each kind is a module of its own; other extensions add theirs (`IStreamChat.registerContextKind`).
 */
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import type { AttachmentSource } from '../protocol/generated';

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
}

/** An item cannot be read; the message is a sentence for the user, in their language. */
export class ContextError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ContextError';
  }
}

/** Items that the menu shows of one kind. */
const PER_KIND = 8;

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

  /** What fits a query, in the order of the kinds. A kind that fails proposes nothing. */
  async propose(query: string): Promise<readonly IContextItem[]> {
    const words = query.trim().toLowerCase();
    const proposed = await Promise.all([...this._kinds].map(kind => proposals(kind, words)));
    return proposed.flat();
  }

  private readonly _kinds = new Set<IContextKind>();
}

async function proposals(kind: IContextKind, query: string): Promise<readonly IContextItem[]> {
  try {
    return (await kind.propose(query)).slice(0, PER_KIND);
  } catch (error) {
    console.warn(`jupyter-stream-chat: the kind ${kind.kind} proposes nothing`, error);
    return [];
  }
}

/** Whether an item fits a query: each of its words is in the title, the kind or the detail. */
export function fits(query: string, ...texts: readonly string[]): boolean {
  const all = texts.join(' ').toLowerCase();
  return query.split(/\s+/).every(word => all.includes(word));
}
