/**
 * What is said of a run: in its bubble, and to a screen reader when it changes. Pure.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { RunInfo } from './protocol/generated';

/** How a sentence about a run is to be taken. */
export type Level = 'info' | 'warning' | 'error';

/** One sentence about a run, its cure, and what lies behind it. */
export interface IRunText {
  level: Level;
  text: string;
  cure?: string;
  detail?: string;
  /** Part done, 0 to 1, where it is known. */
  fraction?: number;
}

/**
 * Say what a run is doing, or how it ended.
 *
 * @returns nothing to say for a run that streams or that ended well.
 */
export function describeRun(run: RunInfo, trans: TranslationBundle): IRunText | null {
  return run.status === 'finished' ? describeEnd(run, trans) : describeWait(run, trans);
}

function describeWait(run: RunInfo, trans: TranslationBundle): IRunText | null {
  const { status, progress } = run;
  if (status === 'streaming') {
    return null;
  }
  if (status === 'paused') {
    return { level: 'info', text: trans.__('Paused') };
  }
  if (
    progress?.stage === 'queued' &&
    progress.position !== undefined &&
    progress.position !== null
  ) {
    return { level: 'info', text: trans.__('Waiting in the queue, place %1', progress.position) };
  }
  if (progress?.stage === 'retrying') {
    return {
      level: 'info',
      text: trans._n(
        'The provider is busy. It is asked again in %1 second.',
        'The provider is busy. It is asked again in %1 seconds.',
        progress.seconds ?? 0
      )
    };
  }
  if (status === 'waiting' || !progress) {
    return { level: 'info', text: trans.__('Waiting for the answer') };
  }
  const fraction = progress.fraction ?? undefined;
  const text = {
    queued: trans.__('Waiting in the queue'),
    importing: trans.__('Starting the local engine'),
    downloading: trans.__('Downloading the model'),
    loading: trans.__('Loading the model')
  }[progress.stage];
  return fraction === undefined
    ? { level: 'info', text }
    : { level: 'info', text: trans.__('%1, %2 %', text, Math.round(fraction * 100)), fraction };
}

function describeEnd(run: RunInfo, trans: TranslationBundle): IRunText | null {
  const error = run.error ?? undefined;
  const why = {
    cure: error?.cure ?? undefined,
    detail: error?.detail ?? undefined
  };
  switch (run.finish_reason) {
    case 'interrupted':
      return { level: 'info', text: trans.__('Stopped by you') };
    case 'error':
      return {
        level: 'error',
        text: error?.message ?? trans.__('The provider reported an error.'),
        ...why
      };
    case 'timeout':
      return {
        level: 'warning',
        text: error?.message ?? trans.__('Stopped at the time limit.'),
        ...why
      };
    case 'length':
      return {
        level: 'warning',
        text: trans.__('The answer reached its length limit.'),
        cure: trans.__('Raise max_tokens in the profile, or ask to go on.')
      };
    case 'content_filter':
      return {
        level: 'warning',
        text: trans.__("The provider's content filter ended the answer.")
      };
    case 'repetition':
      return {
        level: 'warning',
        text: trans.__('Stopped because the answer repeated itself.')
      };
    case 'lost':
      return {
        level: 'warning',
        text: trans.__('The server stopped during this answer. What it had written is kept.'),
        ...why
      };
    default:
      return null;
  }
}

/**
 * What a screen reader is told when the newest run changes from one state to another.
 *
 * @returns the sentence and whether it interrupts (errors do), or null for a change not worth saying.
 */
export function announce(
  before: RunInfo | null,
  now: RunInfo,
  trans: TranslationBundle
): { text: string; assertive: boolean } | null {
  const same =
    before?.run_id === now.run_id &&
    before.status === now.status &&
    before.progress?.stage === now.progress?.stage;
  if (same) {
    return null;
  }
  const said = describeRun(now, trans);
  if (now.status === 'streaming') {
    return { text: trans.__('The answer is being written'), assertive: false };
  }
  if (now.status === 'finished' && !said) {
    const text = [trans.__('The answer is complete'), now.notice?.message]
      .filter(Boolean)
      .join('. ');
    return { text, assertive: false };
  }
  return (
    said && {
      text: [said.text, said.cure].filter(Boolean).join(' '),
      assertive: said.level === 'error'
    }
  );
}
