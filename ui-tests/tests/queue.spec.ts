/** A message that is sent while an answer is being written: asked about once, then queued, or the answer is stopped. */
import { expect } from '@playwright/test';
import { openLab, test } from './fixtures';
import { lastAnswer, newestRequest, numbered, questionOf } from './provider';
import { Panel } from './panel';
import { LAB_URL } from './servers';

const MENU = { name: 'While an answer is being written' };

test('asks once what to do, queues, survives a reload, and is sent by one page only', async ({
  browser
}) => {
  // The answer is to last longer than a busy machine takes to load two pages.
  test.setTimeout(300_000);
  const lab = await openLab(browser);
  const panel = await Panel.withNewChat(lab);
  // The chat is there for the second page to open.
  await panel.ask('tokens=1');
  await panel.expectFinished('stop');
  const second = new Panel(await lab.context().newPage());
  await second.page.goto(`${LAB_URL}/lab/workspaces/queue?reset`);
  await second.open();
  await panel.ask('tokens=900 rate=20');
  await panel.expectText('t5');
  await panel.input.fill('tokens=4 next');
  await panel.input.press('Enter');
  await expect(panel.root.locator('.jp-StreamChat-hint')).toContainText('Your draft is kept');
  await expect(panel.input).toHaveValue('tokens=4 next');
  await panel.root.getByRole('button', { name: 'Send it afterwards' }).click();
  const queue = panel.root.getByRole('list', { name: 'Waiting to be sent' });
  await expect(queue).toContainText('tokens=4 next');
  await expect(panel.input).toHaveValue('');

  // Chosen: the next one is not asked about.
  await panel.input.fill('tokens=2 withdrawn');
  await expect(panel.root.getByRole('combobox', MENU)).toHaveValue('queue');
  await panel.input.press('Enter');
  await expect(queue.getByRole('listitem')).toHaveCount(2);
  const last = queue.getByRole('listitem').last();
  await last.getByRole('button', { name: 'Edit it' }).click();
  await last.getByRole('textbox').fill('tokens=2 edited');
  await last.getByRole('textbox').press('Enter');
  await expect(last).toContainText('tokens=2 edited');
  await last.getByRole('button', { name: 'Do not send it' }).click();
  await expect(queue.getByRole('listitem')).toHaveCount(1);
  await expect(panel.input).toHaveValue('tokens=2 edited');

  await expect(second.root.getByRole('list', { name: 'Waiting to be sent' })).toHaveCount(1);
  await lab.reload();
  await panel.open();
  await expect(queue).toContainText('tokens=4 next');

  for (const each of [panel, second]) {
    await expect(each.answers).toHaveCount(3, { timeout: 90_000 });
    await each.expectFinished('stop');
    expect(await each.tokens()).toEqual(numbered(4));
    await expect(each.root.getByRole('list', { name: 'Waiting to be sent' })).toHaveCount(0);
    await expect(each.root.locator('[data-role="user"]')).toHaveCount(3);
  }
  const request = await newestRequest(received => questionOf(received) === 'tokens=4 next');
  expect(request.body.messages).toHaveLength(5);
  await lab.context().close();
});

test('what waits is not sent after Stop, unless the user says so', async ({ browser }) => {
  const lab = await openLab(browser, { 'jupyter-stream-chat:plugin': { whileRunning: 'queue' } });
  const panel = await Panel.withNewChat(lab);
  await panel.ask('tokens=5000 rate=50');
  await panel.expectText('t5');
  await panel.input.fill('tokens=3 next');
  await panel.input.press('Enter');
  await panel.button.click();
  await panel.expectFinished('interrupted');
  const queue = panel.root.getByRole('list', { name: 'Waiting to be sent' });
  await expect(queue).toContainText('Not sent');
  await expect(panel.answers).toHaveCount(1);

  await queue.getByRole('button', { name: 'Send it now' }).click();
  await expect(panel.answers).toHaveCount(2);
  await panel.expectFinished('stop');
  await expect(queue).toHaveCount(0);
  await lab.context().close();
});

test('stops the answer for the message, with what was shown of it as context', async ({
  browser
}) => {
  const lab = await openLab(browser, {
    'jupyter-stream-chat:plugin': { whileRunning: 'redirect' }
  });
  const panel = await Panel.withNewChat(lab);
  await panel.ask('tokens=5000 rate=50');
  await panel.expectText('t10');
  await panel.input.fill('tokens=3 shorter');
  await panel.input.press('Enter');
  await expect(panel.answers).toHaveCount(2);
  await panel.expectFinished('stop');
  expect(await panel.tokens()).toEqual(numbered(3));
  await expect(panel.answers.first()).toHaveAttribute('data-finish-reason', 'interrupted');
  const request = await newestRequest(received => questionOf(received) === 'tokens=3 shorter');
  const shown = await panel.answers.first().locator('.jp-StreamChat-content').textContent();
  expect(lastAnswer(request)?.trim()).toBe(shown!.replace(/\s+/g, ' ').trim());
  await lab.context().close();
});
