/**
 * What is said of a run: in its bubble, and to a screen reader when it changes. Pure.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { RunInfo } from '../protocol/generated';

/** How a sentence about a run is to be taken. */
export type Level = 'info' | 'warning' | 'error';

/** One sentence about a run, its hint, and what lies behind it. */
export interface IRunText {
  level: Level;
  text: string;
  hint?: string;
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
    return describePause(run, trans);
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
    waiting_for_hub: trans.__('The Hugging Face hub has sent nothing for 15 seconds'),
    loading: trans.__('Loading the model')
  }[progress.stage];
  return fraction === undefined
    ? { level: 'info', text }
    : { level: 'info', text: trans.__('%1, %2 %', text, Math.round(fraction * 100)), fraction };
}

function describeEnd(run: RunInfo, trans: TranslationBundle): IRunText | null {
  const error = run.error ?? undefined;
  const why = {
    hint: error?.hint ?? undefined,
    detail: error?.detail ?? undefined
  };
  switch (run.finish_reason) {
    case 'interrupted':
      return {
        level: 'info',
        text: trans.__('Stopped by you'),
        hint: describeDisconnect(run, trans)
      };
    case 'error':
      return {
        level: 'error',
        text: error?.message ?? trans.__('The provider reported an error.'),
        ...why
      };
    case 'timeout':
      return {
        level: 'warning',
        text: describeTimeLimit(run, trans) ?? trans.__('Stopped at the time limit.'),
        ...why
      };
    case 'length':
      return {
        level: 'warning',
        text: trans.__('The answer reached its length limit.'),
        hint: trans.__('Raise max_tokens in the profile, or continue.')
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

function describePause({ pause }: RunInfo, trans: TranslationBundle): IRunText {
  const seconds = pause?.auto_end_seconds;
  return {
    level: pause?.reason === 'repetition' ? 'warning' : 'info',
    text:
      pause?.reason === 'repetition'
        ? trans.__('The answer repeats itself. It is paused.')
        : trans.__('Paused.'),
    hint:
      seconds === undefined || seconds === null
        ? undefined
        : trans.__(
            'It ends at what is shown unless it is resumed within %1.',
            durationText(seconds, trans)
          )
  };
}

/** A time in the unit in which people say it. */
function durationText(seconds: number, trans: TranslationBundle): string {
  const hours = Math.round(seconds / 360) / 10;
  if (seconds >= 7200 || seconds === 3600) {
    return trans._n('%1 hour', '%1 hours', hours);
  }
  return seconds >= 120
    ? trans._n('%1 minute', '%1 minutes', Math.round(seconds / 60))
    : trans._n('%1 second', '%1 seconds', seconds);
}

/** What a Stop did: how soon the provider had closed the connection, and how much text came after. */
function describeDisconnect(
  { timings, counts }: RunInfo,
  trans: TranslationBundle
): string | undefined {
  if (!timings) {
    return undefined;
  }
  const { disconnect_ms: ms } = timings;
  if (ms === undefined || ms === null) {
    return trans.__('The provider has not closed the connection yet.');
  }
  const disconnected = trans.__('Provider disconnected after %1 ms', Math.max(1, Math.round(ms)));
  const tokens = counts?.discarded
    ? trans._n('%1 token discarded', '%1 tokens discarded', counts.discarded)
    : trans.__('nothing discarded');
  return trans.__('%1, %2.', disconnected, tokens);
}

function describeTimeLimit(
  { time_limit: limit, error }: RunInfo,
  trans: TranslationBundle
): string | undefined {
  const time = durationText(limit?.seconds ?? 0, trans);
  switch (limit?.limit_kind) {
    case 'first_token':
      return trans.__('No first word came within %1.', time);
    case 'next_token':
      return trans.__('The model sent nothing for %1.', time);
    case 'end':
      return trans.__('The answer was not complete after %1.', time);
    case 'resume':
      return trans.__('The answer was paused for %1 and not resumed.', time);
    default:
      return error?.message;
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
      text: [said.text, said.hint].filter(Boolean).join(said.text.endsWith('.') ? ' ' : '. '),
      assertive: said.level === 'error'
    }
  );
}
