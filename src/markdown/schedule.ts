/**
 * When text that has arrived is put on the page.
 */

/** Calls back before the next paint, or the first one after so many ms; returns a function that calls it off. */
export type ScheduleFrame = (callback: () => void, afterMs?: number) => () => void;

/** The time of one frame, in ms. */
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

/**
 * After a step the page rests this many times as long as the step took, within the two limits, in ms: a quarter of
 * the main thread at most while steps are short, and text that is never late by more than a reader notices.
 */
const REST = 3;
const SHORTEST_REST_MS = FRAME_MS;
const LONGEST_REST_MS = 50;

/** A step that begins this late, in ms, was held up by a long task of something else. */
const LONG_TASK_MS = 50;

/** What else the page has to do. */
export interface IPageState {
  /** Whether a key, a click or the like waits to be handled. */
  isInputPending(): boolean;
  isHidden(): boolean;
  /** Calls back once the page is visible; returns a function that calls it off. */
  whenVisible(callback: () => void): () => void;
}

/** `navigator.scheduling`, which only Chromium has: https://developer.mozilla.org/docs/Web/API/Scheduling */
interface IScheduling {
  isInputPending?(): boolean;
}

const page: IPageState = {
  isInputPending: () => {
    const { scheduling } = navigator as Navigator & { scheduling?: IScheduling };
    return scheduling?.isInputPending?.() ?? false;
  },
  isHidden: () => document.hidden,
  whenVisible: callback => {
    const listening = new AbortController();
    const check = () => {
      if (!document.hidden) {
        listening.abort();
        callback();
      }
    };
    document.addEventListener('visibilitychange', check, { signal: listening.signal });
    return () => listening.abort();
  }
};

/**
 * Runs `flush` at once after a pause, and while requests keep coming as often as the page can afford: at most once a
 * frame, and less often where a step takes long. It lets input and other tasks go first, and does nothing while the
 * page is hidden: all that has come is shown when it is visible again.
 */
export class FlushScheduler {
  /**
   * @param _flush puts on the page what has come.
   * @param _scheduleFrame calls back before the next paint.
   * @param _frameOver resolves once the frame under way has been laid out and painted.
   * @param _page what else the page has to do.
   */
  constructor(
    private readonly _flush: () => void,
    private readonly _scheduleFrame: ScheduleFrame = nextFrame,
    private readonly _frameOver: () => Promise<void> = nextTask,
    private readonly _page: IPageState = page
  ) {}

  /** Ask for a flush; requests until then are one. */
  request(): void {
    if (this._cancel !== null) {
      return;
    }
    if (this._page.isHidden()) {
      this._cancel = this._page.whenVisible(() => this._run());
      return;
    }
    const now = performance.now();
    const wait = this._rest - (now - this._lastFlush);
    if (wait > 0) {
      this._cancel = this._scheduleFrame(() => this._runUnlessBusy(now + wait), wait);
      return;
    }
    // All that arrives in this task goes into one flush, before the browser paints.
    this._after(Promise.resolve(), () => this._runUnlessBusy(now));
  }

  /** Call off a requested flush. */
  cancel(): void {
    this._cancel?.();
    this._cancel = null;
  }

  /** Let what else the page has to do go first, once. */
  private _runUnlessBusy(due: number): void {
    this._cancel = null;
    if (this._page.isHidden()) {
      this.request();
      return;
    }
    const isLate = performance.now() - due > LONG_TASK_MS;
    if (isLate || this._page.isInputPending()) {
      this._after(this._frameOver(), () => this._run(isLate));
    } else {
      this._run();
    }
  }

  private _after(moment: Promise<void>, callback: () => void): void {
    let isCancelled = false;
    this._cancel = () => {
      isCancelled = true;
    };
    void moment.then(() => {
      if (!isCancelled) {
        callback();
      }
    });
  }

  private _run(isPageBusy = false): void {
    this._cancel = null;
    const started = performance.now();
    this._flush();
    this._lastFlush = performance.now();
    this._rest = isPageBusy ? LONGEST_REST_MS : SHORTEST_REST_MS;
    void this._frameOver().then(() => {
      const rest = REST * (performance.now() - started);
      this._rest = Math.min(Math.max(rest, this._rest), LONGEST_REST_MS);
    });
  }

  private _cancel: (() => void) | null = null;
  private _lastFlush = -Infinity;
  private _rest = SHORTEST_REST_MS;
}
