/** A local model in the real engine process, whose answer outlasts reloads, tabs and connections. */
import { expect } from '@playwright/test';
import { test } from './fixtures';
import { Panel } from './panel';
import { COUNTED, lastAnswer, newestRequest, numbered, questionOf } from './provider';
import { Wire } from './proxy';
import { LAB_PORT, LAB_URL } from './servers';

/** Stop an answer that goes on counting: what it has counted has no gap and no number twice. */
async function stopCounting(panel: Panel): Promise<void> {
  const { length } = await panel.tokens();
  await panel.expectText(`t${length + 20} `);
  await panel.stop();
  await panel.expectFinished('interrupted');
  const tokens = await panel.tokens();
  expect(tokens).toEqual(numbered(tokens.length));
}

test('goes on after a reload, without loss or duplicate', async ({ panel }) => {
  await panel.choose('Counter');
  await panel.ask('Count.');
  await panel.expectText('t20 ');
  await panel.page.reload();
  await panel.open();
  await panel.expectStatus('streaming');
  await stopCounting(panel);
});

test('is the same in a second tab, which stops it; what was kept is context', async ({
  panel,
  lab
}) => {
  await panel.choose('Counter');
  await panel.ask('Count.');
  await panel.expectText('t10 ');
  const second = new Panel(await lab.context().newPage());
  await second.page.goto(`${LAB_URL}/lab/workspaces/second?reset`);
  await second.open();
  await second.expectStatus('streaming');
  const { shown } = await second.stop();
  const tokens = shown.split(' ');
  expect(tokens).toEqual(numbered(tokens.length));
  for (const each of [panel, second]) {
    await each.expectFinished('interrupted');
    expect(await each.shown()).toBe(shown);
  }
  await second.page.close();

  // The engine shows no one its prompt; the same chat, asked of the scripted provider, does.
  await panel.choose('Scripted');
  await panel.ask('tokens=3 after counting');
  await panel.expectFinished('stop');
  const request = await newestRequest(received => questionOf(received).includes('after counting'));
  expect(lastAnswer(request)?.trim()).toBe(shown);
});

test('survives a connection that breaks and comes back', async ({ lab }) => {
  const wire = await Wire.to(LAB_PORT);
  const page = await lab.context().newPage();
  await page.goto(`${wire.url}/lab/workspaces/wire?reset`);
  const panel = new Panel(page);
  await panel.openNewChat();
  await panel.choose('Counter');
  const growth = await panel.watch(numbered(COUNTED).join(' '));
  await panel.ask('Count.');
  await panel.expectText('t10 ');
  wire.cut();
  await expect(panel.root.locator('.jp-StreamChat-banner')).toContainText('Connection lost');
  wire.mend();
  await expect(panel.root.locator('.jp-StreamChat-banner')).toHaveCount(0);
  await stopCounting(panel);
  expect((await growth()).wrong).toEqual([]);
  await page.close();
  wire.close();
});
