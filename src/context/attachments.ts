/**
 * The attachments of a draft: chips that are read when they are added, and once more when they are sent.
 *
 * Owns what each chip shows. Contents lie on the server; the browser keeps their parts, so chips survive a reload.
 */
import { type ISignal, Signal } from '@lumino/signaling';
import type { AttachmentPart } from '../protocol/generated';
import { codePoints, wellFormed } from '../protocol/text';
import { ContextError, type IContextContent, type IContextItem, isSame } from './kinds';
import { secretIn } from './secrets';

export interface IChip {
  readonly id: number;
  readonly title: string;
  readonly kind: string;
  /** Absent: the chip came back, with a question that was not asked or after a reload. */
  readonly item?: IContextItem;
  /** What is on the server of it. */
  readonly part?: AttachmentPart;
  /** What was read last; null: it is being read, or cannot be. */
  readonly content: IContextContent | null;
  /** Why it cannot be sent. */
  readonly problem: string | null;
  /** Its source is another one than when it was attached; what is sent is the newest. */
  readonly hasChanged: boolean;
  /** The line, from 1, that looks like a key or a token. */
  readonly secretLine: number | null;
}

/** What the list needs of the chat. */
export interface IAttachmentHost {
  /** Bring a content to the server. @throws CommandError. Returns its hash. */
  upload(content: IContextContent): Promise<string>;
  /** The item of a part, to read it again; null: it can be read no more. */
  restore(part: AttachmentPart): IContextItem | null;
  /** Have the browser remember these. */
  keep(parts: readonly AttachmentPart[]): void;
}

/** Code points of one attachment: with four bytes each, within the server's limit. */
export const LIMIT = 60_000;

export class AttachmentList {
  constructor(private readonly _host: IAttachmentHost) {}

