/**
 * Which text of an answer that was stopped or edited goes into the conversation: a choice below the answer.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { arrivedText, EffectiveText, effectiveText, shownText } from '../chat/effectivetext';
import { ChatModel } from '../chat/chat';
import type { Message } from '../protocol/generated';
import { usePanel } from './context';

interface IProps {
  chat: ChatModel;
  message: Message;
  onEdit: () => void;
}

/** Whether there is a choice: the answer has ended early, or was edited. */
export function hasTextChoice(message: Message): boolean {
  const run = message.runs[message.runs.length - 1];
  const isWhole = run?.finish_reason === 'stop';
  return (
    run?.status === 'finished' &&
    arrivedText(message) !== '' &&
    !(isWhole && effectiveText(message) === 'shown')
  );
}

/** What the user made of an answer, in words; null: nothing. */
export function noteOf(message: Message, trans: TranslationBundle): string | null {
  if (!hasTextChoice(message)) {
    return null;
  }
  switch (effectiveText(message)) {
    case 'nothing':
      return trans.__('Dropped: this answer is not part of the conversation.');
    case 'own':
      return trans.__('Edited by you');
    default:
      return null;
  }
}

export function EffectiveTextChoice({ chat, message, onEdit }: IProps): JSX.Element {
  const { trans } = usePanel();
  const run = message.runs[message.runs.length - 1];
  const effective = effectiveText(message);
  const arrived = arrivedText(message);
  const isWhole = run?.finish_reason === 'stop';
  const choose = (text: string | null) => chat.branches.editAnswer(message.message_id, text);
  const choices: [EffectiveText, string, () => void][] = [
    ['shown', isWhole ? trans.__('Original') : trans.__('Keep what was shown'), () => choose(null)]
  ];
  // Between two edits there is no telling which text was to go on from which.
  if (effective !== 'own' && arrived !== shownText(message)) {
    choices.unshift(['all', trans.__('Keep all that arrived'), () => choose(arrived)]);
  }
  choices.push(
    ['nothing', trans.__('Drop it'), () => choose('')],
    ['own', effective === 'own' ? trans.__('Edited by you') : trans.__('Edit it'), onEdit]
  );
  return (
    <div className="jp-StreamChat-effectiveText">
      <div role="group" aria-label={trans.__('Which text to use in the conversation')}>
        {choices.map(([name, label, onChoose]) => (
          <button
            key={name}
            className="jp-StreamChat-textButton"
            aria-pressed={effective === name}
            aria-disabled={chat.isRunning || undefined}
            title={chat.isRunning ? trans.__('An answer is being written') : undefined}
            onClick={() => !chat.isRunning && onChoose()}
          >
            {label}
          </button>
        ))}
      </div>
    </div>
  );
}
