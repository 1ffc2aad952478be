import { PageText } from '../../__tests__/support/pagetext';
import { Typewriter } from '../typewriter';

const FRAME = 16;
let now: number;
let frame: (() => void) | null;
let page: PageText;
let typewriter: Typewriter;

beforeEach(() => {
  now = 0;
  frame = null;
  page = new PageText();
  const schedule = (callback: () => void) => {
    frame = callback;
    return () => {
      frame = null;
    };
  };
  typewriter = new Typewriter(page, schedule, () => now);
});

/** Let time pass, in ms. */
function pass(time: number): void {
  for (const end = now + time; now < end;) {
    now += FRAME;
    const callback = frame;
    frame = null;
    callback?.();
    page.paint();
  }
}

it('reveals text piece by piece, and rests when there is none', () => {
  typewriter.append('Tokens arrive in lumps');
  const lengths = new Set<number>();
  for (let i = 0; i < 60; i++) {
    pass(FRAME);
    lengths.add(typewriter.shown);
  }
  expect(page.page).toBe('Tokens arrive in lumps');
  expect(lengths.size).toBeGreaterThan(10);
  expect(frame).toBeNull();
});

it('is slower at punctuation', () => {
  const timeFor = (text: string) => {
    const before = now;
    const { shown } = typewriter;
    typewriter.append(text);
    while (typewriter.shown < shown + text.length) {
      pass(FRAME);
    }
    return now - before;
  };
  const plain = timeFor('abcdef');
  expect(timeFor('a.b,c!')).toBeGreaterThan(plain * 1.5);
});

it('is never more than a second behind, however fast text comes', () => {
  const came: number[] = [];
  let total = 0;
  for (let i = 0; i < 400; i++) {
    const text = i % 7 ? 'word, word. ' : '!'.repeat(200);
    typewriter.append(text);
    total += text.length;
    came.push(total);
    pass(FRAME);
    const secondAgo = i - Math.floor(1000 / FRAME);
    expect(typewriter.shown).toBeGreaterThanOrEqual(came[secondAgo] ?? 0);
  }
});

it('freezes at once: what was not typed is not shown', () => {
  typewriter.append('A sentence that is stopped in the middle');
  pass(160);
  typewriter.freeze();
  const { shown } = typewriter;
  expect(shown).toBeGreaterThan(0);
  pass(2000);
  expect(typewriter.shown).toBe(shown);
  typewriter.truncate(shown);
  expect(page.page).toBe('A sentence that is stopped in the middle'.slice(0, shown));
});

it('shows all at the end, and a snapshot at once', async () => {
  typewriter.append('The end of an answer');
  await typewriter.finish();
  expect(page.page).toBe('The end of an answer');
  typewriter.append(' that goes on');
  typewriter.setText('Another text');
  pass(2000);
  expect(page.page).toBe('Another text');
});

it('parts no character', () => {
  typewriter.append('😀😀😀😀');
  for (let i = 0; i < 60; i++) {
    pass(FRAME);
    expect(page.page).toMatch(/^(😀)*$/u);
  }
  expect(typewriter.shown).toBe(4);
});
