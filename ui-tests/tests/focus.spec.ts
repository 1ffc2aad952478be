/** The keyboard stays where the hand is: real key events, in a page that may be slow. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { expect, type Page } from '@playwright/test';
import { test } from './fixtures';
import { newestRequest } from './provider';
import { Panel } from './panel';

/** Run the page's scripts so many times slower while something is done. */
async function slowed(page: Page, rate: number, act: () => Promise<void>): Promise<void> {
  // Galata's page is a wrapper around the one that is meant.
  const [own] = page.context().pages();
  const session = await page.context().newCDPSession(own);
  await session.send('Emulation.setCPUThrottlingRate', { rate });
  try {
    await act();
  } finally {
    // By the same session: another one cannot end it, and all tests that follow would have a slow page.
    await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
    await session.detach();
  }
}

/** Run a command, and do not wait for it. */
async function start(page: Page, command: string): Promise<void> {
  await page.evaluate(id => {
    void (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp.commands.execute(id);
  }, command);
}

/** Let somebody else take the focus, as JupyterLab's launcher does when it has loaded. */
async function takeFocus(page: Page): Promise<void> {
  await page.evaluate(() => {
    const other = document.querySelector<HTMLElement>('#jp-top-panel, .jp-Launcher');
    other!.tabIndex = -1;
    other!.focus();
  });
}

for (const [name, begin] of [
  [
    'the button',
    async (panel: Panel) =>
      panel.root.locator('.jp-StreamChat-header button[aria-label="New chat"]').click()
  ],
  ['the command', async (panel: Panel) => start(panel.page, 'stream-chat:new-chat')]
] as const) {
  test(`letters typed at once after ${name} are the new chat's`, async ({ panel, lab }) => {
    const question = `tokens=2 before ${name}`;
    await panel.ask(question);
    await panel.expectFinished('stop');
    await slowed(lab, 6, async () => {
      for (const words of ['first words', 'second words']) {
        await panel.input.fill('old draft');
        await begin(panel);
        await lab.keyboard.type(words);
        await expect(panel.input).toHaveValue(words);
        await expect(panel.answers).toHaveCount(0);
        await panel.title.click();
        await panel.root.locator('.jp-StreamChat-chatSwitch', { hasText: question }).click();
        await expect(panel.input).toHaveValue('old draft');
        await expect(panel.input).toBeFocused();
      }
    });
  });
}

test('letters typed after the command for an empty chat, or a closed panel, arrive', async ({
  panel,
  lab
}) => {
  await lab.locator('.jp-Launcher').first().click();
  await start(lab, 'stream-chat:new-chat');
  await lab.keyboard.type('empty');
  await expect(panel.input).toHaveValue('empty');
  await panel.input.fill('');
  await lab.sidebar.close('right');
  await start(lab, 'stream-chat:new-chat');
  await lab.keyboard.type('closed');
  await expect(panel.input).toHaveValue('closed');
});

test('Escape stops what Continue, Answer again and an edited question begin', async ({
  panel,
  lab
}) => {
  const stop = async () => {
    await panel.expectStatus('streaming');
    await expect(panel.input).toBeFocused();
    await lab.keyboard.press('Escape');
    await panel.expectFinished('interrupted');
  };
  await panel.ask('tokens=5000 rate=50');
  await panel.expectText('t3');
  await stop();
  await panel.answer.getByRole('button', { name: 'Continue' }).press('Enter');
  await stop();
  await panel.answer.getByRole('button', { name: 'Answer again' }).press('Enter');
  await expect(panel.answer.getByRole('group', { name: 'Version 2 of 2' })).toBeVisible();
  await stop();
  await panel.root.getByRole('button', { name: 'Edit the question' }).press('Enter');
  await lab.keyboard.type(' again');
  await lab.keyboard.press('Enter');
  await expect(panel.root.getByRole('group', { name: 'Version 2 of 2' }).first()).toBeVisible();
  await stop();
});

test('the list of chats is one Tab stop, with arrow keys, Home, End and first letters', async ({
  panel,
  lab
}) => {
  for (const title of ['tokens=1 xray', 'zulu tokens=1', 'tokens=1 yankee']) {
    await panel.execute('stream-chat:new-chat');
    await panel.ask(title);
    await panel.expectFinished('stop');
  }
  const lines = panel.root.locator('.jp-StreamChat-chatSwitch');
  await panel.title.press('Enter');
  await expect(lines.first()).toBeFocused();
  expect(await panel.root.locator('.jp-StreamChat-chatItem [tabindex="0"]').count()).toBe(1);
  await lab.keyboard.press('ArrowDown');
  await expect(lines.nth(1)).toBeFocused();
  await lab.keyboard.press('End');
  await expect(lines.last()).toBeFocused();
  await lab.keyboard.press('Home');
  await expect(lines.first()).toBeFocused();
  await lab.keyboard.type('zul');
  await expect(lines.nth(1)).toBeFocused();
  await lab.keyboard.press('ArrowRight');
  await expect(panel.root.getByRole('button', { name: /^Rename zulu/ })).toBeFocused();
  await lab.keyboard.press('ArrowDown');
  await expect(lines.nth(2)).toBeFocused();
  await lab.keyboard.press('Enter');
  await expect(panel.title).toContainText('xray');
  await expect(panel.input).toBeFocused();
});

test('who types keeps the focus when the application takes it', async ({ panel, lab }) => {
  await panel.input.fill('');
  await lab.keyboard.type('one ');
  await takeFocus(lab);
  await lab.keyboard.type('two ');
  await expect(panel.input).toHaveValue('one two ');
  await expect(panel.input).toBeFocused();
  // Whoever goes elsewhere is let go.
  await lab.keyboard.type('x');
  await lab.keyboard.press('Tab');
  await expect(panel.input).not.toBeFocused();
});

test('a dialog that opens in the middle of a word takes no letters', async ({ panel, lab }) => {
  await panel.input.fill('');
  await lab.keyboard.type('before ');
  await start(lab, 'help:about');
  await lab.locator('.jp-Dialog').waitFor();
  await lab.keyboard.type('after');
  await expect(panel.input).toHaveValue('before after');
  await expect(lab.locator('.jp-Dialog')).toBeVisible();
  // On a busy machine the letters overtake the dialog's focus.
  await lab.locator('.jp-Dialog:focus-within').waitFor();
  await lab.keyboard.press('Escape');
  await expect(lab.locator('.jp-Dialog')).toHaveCount(0);
  await expect(panel.input).toBeFocused();
});

test('a chat that another page deletes takes nobody the focus', async ({ panel, lab }) => {
  await panel.ask('tokens=1');
  await panel.expectFinished('stop');
  const { body } = await newestRequest();
  expect(body).toBeDefined();
  const field = await lab.evaluateHandle(() => {
    const input = document.createElement('input');
    document.getElementById('jp-top-panel')!.append(input);
    input.focus();
    return input;
  });
  await lab.evaluate(async () => {
    const { chats } = await (await fetch('/stream-chat/api/chats')).json();
    const xsrf = /_xsrf=([^;]+)/.exec(document.cookie)?.[1] ?? '';
    await fetch(`/stream-chat/api/chats/${chats[0].chat_id}`, {
      method: 'DELETE',
      headers: { 'X-XSRFToken': xsrf }
    });
  });
  await expect(panel.answers).toHaveCount(0);
  expect(await field.evaluate(input => document.activeElement === input)).toBe(true);
  await field.evaluate(input => input.remove());
});
