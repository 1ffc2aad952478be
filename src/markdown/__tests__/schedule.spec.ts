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
    async function shown(charactersPerToken: number, cost: number): Promise<number> {
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
        scheduler.request(charactersPerToken);
        await jest.advanceTimersByTimeAsync(TOKEN);
      }
      return flush.mock.calls.length;
    }
    const FRAME = 16;
    const TOKEN = 5;

    it('as fast as people read, shows it in every frame, whatever that costs', async () => {
      expect(await shown(1, 0)).toBeGreaterThan(45);
      expect(await shown(1, 5)).toBeGreaterThan(45);
    });

    it('faster, shows it as often as the page can afford, and ten times a second in any case', async () => {
      const [cheap, dear, dearest] = [await shown(5, 1), await shown(5, 4), await shown(5, 50)];
      expect(cheap).toBeLessThan(35);
      expect(dear).toBeLessThan(cheap * 0.7);
      expect(dearest).toBeGreaterThanOrEqual(8);
    });

    it('slower again, shows it in every frame again', async () => {
      jest.spyOn(performance, 'now').mockImplementation(() => jest.now());
      const flush = jest.fn();
      const scheduler = new FlushScheduler(flush, (callback, afterMs = 0) => {
        setTimeout(callback, Math.max(FRAME, afterMs));
        return () => undefined;
      });
      for (const characters of [50, 50, 50, 50, 1, 1, 1, 1, 1, 1]) {
        flush.mockClear();
        scheduler.request(characters);
        await jest.advanceTimersByTimeAsync(2 * FRAME);
      }
      expect(flush).toHaveBeenCalledTimes(1);
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
