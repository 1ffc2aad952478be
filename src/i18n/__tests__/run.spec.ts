import { nullTranslator } from '@jupyterlab/translation';
import { announce, describeRun } from '../run';
import type { FinishReason, RunInfo } from '../../protocol/generated';
import { runInfo } from '../../__tests__/support/scriptedserver';

const trans = nullTranslator.load('jupyter_stream_chat');

function said(changes: Partial<RunInfo>): string | undefined {
  return describeRun(runInfo({ run_id: 'r', message_id: 'm', ...changes }), trans)?.text;
}

it('tells how far a run is before its first text', () => {
  expect(said({ status: 'queued', progress: { stage: 'queued', position: 2 } })).toBe(
    'Waiting in the queue, place 2'
  );
  expect(said({ status: 'starting', progress: { stage: 'loading', fraction: 0.62 } })).toBe(
    'Loading the model, 62 %'
  );
  expect(said({ status: 'starting', progress: { stage: 'importing' } })).toBe(
    'Starting the local engine'
  );
  expect(said({ status: 'waiting' })).toBe('Waiting for the answer');
  expect(said({ status: 'streaming' })).toBeUndefined();
});

it('tells every end apart, but a good one', () => {
  const reasons: FinishReason[] = [
    'length',
    'content_filter',
    'interrupted',
    'error',
    'timeout',
    'repetition',
    'lost'
  ];
  const ends = reasons.map(finish_reason => said({ status: 'finished', finish_reason }));
  expect(new Set(ends).size).toBe(reasons.length);
  expect(ends).not.toContain(undefined);
  expect(said({ status: 'finished', finish_reason: 'stop' })).toBeUndefined();
});

it('says what the server said of an error', () => {
  const error = { code: 'x', message: 'It broke.', hint: 'Mend it.', detail: 'Trace' };
  const text = describeRun(
    runInfo({
      run_id: 'r',
      message_id: 'm',
      status: 'finished',
      finish_reason: 'error',
      error
    }),
    trans
  );
  expect(text).toEqual({ level: 'error', text: 'It broke.', hint: 'Mend it.', detail: 'Trace' });
});

const IDS = { run_id: 'run-00000001', message_id: 'answer-00001' };
const retrying = (seconds: number) =>
  runInfo({ ...IDS, status: 'waiting', progress: { stage: 'retrying', seconds } });

describe('describeRun', () => {
  it.each([
    [1, 'The provider is busy. It is asked again in 1 second.'],
    [42, 'The provider is busy. It is asked again in 42 seconds.']
  ])('counts the seconds down: %d', (seconds, text) => {
    expect(describeRun(retrying(seconds), trans)).toEqual({ level: 'info', text });
  });
});

it.each([
  [1, '1 second'],
  [60, '60 seconds'],
  [120, '2 minutes'],
  [3600, '1 hour'],
  [5400, '90 minutes'],
  [14_400, '4 hours'],
  [9000, '2.5 hours'],
  [86_400, '24 hours']
])('says how long a pause of %d seconds may last: %s', (auto_end_seconds, time) => {
  const paused = runInfo({
    ...IDS,
    status: 'paused',
    pause: { reason: 'asked', auto_end_seconds }
  });
  expect(describeRun(paused, trans)?.hint).toBe(
    `It ends at what is shown unless it is resumed within ${time}.`
  );
});

it('says which pause ended a run', () => {
  const time_limit = { limit_kind: 'resume' as const, seconds: 14_400 };
  const end = { status: 'finished' as const, finish_reason: 'timeout' as const, time_limit };
  expect(said(end)).toBe('The answer was paused for 4 hours and not resumed.');
});

describe('announce', () => {
  it('says once that the provider is asked again, not every second', () => {
    const waiting = runInfo({ ...IDS, status: 'waiting' });
    expect(announce(waiting, retrying(9), trans)?.text).toContain('in 9 seconds');
    expect(announce(retrying(9), retrying(8), trans)).toBeNull();
  });

  it('says with the end how the answer came', () => {
    const notice = { code: 'answered_whole', message: 'It came in one piece.' };
    const ended = runInfo({ ...IDS, status: 'finished', finish_reason: 'stop', notice });
    expect(announce(null, ended, trans)).toEqual({
      text: 'The answer is complete. It came in one piece.',
      assertive: false
    });
  });
});
