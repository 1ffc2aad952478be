/**
 * What can be done with a message: copy it, edit it, have it written again.
 */
import { copyIcon, editIcon, inspectorIcon, LabIcon, refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { useEffect, useRef } from 'react';
import type { ChatModel } from '../chat/chat';
import type { Message } from '../protocol/generated';
import { showSent } from './attachments/sentprompt';
import { usePanel } from './context';

interface IProps {
  chat: ChatModel;
  message: Message;
  isEditing: boolean;
  onEdit: () => void;
}

export function MessageActions({ chat, message, isEditing, onEdit }: IProps): JSX.Element {
  const { trans, copy, localize } = usePanel();
  const { message_id: messageId, role } = message;
  const edit = useRef<HTMLButtonElement>(null);
  useFocusBack(edit, isEditing);
  const isAnswer = role === 'assistant';
  const run = message.runs[message.runs.length - 1];
  const isBusy = chat.isRunning;
  return (
    <div className="jp-StreamChat-actions">
      {isAnswer && (
        <Action
          icon={refreshIcon}
          label={trans.__('Answer again')}
          isBusy={isBusy}
          onClick={() => chat.regenerate(messageId)}
        />
      )}
      <Action
        icon={editIcon}
        label={isAnswer ? trans.__('Edit the answer') : trans.__('Edit the question')}
        isBusy={isBusy}
        onClick={onEdit}
        buttonRef={edit}
      />
      {isAnswer && (
        <Action
          icon={copyIcon}
          label={trans.__('Copy the answer')}
          isBusy={false}
          onClick={() => copy(chat.keptText(messageId))}
        />
      )}
      {run && (
        <Action
          icon={inspectorIcon}
          label={trans.__('What the model was sent')}
          isBusy={false}
          onClick={() => void showSent(chat.sentFor(run.run_id), localize, trans)}
        />
      )}
    </div>
  );
}

interface IActionProps {
  icon: LabIcon;
  label: string;
  /** An answer is being written, and this must wait. */
  isBusy: boolean;
  onClick: () => void;
  buttonRef?: React.RefObject<HTMLButtonElement>;
}

function Action({ icon: Icon, label, isBusy, onClick, buttonRef }: IActionProps): JSX.Element {
  const { trans } = usePanel();
  return (
    <button
      ref={buttonRef}
      className="jp-StreamChat-iconButton"
      aria-label={label}
      aria-disabled={isBusy || undefined}
      title={isBusy ? trans.__('%1 (once the answer is written)', label) : label}
      onClick={() => !isBusy && onClick()}
    >
      <Icon.react tag="span" />
    </button>
  );
}

/** Who leaves the editor is where the editor was opened. */
function useFocusBack(button: React.RefObject<HTMLButtonElement>, isEditing: boolean): void {
  const wasEditing = useRef(isEditing);
  useEffect(() => {
    if (wasEditing.current && !isEditing) {
      button.current?.focus({ preventScroll: true });
    }
    wasEditing.current = isEditing;
  }, [button, isEditing]);
}
