/** The first minutes of a new user in one walk, by the keyboard alone: connect, ask, stop, continue, find again, save. */
import { readFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';
import { test } from './fixtures';
import { endServer, OWN_URL, startServer } from './ownserver';
import { Panel } from './panel';
import { Profiles } from './profiles';
import { PROVIDER_URL } from './provider';

/** More Tab stops than the panel has between two places of the walk. */
const STOPS = 40;

/** Go to a control by Tab, or by Shift+Tab. */
async function tabTo(target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await expect(target).toBeVisible();
  const isThere = () => target.evaluate(node => node === document.activeElement);
  for (let pressed = 0; pressed < STOPS && !(await isThere()); pressed++) {
    await target.page().keyboard.press(key);
  }
  await expect(target).toBeFocused();
}

/** Count from now on what a pointer does on the page. */
async function countPointers(page: Page): Promise<() => Promise<number>> {
  const counted = await page.evaluateHandle(() => {
    const clicks = { count: 0 };
    addEventListener('pointerdown', () => clicks.count++, { capture: true });
    return clicks;
  });
  return () => counted.evaluate(({ count }) => count);
}

test('connect, ask, stop, continue, find again and save, by the keyboard alone', async ({
  browser
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'stream-chat-walk-'));
  const server = await startServer(folder, { JSC_FRESH: 'yes' });
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const { keyboard } = page;
    await page.goto(`${OWN_URL}/lab/workspaces/walk?reset`);
    const pointers = await countPointers(page);
    const panel = new Panel(page);
    const profiles = new Profiles(panel);

    // The panel is open, and the shortcut leads into its composer.
    await expect(panel.input).toBeVisible({ timeout: 60_000 });
    await panel.untilReady();
    await keyboard.press('Control+Alt+c');
    await expect(panel.input).toBeFocused();

    // There is only the guide, and one button that connects a model.
    const connect = panel.root.getByRole('button', { name: 'Connect a model', exact: true });
    await tabTo(connect, 'Shift+Tab');
    await keyboard.press('Enter');
    await expect(profiles.field('provider')).toBeFocused();
    await keyboard.type('OpenAI-compatible');
    await expect(profiles.field('provider')).toHaveValue('openai-compatible');
    for (const [field, text] of [
      ['label', 'Mine'],
      ['base_url', `${PROVIDER_URL}/v1`],
      ['model', 'scripted']
    ] as const) {
      await tabTo(profiles.field(field));
      await keyboard.type(text);
    }
    await keyboard.press('Enter');
    await expect(panel.root.getByLabel('Model profile').locator('option:checked')).toHaveText(
      'Mine'
    );
    await expect(panel.input).toBeFocused();

    // An answer, stopped and continued to its end.
    await keyboard.type('tokens=40 rate=20 about walking');
    await keyboard.press('Enter');
    await panel.expectText('t3');
    await keyboard.press('Escape');
    await panel.expectFinished('interrupted');
    const stoppedAt = (await panel.tokens()).length;
    expect(stoppedAt).toBeLessThan(40);
    await tabTo(panel.answer.getByRole('button', { name: 'Continue' }), 'Shift+Tab');
    await keyboard.press('Enter');
    await expect(panel.input).toBeFocused();
    await panel.expectFinished('stop');
    expect(await panel.tokens()).toEqual(Array.from({ length: 40 }, (_, i) => `t${i}`));

    // A second chat; the first is found by its words.
    await tabTo(panel.root.getByRole('button', { name: 'New chat' }), 'Shift+Tab');
    await keyboard.press('Enter');
    await expect(panel.answers).toHaveCount(0);
    await expect(panel.input).toBeFocused();
    await tabTo(panel.title, 'Shift+Tab');
    await keyboard.press('Enter');
    await expect(panel.root.locator('.jp-StreamChat-chatSwitch').first()).toBeFocused();
    await tabTo(panel.root.getByRole('searchbox'), 'Shift+Tab');
    await keyboard.type('WALKING');
    await expect(panel.root.locator('mark').first()).toHaveText('walking');
    // The first hit is the title, the next one the message.
    await keyboard.press('ArrowDown');
    await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await expect(panel.root.locator('[data-role="user"]')).toBeFocused();

    // Saved as Markdown.
    await tabTo(panel.root.getByRole('button', { name: 'Settings of this chat' }));
    await keyboard.press('Enter');
    await tabTo(panel.root.getByRole('link', { name: 'Markdown' }), 'Shift+Tab');
    const downloading = page.waitForEvent('download');
    await keyboard.press('Enter');
    const saved = await readFile(await (await downloading).path(), 'utf-8');
    expect(saved).toContain('tokens=40 rate=20 about walking');
    expect(saved).toContain('t38 t39');

    expect(await pointers()).toBe(0);
  } finally {
    await context.close();
    await endServer(server, 'SIGKILL');
  }
});
