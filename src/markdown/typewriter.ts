/**
 * Text revealed at a typist's pace: evenly, slower at punctuation, never more than a second behind.
 *
 * Wraps the text that is on the page, and holds back from it what has not been typed yet.
 */

import { nextFrame, type ScheduleFrame } from './schedule';
import type { IStreamingText } from './text';

/** What waits is typed within about this long, in ms: the faster text comes, the faster the typist. */
const USUAL_LAG = 400;

/** What has waited this long, in ms, is typed at once; a frame is left to the promised second. */
const LONGEST_LAG = 900;

/** Characters per second at least. */
const LEAST_PACE = 30;

/** How many characters' time a character takes. */
function effort(character: string): number {
  if (/[.!?…。！？\n]/u.test(character)) {
    return 10;
  }
  return /[,;:，、；：]/u.test(character) ? 5 : 1;
}

interface IArrival {
  readonly at: number;
  /** Characters that had come by then, typed ones included. */
  readonly total: number;
}

export class Typewriter implements IStreamingText {
  constructor(
    private readonly _page: IStreamingText,
    private readonly _scheduleFrame: ScheduleFrame = nextFrame,
    private readonly _now: () => number = () => performance.now()
  ) {}

  append(text: string): void {
    this._waiting = this._waiting.concat([...text]);
    this._arrivals.push({ at: this._now(), total: this._typed + this._waiting.length });
    if (!this._cancel && !this._isFrozen) {
      this._lastFrame = this._now();
      this._await();
    }
  }

  setText(text: string): void {
    this._drop();
    this._page.setText(text);
  }

  freeze(): void {
    this._isFrozen = true;
    this._stop();
    this._page.freeze();
  }

  get shown(): number {
    return this._page.shown;
  }

  truncate(points: number): void {
    this._isFrozen = false;
    this._flush();
    this._page.truncate(points);
  }

  finish(): Promise<void> {
    this._isFrozen = false;
    this._flush();
    return this._page.finish();
  }

  dispose(): void {
    this._drop();
    this._page.dispose();
  }

  private _await(): void {
    this._cancel = this._scheduleFrame(() => {
      this._cancel = null;
      this._type();
      if (this._waiting.length > 0) {
        this._await();
      }
    });
  }

  /** Type what a typist can since the last frame, and what is due. */
  private _type(): void {
    const now = this._now();
    const efforts = this._waiting.map(effort);
    const pace = Math.max(LEAST_PACE / 1000, sum(efforts) / USUAL_LAG);
    this._strength += (now - this._lastFrame) * pace;
    this._lastFrame = now;
    const due = this._due(now) - this._typed;
    let count = 0;
    while (count < efforts.length && (this._strength >= 1 || count < due)) {
      this._strength -= efforts[count];
      count += 1;
    }
    // Text that was due was typed without strength: that makes nobody slower afterwards.
    this._strength = Math.max(this._strength, -10);
    this._put(count);
  }

  /** How many characters have to be typed by now, since the beginning. */
  private _due(now: number): number {
    let due = 0;
    while (this._arrivals.length > 0 && now - this._arrivals[0].at >= LONGEST_LAG) {
      due = this._arrivals.shift()?.total ?? 0;
    }
    return due;
  }

  private _put(count: number): void {
    if (count > 0) {
      this._page.append(this._waiting.splice(0, count).join(''));
      this._typed += count;
    }
  }

  /** Give the page all that waits. */
  private _flush(): void {
    this._put(this._waiting.length);
    this._drop();
  }

  /** Forget what waits. */
  private _drop(): void {
    this._stop();
    this._waiting = [];
    this._arrivals = [];
    this._strength = 0;
  }

  private _stop(): void {
    this._cancel?.();
    this._cancel = null;
  }

  private _waiting: string[] = [];
  private _arrivals: IArrival[] = [];
  private _typed = 0;
  /** Characters that the typist could type just now; below zero after punctuation. */
  private _strength = 0;
  private _lastFrame = 0;
  private _cancel: (() => void) | null = null;
  private _isFrozen = false;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
