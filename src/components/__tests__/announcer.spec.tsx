import { screen } from '@testing-library/react';
import * as React from 'react';
import { runInfo } from '../../__tests__/support/scriptedserver';
import type { RunInfo } from '../../protocol/generated';
import { Announcer } from '../announcer';
import { renderInPanel } from './support';

const run = (changes: Partial<RunInfo>) => runInfo({ run_id: 'r', message_id: 'm', ...changes });
const polite = () => screen.getByRole('status').textContent;
const assertive = () => screen.getByRole('alert').textContent;

it('speaks politely of changes, and at once of errors', () => {
  const { rerender } = renderInPanel(<Announcer run={null} />);
  expect(polite()).toBe('');

  rerender(<Announcer run={run({ status: 'waiting' })} />);
  expect(polite()).toBe('Waiting for the answer');
  rerender(<Announcer run={run({ status: 'streaming' })} />);
  expect(polite()).toBe('The answer is being written');
  rerender(<Announcer run={run({ status: 'finished', finish_reason: 'stop' })} />);
  expect(polite()).toBe('The answer is complete');

  const error = { code: 'wrong_key', message: 'No.', hint: 'Check the key.' };
  rerender(
    <Announcer run={run({ run_id: 'r2', status: 'finished', finish_reason: 'error', error })} />
  );
  expect(polite()).toBe('');
  expect(assertive()).toBe('No. Check the key.');
});

it('says nothing of what was there before, nor of every percent', () => {
  const loading = (fraction: number) =>
    run({ status: 'starting', progress: { stage: 'loading', fraction } });
  const { rerender } = renderInPanel(<Announcer run={loading(0.1)} />);
  expect(polite()).toBe('');
  rerender(<Announcer run={loading(0.2)} />);
  expect(polite()).toBe('');
});
