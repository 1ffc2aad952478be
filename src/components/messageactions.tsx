/**
 * What can be done with a message: copy it, edit it, have it written again.
 */
import {
  checkIcon,
  copyIcon,
  editIcon,
  inspectorIcon,
  LabIcon,
  refreshIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ChatModel } from '../chat/chat';
import type { Message } from '../protocol/generated';
import { showSent } from './attachments/sentprompt';
import { usePanel } from './context';
import { focusComposer } from './focus';
import { OtherModel } from './othermodel';

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
          onClick={({ currentTarget }) => {
            if (chat.regenerate(messageId)) {
              focusComposer(currentTarget);
            }
          }}
        />
      )}
      {isAnswer && <OtherModel {...{ chat, message }} />}
      <Action
        icon={editIcon}
        label={isAnswer ? trans.__('Edit the answer') : trans.__('Edit the question')}
        isBusy={isBusy}
        onClick={onEdit}
        buttonRef={edit}
      />
      {isAnswer && <CopyAction onCopy={() => copy(chat.keptText(messageId))} />}
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

/** How long it is said that something was copied. */
const COPIED_MS = 2000;

function CopyAction({ onCopy }: { onCopy: () => void }): JSX.Element {
  const { trans } = usePanel();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    const timer = isCopied ? window.setTimeout(() => setCopied(false), COPIED_MS) : undefined;
    return () => window.clearTimeout(timer);
  }, [isCopied]);
  return (
    <>
      <Action
        icon={isCopied ? checkIcon : copyIcon}
        label={trans.__('Copy the answer')}
        isBusy={false}
        onClick={() => {
          onCopy();
          setCopied(true);
        }}
      />
      <span className="jp-StreamChat-copied" role="status">
        {isCopied && trans.__('Copied')}
      </span>
    </>
  );
}

interface IActionProps {
  icon: LabIcon;
  label: string;
  /** An answer is being written, and this must wait. */
  isBusy: boolean;
  onClick: (event: React.MouseEvent<HTMLButtonElement>) => void;
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
      onClick={event => !isBusy && onClick(event)}
    >
      <Icon.react tag="span" />
    </button>
  );
}

/** Who leaves the editor is where the editor was opened; who asked anew is in the composer already. */
function useFocusBack(button: React.RefObject<HTMLButtonElement>, isEditing: boolean): void {
  const wasEditing = useRef(isEditing);
  useLayoutEffect(() => {
    if (wasEditing.current && !isEditing && document.activeElement === document.body) {
      button.current?.focus({ preventScroll: true });
    }
    wasEditing.current = isEditing;
  }, [button, isEditing]);
}
