/**
 * The panel: the chat that is open, with the list of chats and the profiles over it.
 */
import * as React from 'react';
import { useRef, useState } from 'react';
import type { WorkspaceModel } from '../chat/workspace';
import { Banners } from './banners';
import { ChatList } from './chatlist';
import { ChatView } from './chatview';
import { ChatWidget, type IChatWidgetOptions } from './chatwidget';
import { usePanel } from './context';
import { Header } from './header';
import { useCovered, useSignal } from './hooks';
import { ProfilesView } from './profiles/view';

interface IOptions extends IChatWidgetOptions {
  /** Show the open chat in a tab of the main area; absent: the application has no tabs. */
  onOpenTab?: () => void;
}

/** The sidebar widget. */
export class ChatPanel extends ChatWidget {
  constructor(options: IOptions) {
    super(options);
    this.id = 'jupyter-stream-chat';
    this.title.caption = options.trans.__('Stream Chat');
    this.node.setAttribute('aria-label', this.title.caption);
    this._onOpenTab = options.onOpenTab;
  }

  protected override renderView(workspace: WorkspaceModel): JSX.Element {
    return <PanelView workspace={workspace} showNow={this._showChat} onOpenTab={this._onOpenTab} />;
  }

  private readonly _showChat = (change: () => void): void => {
    this.showNow(change);
    this.focusInput();
  };

  private readonly _onOpenTab: IOptions['onOpenTab'];
}

/** Show another chat at once, and put the cursor into its composer. */
type ShowChat = (change: () => void) => void;

interface IViewProps {
  workspace: WorkspaceModel;
  showNow: ShowChat;
  onOpenTab?: () => void;
}

function PanelView({ workspace, showNow, onOpenTab }: IViewProps): JSX.Element {
  const { trans } = usePanel();
  const [isListOpen, setListOpen] = useState(false);
  const underneath = useRef<HTMLDivElement>(null);
  const editor = workspace.profileEditor;
  useSignal(workspace.changed);
  useSignal(editor.changed);
  const chat = workspace.current;
  useCovered(underneath, editor.view !== null);

  const show = (change: () => void) =>
    showNow(() => {
      change();
      setListOpen(false);
    });

  // The list covers the chat: who is at work there has left the list.
  const onFocus = ({ target }: React.FocusEvent) => {
    if (!target.closest('#jp-StreamChat-chats')) {
      setListOpen(false);
    }
  };

  return (
    <>
      <Header
        title={chat.title || trans.__('New chat')}
        isListOpen={isListOpen}
        onToggleList={() => setListOpen(!isListOpen)}
        onNewChat={() => show(() => workspace.newChat())}
        onOpenTab={onOpenTab}
      />
      <Banners workspace={workspace} chat={chat} />
      <div className="jp-StreamChat-view" onFocus={onFocus}>
        <div className="jp-StreamChat-underneath" ref={underneath}>
          <ChatView workspace={workspace} chat={chat} />
        </div>
        {editor.view && <ProfilesView workspace={workspace} view={editor.view} />}
        {isListOpen && (
          <ChatList
            chats={workspace.chats}
            currentId={chat.chatId}
            onSwitch={chatId => show(() => workspace.switchTo(chatId))}
            onRename={(chatId, title) => workspace.renameChat(chatId, title)}
            onDelete={({ chat_id: chatId }) => workspace.deleteSoon(chatId)}
            onArchive={(chatId, isArchived) => workspace.archiveChat(chatId, isArchived)}
            onImport={file => void workspace.importChat(file)}
            search={query => workspace.search(query)}
            onFound={({ chat_id: chatId, message_id: messageId }) =>
              show(() => workspace.reveal(chatId, messageId ?? null))
            }
            exportUrl={chatId => workspace.exportUrl(chatId)}
            onClose={() => {
              setListOpen(false);
              underneath.current
                ?.closest('.jp-StreamChat')
                ?.querySelector<HTMLElement>('.jp-StreamChat-title')
                ?.focus();
            }}
          />
        )}
      </div>
    </>
  );
}
