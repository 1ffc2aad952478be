/**
 * One message: who wrote it, its text (which a renderer owns, not React), and the state of its run.
 */
import * as React from 'react';
import { useLayoutEffect, useRef, useState } from 'react';
import type { ChatModel } from '../chat/chat';
import type { Message, RunInfo } from '../protocol/generated';
import { BranchArrows } from './branches';
import { usePanel } from './context';
import { EffectiveTextChoice } from './effectivetextchoice';
import { MessageActions } from './messageactions';
import { MessageEditor } from './messageeditor';
import { RunChoices } from './runchoices';
import { Dots, RunState } from './runstate';

interface IProps {
  chat: ChatModel;
  message: Message;
}

export function MessageItem({ chat, message }: IProps): JSX.Element {
  const { trans } = usePanel();
  const run: RunInfo | undefined = message.runs[message.runs.length - 1];
  const isUnsent = chat.isUnsent(message.message_id);
  const isAnswer = message.role === 'assistant';
  const [isEditing, setEditing] = useState(false);
  const actions = (
    <MessageActions {...{ chat, message, isEditing }} onEdit={() => setEditing(true)} />
  );
  return (
    <article
      className="jp-StreamChat-message"
      data-role={message.role}
      data-status={run?.status ?? 'finished'}
      data-finish-reason={run?.finish_reason ?? undefined}
      data-message-id={message.message_id}
      data-unsent={isUnsent || undefined}
      data-editing={isEditing || undefined}
      aria-label={isAnswer ? trans.__('Answer from %1', message.author) : trans.__('Your message')}
      aria-busy={run && run.status !== 'finished' ? true : undefined}
    >
      {isAnswer && (
        <div className="jp-StreamChat-author">
          <span>{message.author}</span>
          {actions}
        </div>
      )}
      {isAnswer && <Reasoning chat={chat} message={message} />}
      {isEditing ? (
        <MessageEditor chat={chat} message={message} onLeave={() => setEditing(false)} />
      ) : (
        <MessageText chat={chat} message={message} />
      )}
      {run && (
        <RunState
          run={run}
          stopping={chat.isStopping(run.run_id)}
          discarded={chat.discarded(message.message_id)}
        />
      )}
      {isAnswer && run && !isEditing && <RunChoices chat={chat} message={message} run={run} />}
      {isAnswer && !isEditing && (
        <EffectiveTextChoice chat={chat} message={message} onEdit={() => setEditing(true)} />
      )}
      {isAnswer ? (
        <BranchArrows chat={chat} message={message} />
      ) : (
        <div className="jp-StreamChat-questionTools">
          <BranchArrows chat={chat} message={message} />
          {actions}
        </div>
      )}
      {isUnsent && (
        <div className="jp-StreamChat-runState">
          {trans.__('Not sent yet; it is sent once the server answers.')}
        </div>
      )}
    </article>
  );
}

/** The node that a renderer fills. It is made once per message and never touched by React again. */
function MessageText({ chat, message }: IProps): JSX.Element {
  const { renderText } = usePanel();
  const node = useRef<HTMLDivElement>(null);
  const { message_id: messageId, role } = message;
  useLayoutEffect(() => {
    if (node.current === null) {
      return;
    }
    const view = renderText(node.current, role);
    const binding = chat.bindText(messageId, view);
    return () => {
      binding.dispose();
      view.dispose();
    };
  }, [chat, messageId, role, renderText]);
  return <div className="jp-StreamChat-content" ref={node} />;
}

/** What a model thought aloud before its answer: folded away, never copied. */
function Reasoning({ chat, message }: IProps): JSX.Element | null {
  const { trans, renderText } = usePanel();
  const node = useRef<HTMLDivElement>(null);
  const messageId = message.message_id;
  const hasReasoning = chat.hasReasoning(messageId);
  const isThinking =
    message.runs.some(({ status }) => status === 'streaming') && chat.keptText(messageId) === '';
  useLayoutEffect(() => {
    if (!node.current) {
      return;
    }
    const view = renderText(node.current, 'user');
    const binding = chat.bindText(messageId, view, 'reasoning');
    return () => {
      binding.dispose();
      view.dispose();
    };
  }, [chat, messageId, hasReasoning, renderText]);
  return hasReasoning ? (
    <details className="jp-StreamChat-reasoning">
      <summary>
        {trans.__('Reasoning')} {isThinking && <Dots />}
      </summary>
      <div className="jp-StreamChat-reasoningText" tabIndex={0} ref={node} />
    </details>
  ) : null;
}
