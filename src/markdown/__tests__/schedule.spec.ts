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

  it('shows text that comes faster than anybody reads every second frame only', () => {
    const flush = jest.fn();
    let now = 1000;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
    const frames: (() => void)[] = [];
    const scheduler = new FlushScheduler(flush, callback => {
      frames.push(callback);
      return () => undefined;
    });
    const stream = (charactersPerFrame: number) => {
      flush.mockClear();
      for (let frame = 0; frame < 60; frame++) {
        scheduler.request(charactersPerFrame);
        now += 16.7;
        frames.splice(0).forEach(callback => callback());
      }
      return flush.mock.calls.length;
    };
    // Warm: what is requested right after a flush waits for a frame.
    scheduler.request();
    return Promise.resolve().then(() => {
      expect(stream(5)).toBeGreaterThan(55);
      expect(stream(20)).toBeLessThan(35);
      expect(stream(5)).toBeGreaterThan(50);
      clock.mockRestore();
    });
  });
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
