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

/** Runs `flush` at once after a pause, and at most once a frame while requests keep coming. */
export class FlushScheduler {
  constructor(
    private readonly _flush: () => void,
    private readonly _scheduleFrame: ScheduleFrame = nextFrame
  ) {}

  /** Ask for a flush; requests until then are one. */
  request(): void {
    if (this._cancel !== null) {
      return;
    }
    if (performance.now() - this._lastFlush < FRAME_MS) {
      this._cancel = this._scheduleFrame(() => this._run());
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
    this._flush();
    this._lastFlush = performance.now();
  }

  private _cancel: (() => void) | null = null;
  private _lastFlush = -Infinity;
}
