/**
 * The list of chats: switch, rename in place, delete.
 */
import { deleteIcon, downloadIcon, editIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { useEffect, useRef, useState } from 'react';
import type { ChatInfo } from '../protocol/generated';
import { usePanel } from './context';

interface IProps {
  chats: readonly ChatInfo[];
  currentId: string | null;
  onSwitch: (chatId: string) => void;
  onRename: (chatId: string, title: string) => void;
  onDelete: (chat: ChatInfo) => void;
  /** Where a chat is to be had as a file. */
  exportUrl: (chatId: string) => string;
  onClose: () => void;
}

export function ChatList(props: IProps): JSX.Element {
  const { trans } = usePanel();
  const list = useRef<HTMLUListElement>(null);
  const [renaming, setRenaming] = useState<string | null>(null);

  useEffect(() => {
    const current = list.current?.querySelector<HTMLElement>('[aria-current] , button');
    current?.focus();
  }, []);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Escape' && !event.nativeEvent.isComposing) {
      event.stopPropagation();
      props.onClose();
    }
  };

  return (
    <ul
      id="jp-StreamChat-chats"
      className="jp-StreamChat-chatList"
      aria-label={trans.__('Chats')}
      ref={list}
      onKeyDown={onKeyDown}
    >
      {props.chats.length === 0 && (
        <li className="jp-StreamChat-chatListEmpty">{trans.__('No chats yet')}</li>
      )}
      {props.chats.map(chat => (
        <li
          key={chat.chat_id}
          className="jp-StreamChat-chatItem"
          data-current={chat.chat_id === props.currentId}
        >
          {renaming === chat.chat_id ? (
            <TitleField
              title={chat.title}
              onDone={title => {
                setRenaming(null);
                if (title && title !== chat.title) {
                  props.onRename(chat.chat_id, title);
                }
              }}
            />
          ) : (
            <ChatLine {...props} chat={chat} onEdit={() => setRenaming(chat.chat_id)} />
          )}
        </li>
      ))}
    </ul>
  );
}

function ChatLine(props: IProps & { chat: ChatInfo; onEdit: () => void }): JSX.Element {
  const { trans } = usePanel();
  const { chat } = props;
  const title = chat.title || trans.__('New chat');
  const rename = trans.__('Rename %1', title);
  const save = trans.__('Save %1 as Markdown', title);
  const remove = trans.__('Delete %1', title);
  return (
    <>
      <button
        className="jp-StreamChat-chatSwitch"
        aria-current={chat.chat_id === props.currentId || undefined}
        title={title}
        onClick={() => props.onSwitch(chat.chat_id)}
      >
        {chat.running && (
          <span
            className="jp-StreamChat-chatRunning"
            role="img"
            aria-label={trans.__('An answer is being written')}
          />
        )}
        <span className="jp-StreamChat-chatTitle">{title}</span>
      </button>
      <button
        className="jp-StreamChat-iconButton"
        aria-label={rename}
        title={rename}
        onClick={props.onEdit}
      >
        <editIcon.react tag="span" />
      </button>
      <a
        className="jp-StreamChat-iconButton"
        aria-label={save}
        title={save}
        href={props.exportUrl(chat.chat_id)}
        download
      >
        <downloadIcon.react tag="span" />
      </a>
      <button
        className="jp-StreamChat-iconButton"
        aria-label={remove}
        title={remove}
        onClick={() => props.onDelete(chat)}
      >
        <deleteIcon.react tag="span" />
      </button>
    </>
  );
}

function TitleField({
  title,
  onDone
}: {
  title: string;
  onDone: (title: string | null) => void;
}): JSX.Element {
  const { trans } = usePanel();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);

  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) {
      return;
    }
    if (event.key === 'Enter') {
      onDone(event.currentTarget.value.trim());
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      onDone(null);
    }
  };

  return (
    <input
      ref={field}
      aria-label={trans.__('Title')}
      defaultValue={title}
      maxLength={200}
      onKeyDown={onKeyDown}
      onBlur={event => onDone(event.currentTarget.value.trim())}
    />
  );
}
