/** A question streams its answer, and Stop stops it: over real sockets, against the scripted provider. */
import { expect } from '@playwright/test';
import { test } from './fixtures';
import {
  lastAnswer,
  loggedTokens,
  newestRequest,
  numbered,
  questionOf,
  sentAfter
} from './provider';

for (const [pace, count, question] of [
  ['50 tokens a second', 100, 'tokens=100 rate=50'],
  ['full speed', 20_000, 'tokens=20000']
] as const) {
  test(`shows every token in order and once, at ${pace}`, async ({ panel }) => {
    const growth = await panel.watch(numbered(count).join(' '));
    await panel.ask(question);
    await panel.expectFinished('stop');
    expect(await panel.tokens()).toEqual(numbered(count));
    const { steps, wrong } = await growth();
    expect(wrong).toEqual([]);
    expect(steps).toBeGreaterThanOrEqual(20);
  });
}

test('stops: nothing is added after the next frame, and the provider is released', async ({
  panel
}) => {
  await panel.ask('tokens=5000 rate=50');
  await panel.expectText('t20');
  await expect(panel.button).toHaveAttribute('data-action', 'stop');
  const stopped = await panel.stop();

  await panel.expectFinished('interrupted');
  await expect(panel.button).toHaveAttribute('data-action', 'send');
  await expect(panel.answer).toContainText('Stopped by you');
  const request = await newestRequest(({ disconnected }) => disconnected !== null);
  expect(sentAfter(request, 50, stopped.clickedAt)).toBeLessThanOrEqual(1);
  expect(await stopped.longest()).toBe(stopped.shown.length);
  expect(await panel.shown()).toBe(stopped.shown);
});

test('stops before the first token', async ({ panel }) => {
  for (const where of ['before-headers', 'after-headers']) {
    await panel.ask(`hang=${where}`);
    await panel.expectStatus('waiting');
    await newestRequest(request => questionOf(request).includes(where));
    await panel.stop();
    await panel.expectFinished('interrupted');
    await newestRequest(({ disconnected }) => disconnected !== null);
    expect(await panel.tokens()).toEqual([]);
  }
});

test('sends a stopped answer as context, as far as it was shown', async ({ panel }) => {
  await panel.ask('tokens=5000 rate=50');
  await panel.expectText('t10');
  const { shown } = await panel.stop();
  await panel.expectFinished('interrupted');
  await panel.ask('tokens=3');
  await panel.expectFinished('stop');
  expect(lastAnswer(await newestRequest())?.trim()).toBe(shown);
});

test('shows the answer in one piece with streaming off', async ({ panel }) => {
  const growth = await panel.watch(numbered(30).join(' '));
  const settings = panel.root.getByRole('button', { name: 'Settings of this chat' });
  await settings.click();
  const streaming = panel.root.getByRole('switch', { name: 'Streaming' });
  await streaming.click();
  await expect(streaming).not.toBeChecked();
  await settings.click();
  await expect(streaming).toHaveCount(0);
  await expect(settings).toHaveAttribute('data-different', 'true');
  await panel.ask('tokens=30 rate=50');
  await panel.expectFinished('stop');
  expect(await panel.tokens()).toEqual(numbered(30));
  expect((await newestRequest()).body.stream ?? false).toBe(false);
  const { steps, wrong } = await growth();
  expect(wrong).toEqual([]);
  expect(steps).toBeLessThanOrEqual(2); // nothing, and everything
});

test("shows on Azure's path every token that the log shows", async ({ panel }) => {
  await panel.choose('Scripted Azure');
  const growth = await panel.watch(numbered(50).join(' '));
  await panel.ask('tokens=50 rate=50');
  await panel.expectFinished('stop');
  expect((await newestRequest()).path).toContain('/openai/deployments/scripted/');
  const shown = await panel.tokens();
  expect(shown).toEqual(numbered(50));
  expect((await loggedTokens()).map(token => token.trim())).toEqual(shown);
  expect((await growth()).steps).toBeGreaterThanOrEqual(10);
});

test('says in one sentence what went wrong', async ({ panel }) => {
  await panel.ask('fail=401');
  await panel.expectFinished('error');
  const said = panel.answer.locator('[data-level="error"]');
  await expect(said).toContainText('key');
  await expect(said.locator('pre')).toBeHidden();
  await said.getByText('Details').click();
  await expect(said.locator('pre')).toBeVisible();
  await expect(panel.root).not.toContainText('not-a-secret');
});
