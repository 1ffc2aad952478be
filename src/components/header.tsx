/**
 * The panel's header: the chat's title, which opens the list of chats, and a new chat.
 */
import { addIcon, caretDownIcon, launchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { usePanel } from './context';

interface IProps {
  title: string;
  isListOpen: boolean;
  onToggleList: () => void;
  onNewChat: () => void;
  /** Show the chat in a tab of the main area; absent: there are no tabs. */
  onOpenTab?: () => void;
}

export function Header(props: IProps): JSX.Element {
  const { trans } = usePanel();
  const { title, isListOpen, onOpenTab } = props;
  const openTab = trans.__('Open chat in main area');
  const newChat = trans.__('New chat');
  return (
    <header className="jp-StreamChat-header">
      <button
        className="jp-StreamChat-title"
        title={title}
        aria-expanded={isListOpen}
        aria-controls="jp-StreamChat-chats"
        onClick={props.onToggleList}
      >
        <span>{title}</span>
        <span className="jp-StreamChat-hidden">{trans.__('Chats')}</span>
        <caretDownIcon.react tag="span" />
      </button>
      {onOpenTab && (
        <button
          className="jp-StreamChat-iconButton"
          aria-label={openTab}
          title={openTab}
          onClick={onOpenTab}
        >
          <launchIcon.react tag="span" width="16px" height="16px" />
        </button>
      )}
      <button
        className="jp-StreamChat-iconButton"
        aria-label={newChat}
        title={newChat}
        onClick={props.onNewChat}
      >
        <addIcon.react tag="span" />
      </button>
    </header>
  );
}
