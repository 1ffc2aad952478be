/**
 * What the reader can do about an answer's run: let it go on, end it, ask for it again.
 */
import * as React from 'react';
import type { ChatModel } from '../chat/chat';
import type { Message, RunInfo } from '../protocol/generated';
import { usePanel } from './context';
import { focusComposer } from './focus';

interface IProps {
  chat: ChatModel;
  message: Message;
  run: RunInfo;
}

export function RunChoices({ chat, message, run }: IProps): JSX.Element | null {
  const { trans } = usePanel();
  if (chat.isStopping(run.run_id)) {
    return null;
  }
  if (run.status === 'paused') {
    const isAsked = run.pause?.reason === 'repetition';
    return (
      <div className="jp-StreamChat-choices">
        <Choice
          label={isAsked ? trans.__('Continue anyway') : trans.__('Resume')}
          onChoose={() => chat.resume()}
        />
        {isAsked && <Choice label={trans.__('Stop here')} onChoose={() => chat.interrupt()} />}
      </div>
    );
  }
  const offer = chat.offer(message);
  return (
    offer && (
      <div className="jp-StreamChat-choices">
        <Choice
          label={offer === 'continue' ? trans.__('Continue') : trans.__('Retry')}
          isBusy={chat.blockedReason !== null}
          onChoose={() => chat.continueAnswer(message.message_id)}
        />
        {run.error?.code === 'pictures_refused' && (
          <Choice
            label={trans.__('Send without pictures')}
            isBusy={chat.blockedReason !== null}
            onChoose={() => chat.askWithoutPictures(message.message_id)}
          />
        )}
      </div>
    )
  );
}

function Choice({
  label,
  isBusy = false,
  onChoose
}: {
  label: string;
  isBusy?: boolean;
  onChoose: () => void;
}): JSX.Element {
  return (
    <button
      className="jp-StreamChat-textButton"
      aria-disabled={isBusy || undefined}
      onClick={({ currentTarget }) => {
        if (!isBusy) {
          // The button goes with what it offers. From the composer Escape stops what begins now.
          focusComposer(currentTarget);
          onChoose();
        }
      }}
    >
      {label}
    </button>
  );
}
