/** Chats that are called as what every object of JavaScript has: each is a chat as any other. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { expect } from '@playwright/test';
import { test } from './fixtures';
import type { Panel } from './panel';
import { numbered } from './provider';

const NAMES = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];

async function openByCommand({ page }: Panel, chatId: string): Promise<void> {
  await page.evaluate(async id => {
    const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
    await app.commands.execute('stream-chat:open', { chat_id: id });
  }, chatId);
}

/** Send a request of the API, as an extension or a script may. */
async function request(
  { page }: Panel,
  method: string,
  path: string,
  body?: object
): Promise<number> {
  return page.evaluate(
    async ([how, where, what]) => {
      const token = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1] ?? '';
      const headers = { 'Content-Type': 'application/json', 'X-XSRFToken': token };
      const url = `/stream-chat/api/${where}`;
      return (await fetch(url, { method: how, headers, body: what || undefined })).status;
    },
    [method, path, body ? JSON.stringify(body) : ''] as const
  );
}

async function expectWorking(panel: Panel): Promise<void> {
  await panel.ask('tokens=4');
  await panel.expectFinished('stop');
  expect(await panel.tokens()).toEqual(numbered(4));
}

/** Expect the panel to work in this chat, after a reload, and in the next chat once this one is deleted. */
async function expectAnswers(panel: Panel, chatId: string): Promise<void> {
  await expectWorking(panel);
  await panel.input.fill('a draft');
  await panel.reload();
  await expect(panel.input).toHaveValue('a draft');
  await panel.input.fill('');
  await expectWorking(panel);
  expect(await request(panel, 'DELETE', `chats/${chatId}`)).toBeLessThan(300);
  await panel.openNewChat();
  await panel.choose('Scripted');
  await expectWorking(panel);
}

for (const name of NAMES) {
  test(`a chat called ${name}, opened by a command`, async ({ panel }) => {
    await openByCommand(panel, name);
    await panel.choose('Scripted');
    await expectAnswers(panel, name);
  });

  test(`a chat called ${name}, made by a request`, async ({ panel }) => {
    const made = { chat_id: name, title: name, profile_id: 'scripted' };
    expect(await request(panel, 'POST', 'chats', made)).toBeLessThan(300);
    await openByCommand(panel, name);
    await expect(panel.title).toContainText(name);
    await expectAnswers(panel, name);
  });
}
