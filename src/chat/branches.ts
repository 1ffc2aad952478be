/**
 * The branches of a chat: which alternatives a message has, going to another one, giving an answer again.
 *
 * Owns the answer that is being given again until the server has its run, and texts that a reader has begun
 * to write in the place of another. What the branches are, the server says.
 */
import type { Request } from '../connection/connection';
import { newId } from '../protocol/ids';
import type { Message } from '../protocol/generated';

/** A message among those that follow the same one. */
export interface IChoice {
  /** From 1. */
  readonly index: number;
  readonly count: number;
  /** The ones beside it; null at either end. */
  readonly previous: string | null;
  readonly next: string | null;
}

export type Direction = 'previous' | 'next';

/** How the reader came to a message. */
type Way = Direction | 'found';

/** A message's place among its alternatives; null when it has none. */
export function choiceOf({ message_id, siblings }: Message): IChoice | null {
  if (!siblings || siblings.length < 2) {
    return null;
  }
  const at = siblings.indexOf(message_id);
  return {
    index: at + 1,
    count: siblings.length,
    previous: siblings[at - 1] ?? null,
    next: siblings[at + 1] ?? null
  };
}

export class Branches {
  /**
   * @param command - sends a command; resolves when it was carried out, or refused and reported.
   * @param settled - called when no answer is being given again any more.
   */
  constructor(
    private readonly _chatId: string,
    private readonly _command: (request: Request) => Promise<void>,
    private readonly _settled: () => void
  ) {}

  /** The run of an answer that is being given again, until the server has accepted that, or refused. */
  get runId(): string | undefined {
    return this._runId;
  }

  /**
   * Have a question answered once more, with these instructions where no others hold.
   *
   * @param profileId - who answers; absent: the chat's profile.
   */
  async regenerate(questionId: string, instructions: string, profileId?: string): Promise<void> {
    const runId = newId();
    this._runId = runId;
    await this._command({
      type: 'regenerate_answer',
      chat_id: this._chatId,
      message_id: questionId,
      answer_id: newId(),
      run_id: runId,
      ...(profileId && { profile_id: profileId }),
      ...(instructions && { instructions })
    });
    this._runId = undefined;
    this._settled();
  }

  /** Show the branch of a message. */
  select(messageId: string): void {
    void this.selected(messageId);
  }

  /** Show the alternative of a message that has this number, from 1. */
  goTo(message: Message, number: number): void {
    const index = choiceOf(message)?.index ?? number;
    if (number !== index) {
      this._go(message.siblings?.[number - 1], number < index ? 'previous' : 'next');
    }
  }

  /** Show the alternative beside a message. */
  go(message: Message, direction: Direction): void {
    this._go(choiceOf(message)?.[direction], direction);
  }

  /** Show an alternative, and remember which way the reader went. */
  private _go(target: string | null | undefined, direction: Direction): void {
    if (target) {
      this._navigation = { messageId: target, direction };
      this.select(target);
    }
  }

  /** Lead the reader to a message that is there: it was searched for. */
  show(messageId: string): void {
    this._navigation = { messageId, direction: 'found' };
    this._settled();
  }

  /** Make a message part of the active branch; resolves when it is, or the server refused. */
  async selected(messageId: string): Promise<void> {
    await this._command({
      type: 'select_branch',
      chat_id: this._chatId,
      message_id: messageId
    });
  }

  /** Which way the reader came to a message, until `arrived`. */
  navigation(messageId: string): Way | null {
    return this._navigation?.messageId === messageId ? this._navigation.direction : null;
  }

  /** The focus is where the reader went. */
  arrived(): void {
    this._navigation = null;
  }

  /** Let a text count of an answer; null: what was shown of it. */
  editAnswer(messageId: string, text: string | null): void {
    void this._command({
      type: 'edit_answer',
      chat_id: this._chatId,
      message_id: messageId,
      text
    });
  }

  /** Texts that were begun in the place of a message's, by message. */
  readonly drafts = new Map<string, string>();

  private _runId: string | undefined;
  private _navigation: { messageId: string; direction: Way } | null = null;
}