  get chips(): readonly IChip[] {
    return this._chips;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Attach an item, unless it is attached already; it is read and uploaded at once. */
  async add(item: IContextItem): Promise<void> {
    const isPinned = Object.keys(item.source).length > 0;
    const isThere = (of: IChip['item'] | IChip['part']) => of !== undefined && isSame(of, item);
    if (isPinned && this._chips.some(chip => isThere(chip.item ?? chip.part))) {
      return;
    }
    const chip = newChip(this._nextId++, item.kind, item.title, { item });
    this._set([...this._chips, chip]);
    this._follow(chip.id, item);
    const content = await this._read(chip.id, item);
    if (content) {
      await this._upload(chip.id, item, content).catch((error: unknown) =>
        // It is tried again when the question is sent, and then the user is told.
        console.warn('jupyter-stream-chat:', error)
      );
    }
  }

  /** Take back the attachments of a question that was not asked, or of a draft after a reload. */
  restore(parts: readonly AttachmentPart[]): void {
    if (parts.length > 0) {
      const chips = parts.map(part => newChip(this._nextId++, part.kind, part.title, { part }));
      this._set([...this._chips, ...chips]);
    }
  }

  remove(id: number): void {
    this._drop([id]);
  }

  /** Remove what was sent. */
  sent(chips: readonly IChip[]): void {
    this._drop(chips.map(({ id }) => id));
  }

  /**
   * Read everything again and upload what is new.
   *
   * @returns the parts of the question; null: a chip says why it cannot be sent.
   * @throws CommandError when the server refuses a content.
   */
  async prepare(): Promise<readonly AttachmentPart[] | null> {
    const chips = this._chips;
    const parts = await Promise.all(chips.map(chip => this._prepare(chip)));
    const ready = parts.filter(part => part !== null);
    return ready.length === chips.length ? ready : null;
  }

  /** Read a chip again, to show it; what is on the server alone is not read. */
  async refresh(chip: IChip): Promise<IChip | undefined> {
    const item = this._itemOf(chip);
    if (item) {
      await this._read(chip.id, item);
    }
    return this._chips.find(({ id }) => id === chip.id);
  }

  /** Show where a chip is from. */
  reveal(chip: IChip): void {
    this._itemOf(chip)?.reveal?.();
  }

  private _itemOf({ item, part }: IChip): IContextItem | null {
    return item ?? (part ? this._host.restore(part) : null);
  }

  private async _prepare(chip: IChip): Promise<AttachmentPart | null> {
    const item = this._itemOf(chip);
    if (!item) {
      return chip.part ?? null;
    }
    const content = await this._read(chip.id, item);
    return content && this._upload(chip.id, item, content);
  }

  private async _upload(
    id: number,
    item: IContextItem,
    content: IContextContent
  ): Promise<AttachmentPart> {
    const part = partOf(item, content, await this._hashOf(content));
    this._change(id, { part });
    return part;
  }

  private async _hashOf(content: IContextContent): Promise<string> {
    const hash = this._uploaded.get(content.text) ?? (await this._host.upload(content));
    this._uploaded.set(content.text, hash);
    return hash;
  }

  private async _read(id: number, item: IContextItem): Promise<IContextContent | null> {
    try {
      const content = await item.resolve(LIMIT);
      const read = { ...content, text: wellFormed(content.text) };
      const before = this._chips.find(chip => chip.id === id);
      const hasChanged = Boolean(before?.content && before.content.text !== read.text);
      this._change(id, {
        content: read,
        problem: null,
        hasChanged: hasChanged || before?.hasChanged,
        secretLine: read.mediaType ? null : secretIn(read.text)
      });
      return read;
    } catch (error) {
      if (!(error instanceof ContextError)) {
        console.error('jupyter-stream-chat:', error);
      }
      this._change(id, { content: null, problem: (error as Error).message });
      return null;
    }
  }

  /** Read an item again when its source changes, where that costs nothing or it could not be read. */
  private _follow(id: number, item: IContextItem): void {
    const again = () => {
      const chip = this._chips.find(each => each.id === id);
      if (chip?.problem || (chip?.content && item.isQuick)) {
        void this._read(id, item);
      }
    };
    item.changed?.connect(again);
    this._followed.set(id, () => item.changed?.disconnect(again));
  }

  private _drop(ids: readonly number[]): void {
    ids.forEach(id => {
      this._followed.get(id)?.();
      this._followed.delete(id);
    });
    this._set(this._chips.filter(({ id }) => !ids.includes(id)));
    if (this._chips.length === 0) {
      this._uploaded.clear();
    }
  }

  private _change(id: number, change: Partial<IChip>): void {
    this._set(this._chips.map(chip => (chip.id === id ? { ...chip, ...change } : chip)));
  }

  private _set(chips: readonly IChip[]): void {
    this._chips = chips;
    this._host.keep(chips.flatMap(({ part }) => part ?? []));
    this._changed.emit();
  }

  private _chips: readonly IChip[] = [];
  private _nextId = 0;
  /** Hashes by contents that this draft has brought to the server. */
  private readonly _uploaded = new Map<string, string>();
  private readonly _followed = new Map<number, () => void>();
  private readonly _changed = new Signal<this, void>(this);
}

function newChip(
  id: number,
  kind: string,
  title: string,
  from: Pick<IChip, 'item' | 'part'>
): IChip {
  const empty = { content: null, problem: null, hasChanged: false, secretLine: null };
  return { id, kind, title, ...from, ...empty };
}

/**
 * Parts as their sources are now; those that cannot be read again, as they were.
 *
 * @throws CommandError when the server refuses a content.
 */
export function readAgain(
  parts: readonly AttachmentPart[],
  host: Pick<IAttachmentHost, 'upload' | 'restore'>
): Promise<readonly AttachmentPart[]> {
  return Promise.all(
    parts.map(async part => {
      const item = host.restore(part);
      const content = await item?.resolve(LIMIT).catch(() => null);
      if (!item || !content) {
        return part;
      }
      const read = { ...content, text: wellFormed(content.text) };
      return partOf(item, read, await host.upload(read));
    })
  );
}

/** The part of a question that stands for an item's content. */
function partOf(item: IContextItem, content: IContextContent, sha256: string): AttachmentPart {
  return {
    type: 'attachment',
    kind: item.kind,
    title: item.title.slice(0, 200),
    source: item.source,
    media_type: content.mediaType ?? 'text/plain',
    sha256,
    characters: codePoints(content.text),
    omitted: content.omitted.slice(0, 20).map(sentence => sentence.slice(0, 300))
  };
}

/** Attachments of a question that is asked at once: the browser remembers none of them. */
export function unkeptAttachments(upload: IAttachmentHost['upload']): AttachmentList {
  return new AttachmentList({ upload, restore: () => null, keep: () => undefined });
}
