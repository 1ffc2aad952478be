/** The panel in Notebook 7, which has no `ILabShell`. */
import { expect, test } from '@playwright/test';
import { Panel } from './panel';
import { COUNTED, numbered } from './provider';

test('streams and stops in Notebook 7', async ({ page }) => {
  await page.goto('/tree');
  const panel = new Panel(page);
  await panel.openNewChat();
  await panel.choose('Scripted');
  await panel.ask('tokens=60 rate=50');
  await panel.expectFinished('stop');
  expect(await panel.tokens()).toEqual(numbered(60));

  await panel.ask('tokens=5000 rate=50');
  await panel.expectText('t5');
  await panel.execute('stream-chat:stop');
  await panel.expectFinished('interrupted');
});

test('a local model streams through a reload in Notebook 7, and stops', async ({ page }) => {
  await page.goto('/tree');
  const panel = new Panel(page);
  await panel.openNewChat();
  await panel.choose('Counter');
  await panel.ask('Count.');
  await panel.expectText('t20 ');
  await page.reload();
  await panel.open();
  await panel.expectStatus('streaming');
  const { shown } = await panel.stop();
  await panel.expectFinished('interrupted');
  expect(await panel.shown()).toBe(shown);
  const tokens = await panel.tokens();
  expect(tokens.length).toBeLessThan(COUNTED);
  expect(tokens).toEqual(numbered(tokens.length));
});
