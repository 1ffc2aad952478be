/**
 * What becomes of a draft that is sent while an answer is being written: asked once, remembered, to be changed.
 */
import * as React from 'react';
import type { WhileRunning } from '../chat/queue';
import { IPanelSettings, usePanel } from './context';

/** The question, in the place where the reason stands why nothing was sent. */
export function AskWhileRunning({
  onChoose
}: {
  onChoose: (mode: WhileRunning) => void;
}): JSX.Element {
  const { trans } = usePanel();
  return (
    <div
      className="jp-StreamChat-whileRunning"
      role="group"
      aria-label={trans.__('While an answer is being written')}
    >
      <button className="jp-StreamChat-textButton" onClick={() => onChoose('queue')}>
        {trans.__('Send it afterwards')}
      </button>
      <button className="jp-StreamChat-textButton" onClick={() => onChoose('redirect')}>
        {trans.__('Stop the answer and send')}
      </button>
    </div>
  );
}

/** The choice that was made, for whoever is about to send. */
export function WhileRunningMenu({
  choice,
  onChange
}: {
  choice: IPanelSettings['whileRunning'];
  onChange: (choice: IPanelSettings['whileRunning']) => void;
}): JSX.Element {
  const { trans } = usePanel();
  return (
    <select
      className="jp-StreamChat-whileRunning"
      aria-label={trans.__('While an answer is being written')}
      value={choice}
      onChange={event => onChange(event.currentTarget.value as IPanelSettings['whileRunning'])}
    >
      <option value="queue">{trans.__('Sends after this answer')}</option>
      <option value="redirect">{trans.__('Stops the answer and sends')}</option>
      <option value="ask">{trans.__('Asks what to do')}</option>
    </select>
  );
}
