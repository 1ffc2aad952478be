/**
 * The messages of a chat: keeps to the end while an answer grows, unless the reader scrolled up; of a long chat
 * only those around the reader are on the page.
 */
import { caretDownIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { useEffect, useLayoutEffect, useRef } from 'react';
import type { ChatModel } from '../chat/chat';
import { usePanel } from './context';
import { focusComposer } from './focus';
import { useKeepToEnd, useSignal } from './hooks';
import { MessageItem } from './message';
import { EmptyChat } from './samples';
import { useWindow } from './window';

export function MessageList({ chat }: { chat: ChatModel }): JSX.Element {
  const { trans } = usePanel();
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  useSignal(chat.structureChanged);
  const { shown, showLatest, ...window } = useWindow(chat, scroller);
  const { isAway, goToEnd, keepPlace, stayAt } = useKeepToEnd(
    scroller,
    content,
    !window.hasBelow,
    chat.isRunning
  );
  const jump = () => {
    showLatest();
    goToEnd();
  };
  const onJump = () => {
    jump();
    // The button leaves the page, and the focus is to be where the reader writes.
    focusComposer(scroller.current);
  };
  const first = shown[0]?.message_id;
  const last = shown[shown.length - 1]?.message_id;
  const { navigation } = window;
  useLayoutEffect(() => {
    const arrived = content.current?.querySelector(`[data-message-id="${navigation}"]`);
    if (arrived) {
      stayAt(arrived);
    }
    keepPlace();
  }, [keepPlace, stayAt, first, last, navigation]);

  const { messages } = chat;
  const newestQuestion = messages.filter(message => message.role === 'user').pop()?.message_id;
  const latest = useRef(jump);
  latest.current = jump;
  useEffect(() => {
    // The newest question of a branch that was selected is not one that was asked just now.
    if (chat.isRunning) {
      latest.current();
    }
  }, [chat, newestQuestion]);

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
          {window.hasAbove && (
            <button
              ref={window.above}
              className="jp-StreamChat-textButton jp-StreamChat-older"
              onClick={window.showAbove}
            >
              {trans.__('Show older messages')}
            </button>
          )}
          {messages.length === 0 && chat.blockedReason !== 'no_profile' && (
            <EmptyChat chat={chat} />
          )}
          {shown.map(message => (
            <MessageItem key={message.message_id} chat={chat} message={message} />
          ))}
          {window.hasBelow && <div ref={window.below} aria-hidden="true" />}
        </div>
      </div>
      {isAway && (
        <button className="jp-StreamChat-jump" onClick={onJump}>
          <caretDownIcon.react tag="span" />
          {trans.__('Jump to newest')}
        </button>
      )}
    </div>
  );
}
