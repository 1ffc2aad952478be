/**
 * What other extensions can use: `IStreamChat`, see docs/extending.md.
 */
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { IContextItem, IContextKind } from './context/kinds';

export type { IContextContent, IContextItem, IContextKind } from './context/kinds';

/** Why a question cannot be sent. Those after `disposed` are about the cell that the answer is for. */
export type AskProblem =
  | 'empty'
  | 'running'
  | 'read_only'
  | 'no_profile'
  | 'reload_needed'
  | 'disposed'
  | 'no_notebook'
  | 'closed'
  | 'cell_gone'
  | 'cell_locked'
  | 'not_sent';

/** Which cell an answer is for, and what the question carries. */
export interface ICellPlace {
  /** Of an open notebook; by default the one that was used last. */
  readonly path?: string;
  /** By default the active one. */
  readonly cellId?: string;
  /** Propose a change of what the cell holds. By default the code goes into the cell, or below it if it has text. */
  readonly change?: boolean;
  readonly attach?: readonly IContextItem[];
}

/** A question was not sent. */
export class AskError extends Error {
  constructor(readonly reason: AskProblem) {
    super(`The question was not sent: ${reason}`);
    this.name = 'AskError';
  }
}

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
   * Attach something to the draft of the open chat, and show the panel. It is read again when it is sent.
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

  /** Stop the answer that is being written in the open chat; what is shown is kept. */
  stop(): void;
}

export const IStreamChat = new Token<IStreamChat>(
  'jupyter-stream-chat:IStreamChat',
  'The chats of the Stream Chat panel: show one, ask a question, stop an answer.'
);
