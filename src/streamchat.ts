/**
 * The public API for other extensions, over the panel and its view model.
 */
import type { IDisposable } from '@lumino/disposable';
import type { ChatModel } from './chat/chat';
import type { ChatTabs } from './chattabs';
import type { WorkspaceModel } from './chat/workspace';
import type { IContextItem, IContextKind } from './context/kinds';
import { AskError, IStreamChat } from './tokens';

interface IOptions {
  workspace: WorkspaceModel;
  /** Bring the panel to the front. */
  activate: () => void;
  /** Chats in tabs of the main area; null: the application has none. */
  tabs: ChatTabs | null;
  /** Has code of an answer written into a cell. */
  streamIntoCell: IStreamChat['streamIntoCell'];
}

export class StreamChat implements IStreamChat {
  constructor({ workspace, activate, tabs, streamIntoCell }: IOptions) {
    this._workspace = workspace;
    this._tabs = tabs;
    this._activate = activate;
    this.streamIntoCell = streamIntoCell;
  }

  readonly streamIntoCell: IStreamChat['streamIntoCell'];

  /** The chat in which the user is, or was last: in a tab or in the panel. */
  get chatInUse(): ChatModel {
    return this._tabs?.inUse?.chat ?? this._workspace.current;
  }

  open(chatId?: string): void {
    this._activate();
    if (chatId !== undefined) {
      this._workspace.switchTo(chatId);
    }
  }

  newChat(): string {
    this._activate();
    return this._workspace.newChat().chatId;
  }

  async ask(text: string, chatId?: string): Promise<string> {
    if (!text.trim()) {
      throw new AskError('empty');
    }
    if (chatId === undefined) {
      this.newChat();
    } else {
      this.open(chatId);
    }
    const chat = this._workspace.current;
    await loaded(chat);
    const reason = this._workspace.isDisposed ? 'disposed' : chat.blockedReason;
    if (reason !== null && reason !== 'loading') {
      throw new AskError(reason);
    }
    chat.send(text);
    return chat.chatId;
  }

  async attach(item: IContextItem): Promise<void> {
    const tab = this._tabs?.inUse;
    if (tab) {
      this._tabs?.activate(tab);
    } else {
      this._activate();
    }
    const { connection, maxAttachments } = this._workspace;
    if (connection.hello && maxAttachments === 0) {
      const message = 'This server takes no attachments.';
      this._workspace.report({ code: 'attachments_off', message });
      return;
    }
    await this.chatInUse.attachments.add(item);
  }

  registerContextKind(kind: IContextKind): IDisposable {
    return this._workspace.contextKinds.add(kind);
  }

  stop(): void {
    this.chatInUse.interrupt();
  }

  private readonly _workspace: WorkspaceModel;
  private readonly _tabs: ChatTabs | null;
  private readonly _activate: () => void;
}

/** Resolves when a chat is no longer being loaded. */
function loaded(chat: ChatModel): Promise<void> {
  return new Promise(resolve => {
    const check = (): void => {
      if (chat.blockedReason !== 'loading') {
        chat.structureChanged.disconnect(check);
        resolve();
      }
    };
    chat.structureChanged.connect(check);
    check();
  });
}
