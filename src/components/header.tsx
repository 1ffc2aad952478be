/**
 * The panel's header: the chat's title, which opens the list of chats, and a new chat.
 */
import { addIcon, caretDownIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { usePanel } from './context';

interface IProps {
  title: string;
  isListOpen: boolean;
  onToggleList: () => void;
  onNewChat: () => void;
}

export function Header({ title, isListOpen, onToggleList, onNewChat }: IProps): JSX.Element {
  const { trans } = usePanel();
  const newChat = trans.__('New chat');
  return (
    <header className="jp-StreamChat-header">
      <button
        className="jp-StreamChat-title"
        title={title}
        aria-expanded={isListOpen}
        aria-controls="jp-StreamChat-chats"
        onClick={onToggleList}
      >
        <span>{title}</span>
        <span className="jp-StreamChat-hidden">{trans.__('Chats')}</span>
        <caretDownIcon.react tag="span" />
      </button>
      <button
        className="jp-StreamChat-iconButton"
        aria-label={newChat}
        title={newChat}
        onClick={onNewChat}
      >
        <addIcon.react tag="span" />
      </button>
    </header>
  );
}
