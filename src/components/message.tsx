/**
 * One message: who wrote it, its text (which a renderer owns, not React), and the state of its run.
 */
import { copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { useLayoutEffect, useRef } from 'react';
import type { ChatModel } from '../model';
import type { Message, RunInfo } from '../protocol/generated';
import { usePanel } from './context';
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
  return (
    <article
      className="jp-StreamChat-message"
      data-role={message.role}
      data-status={run?.status ?? 'finished'}
      data-finish-reason={run?.finish_reason ?? undefined}
      data-message-id={message.message_id}
      data-unsent={isUnsent || undefined}
      aria-label={isAnswer ? trans.__('Answer from %1', message.author) : trans.__('Your message')}
      aria-busy={run && run.status !== 'finished' ? true : undefined}
    >
      {isAnswer && (
        <div className="jp-StreamChat-author">
          <span>{message.author}</span>
          <div className="jp-StreamChat-actions">
            <CopyButton chat={chat} messageId={message.message_id} />
          </div>
        </div>
      )}
      {isAnswer && <Reasoning chat={chat} message={message} />}
      <MessageText chat={chat} message={message} />
      {run && (
        <RunState
          run={run}
          stopping={chat.isStopping(run.run_id)}
          discarded={chat.discarded(message.message_id)}
        />
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

function CopyButton({ chat, messageId }: { chat: ChatModel; messageId: string }): JSX.Element {
  const { trans, copy } = usePanel();
  const label = trans.__('Copy the answer');
  return (
    <button
      className="jp-StreamChat-iconButton"
      aria-label={label}
      title={label}
      onClick={() => copy(chat.keptText(messageId))}
    >
      <copyIcon.react tag="span" />
    </button>
  );
}
