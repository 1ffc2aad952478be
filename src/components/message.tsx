/**
 * One message: who wrote it, its parts, and the state of its run.
 */
import * as React from 'react';
import { useEffect, useRef, useState } from 'react';
import type { ChatModel } from '../chat/chat';
import type { Message, RunInfo } from '../protocol/generated';
import { attachmentsOf } from '../protocol/parts';
import { AnswerTools } from './answertools';
import { QuestionChips } from './attachments/chips';
import { BranchArrows } from './branches';
import { usePanel } from './context';
import { EffectiveTextChoice, hasTextChoice, noteOf } from './effectivetextchoice';
import { AnswerFigures } from './figures';
import { MessageActions } from './messageactions';
import { MessageEditor } from './messageeditor';
import { RunChoices } from './runchoices';
import { RunState } from './runstate';
import { partRenderer } from './parts/registry';

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
  const node = useFound(chat, message);
  const edit = () => setEditing(true);
  return (
    <article
      ref={node}
      tabIndex={-1}
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
        </div>
      )}
      {isEditing ? (
        <MessageEditor chat={chat} message={message} onLeave={() => setEditing(false)} />
      ) : (
        <>
          <Attachments chat={chat} message={message} />
          <MessageParts chat={chat} message={message} />
        </>
      )}
      {run && (
        <RunState
          run={run}
          stopping={chat.isStopping(run.run_id)}
          discarded={chat.discarded(message.message_id)}
          note={isEditing ? null : noteOf(message, trans)}
          choices={!isEditing && <RunChoices {...{ chat, message, run }} />}
          more={
            !isEditing &&
            hasTextChoice(message) && <EffectiveTextChoice {...{ chat, message }} onEdit={edit} />
          }
        />
      )}
      {isAnswer ? (
        <div className="jp-StreamChat-answerEnd">
          <BranchArrows chat={chat} message={message} />
          {actions}
          {!isEditing && <AnswerTools chat={chat} message={message} />}
          <AnswerFigures message={message} />
        </div>
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

/** Show the reader a message that was searched for: the focus is there, and it stands out for a moment. */
function useFound(chat: ChatModel, { message_id }: Message): React.RefObject<HTMLElement> {
  const node = useRef<HTMLElement>(null);
  useEffect(() => {
    if (chat.branches.navigation(message_id) === 'found') {
      chat.branches.arrived();
      node.current?.focus({ preventScroll: true });
      node.current?.setAttribute('data-found', '');
    }
  });
  return node;
}

function Attachments({ chat, message }: IProps): JSX.Element | null {
  const parts = attachmentsOf(message.content);
  return parts.length > 0 ? (
    <QuestionChips
      parts={parts}
      load={sha256 => chat.attachedText(sha256)}
      sourceOf={part => chat.sourceOf(part)}
    />
  ) : null;
}

/** The message's parts in their order, each by the renderer of its kind. */
function MessageParts({ chat, message }: IProps): JSX.Element {
  const sections = chat.sections(message.message_id);
  const isWriting = message.runs.some(({ status }) => status === 'streaming');
  const newest = sections.filter(({ parts }) => parts.length > 0).pop();
  return (
    <>
      {sections.map(section => {
        const Renderer = partRenderer(section.kind);
        const isGrowing = isWriting && section === newest;
        return <Renderer key={section.key} {...{ chat, message, section, isGrowing }} />;
      })}
    </>
  );
}
