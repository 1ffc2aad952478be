/**
 * A question on its way: shown at once, sent at once, kept by the browser until the server confirms it.
 */
import type { Connection, Request } from '../connection/connection';
import { newId } from '../protocol/ids';
import type { AttachmentPart, ChatInfo, CreateChat, Message } from '../protocol/generated';
import type { IQueued, IUnsent } from './storage';
import { attachmentsOf } from '../protocol/parts';
import { wellFormed } from '../protocol/text';

/**
 * Make a question, with the identifiers that it keeps however often it is sent.
 *
 * @param instructions - the user's for all chats; the server knows whether others hold.
 * @param ids - those identifiers, where it has some already.
 */
export function newQuestion(
  chat: ChatInfo,
  isNewChat: boolean,
  parentId: string | null,
  text: string,
  attached: readonly AttachmentPart[],
  instructions: string,
  ids: IQueued['ids'] = { message_id: newId(), answer_id: newId(), run_id: newId() }
): IUnsent {
  const { chat_id, profile_id, streaming, parameters, local_only } = chat;
  const create: Request<CreateChat> = {
    type: 'create_chat',
    chat_id,
    title: '',
    profile_id,
    streaming,
    parameters,
    local_only
  };
  return {
    create: isNewChat ? create : null,
    send: {
      type: 'send_message',
      chat_id,
      parent_id: parentId,
      content: [...attached, { type: 'text', text: wellFormed(text) }],
      ...(instructions && { instructions }),
      ...ids
    },
    createdAt: Date.now() / 1000
  };
}

export class Question {
  constructor(private readonly _unsent: IUnsent) {}

  get messageId(): string {
    return this._unsent.send.message_id;
  }

  get runId(): string {
    return this._unsent.send.run_id;
  }

  get text(): string {
    return this._unsent.send.content.map(part => (part.type === 'text' ? part.text : '')).join('');
  }

  get attached(): readonly AttachmentPart[] {
    return attachmentsOf(this._unsent.send.content);
  }

  /** The server has not confirmed it. */
  get isUnsent(): boolean {
    return this._isUnsent;
  }

  /** The question as the transcript will have it. */
  message(author: string): Message {
    const { message_id, chat_id, parent_id, content } = this._unsent.send;
    const created_at = this._unsent.createdAt;
    return { message_id, chat_id, parent_id, role: 'user', author, content, created_at, runs: [] };
  }

  /** Take it back, its chat as well. Returns whether no server has seen either. */
  withdraw(connection: Connection): boolean {
    const { create, send } = this._unsent;
    return connection.withdraw(
      command =>
        (command.type === 'send_message' && command.message_id === send.message_id) ||
        (command.type === 'create_chat' && command.chat_id === create?.chat_id)
    );
  }

  /** Whether the chat is made with it. */
  get makesChat(): boolean {
    return this._unsent.create !== null;
  }

  /**
   * Send it, its chat first where the server has none: all at once, none waits for an acknowledgement.
   *
   * @throws CommandError when the server refuses.
   */
  async deliver(connection: Connection): Promise<void> {
    const { create, send } = this._unsent;
    await Promise.all([create && connection.send(create), connection.send(send)]);
    this._isUnsent = false;
  }

  private _isUnsent = true;
}
