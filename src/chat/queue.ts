/**
 * Messages of a chat that wait for the answer that is being written. Kept by the browser; all its tabs see them.
 *
 * Owns their order and which of them are held back. When one is sent, `chat.ts` decides. Each has the
 * identifiers of the question that it will be, so that two tabs that send it ask one question.
 */
import { newId } from '../protocol/ids';
import type { AttachmentPart } from '../protocol/generated';
import type { IQueued, PanelStorage } from './storage';

/** What Enter does while an answer is being written: send afterwards, or stop the answer and send. */
export type WhileRunning = IQueued['mode'];

export class MessageQueue {
  constructor(
    private readonly _chatId: string,
    private readonly _storage: PanelStorage
  ) {}

  /** The next one first. */
  get items(): readonly IQueued[] {
    return this._storage.queued.get(this._chatId) ?? [];
  }

  /** One of them will be sent when the answer has ended. */
  get isWaiting(): boolean {
    return this.items.some(({ isHeld }) => !isHeld);
  }

  /** Add a message: at the end, or before all others when the answer is stopped for it. */
  add(text: string, mode: WhileRunning, attached: readonly AttachmentPart[] = []): void {
    const ids = { message_id: newId(), answer_id: newId(), run_id: newId() };
    const item: IQueued = {
      ids,
      text,
      ...(attached.length > 0 && { attached }),
      mode,
      isHeld: false
    };
    this._set(mode === 'redirect' ? [item, ...this.items] : [...this.items, item]);
  }

  /** Give a message another text. */
  edit(messageId: string, text: string): void {
    this._set(this.items.map(item => (idOf(item) === messageId ? { ...item, text } : item)));
  }

  /** Take a message out; undefined when it is gone already: another tab sent or withdrew it. */
  remove(messageId: string): IQueued | undefined {
    const { items } = this;
    this._set(items.filter(item => idOf(item) !== messageId));
    return items.find(item => idOf(item) === messageId);
  }

  /** Let a message that was held back be the next one. */
  release(messageId: string): void {
    const item = this.remove(messageId);
    if (item) {
      this._set([{ ...item, isHeld: false }, ...this.items]);
    }
  }

  /** Take out the message to send now; undefined when there is none. */
  next(): IQueued | undefined {
    const item = this.items.find(({ isHeld }) => !isHeld);
    return item && this.remove(idOf(item));
  }

  /** The answer ended otherwise than it should: hold all back, unless it was stopped for one of them. */
  hold(): void {
    const { items } = this;
    if (!items.some(({ mode, isHeld }) => mode === 'redirect' && !isHeld)) {
      this._set(items.map(item => ({ ...item, isHeld: true })));
    }
  }

  private _set(items: readonly IQueued[]): void {
    this._storage.setQueued(this._chatId, items);
  }
}

function idOf({ ids }: IQueued): string {
  return ids.message_id;
}
