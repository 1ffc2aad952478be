/** The panel follows an answer until its reader scrolls up, and takes it up again at the end. */
import { expect } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from './fixtures';
import type { Panel } from './panel';

// Playwright hides the scrollbars of a browser without a window.
test.use({
  launchOptions: {
    executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update'],
    ignoreDefaultArgs: ['--hide-scrollbars']
  }
});

const LONG = 'tokens=4000 rate=100';

const scrollerOf = (panel: Panel) => panel.root.locator('.jp-StreamChat-scroll');
const jumpOf = (panel: Panel) => panel.root.getByRole('button', { name: 'Jump to newest' });

/** Where the reader is: from the upper edge, and from the end. */
const placeIn = (panel: Panel) =>
  scrollerOf(panel).evaluate(({ scrollTop, scrollHeight, clientHeight }) => ({
    top: scrollTop,
    toEnd: scrollHeight - clientHeight - scrollTop
  }));

/** Wait until the answer has grown by some lines. */
async function grow(panel: Panel): Promise<void> {
  const height = () => scrollerOf(panel).evaluate(({ scrollHeight }) => scrollHeight);
  const before = await height();
  await expect.poll(height).toBeGreaterThan(before + 100);
}

/** Wait until the list is so many times as high as what is seen of it. */
const expectOverflow = (panel: Panel, times: number) =>
  expect
    .poll(() =>
      scrollerOf(panel).evaluate(({ scrollHeight, clientHeight }) => scrollHeight / clientHeight)
    )
    .toBeGreaterThan(times);

/** Press the scrollbar's thumb and drag it up. */
async function dragUp(panel: Panel): Promise<void> {
  const { x, y } = await scrollerOf(panel).evaluate(scroller => {
    const { right, top } = scroller.getBoundingClientRect();
    const { offsetWidth, clientWidth, clientHeight, scrollHeight } = scroller as HTMLElement;
    const thumb = (clientHeight * clientHeight) / scrollHeight;
    return {
      x: right - (offsetWidth - clientWidth) / 2,
      y: top + clientHeight - thumb / 2
    };
  });
  await panel.page.mouse.move(x, y);
  await panel.page.mouse.down();
  await panel.page.mouse.move(x, y - 60, { steps: 6 });
}

async function stop(panel: Panel): Promise<void> {
  await panel.stop();
  await panel.expectFinished('interrupted');
}

test.afterEach(async ({ lab }) => {
  await lab.mouse.up();
  await lab.setViewportSize({ width: 1440, height: 900 });
});

test('a drag of the scrollbar ends it, and the way to the end takes it up', async ({ panel }) => {
  await panel.ask(LONG);
  await expectOverflow(panel, 1.5);
  await dragUp(panel);
  await expect(jumpOf(panel)).toBeVisible();
  const { top } = await placeIn(panel);
  await grow(panel);
  expect((await placeIn(panel)).top).toBe(top);
  await panel.page.mouse.up();
  await grow(panel);
  expect((await placeIn(panel)).top).toBe(top);

  await jumpOf(panel).click();
  await expect(jumpOf(panel)).toHaveCount(0);
  await expect(panel.input).toBeFocused();
  await grow(panel);
  expect((await placeIn(panel)).toEnd).toBeLessThanOrEqual(1);
  await stop(panel);
});

test('the first pixel upward ends it, and scrolling down to the end takes it up', async ({
  panel
}) => {
  await panel.ask(LONG);
  await expectOverflow(panel, 1.5);
  await scrollerOf(panel).hover();
  await panel.page.mouse.wheel(0, -1);
  await expect.poll(async () => (await placeIn(panel)).toEnd).toBeGreaterThan(24);
  await expect(jumpOf(panel)).toBeVisible();
  await panel.page.mouse.wheel(0, 100_000);
  await expect(jumpOf(panel)).toHaveCount(0);
  await grow(panel);
  expect((await placeIn(panel)).toEnd).toBeLessThanOrEqual(1);
  await stop(panel);
});

test('a panel that grows until the end is in view needs no way to it', async ({ panel }) => {
  await panel.ask('tokens=400');
  await panel.expectFinished('stop');
  await panel.input.focus();
  await scrollerOf(panel).hover();
  await panel.page.mouse.wheel(0, -150);
  await expect(jumpOf(panel)).toBeVisible();
  await panel.page.setViewportSize({ width: 1440, height: 2400 });
  await expect(jumpOf(panel)).toHaveCount(0);
  await expect(panel.input).toBeFocused();
  // It follows again.
  await panel.page.setViewportSize({ width: 1440, height: 900 });
  await expect.poll(async () => (await placeIn(panel)).toEnd).toBeLessThanOrEqual(1);
  await expect(jumpOf(panel)).toHaveCount(0);
});

test('formulas, tables and code that grow in a narrow panel do not end it', async ({
  panel,
  lab: page
}) => {
  const names = ['003-math-in-list', '005-math-in-quote', '057-typical-gpt'];
  const source = names
    .map(name => readFileSync(resolve(__dirname, 'answers', `${name}.md`), 'utf8'))
    .join('\n\n');
  await page.addStyleTag({ content: '* { --jp-sidebar-min-width: 0px; }' });
  await page.sidebar.setWidth(215, 'right');
  const seen = await panel.root.evaluateHandle(root => {
    const watched = { jumps: 0, frames: 0, on: true };
    const look = () => {
      watched.frames += 1;
      watched.jumps += root.querySelectorAll('.jp-StreamChat-jump').length;
      if (watched.on) {
        requestAnimationFrame(look);
      }
    };
    look();
    return watched;
  });
  await panel.ask(`rate=400 seed=3 echo=${Buffer.from(source).toString('base64url')}`);
  await panel.expectFinished('stop');
  const { jumps, frames } = await seen.evaluate(watched => {
    watched.on = false;
    return watched;
  });
  expect(frames).toBeGreaterThan(10);
  expect(jumps).toBe(0);
  await expect.poll(async () => (await placeIn(panel)).toEnd).toBeLessThanOrEqual(1);
  await page.sidebar.setWidth(400, 'right');
});
