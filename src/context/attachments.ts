/**
 * The attachments of a draft: chips that are read when they are added, and once more when they are sent.
 *
 * Owns what each chip shows. Contents go to the server; the browser keeps none.
 */
import { ISignal, Signal } from '@lumino/signaling';
import type { AttachmentPart } from '../protocol/generated';
import { codePoints, wellFormed } from '../protocol/text';
import { ContextError, type IContextContent, type IContextItem, isSame } from './kinds';

export interface IChip {
  readonly id: number;
  readonly title: string;
  /** Absent: the chip is of a question that came back, and its content is on the server. */
  readonly item?: IContextItem;
  readonly part?: AttachmentPart;
  /** What was read last; null: it is being read, or cannot be. */
  readonly content: IContextContent | null;
  /** Why it cannot be sent. */
  readonly problem: string | null;
}

/** Brings a content to the server and returns its hash. */
export type Upload = (text: string) => Promise<string>;

export class AttachmentList {
  get chips(): readonly IChip[] {
    return this._chips;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Attach an item, unless it is attached already; it is read at once, to be shown. */
  async add(item: IContextItem): Promise<void> {
    if (this._chips.some(chip => chip.item && isSame(chip.item, item))) {
      return;
    }
    const chip = { id: this._nextId++, title: item.title, item, content: null, problem: null };
    this._set([...this._chips, chip]);
    await this._read(chip.id, item);
  }

  /** Take back the attachments of a question that was not asked. */
  restore(parts: readonly AttachmentPart[]): void {
    const chips = parts.map(part => ({
      id: this._nextId++,
      title: part.title,
      part,
      content: null,
      problem: null
    }));
    this._set([...this._chips, ...chips]);
  }

  remove(id: number): void {
    this._set(this._chips.filter(chip => chip.id !== id));
  }

  /** Remove what was sent. */
  sent(chips: readonly IChip[]): void {
    const ids = chips.map(({ id }) => id);
    this._set(this._chips.filter(({ id }) => !ids.includes(id)));
  }

  /**
   * Read everything again and upload it.
   *
   * @returns the parts of the question; null: a chip says why it cannot be sent.
   * @throws CommandError when the server refuses a content.
   */
  async prepare(upload: Upload): Promise<readonly AttachmentPart[] | null> {
    const parts: AttachmentPart[] = [];
    for (const chip of this._chips) {
      if (chip.part) {
        parts.push(chip.part);
        continue;
      }
      const content = chip.item && (await this._read(chip.id, chip.item));
      if (content && chip.item) {
        parts.push(partOf(chip.item, content, await upload(content.text)));
      }
    }
    return parts.length === this._chips.length ? parts : null;
  }

  private async _read(id: number, item: IContextItem): Promise<IContextContent | null> {
    try {
      const content = await item.resolve(LIMIT);
      const read = { ...content, text: wellFormed(content.text) };
      this._change(id, { content: read, problem: null });
      return read;
    } catch (error) {
      if (!(error instanceof ContextError)) {
        console.error('jupyter-stream-chat:', error);
      }
      this._change(id, { content: null, problem: (error as Error).message });
      return null;
    }
  }

  private _change(id: number, change: Partial<IChip>): void {
    this._set(this._chips.map(chip => (chip.id === id ? { ...chip, ...change } : chip)));
  }

  private _set(chips: readonly IChip[]): void {
    this._chips = chips;
    this._changed.emit();
  }

  private _chips: readonly IChip[] = [];
  private _nextId = 0;
  private readonly _changed = new Signal<this, void>(this);
}

/** Code points of one attachment: with four bytes each, within the server's limit. */
export const LIMIT = 60_000;

function partOf(item: IContextItem, content: IContextContent, sha256: string): AttachmentPart {
  return {
    type: 'attachment',
    kind: item.kind,
    title: item.title.slice(0, 200),
    source: item.source,
    media_type: 'text/plain',
    sha256,
    characters: codePoints(content.text),
    omitted: content.omitted.slice(0, 20).map(sentence => sentence.slice(0, 300))
  };
}
