/**
 * When text that has arrived is put on the page.
 */

/** Calls back before the next paint; returns a function that calls it off. */
export type ScheduleFrame = (callback: () => void) => () => void;

/** Two flushes are at least this far apart, in ms, unless a frame lies between them. */
const FRAME_MS = 16;

/** Frames do not come in hidden tabs; this long, in ms, is waited for one. */
const FRAME_TIMEOUT_MS = 250;

/** The next animation frame, or a time limit where frames do not come. */
export const nextFrame: ScheduleFrame = callback => {
  const cancel = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
  const run = () => {
    cancel();
    callback();
  };
  const frame = requestAnimationFrame(run);
  const timer = setTimeout(run, FRAME_TIMEOUT_MS);
  return cancel;
};

/** A new task, so that the browser can paint and read input in between. */
export function nextTask(): Promise<void> {
  return new Promise(resolve => {
    if (typeof MessageChannel === 'undefined') {
      setTimeout(resolve, 0);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Characters a millisecond beyond which nobody reads along: about ten times as fast as people read. */
const FAST = 0.5;

/** Runs `flush` at once after a pause, and at most once a frame (of fast text, two) while requests keep coming. */
export class FlushScheduler {
  constructor(
    private readonly _flush: () => void,
    private readonly _scheduleFrame: ScheduleFrame = nextFrame
  ) {}

  /**
   * Ask for a flush; requests until then are one.
   *
   * @param characters how many have come that the flush will show.
   */
  request(characters = 0): void {
    this._waiting += characters;
    if (this._cancel !== null) {
      return;
    }
    const frames = this._framesToWait();
    if (frames > 0) {
      this._awaitFrame(frames);
      return;
    }
    let cancelled = false;
    this._cancel = () => {
      cancelled = true;
    };
    // All that arrives in this task goes into one flush, before the browser paints.
    queueMicrotask(() => {
      if (!cancelled) {
        this._run();
      }
    });
  }

  /** Call off a requested flush. */
  cancel(): void {
    this._cancel?.();
    this._cancel = null;
  }

  /** The next frame; of fast text the one after it, which halves the cost. */
  private _framesToWait(): number {
    const since = performance.now() - this._lastFlush;
    const most = this._isFast ? 2 : 1;
    return Math.max(0, most - Math.floor(since / FRAME_MS));
  }

  private _awaitFrame(frames: number): void {
    this._cancel = this._scheduleFrame(() => {
      if (frames > 1) {
        this._awaitFrame(frames - 1);
      } else {
        this._run();
      }
    });
  }

  private _run(): void {
    this._cancel = null;
    this._isFast = this._waiting / (performance.now() - this._lastFlush) > FAST;
    this._waiting = 0;
    this._flush();
    this._lastFlush = performance.now();
  }

  private _cancel: (() => void) | null = null;
  private _lastFlush = -Infinity;
  private _waiting = 0;
  private _isFast = false;
}
