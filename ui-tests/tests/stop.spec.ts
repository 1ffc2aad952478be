/** Stop, Continue and Pause as a user has them: by the button, by the keyboard, after a reload, without a connection. */
import { expect } from '@playwright/test';
import { test } from './fixtures';
import { newestRequest, numbered } from './provider';
import { Panel } from './panel';
import { Wire } from './proxy';
import { LAB_PORT } from './servers';

const whole = (count: number): string => numbered(count).join(' ');

test('says what Stop did', async ({ panel }) => {
  await panel.ask('tokens=5000 rate=50');
  await panel.expectText('t10');
  await panel.stop();
  await panel.expectFinished('interrupted');
  const state = panel.answer.locator('.jp-StreamChat-runState');
  await expect(state).toHaveText(/^Stopped by you\s*Continue\s*…/);
  const height = (await state.boundingBox())!.height;
  expect(height).toBeLessThan(40);
  const said = state.getByText(
    /Provider disconnected after \d+ ms, (nothing|\d+ tokens?) discarded\./
  );
  await expect(said).toBeHidden();
  await panel.more(panel.answer);
  await expect(said).toBeVisible();
});

test('stops a stream that stands still, and goes on in the same bubble', async ({ panel }) => {
  await panel.ask('tokens=40 hang=12');
  await panel.expectText('t11');
  await panel.stop();
  await panel.expectFinished('interrupted');
  await panel.answer.getByRole('button', { name: 'Continue' }).click();
  await panel.expectFinished('stop');
  expect(await panel.shown()).toBe(whole(40));
  await expect(panel.answers).toHaveCount(1);
});

test('asks again where there is no text', async ({ panel }) => {
  await panel.ask('tokens=5 fail=503 fail-times=2');
  await panel.expectFinished('error');
  await panel.answer.getByRole('button', { name: 'Retry' }).click();
  await panel.expectFinished('stop');
  expect(await panel.shown()).toBe(whole(5));
  await expect(panel.answers).toHaveCount(1);
});

test('stops by a shortcut while the focus is elsewhere', async ({ panel }) => {
  await panel.ask('tokens=5000 rate=50');
  await panel.expectText('t5');
  await panel.page.getByRole('tablist', { name: 'alternate sidebar' }).first().focus();
  await panel.page.locator('body').press('ControlOrMeta+Alt+.');
  await panel.expectFinished('interrupted');
  await newestRequest(({ disconnected }) => disconnected !== null);
});

test('stops after a reload', async ({ panel }) => {
  await panel.ask('tokens=5000 rate=50');
  await panel.expectText('t10');
  await panel.page.reload();
  await panel.open();
  await panel.expectStatus('streaming');
  const { shown } = await panel.stop();
  await panel.expectFinished('interrupted');
  expect(await panel.shown()).toBe(shown);
});

test('pauses and resumes: nothing is added meanwhile, nothing is lost', async ({ panel }) => {
  const pause = panel.root.locator('.jp-StreamChat-pause');
  await panel.ask('tokens=120 rate=40');
  await panel.expectText('t10');
  await pause.click();
  await panel.expectStatus('paused');
  await expect(panel.answer).toContainText('unless it is resumed within 60 seconds');
  const held = await panel.shown();
  await newestRequest(({ finished }) => finished !== null);
  expect(await panel.shown()).toBe(held);
  await panel.answer.getByRole('button', { name: 'Resume' }).click();
  await panel.expectFinished('stop');
  expect(await panel.shown()).toBe(whole(120));
});

test('withdraws a question that could not be sent', async ({ lab }) => {
  const wire = await Wire.to(LAB_PORT);
  const page = await lab.context().newPage();
  await page.goto(`${wire.url}/lab/workspaces/withdraw?reset`);
  const panel = await Panel.withNewChat(page);
  await panel.ask('tokens=3');
  await panel.expectFinished('stop');
  wire.cut();
  await expect(panel.root.locator('.jp-StreamChat-banner')).toContainText('Connection lost');
  await panel.input.fill('tokens=7');
  await panel.input.press('Enter');
  await expect(panel.root).toContainText('Not sent yet');
  await panel.button.dispatchEvent('click'); // JupyterLab's own dialog about the connection may lie over it
  await expect(panel.input).toHaveValue('tokens=7');
  await expect(panel.root).not.toContainText('Not sent yet');
  wire.mend();
  await expect(panel.root.locator('.jp-StreamChat-banner')).toHaveCount(0, { timeout: 20_000 });
  await expect(panel.answers).toHaveCount(1);
  await page.close();
  wire.close();
});

test('stops without a connection: at once on the page, and as soon as there is one', async ({
  lab
}) => {
  const wire = await Wire.to(LAB_PORT);
  const page = await lab.context().newPage();
  await page.goto(`${wire.url}/lab/workspaces/offline-stop?reset`);
  const panel = await Panel.withNewChat(page);
  await panel.ask('tokens=5000 rate=40');
  await panel.expectText('t10');
  wire.cut();
  await expect(panel.root.locator('.jp-StreamChat-banner')).toContainText('Connection lost');
  const { shown } = await panel.stop();
  wire.mend();
  await panel.expectFinished('interrupted');
  expect(await panel.shown()).toBe(shown);
  await newestRequest(({ disconnected }) => disconnected !== null);
  await page.close();
  wire.close();
});
