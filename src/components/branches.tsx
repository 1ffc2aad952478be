/**
 * Alternatives of a message: 'n of m' with an arrow to either side.
 */
import { caretLeftIcon, caretRightIcon, LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { useEffect, useRef } from 'react';
import { ChatModel } from '../chat/chat';
import { choiceOf, Direction, type IChoice } from '../chat/branches';
import type { Message } from '../protocol/generated';
import { usePanel } from './context';
import { useRoving } from './roving';

interface IProps {
  chat: ChatModel;
  message: Message;
}

export function BranchArrows({ chat, message }: IProps): JSX.Element | null {
  const choice = choiceOf(message);
  return choice && <Versions {...{ chat, message, choice }} />;
}

/** One Tab stop: the arrow keys and first letters go from one button to the other, a digit to the version itself. */
function Versions({ chat, message, choice }: IProps & { choice: IChoice }): JSX.Element {
  const { trans } = usePanel();
  const { index, count, previous, next } = choice;
  const group = useRef<HTMLDivElement>(null);
  const onRove = useRoving(group, { items: 'button', hasTypeAhead: true });
  const onKeyDown = (event: React.KeyboardEvent) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (/^[1-9]$/.test(key) && !ctrlKey && !metaKey && !altKey) {
      event.preventDefault();
      event.stopPropagation();
      if (!chat.isRunning) {
        chat.branches.goTo(message, Number(key));
      }
    } else {
      onRove(event);
    }
  };
  return (
    <div
      ref={group}
      onKeyDown={onKeyDown}
      className="jp-StreamChat-versions"
      role="group"
      aria-label={trans.__('Version %1 of %2', index, count)}
    >
      <Arrow
        {...{ chat, message }}
        direction="previous"
        icon={caretLeftIcon}
        label={trans.__('Previous version')}
        isEnd={previous === null}
      />
      <span>{trans.__('%1 of %2', index, count)}</span>
      <Arrow
        {...{ chat, message }}
        direction="next"
        icon={caretRightIcon}
        label={trans.__('Next version')}
        isEnd={next === null}
      />
    </div>
  );
}

interface IArrowProps extends IProps {
  direction: Direction;
  icon: LabIcon;
  label: string;
  isEnd: boolean;
}

function Arrow({ chat, message, direction, icon: Icon, label, isEnd }: IArrowProps): JSX.Element {
  const { trans } = usePanel();
  const button = useRef<HTMLButtonElement>(null);
  const { message_id: messageId } = message;
  // The button that was pressed is gone with its message: the focus goes on where the reader goes on.
  useEffect(() => {
    if (chat.branches.navigation(messageId) === direction) {
      chat.branches.arrived();
      button.current?.focus({ preventScroll: true });
    }
  }, [chat, messageId, direction]);
  const isDisabled = isEnd || chat.isRunning;
  return (
    <button
      ref={button}
      className="jp-StreamChat-iconButton"
      aria-label={label}
      aria-disabled={isDisabled || undefined}
      title={chat.isRunning ? trans.__('An answer is being written') : label}
      onClick={() => !isDisabled && chat.branches.go(message, direction)}
    >
      <Icon.react tag="span" />
    </button>
  );
}
