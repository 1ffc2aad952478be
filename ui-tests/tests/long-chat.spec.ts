/** A chat of ten thousand messages on the page. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { openLab, test } from './fixtures';
import { Panel } from './panel';

const MESSAGES = 10_000;
/** As `tests/long_chat.py` names them. */
const FIRST = 'question-000001';
const NEWEST = 'answer-005000';

interface IScrolled {
  /** The most messages that were on the page. */
  readonly most: number;
  /** By how many pixels what was in view has moved while messages were added above it. */
  readonly moved: readonly number[];
}

/** Scroll up as far as the page goes, again and again, until a message is on it. */
function scrollUpTo(panel: Panel, messageId: string): Promise<IScrolled> {
  return panel.root.evaluate(async (root, wanted) => {
    const scroller = root.querySelector<HTMLElement>('.jp-StreamChat-scroll')!;
    const articles = () => [...root.querySelectorAll<HTMLElement>('.jp-StreamChat-message')];
    const frame = () => new Promise(requestAnimationFrame);
    const isInView = (node: Element) =>
      node.getBoundingClientRect().bottom > scroller.getBoundingClientRect().top;
    // What is painted: only this is measured after the page has put right what it laid out in the frame.
    const painted = (node: Element) =>
      new Promise<number>(resolve => {
        const observer = new IntersectionObserver(([{ boundingClientRect }]) => {
          observer.disconnect();
          resolve(boundingClientRect.top);
        });
        observer.observe(node);
      });
    const scrolled = { most: 0, moved: [] as number[] };
    while (!root.querySelector(`[data-message-id="${wanted}"]`)) {
      let first: HTMLElement;
      let seen: HTMLElement;
      let top: number;
      do {
        // Again and again: what is still being laid out above keeps its place, too.
        scroller.scrollTop = 0;
        await frame();
        [first] = articles();
        seen = articles().find(isInView)!;
        top = await painted(seen);
        await frame();
      } while (articles()[0] === first && !root.querySelector(`[data-message-id="${wanted}"]`));
      // What was added is laid out over several frames.
      for (let frames = 0; frames < 3; frames++) {
        const moved = Math.abs((await painted(seen)) - top);
        if (moved > 1) {
          scrolled.moved.push(moved);
        }
      }
      scrolled.most = Math.max(scrolled.most, articles().length);
    }
    return scrolled;
  }, messageId);
}

test('opens at its end, and is scrolled to its very first message, a window of it at a time', async ({
  browser
}) => {
  test.setTimeout(600_000);
  execFileSync('python', ['-m', 'tests.long_chat', process.env.JSC_DATA_DIR!, String(MESSAGES)], {
    cwd: join(__dirname, '..', '..')
  });
  const lab = await openLab(browser);
  const panel = new Panel(lab);
  const message = (id: string) => panel.root.locator(`[data-message-id="${id}"]`);
  await panel.open();
  await panel.title.click();
  await panel.root.getByRole('button', { name: 'A long chat', exact: true }).click();
  await expect(message(NEWEST)).toBeInViewport();

  const { most, moved } = await scrollUpTo(panel, FIRST);
  console.log('MOVED', Math.max(0, ...moved), moved.length);
  expect(most).toBeLessThanOrEqual(300);
  // Less than a message: it was never another place.
  expect(Math.max(0, ...moved)).toBeLessThan(80);
  await lab.context().close();
});
