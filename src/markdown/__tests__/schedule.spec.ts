import { FlushScheduler, nextFrame } from '../schedule';

describe('FlushScheduler', () => {
  it('flushes at once after a pause, once for all requests of a task', async () => {
    const flush = jest.fn();
    const scheduler = new FlushScheduler(flush, () => () => undefined);
    scheduler.request();
    scheduler.request();
    expect(flush).not.toHaveBeenCalled();
    await Promise.resolve();
    expect(flush).toHaveBeenCalledTimes(1);
  });

  it('waits for the frame right after a flush, and can be called off', async () => {
    const flush = jest.fn();
    const frames: (() => void)[] = [];
    const cancel = jest.fn();
    const scheduler = new FlushScheduler(flush, callback => {
      frames.push(callback);
      return cancel;
    });
    scheduler.request();
    await Promise.resolve();
    scheduler.request();
    await Promise.resolve();
    expect(flush).toHaveBeenCalledTimes(1);
    frames[0]();
    expect(flush).toHaveBeenCalledTimes(2);
    scheduler.request();
    scheduler.cancel();
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  describe('of text that comes', () => {
    beforeEach(() => jest.useFakeTimers());
    afterEach(() => {
      jest.restoreAllMocks();
      jest.useRealTimers();
    });

    /** Stream text for a second; return how often it was shown, where showing it keeps the page busy for `cost` ms. */
    async function shown(cost: number): Promise<number> {
      let busy = 0;
      jest.spyOn(performance, 'now').mockImplementation(() => jest.now() + busy);
      const flush = jest.fn(() => {
        busy += cost;
      });
      const scheduler = new FlushScheduler(
        flush,
        (callback, afterMs = 0) => {
          const timer = setTimeout(callback, Math.max(FRAME, afterMs));
          return () => clearTimeout(timer);
        },
        () => Promise.resolve()
      );
      for (let ms = 0; ms < 1000; ms += TOKEN) {
        scheduler.request();
        await jest.advanceTimersByTimeAsync(TOKEN);
      }
      return flush.mock.calls.length;
    }
    const FRAME = 16;
    const TOKEN = 5;

    it('shows it in every frame while a step is short, and twenty times a second in any case', async () => {
      expect(await shown(0)).toBeGreaterThan(45);
      expect(await shown(5)).toBeGreaterThan(45);
      const dear = await shown(10);
      expect(dear).toBeLessThan(35);
      expect(dear).toBeGreaterThan(25);
      expect(await shown(100)).toBeGreaterThanOrEqual(17);
    });

    it('shows it in every frame again once steps are short again', async () => {
      let busy = 0;
      let cost = 40;
      jest.spyOn(performance, 'now').mockImplementation(() => jest.now() + busy);
      const flush = jest.fn(() => {
        busy += cost;
      });
      const scheduler = new FlushScheduler(
        flush,
        (callback, afterMs = 0) => {
          setTimeout(callback, Math.max(FRAME, afterMs));
          return () => undefined;
        },
        () => Promise.resolve()
      );
      for (cost of [40, 40, 1, 1]) {
        scheduler.request();
        await jest.advanceTimersByTimeAsync(60);
      }
      flush.mockClear();
      scheduler.request();
      await jest.advanceTimersByTimeAsync(FRAME + 1);
      expect(flush).toHaveBeenCalledTimes(1);
    });
  });

  describe('where the page has other work', () => {
    const tick = () => new Promise<void>(resolve => setTimeout(resolve));

    it('lets input go first, once', async () => {
      const order: string[] = [];
      const scheduler = new FlushScheduler(
        () => order.push('flush'),
        () => () => undefined,
        () => tick().then(() => void order.push('task')),
        { isInputPending: () => true, isHidden: () => false, whenVisible: () => () => undefined }
      );
      scheduler.request();
      await Promise.resolve();
      expect(order).toEqual([]);
      await tick();
      await tick();
      expect(order.slice(0, 2)).toEqual(['task', 'flush']);
    });

    it('lets other tasks go first and rests longest after a step that came late', async () => {
      let now = 0;
      jest.spyOn(performance, 'now').mockImplementation(() => now);
      const flush = jest.fn();
      const frames: { run: () => void; wait: number }[] = [];
      const scheduler = new FlushScheduler(
        flush,
        (run, wait = 0) => {
          frames.push({ run, wait });
          return () => undefined;
        },
        tick
      );
      scheduler.request();
      await tick();
      scheduler.request();
      now = 200;
      frames[0].run();
      expect(flush).toHaveBeenCalledTimes(1);
      await tick();
      expect(flush).toHaveBeenCalledTimes(2);
      scheduler.request();
      expect(frames[1].wait).toBe(50);
      jest.restoreAllMocks();
    });

    it('shows nothing while the page is hidden, and all when it is visible', async () => {
      const flush = jest.fn();
      const hidden = jest.spyOn(document, 'hidden', 'get').mockReturnValue(true);
      const scheduler = new FlushScheduler(flush);
      scheduler.request();
      scheduler.request();
      await tick();
      document.dispatchEvent(new Event('visibilitychange'));
      expect(flush).not.toHaveBeenCalled();
      hidden.mockReturnValue(false);
      document.dispatchEvent(new Event('visibilitychange'));
      document.dispatchEvent(new Event('visibilitychange'));
      expect(flush).toHaveBeenCalledTimes(1);
      hidden.mockReturnValue(true);
      scheduler.request();
      scheduler.cancel();
      hidden.mockReturnValue(false);
      document.dispatchEvent(new Event('visibilitychange'));
      expect(flush).toHaveBeenCalledTimes(1);
      hidden.mockRestore();
    });
  });
});

it('asks for no frame before its time', () => {
  jest.useFakeTimers();
  const frame = jest.spyOn(window, 'requestAnimationFrame').mockReturnValue(1);
  const cancel = nextFrame(jest.fn(), 100);
  jest.advanceTimersByTime(80);
  expect(frame).not.toHaveBeenCalled();
  jest.advanceTimersByTime(10);
  expect(frame).toHaveBeenCalledTimes(1);
  cancel();
  frame.mockRestore();
  jest.useRealTimers();
});

it('does without frames in a hidden tab', () => {
  jest.useFakeTimers();
  const frame = jest.spyOn(window, 'requestAnimationFrame').mockReturnValue(1);
  const callback = jest.fn();
  nextFrame(callback);
  jest.advanceTimersByTime(1000);
  expect(callback).toHaveBeenCalledTimes(1);
  frame.mockRestore();
  jest.useRealTimers();
});
