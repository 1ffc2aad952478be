/**
 * What a reader sees of a chat's texts: all that came, less what a Stop left out.
 *
 * Owns the runs that the user stopped and that have not ended, and keeps renderers at what is to be seen.
 * Sends nothing: telling the server is `chat.ts`.
 */
import type { IDisposable } from '@lumino/disposable';
import type { IStreamingText } from '../markdown';
import type { Message, PartLengths, RunInfo } from '../protocol/generated';
import { textOf } from '../protocol/parts';
import { codePoints } from '../protocol/text';
import { Transcript } from '../protocol/transcript';
import { ISection, sectionsOf, sectionText } from './sections';
import { TextViews } from './textviews';

export class VisibleText {
  constructor(private readonly _transcript: Transcript) {}

  /** The sections that a reader sees of a message. */
  sections(message: Message): readonly ISection[] {
    return sectionsOf(message, this._transcript.content(message), runId => this._frozen(runId));
  }

  /** The text that a reader sees of a message, without reasoning. */
  text(message: Message): string {
    return this.sections(message)
      .filter(({ kind }) => kind === 'text')
      .map(sectionText)
      .join('');
  }

  /** Attach a renderer to a section of a message. */
  bind(message: Message, view: IStreamingText, key: string): IDisposable {
    const section = this.sections(message).find(each => each.key === key);
    const text = section ? sectionText(section) : '';
    const binding = this._views.bind(message.message_id, key, view, text);
    if (this._isEnded(message)) {
      this._end(message);
    }
    return binding;
  }

  /** Show text that was added to a part of a run; nothing when the user stopped it. */
  append(run: RunInfo, part: number, text: string): void {
    if (!this._frozen(run.run_id)) {
      this._views.append(run.message_id, this._sectionOf(run, part), text);
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
    this._growing = null;
    this._transcript.messages.forEach(message => this.show(message));
  }

  /** Whether a run was stopped and has not ended. */
  isStopped(runId: string): boolean {
    return this._stopped.has(runId);
  }

  /** What was on the page when a run was stopped. */
  shown(runId: string): PartLengths | undefined {
    return this._stopped.get(runId);
  }

  /**
   * Stop rendering a run, now.
   *
   * @returns what of it is on the page, in code points; nothing for a run that is not here yet.
   */
  stop(runId: string): PartLengths {
    const run = this._transcript.run(runId);
    const message = run && this._transcript.message(run.message_id);
    const shown = message ? this._freeze(message, runId) : [];
    this._stopped.set(runId, shown);
    return shown;
  }

  /**
   * Render nothing more of a run until it is resumed.
   *
   * @returns what of it is on the page, in code points.
   */
  pause(runId: string): PartLengths {
    const run = this._transcript.run(runId);
    const message = run && this._transcript.message(run.message_id);
    const shown = message ? this._freeze(message, runId) : [];
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
    this._growing = null;
    if (this._isEnded(message)) {
      this._end(message);
    } else if (!message.runs.some(({ run_id }) => this._stopped.has(run_id))) {
      for (const section of this.sections(message)) {
        this._views.reset(message.message_id, section.key, sectionText(section));
      }
    }
  }

  private _isEnded({ runs }: Message): boolean {
    return runs.every(({ status }) => status === 'finished');
  }

  private _end(message: Message): void {
    this._growing = null;
    for (const section of this.sections(message)) {
      this._views.end(message.message_id, section.key, sectionText(section));
    }
  }

  /** Stop rendering a message; returns what is on the page of each part of a run of its. */
  private _freeze(message: Message, runId: string): PartLengths {
    const { message_id: messageId } = message;
    const sections = this.sections(message).filter(({ parts }) => parts.length > 0);
    const isRendered = this._views.isBound(messageId);
    this._views.freeze(messageId);
    const lengths = (this._transcript.knownLengths.get(runId) ?? []).map(() => 0);
    sections.forEach(({ key, parts }, at) => {
      // What nothing renders counts as it is held, but for a section that has just begun: its renderer is being made.
      const isBeginning = isRendered && at === sections.length - 1;
      let onPage = this._views.shown(messageId, key) ?? (isBeginning ? 0 : Infinity);
      for (const { part, number, run, limit } of parts) {
        const length = Math.min(limit, codePoints(textOf(part)), onPage);
        onPage -= length;
        if (run?.run_id === runId) {
          lengths[number] = length;
        }
      }
    });
    return lengths;
  }

  /** The key of the section that a growing part is in; looked up once per part. */
  private _sectionOf(run: RunInfo, part: number): string {
    const { run_id: runId, message_id: messageId } = run;
    if (this._growing?.runId !== runId || this._growing.part !== part) {
      const message = this._transcript.message(messageId);
      const sections = message ? this.sections(message) : [];
      const isPart = (each: ISection['parts'][number]): boolean =>
        each.run?.run_id === runId && each.number === part;
      const key = sections.find(({ parts }) => parts.some(isPart))?.key ?? '';
      this._growing = { runId, part, key };
    }
    return this._growing.key;
  }

  private _frozen(runId: string): PartLengths | undefined {
    return this._stopped.get(runId) ?? this._paused.get(runId);
  }

  private readonly _views = new TextViews();
  private _growing: { runId: string; part: number; key: string } | null = null;
  /** What was on the page when the user paused a run. */
  private readonly _paused = new Map<string, PartLengths>();
  /** What was on the page when the user stopped a run that has not ended. */
  private readonly _stopped = new Map<string, PartLengths>();
}
