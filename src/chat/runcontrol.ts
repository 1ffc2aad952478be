/**
 * Going on with answers, pausing them and letting them go on.
 *
 * Owns the run that goes on with an answer until the server has it, and the pauses of this page until the
 * server knows of them. What may be offered for an answer is `offerOf`, which is pure.
 */
import type { Request } from '../connection/connection';
import { effectiveText } from './effectivetext';
import { newId } from '../protocol/ids';
import type { Message, RunInfo } from '../protocol/generated';
import type { VisibleText } from './visibletext';

/** What a reader can do about an answer that ended early: have it go on, or be asked for again. */
export type Offer = 'continue' | 'retry';

const ENDED_EARLY = new Set<RunInfo['finish_reason']>([
  'interrupted',
  'length',
  'error',
  'timeout',
  'repetition',
  'lost'
]);

/**
 * What is offered for an answer.
 *
 * @param hasText - something of it is to be seen.
 */
export function offerOf(message: Message, hasText: boolean): Offer | null {
  const run = message.runs[message.runs.length - 1];
  if (!run || !ENDED_EARLY.has(run.finish_reason) || effectiveText(message) === 'nothing') {
    return null;
  }
  return hasText ? 'continue' : 'retry';
}

export class RunControl {
  /**
   * @param command - sends a command; resolves when it was carried out, or refused and reported.
   * @param changed - called when something that is shown changed.
   */
  constructor(
    private readonly _chatId: string,
    private readonly _visible: VisibleText,
    private readonly _command: (request: Request) => Promise<void>,
    private readonly _changed: () => void
  ) {}

  /** The run that goes on with an answer, until the server has accepted or refused it. */
  get runId(): string | undefined {
    return this._runId;
  }

  /** Go on with an answer, or ask for it again where it has no text. */
  async continueAnswer(messageId: string): Promise<void> {
    const runId = newId();
    this._runId = runId;
    this._changed();
    await this._command({
      type: 'continue_answer',
      chat_id: this._chatId,
      message_id: messageId,
      run_id: runId
    });
    this._runId = undefined;
    this._changed();
  }

  /** Nothing is added to the page from now on. */
  pause(runId: string): void {
    const shown = this._visible.pause(runId);
    this._pausing.add(runId);
    void this._command({ type: 'pause_run', run_id: runId, shown });
  }

  resume(runId: string): void {
    void this._command({ type: 'resume_run', run_id: runId });
  }

  /** Whether a run is paused, or was just asked to. */
  isPaused(run: RunInfo): boolean {
    return run.status === 'paused' || this._pausing.has(run.run_id);
  }

  /** A run's status changed: a pause that the server knew of is over when it says so. */
  progressed(run: RunInfo): void {
    if (run.status === 'paused') {
      this._pausing.delete(run.run_id);
    } else if (!this._pausing.has(run.run_id)) {
      this._visible.resume(run.run_id);
    }
  }

  /** A run ended. */
  finished(runId: string): void {
    this._pausing.delete(runId);
  }

  private _runId: string | undefined;
  /** Runs that this page paused, and of which the server has not said so yet. */
  private readonly _pausing = new Set<string>();
}
