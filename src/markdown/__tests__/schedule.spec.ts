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
