/**
 * What other extensions can use: `IStreamChat`, see docs/extending.md.
 */
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { IContextItem, IContextKind } from './context/kinds';
import type { ICellPlace } from './notebook/cellplace';

export { AskError, type AskProblem } from './chat/askerror';
export type { ICellPlace } from './notebook/cellplace';
export type { IContextContent, IContextItem, IContextKind } from './context/kinds';

/** The chats of the Stream Chat panel. */
export interface IStreamChat {
  /**
   * Show the panel.
   *
   * @param chatId - the chat to show; by default the one that is open.
   */
  open(chatId?: string): void;

  /**
   * Show the panel with an empty chat.
   *
   * @returns the chat's identifier. The server has the chat from its first question on.
   */
  newChat(): string;

  /**
   * Show the panel and ask a question. Without a connection the question is kept, and sent when there is one.
   *
   * @param text - the question.
   * @param chatId - the chat to ask in; by default a new one.
   * @returns the chat's identifier, once the question is on its way.
   * @throws AskError when the question cannot be sent.
   */
  ask(text: string, chatId?: string): Promise<string>;

  /**
   * Attach something to the draft of the chat that is in use, and show it. It is read again when it is sent.
   *
   * @returns once it was read; what cannot be read is a chip that says why.
   */
  attach(item: IContextItem): Promise<void>;

  /**
   * Add a kind of things that can be attached, to the menu of the composer.
   *
   * @returns removes the kind.
   */
  registerContextKind(kind: IContextKind): IDisposable;

  /**
   * Have the code of an answer written into a cell while it streams. It is not run; one undo takes it back.
   *
   * @param text - what the code should do.
   * @returns the identifier of the answer's chat, once the question is on its way.
   * @throws AskError when the cell cannot be used, or the question cannot be sent.
   */
  streamIntoCell(text: string, place?: ICellPlace): Promise<string>;

  /** Stop the answer that is being written in the chat that is in use; what is shown is kept. */
  stop(): void;
}

export const IStreamChat = new Token<IStreamChat>(
  'jupyter-stream-chat:IStreamChat',
  'The chats of the Stream Chat panel: show one, ask a question, stop an answer.'
);
