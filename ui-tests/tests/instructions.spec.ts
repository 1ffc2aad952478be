/** Instructions for all chats, per profile and per chat: which hold is said, and they are what the model is sent. */
import { expect } from '@playwright/test';
import { expectNoViolations } from './axe';
import { test } from './fixtures';
import { newestRequest } from './provider';
import type { Panel } from './panel';

/** Ask, and return what the model was sent before the question. */
async function sentBefore(panel: Panel, question: string): Promise<unknown[]> {
  await panel.ask(question);
  await panel.expectFinished('stop');
  const { body } = await newestRequest(
    ({ body: { messages } }) => messages.at(-1)?.content === question
  );
  return body.messages.slice(0, 1).map(({ role, content }) => [role, content]);
}

test('instructions for all chats hold until the chat has its own', async ({ panel, lab }) => {
  const sheet = panel.root.getByRole('group', { name: 'Settings of this chat' });
  const openSheet = () => panel.root.getByRole('button', { name: 'Settings of this chat' }).click();
  await openSheet();
  await expect(sheet).toContainText('The model is sent no instructions.');
  const all = sheet.getByLabel('Instructions for all chats');
  await all.fill('Answer briefly.');
  // Escape closes the sheet from within the field: what is typed counts.
  await all.press('Escape');
  await expect(sheet).toHaveCount(0);
  expect(await sentBefore(panel, 'tokens=1 of all')).toEqual([['system', 'Answer briefly.']]);

  await openSheet();
  await expect(sheet).toContainText('The instructions for all chats hold.');
  await sheet.getByLabel('System prompt').fill('Answer in verse.');
  await expect(sheet).toContainText("This chat's own system prompt holds.");
  await expectNoViolations(lab);
  await sheet.getByRole('button', { name: 'Close' }).click();
  await panel.execute('stream-chat:new-chat');
  await panel.choose('Scripted');
  expect(await sentBefore(panel, 'tokens=1 of another')).toEqual([['system', 'Answer briefly.']]);

  await openSheet();
  await all.fill('');
  await all.press('Tab');
  await expect(sheet).toContainText('The model is sent no instructions.');
  await sheet.getByRole('button', { name: 'Close' }).click();
});
