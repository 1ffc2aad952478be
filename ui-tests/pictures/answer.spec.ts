/** Pictures of typical answers, to be looked at: `jlpm playwright test --config playwright.pictures.config.js`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { test } from '../tests/fixtures';
import type { Panel } from '../tests/panel';

const DOCS = join(__dirname, '..', '..', 'docs', 'answer.png');
const FOLDER = process.env.JSC_PICTURES;

const TEXTS = ['gpt', 'qwen'];
const WIDTHS = [215, 400, 800];
const THEMES = ['JupyterLab Light', 'JupyterLab Dark', 'JupyterLab Dark High Contrast'];

/** Show a whole answer: the window becomes as high as the answer. */
async function show(
  page: IJupyterLabPageFixture,
  panel: Panel,
  width: number,
  most = Infinity
): Promise<void> {
  await page.sidebar.setWidth(width, 'right');
  await page.setViewportSize({ width: 1440, height: 900 });
  const height = await panel.root
    .locator('.jp-StreamChat-list')
    .evaluate(list => list.scrollHeight);
  await page.setViewportSize({ width: 1440, height: Math.min(height + 300, most) });
  await page.mouse.move(0, 0);
  // What comes into view is laid out in the next frames.
  await page.evaluate(
    () => new Promise(done => requestAnimationFrame(() => setTimeout(done, 500)))
  );
}

async function ask(page: IJupyterLabPageFixture, panel: Panel, text: string): Promise<void> {
  await page.addStyleTag({ content: '* { --jp-sidebar-min-width: 0px; }' });
  await panel.execute('stream-chat:new-chat');
  await panel.choose('Scripted');
  const source = readFileSync(join(__dirname, `${text}.md`)).toString('base64url');
  await panel.ask(`echo=${source}`);
  await panel.expectFinished('stop');
  await expect(panel.text.locator('mjx-container').first()).toBeAttached();
}

test('the picture in the docs', async ({ panel, lab: page }) => {
  await ask(page, panel, 'gpt');
  await show(page, panel, 480, 1200);
  await panel.root.locator('.jp-StreamChat-scroll').evaluate(scroller => scroller.scrollTo(0, 0));
  await panel.root.screenshot({ path: DOCS });
});

for (const text of FOLDER === undefined ? [] : TEXTS) {
  test(`pictures of ${text}`, async ({ panel, lab: page }) => {
    await ask(page, panel, text);
    for (const theme of THEMES) {
      await page.theme.setTheme(theme);
      for (const width of WIDTHS) {
        await show(page, panel, width);
        const name = `${text}-${width}-${theme.replace(/ /g, '')}.png`;
        await panel.root.screenshot({ path: join(FOLDER!, name) });
      }
    }
  });
}
