/**
 * A chat in a tab of the main area, beside a notebook or another chat. The list of chats and the profiles are in the
 * panel.
 */
import * as React from 'react';
import type { ChatModel } from '../chat/chat';
import type { IFollowedChat, WorkspaceModel } from '../chat/workspace';
import { Banners } from './banners';
import { ChatView } from './chatview';
import { ChatWidget, type IChatWidgetOptions } from './chatwidget';
import { useSignal } from './hooks';

export class ChatTab extends ChatWidget {
  /** Closes itself when its chat is deleted. To close it ends no answer. */
  constructor(options: IChatWidgetOptions, { chat, follow }: IFollowedChat) {
    super(options);
    this.chat = chat;
    this.id = `jupyter-stream-chat-${chat.chatId}`;
    this.addClass('jp-StreamChat-tab');
    this.title.closable = true;
    const { workspace, trans } = options;
    let wasInList = false;
    const update = (): void => {
      const isInList = workspace.chats.some(({ chat_id }) => chat_id === chat.chatId);
      if (wasInList && !isInList) {
        this.dispose();
        return;
      }
      wasInList = isInList;
      this.title.label = chat.title || trans.__('New chat');
      this.title.caption = this.title.label;
      this.node.setAttribute('aria-label', this.title.label);
    };
    workspace.changed.connect(update);
    this.disposed.connect(() => {
      workspace.changed.disconnect(update);
      follow.dispose();
    });
    update();
  }

  readonly chat: ChatModel;

  protected override renderView(workspace: WorkspaceModel): JSX.Element {
    return <TabView workspace={workspace} chat={this.chat} />;
  }
}

function TabView({ workspace, chat }: { workspace: WorkspaceModel; chat: ChatModel }): JSX.Element {
  useSignal(workspace.changed);
  return (
    <>
      <Banners workspace={workspace} chat={chat} />
      <div className="jp-StreamChat-view">
        <div className="jp-StreamChat-underneath">
          <ChatView workspace={workspace} chat={chat} />
        </div>
      </div>
    </>
  );
}
