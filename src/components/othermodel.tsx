/**
 * The menu of an answer that has its question answered by another model: a further version, by a profile chosen once.
 */
import * as React from 'react';
import type { ChatModel } from '../chat/chat';
import type { Message } from '../protocol/generated';
import { swapIcon } from '../icons';
import { usePanel } from './context';
import { focusComposer } from './focus';

interface IProps {
  chat: ChatModel;
  message: Message;
}

/** Keys that open the menu. */
const OPENING = new Set(['ArrowDown', 'ArrowUp', 'Enter', ' ']);

/** Nothing where no other profile can answer. */
export function OtherModel({ chat, message }: IProps): JSX.Element | null {
  const { trans } = usePanel();
  const profiles = chat.otherProfiles(message);
  if (profiles.length === 0) {
    return null;
  }
  const label = trans.__('Answer with another model');
  const onChoose = ({ currentTarget }: React.ChangeEvent<HTMLSelectElement>) => {
    if (chat.regenerate(message.message_id, currentTarget.value)) {
      focusComposer(currentTarget);
    }
  };
  const isBusy = chat.isRunning;
  const onKeyDown = (event: React.KeyboardEvent<HTMLSelectElement>) => {
    // A closed menu would take the next entry, or one that begins with the letter, at once.
    if (event.key !== 'Tab') {
      event.preventDefault();
    }
    if (OPENING.has(event.key) && !isBusy) {
      event.currentTarget.showPicker?.();
    }
  };
  return (
    <span className="jp-StreamChat-iconButton jp-StreamChat-otherModel">
      <swapIcon.react tag="span" aria-hidden="true" />
      <select
        aria-label={label}
        // Not `disabled`: that would take the focus from whoever is there.
        aria-disabled={isBusy || undefined}
        title={isBusy ? trans.__('%1 (once the answer is written)', label) : label}
        value=""
        onMouseDown={event => isBusy && event.preventDefault()}
        onKeyDown={onKeyDown}
        onChange={onChoose}
      >
        <option value="" disabled>
          {label}
        </option>
        {profiles.map(({ profile_id: id, label: name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </span>
  );
}
