import { fireEvent, screen } from '@testing-library/react';
import * as React from 'react';
import { runInfo } from '../../__tests__/support/scriptedserver';
import type { ChatModel } from '../../chat/chat';
import type { Offer } from '../../chat/runcontrol';
import type { Message, RunInfo } from '../../protocol/generated';
import { RunChoices } from '../runchoices';
import { renderInPanel } from './support';

const message = { message_id: 'answer-00001' } as Message;

/** The choices below an answer, and what the reader did by them. */
function choices(
  changes: Partial<RunInfo>,
  { offer = null, isBusy = false }: { offer?: Offer | null; isBusy?: boolean } = {}
): jest.Mock {
  const run = runInfo({ run_id: 'run-00000001', message_id: 'answer-00001', ...changes });
  const did = jest.fn();
  const chat = {
    isStopping: () => false,
    offer: () => offer,
    blockedReason: isBusy ? 'running' : null,
    continueAnswer: (messageId: string) => did('continueAnswer', messageId),
    resume: () => did('resume'),
    interrupt: () => did('interrupt')
  } as unknown as ChatModel;
  renderInPanel(<RunChoices {...{ chat, message, run }} />);
  return did;
}

const names = () => screen.queryAllByRole('button').map(button => button.textContent);
const click = (name: string) => fireEvent.click(screen.getByRole('button', { name }));

describe('RunChoices', () => {
  it('lets a paused answer go on', () => {
    const did = choices({ status: 'paused', pause: { reason: 'asked' } });
    expect(names()).toEqual(['Resume']);
    click('Resume');
    expect(did.mock.calls).toEqual([['resume']]);
  });

  it('asks what is to become of an answer that repeats itself', () => {
    const did = choices({ status: 'paused', pause: { reason: 'repetition' } });
    expect(names()).toEqual(['Continue anyway', 'Stop here']);
    click('Continue anyway');
    click('Stop here');
    expect(did.mock.calls).toEqual([['resume'], ['interrupt']]);
  });

  it.each([
    ['continue', 'Continue'],
    ['retry', 'Retry']
  ] as const)('offers to %s', (offer, name) => {
    const did = choices({ status: 'finished', finish_reason: 'error' }, { offer });
    click(name);
    expect(did.mock.calls).toEqual([['continueAnswer', 'answer-00001']]);
  });

  it('waits while another answer is written', () => {
    const did = choices({ status: 'finished' }, { offer: 'continue', isBusy: true });
    expect(screen.getByRole('button').getAttribute('aria-disabled')).toBe('true');
    click('Continue');
    expect(did).not.toHaveBeenCalled();
  });

  it('offers nothing for an answer that ended well', () => {
    choices({ status: 'finished', finish_reason: 'stop' });
    expect(names()).toEqual([]);
  });
});
