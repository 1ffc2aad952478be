/**
 * Messages that wait for the answer that is being written: above the composer, to be edited, withdrawn or sent.
 */
import { closeIcon, editIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { useState } from 'react';
import { sendIcon } from '../icons';
import type { ChatModel } from '../chat/chat';
import type { IQueued } from '../chat/storage';
import { usePanel } from './context';
import { TextEditor } from './editor';

export function Queue({ chat }: { chat: ChatModel }): JSX.Element | null {
  const { trans } = usePanel();
  const { items } = chat.queue;
  if (items.length === 0) {
    return null;
  }
  return (
    <ul className="jp-StreamChat-queue" aria-label={trans.__('Waiting to be sent')}>
      {items.map(item => (
        <li key={item.ids.message_id} data-held={item.isHeld || undefined}>
          <QueuedMessage chat={chat} item={item} />
        </li>
      ))}
    </ul>
  );
}

function QueuedMessage({ chat, item }: { chat: ChatModel; item: IQueued }): JSX.Element {
  const { trans, settings } = usePanel();
  const [isEditing, setEditing] = useState(false);
  const { message_id: messageId } = item.ids;
  if (isEditing) {
    return (
      <TextEditor
        label={trans.__('Your question')}
        text={item.text}
        confirm={trans.__('Save')}
        enterConfirms={settings.enterSends}
        blocked={null}
        onConfirm={text => {
          chat.editQueued(messageId, text);
          setEditing(false);
        }}
        onLeave={() => setEditing(false)}
      />
    );
  }
  const actions = [
    [trans.__('Send it now'), sendIcon, () => chat.sendQueued(messageId)],
    [trans.__('Edit it'), editIcon, () => setEditing(true)],
    [trans.__('Do not send it'), closeIcon, () => chat.withdrawQueued(messageId)]
  ] as const;
  return (
    <>
      <div className="jp-StreamChat-queuedText">{item.text}</div>
      <div className="jp-StreamChat-queuedTools">
        <span>
          {item.isHeld
            ? trans.__('Not sent, because the answer before it is not whole')
            : trans.__('Sent when the answer has ended')}
        </span>
        {actions
          .filter(([, icon]) => icon !== sendIcon || (item.isHeld && !chat.isRunning))
          .map(([label, Icon, onClick]) => (
            <button
              key={label}
              className="jp-StreamChat-iconButton"
              aria-label={label}
              title={label}
              onClick={onClick}
            >
              <Icon.react tag="span" />
            </button>
          ))}
      </div>
    </>
  );
}
