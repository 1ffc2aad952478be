/** The panel in JupyterLab behind a proxy: the address is `JSC_URL`, and JSC_USER signs in where a page asks who comes. */
import { expect, test, type Page } from '@playwright/test';
import { Panel } from '../tests/panel';
import { Profiles } from '../tests/profiles';
import { numbered } from '../tests/provider';

const { JSC_URL = '', JSC_USER, JSC_PASSWORD = '', JSC_PROVIDER_URL = '' } = process.env;

async function open(page: Page): Promise<Panel> {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(JSC_URL);
  if (JSC_USER) {
    await page.locator('[name="username"]').fill(JSC_USER);
    await page.locator('[name="password"]').fill(JSC_PASSWORD);
    await page.locator('[type="submit"]').click();
  }
  // A hub starts the user's server first.
  await page.waitForURL(/\/lab/, { timeout: 110_000 });
  return new Panel(page);
}

/** What the doctor finds of the way to this page, from the form of a new profile. */
async function examine(panel: Panel): Promise<Profiles> {
  const profiles = new Profiles(panel);
  await panel.execute('stream-chat:profiles');
  await profiles.view.getByRole('button', { name: 'Add a profile' }).click();
  await profiles.field('provider').selectOption('openai-compatible');
  await profiles.field('base_url').fill(`${JSC_PROVIDER_URL}/v1`);
  await profiles.field('model').fill('tokens=3');
  // By the keyboard: JupyterLab's question about news covers the button.
  await profiles.view.getByRole('button', { name: 'Doctor' }).press('Enter');
  return profiles;
}

test('an answer comes in steps, and Stop stops it', async ({ page }) => {
  const panel = await open(page);
  await panel.openNewChat();
  const growth = await panel.watch(numbered(200).join(' '));
  await panel.ask('tokens=200 rate=100');
  await panel.expectFinished('stop');
  expect(await panel.tokens()).toEqual(numbered(200));
  const { steps, wrong } = await growth();
  expect(wrong).toEqual([]);
  expect(steps).toBeGreaterThan(10);

  await panel.ask('tokens=100000 rate=40');
  await panel.expectText('t20 ');
  const { shown, longest } = await panel.stop();
  await panel.expectFinished('interrupted');
  expect(await longest()).toBe(shown.length);

  const { view } = await examine(panel);
  const step = view.locator('[data-step="socket"]');
  await expect(step).toHaveAttribute('data-outcome', 'pass', { timeout: 90_000 });
});

test('the doctor says what to change where no WebSocket comes through', async ({ page }) => {
  const { view } = await examine(await open(page));
  const step = view.locator('[data-step="socket"]');
  await expect(step).toHaveAttribute('data-outcome', 'fail', { timeout: 90_000 });
  await expect(step).toContainText('proxy_set_header Upgrade $http_upgrade');
});
