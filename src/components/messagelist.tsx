/**
 * The messages of a chat: keeps to the end while an answer grows, unless the reader scrolled up.
 */
import { caretDownIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { useEffect, useRef } from 'react';
import { chatIcon } from '../icons';
import type { ChatModel } from '../model';
import { usePanel } from './context';
import { useKeepToEnd, useSignal } from './hooks';
import { MessageItem } from './message';

export function MessageList({ chat }: { chat: ChatModel }): JSX.Element {
  const { trans } = usePanel();
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [atEnd, goToEnd] = useKeepToEnd(scroller, content);
  useSignal(chat.structureChanged);

  const { messages } = chat;
  const newestQuestion = messages.filter(message => message.role === 'user').pop()?.message_id;
  useEffect(goToEnd, [goToEnd, newestQuestion]);

  return (
    <div className="jp-StreamChat-view">
      <div
        className="jp-StreamChat-scroll"
        ref={scroller}
        tabIndex={0}
        aria-label={trans.__('Messages')}
        role="region"
      >
        {/* Spoken by the status node instead: a screen reader would repeat every token. */}
        <div className="jp-StreamChat-list" ref={content} role="log" aria-live="off">
          {chat.hasMore && (
            <button
              className="jp-StreamChat-textButton jp-StreamChat-older"
              onClick={() => void chat.loadOlder()}
            >
              {trans.__('Show older messages')}
            </button>
          )}
          {messages.length === 0 && chat.blockedReason !== 'no_profile' && (
            <div className="jp-StreamChat-empty">
              <chatIcon.react tag="span" aria-hidden="true" />
              <p>{trans.__('Ask a question to begin.')}</p>
            </div>
          )}
          {messages.map(message => (
            <MessageItem key={message.message_id} chat={chat} message={message} />
          ))}
        </div>
      </div>
      {!atEnd && (
        <button className="jp-StreamChat-jump" onClick={goToEnd}>
          <caretDownIcon.react tag="span" />
          {trans.__('Jump to newest')}
        </button>
      )}
    </div>
  );
}
