/** One stream on several pages: after a reload, in a second tab, over a connection that breaks. */
import { expect } from '@playwright/test';
import { test } from './fixtures';
import { numbered } from './provider';
import { Panel } from './panel';
import { Wire } from './proxy';
import { LAB_PORT, LAB_URL } from './servers';

test('goes on after a reload, without loss or duplicate, and keeps the draft', async ({
  panel
}) => {
  await panel.ask('tokens=600 rate=40');
  await panel.input.fill('my next question');
  await panel.expectText('t20');
  await panel.page.reload();
  await panel.open();
  await panel.expectStatus('streaming');
  await expect(panel.input).toHaveValue('my next question');
  await panel.expectFinished('stop');
  expect(await panel.tokens()).toEqual(numbered(600));
});

test('is the same in a second tab, which stops it', async ({ panel, lab }) => {
  await panel.ask('tokens=5000 rate=40');
  await panel.expectText('t10');
  const second = new Panel(await lab.context().newPage());
  await second.page.goto(`${LAB_URL}/lab/workspaces/second?reset`);
  await second.open();
  await second.expectStatus('streaming');
  await second.expectText('t20');
  const { shown } = await second.stop();
  for (const each of [panel, second]) {
    await each.expectFinished('interrupted');
    expect(await each.shown()).toBe(shown);
  }
  await second.page.close();
});

test('survives a connection that breaks and comes back', async ({ lab }) => {
  const wire = await Wire.to(LAB_PORT);
  const page = await lab.context().newPage();
  await page.goto(`${wire.url}/lab/workspaces/wire?reset`);
  const panel = await Panel.withNewChat(page);

  const growth = await panel.watch(numbered(200).join(' '));
  await panel.ask('tokens=200 rate=40');
  await panel.expectText('t10');
  wire.cut();
  await expect(panel.root.locator('.jp-StreamChat-banner')).toContainText('Connection lost');
  const held = (await panel.tokens()).length;
  wire.mend();
  await expect(panel.root.locator('.jp-StreamChat-banner')).toHaveCount(0, { timeout: 20_000 });
  await panel.expectFinished('stop');
  expect(held).toBeLessThan(200);
  expect(await panel.tokens()).toEqual(numbered(200));
  expect((await growth()).wrong).toEqual([]);
  await page.close();
  wire.close();
});
