import { around, grownDown, grownUp, IWindow, LATEST, rangeOf } from '../window';

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `m${i}`);
const CHAT = ids(1000);

describe('a window of messages', () => {
  it('begins as the last ones, and follows what is added', () => {
    expect(rangeOf(CHAT, LATEST)).toEqual([980, 1000]);
    expect(rangeOf([...CHAT, 'new'], LATEST)).toEqual([981, 1001]);
    expect(rangeOf(ids(3), LATEST)).toEqual([0, 3]);
    expect(rangeOf([], LATEST)).toEqual([0, 0]);
  });

  it('grows upwards, and lets go of what is below once it is large', () => {
    let window: IWindow = LATEST;
    const ranges = [1, 2, 3, 4].map(() => rangeOf(CHAT, (window = grownUp(CHAT, window))));
    expect(ranges).toEqual([
      [880, 1000],
      [780, 1000],
      [680, 980],
      [580, 880]
    ]);
  });

  it('stays where it is when older messages are put before it', () => {
    const window = grownUp(CHAT, grownUp(CHAT, grownUp(CHAT, LATEST)));
    const older = ids(100).map(id => `older-${id}`);
    expect(rangeOf([...older, ...CHAT], window)).toEqual([780, 1080]);
  });

  it('grows downwards again to the end, which it then follows', () => {
    let window = LATEST;
    for (let i = 0; i < 5; i++) {
      window = grownUp(CHAT, window);
    }
    expect(rangeOf(CHAT, window)).toEqual([480, 780]);
    window = grownDown(CHAT, grownDown(CHAT, window));
    expect(rangeOf(CHAT, window)).toEqual([680, 980]);
    window = grownDown(CHAT, window);
    expect(rangeOf([...CHAT, 'new'], window)).toEqual([701, 1001]);
  });

  it('reaches the first message', () => {
    let window = LATEST;
    for (let i = 0; i < 30; i++) {
      window = grownUp(CHAT, window);
    }
    expect(rangeOf(CHAT, window)).toEqual([0, 300]);
  });

  it('goes to a message of another branch', () => {
    expect(rangeOf(CHAT, around(CHAT, 'm500'))).toEqual([480, 780]);
    expect(rangeOf(CHAT, around(CHAT, 'm3'))).toEqual([0, 283]);
    expect(rangeOf([...CHAT, 'new'], around(CHAT, 'm999'))).toEqual([979, 1001]);
  });

  it('shows the end of another branch when its messages are gone', () => {
    const window = grownUp(CHAT, grownUp(CHAT, grownUp(CHAT, LATEST)));
    expect(rangeOf(ids(40), window)).toEqual([20, 40]);
  });
});
