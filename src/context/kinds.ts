/**
 * What can be attached to a question: kinds, the items that they propose, and what an item is when it is read.
 *
 * Each kind is a module of its own; other extensions add theirs (`IStreamChat.registerContextKind`).
 */
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';
import type { AttachmentPart, AttachmentSource } from '../protocol/generated';
import { type IFound, Search } from './search';

/** An item as the model is sent it. */
export interface IContextContent {
  /** Of a picture: its bytes in base64. */
  readonly text: string;
  /** `text/plain` where it is absent; of a picture its own. */
  readonly mediaType?: string;
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
  /** Emitted when it may have changed, or may be read where it could not be before. */
  readonly changed?: ISignal<unknown, unknown>;
  /** Reading costs nothing, so it is read after every change. */
  readonly isQuick?: boolean;
}

export interface IContextKind {
  /** Stable name: lower case letters, digits, dots, dashes and underscores, 32 at most. */
  readonly kind: string;
  /**
   * What of this kind fits what the user types.
   *
   * @param query - without space around it; empty: propose what is nearest.
   */
  propose(query: string): Promise<readonly IContextItem[]> | readonly IContextItem[];
  /**
   * The item with a source, to read it again: of a question that is asked anew, of a draft after a reload.
   *
   * @returns null: such a source cannot be read again.
   */
  restore?(source: AttachmentSource, title: string): IContextItem | null;
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
    this._changed.emit();
    return new DisposableDelegate(() => {
      this._kinds.delete(kind);
      this._changed.emit();
    });
  }

  /** A kind was added or removed. */
  get changed(): ISignal<this, void> {
    return this._changed;
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
    return new Search([...this._kinds], query.trim(), show);
  }

  /** What a kind proposes first where nothing is typed; null: it proposes nothing, or there is no such kind. */
  async nearest(kind: string): Promise<IContextItem | null> {
    const owner = [...this._kinds].find(each => each.kind === kind);
    return (await owner?.propose(''))?.[0] ?? null;
  }

  /** The item of an attachment, to be read again; null: what was read then is all there is. */
  restore({
    kind,
    source,
    title
  }: Pick<AttachmentPart, 'kind' | 'source' | 'title'>): IContextItem | null {
    const owner = [...this._kinds].find(each => each.kind === kind);
    return owner?.restore?.(source ?? {}, title) ?? null;
  }

  private readonly _kinds = new Set<IContextKind>();
  private readonly _changed = new Signal<this, void>(this);
}

/** What says which thing an item or a part is of. */
type IPinned = Pick<AttachmentPart, 'kind' | 'source'>;

/** Whether two items, or parts, are of the same thing. */
export function isSame(a: IPinned, b: IPinned): boolean {
  return a.kind === b.kind && keyOf(a.source) === keyOf(b.source);
}

/** Equal for equal sources: in what order their fields stand, and whether those without a value are there, is no matter. */
function keyOf(source: AttachmentSource | null | undefined): string {
  const fields = Object.entries(source ?? {}).filter(([, value]) => value !== null);
  return JSON.stringify(fields.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Whether an item fits a query: each of its words is in the title, the kind or the detail. */
export function fits(query: string, ...texts: readonly string[]): boolean {
  const all = texts.join(' ').toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every(word => all.includes(word));
}
