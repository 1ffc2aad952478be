/**
 * What a reader sees of a chat's texts: all that came, less what a Stop left out.
 *
 * Owns the runs that the user stopped and that have not ended, and keeps renderers at what is to be seen.
 * Sends nothing: telling the server is `chat.ts`.
 */
import type { IDisposable } from '@lumino/disposable';
import type { IStreamingText } from '../markdown';
import type { Message, RunInfo, TextLengths } from '../protocol/generated';
import { codePoints, sliceCodePoints } from '../protocol/text';
import { TextViews } from './textviews';
import {
  CHANNELS,
  Channel,
  channelOf,
  effectiveParts,
  keptOf,
  Transcript
} from '../protocol/transcript';

const NOTHING: TextLengths = { content: 0, reasoning: 0 };

export class VisibleText {
  constructor(private readonly _transcript: Transcript) {}

  /**
   * The text that a reader sees of a message.
   *
   * @param except - leaves out what this run wrote.
   */
  text(message: Message, channel: Channel, except?: string): string {
    return effectiveParts(message, this._transcript.content(message))
      .filter(part => channelOf(part) === channel && (!except || part.run_id !== except))
      .map(part => {
        const shown = this._frozen(part.run_id ?? '');
        const run = message.runs.find(({ run_id }) => run_id === part.run_id);
        return shown ? sliceCodePoints(part.text, 0, shown[channel]) : keptOf(part, run);
      })
      .join('');
  }

  /** Attach a renderer to a message's text. */
  bind(message: Message, view: IStreamingText, channel: Channel): IDisposable {
    const binding = this._views.bind(
      message.message_id,
      channel,
      view,
      this.text(message, channel)
    );
    if (this._isEnded(message)) {
      this._end(message);
    }
    return binding;
  }

  /** Show text that was added to a run; nothing when the user stopped it. */
  append(run: RunInfo, channel: Channel, text: string): void {
    if (!this._frozen(run.run_id)) {
      this._views.append(run.message_id, channel, text);
    }
  }

  /** Bring every renderer up to date, after a snapshot. */
  showAll(): void {
    for (const runId of this._stopped.keys()) {
      if (this._transcript.run(runId)?.status === 'finished') {
        this._stopped.delete(runId);
      }
    }
    // What the server holds of a paused run is all that there is to see of it.
    this._paused.clear();
    this._transcript.messages.forEach(message => this.show(message));
  }

  /** Whether a run was stopped and has not ended. */
  isStopped(runId: string): boolean {
    return this._stopped.has(runId);
  }

  /** What was on the page when a run was stopped. */
  shown(runId: string): TextLengths | undefined {
    return this._stopped.get(runId);
  }

  /**
   * Stop rendering a run, now.
   *
   * @returns what of it is on the page, in code points; nothing for a run that is not here yet.
   */
  stop(runId: string): TextLengths {
    const run = this._transcript.run(runId);
    const message = run && this._transcript.message(run.message_id);
    const shown = message ? this._freeze(message, runId) : NOTHING;
    this._stopped.set(runId, shown);
    return shown;
  }

  /**
   * Render nothing more of a run until it is resumed.
   *
   * @returns what of it is on the page, in code points.
   */
  pause(runId: string): TextLengths {
    const run = this._transcript.run(runId);
    const message = run && this._transcript.message(run.message_id);
    const shown = message ? this._freeze(message, runId) : NOTHING;
    this._paused.set(runId, shown);
    return shown;
  }

  /** A run was resumed: show what has come meanwhile. */
  resume(runId: string): void {
    if (this._paused.delete(runId)) {
      const run = this._transcript.run(runId);
      const message = run && this._transcript.message(run.message_id);
      if (message) {
        this._end(message); // a renderer that was frozen moves again once it is given an end, and goes on from it
      }
    }
  }

  /** A run begins, perhaps to go on with an answer that had ended: its renderers shall take text again. */
  reopen(run: RunInfo): void {
    const message = this._transcript.message(run.message_id);
    if (message) {
      this.show(message);
    }
  }

  /** A run ended, or its Stop was refused: show what there is to show. */
  release(runId: string): void {
    const run = this._transcript.run(runId);
    const message = run && this._transcript.message(run.message_id);
    this._stopped.delete(runId);
    this._paused.delete(runId);
    if (message) {
      this._end(message);
    }
  }

  /** Bring the renderers of a message up to date. */
  show(message: Message): void {
    if (this._isEnded(message)) {
      this._end(message);
    } else if (!message.runs.some(({ run_id }) => this._stopped.has(run_id))) {
      for (const channel of CHANNELS) {
        this._views.reset(message.message_id, channel, this.text(message, channel));
      }
    }
  }

  private _isEnded({ runs }: Message): boolean {
    return runs.every(({ status }) => status === 'finished');
  }

  private _end(message: Message): void {
    for (const channel of CHANNELS) {
      this._views.end(message.message_id, channel, this.text(message, channel));
    }
  }

  private _freeze(message: Message, runId: string): TextLengths {
    const { message_id: messageId } = message;
    CHANNELS.forEach(channel => this._views.freeze(messageId, channel));
    const held = this._transcript.held[runId] ?? NOTHING;
    const shown = (channel: Channel): number => {
      const onPage = this._views.shown(messageId, channel);
      const before = codePoints(this.text(message, channel, runId));
      return onPage === null ? held[channel] : Math.max(0, onPage - before);
    };
    return { content: shown('content'), reasoning: shown('reasoning') };
  }

  private _frozen(runId: string): TextLengths | undefined {
    return this._stopped.get(runId) ?? this._paused.get(runId);
  }

  private readonly _views = new TextViews();
  /** What was on the page when the user paused a run. */
  private readonly _paused = new Map<string, TextLengths>();
  /** What was on the page when the user stopped a run that has not ended. */
  private readonly _stopped = new Map<string, TextLengths>();
}
