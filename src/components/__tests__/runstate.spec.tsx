import { cleanup, fireEvent, screen } from '@testing-library/react';
import * as React from 'react';
import { runInfo } from '../../__tests__/support/scriptedserver';
import { localize } from '../../i18n/errors';
import type { ErrorInfo, RunInfo } from '../../protocol/generated';
import { RunState } from '../runstate';
import { renderInPanel, trans } from './support';

const run = (changes: Partial<RunInfo>) =>
  runInfo({ run_id: 'run-00000001', message_id: 'answer-00001', ...changes });
function shown(info: RunInfo, language = 'en'): HTMLElement {
  const state = <RunState run={info} stopping={false} discarded="" />;
  return renderInPanel(state, {
    localize: error => localize(error, trans, language)
  }).container;
}

const NOTICE = {
  code: 'answered_whole',
  message: 'This deployment does not stream: the answer came in one piece.'
};

describe('RunState', () => {
  it('says nothing of an answer that came as it should', () => {
    expect(shown(run({ status: 'finished', finish_reason: 'stop' })).textContent).toBe('');
  });

  it.each(['en', 'zh_CN'])('says in one line how an answer came about (%s)', language => {
    const node = shown(
      run({ status: 'finished', finish_reason: 'stop', notice: NOTICE }),
      language
    );
    expect(node.children).toHaveLength(1);
    expect(node.textContent).toBe(NOTICE.message);
  });

  it('says it below the end that the answer had', () => {
    const node = shown(run({ status: 'finished', finish_reason: 'length', notice: NOTICE }));
    expect(node.children).toHaveLength(2);
    expect(node.lastChild?.textContent).toBe(NOTICE.message);
  });

  it('shows how long a busy provider is waited for', () => {
    const node = shown(run({ status: 'waiting', progress: { stage: 'retrying', seconds: 17 } }));
    expect(node.textContent).toContain('asked again in 17 seconds');
  });

  it.each([
    [9.4, 1, 'Stopped by you…Provider disconnected after 9 ms, 1 token discarded.'],
    [0.2, 3, 'Stopped by you…Provider disconnected after 1 ms, 3 tokens discarded.'],
    [12, 0, 'Stopped by you…Provider disconnected after 12 ms, nothing discarded.'],
    [undefined, 2, 'Stopped by you…The provider has not closed the connection yet.']
  ])('says what Stop did: %s ms, %s tokens', (disconnect_ms, discarded, text) => {
    const counts = {
      tokens: 9,
      logged: 9,
      forwarded: 9,
      characters: 30,
      unreported: 0,
      after_interrupt: 0,
      discarded
    };
    const end = { status: 'finished', finish_reason: 'interrupted', counts } as const;
    expect(shown(run({ ...end, timings: { total_ms: 40, disconnect_ms } })).textContent).toBe(text);
  });

  it.each([
    ['first_token', 'No first word came within 30 seconds.'],
    ['next_token', 'The model sent nothing for 30 seconds.'],
    ['end', 'The answer was not complete after 30 seconds.']
  ] as const)('says which time limit was reached: %s', (limit_kind, text) => {
    const error = { code: 'answer_stalled', message: 'In English.', hint: 'Continue.' };
    const time_limit = { limit_kind, seconds: 30 };
    const end = run({ status: 'finished', finish_reason: 'timeout', time_limit, error });
    expect(shown(end).textContent).toBe(`${text}Continue.Edit profile`);
  });

  it('says how long a paused answer is held', () => {
    const held = run({ status: 'paused', pause: { reason: 'asked', auto_end_seconds: 60 } });
    expect(shown(held).textContent).toBe(
      'Paused.It ends at what is shown unless it is resumed within 60 seconds.'
    );
    const still = run({ status: 'paused', pause: { reason: 'repetition' } });
    expect(shown(still).textContent).toBe('The answer repeats itself. It is paused.');
  });

  it('says how to switch where streaming is on and the deployment does not', () => {
    const error = {
      code: 'does_not_stream',
      message: 'm does not stream.',
      hint: 'Set it to auto.'
    };
    const end = run({ status: 'finished', finish_reason: 'error', error });
    expect(shown(end).textContent).toContain('m does not stream.Set it to auto.');
    expect(shown(end, 'zh_CN').textContent).toContain('Set streaming to auto or off');
  });

  it('opens the profile where a change of it is the hint, at the fields to look at', () => {
    const editProfile = jest.fn();
    const failed = (error: ErrorInfo): void => {
      const end = run({ status: 'finished', finish_reason: 'error', error });
      const state = <RunState run={end} stopping={false} discarded="" />;
      renderInPanel(state, { editProfile });
    };
    failed({ code: 'rate_limited', message: 'Slow down.' });
    expect(screen.queryByText('Edit profile')).toBeNull();
    failed({ code: 'wrong_key', message: 'No.' });
    fireEvent.click(screen.getByText('Edit profile'));
    expect(editProfile).toHaveBeenLastCalledWith('guide', ['api_key', 'api_key_env']);
    cleanup();
    failed({ code: 'provider_error', message: 'No.', field: 'parameters.top_k' });
    fireEvent.click(screen.getByText('Edit profile'));
    expect(editProfile).toHaveBeenLastCalledWith('guide', ['parameters.top_k']);
  });
});
