/** The panel in Notebook 7, which has no `ILabShell`. */
import { expect, test } from '@playwright/test';
import { numbered, Panel } from './panel';

test('a question streams its answer in Notebook 7', async ({ page }) => {
  await page.goto('/tree');
  const panel = new Panel(page);
  await panel.openNewChat();
  await panel.choose('Scripted');
  await panel.ask('tokens=60 rate=50');
  await panel.expectFinished('stop');
  expect(await panel.tokens()).toEqual(numbered(60));
});
