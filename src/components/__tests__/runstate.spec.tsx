import { cleanup, fireEvent, screen } from '@testing-library/react';
import * as React from 'react';
import { runInfo } from '../../__tests__/support/scriptedserver';
import { localize } from '../../errortext';
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

  it('says how to switch where streaming is on and the deployment does not', () => {
    const error = {
      code: 'does_not_stream',
      message: 'm does not stream.',
      cure: 'Set it to auto.'
    };
    const end = run({ status: 'finished', finish_reason: 'error', error });
    expect(shown(end).textContent).toContain('m does not stream.Set it to auto.');
    expect(shown(end, 'zh_CN').textContent).toContain('Set streaming to auto or off');
  });

  it('opens the profile where a change of it is the cure, at the fields to look at', () => {
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
