/**
 * When text that has arrived is put on the page.
 */

/** Calls back before the next paint, or the first one after so many ms; returns a function that calls it off. */
export type ScheduleFrame = (callback: () => void, afterMs?: number) => () => void;

/** Two flushes are at least this far apart, in ms, unless a frame lies between them. */
const FRAME_MS = 16;

/** Frames do not come in hidden tabs; this long, in ms, is waited for one. */
const FRAME_TIMEOUT_MS = 250;

/** An animation frame, or a time limit where frames do not come. */
export const nextFrame: ScheduleFrame = (callback, afterMs = 0) => {
  let frame = 0;
  const cancel = () => {
    cancelAnimationFrame(frame);
    clearTimeout(rest);
    clearTimeout(limit);
  };
  const run = () => {
    cancel();
    callback();
  };
  const ask = () => {
    frame = requestAnimationFrame(run);
  };
  // A frame that is asked for costs even if nothing has changed: frames in between are not.
  const rest = afterMs > FRAME_MS ? setTimeout(ask, afterMs - FRAME_MS) : undefined;
  const limit = setTimeout(run, afterMs + FRAME_TIMEOUT_MS);
  if (rest === undefined) {
    ask();
  }
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

/**
 * After showing fast text, the page rests this many times as long as that took, within the two limits, in ms. Half of
 * what it costs is not seen from here: the events and the frame that follow from scrolling.
 */
const REST = 16;
const SHORTEST_REST_MS = 2 * FRAME_MS;
const LONGEST_REST_MS = 100;

/**
 * Runs `flush` at once after a pause, and at most once a frame while requests keep coming. Fast text has a budget:
 * about an eighth of the page's time, so that a slow machine shows it in fewer steps instead of doing nothing else.
 */
export class FlushScheduler {
  /**
   * @param _flush puts on the page what has come.
   * @param _scheduleFrame calls back before the next paint.
   * @param _frameOver resolves once the frame under way has been laid out and painted.
   */
  constructor(
    private readonly _flush: () => void,
    private readonly _scheduleFrame: ScheduleFrame = nextFrame,
    private readonly _frameOver: () => Promise<void> = nextTask
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
    const wait = this._rest - (performance.now() - this._lastFlush);
    if (wait > 0) {
      this._cancel = this._scheduleFrame(() => this._run(), wait);
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

  private _run(): void {
    this._cancel = null;
    const started = performance.now();
    const isFast = this._waiting / (started - this._lastFlush) > FAST;
    this._waiting = 0;
    this._flush();
    this._lastFlush = performance.now();
    if (isFast) {
      this._rest = Math.max(this._rest, SHORTEST_REST_MS);
      void this._frameOver().then(() => {
        const took = performance.now() - started;
        this._rest = Math.min(Math.max(REST * took, SHORTEST_REST_MS), LONGEST_REST_MS);
      });
    } else {
      this._rest = FRAME_MS;
    }
  }

  private _cancel: (() => void) | null = null;
  private _lastFlush = -Infinity;
  private _waiting = 0;
  private _rest = FRAME_MS;
}
