/** Chats in tabs of the main area: several at once, beside the panel and beside a notebook. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { expect, type Page, type Request } from '@playwright/test';
import { expectNoViolations } from './axe';
import { test } from './fixtures';
import { openNotebook } from './notebooks';
import { Panel } from './panel';
import { newestRequest } from './provider';

const OPEN = 'Open chat in main area';
const SLOW = 'tokens=5000 rate=30';

/** The tab of the main area at a place, as a chat. */
function tabOf(page: Page, at = 0): Panel {
  return new Panel(page, page.locator('.jp-StreamChat-tab').nth(at));
}

/** How many chats in tabs are in the layout that a request saves. */
function tabsSaved(request: Request): number {
  const { data = {} } = (request.method() === 'PUT' ? request.postDataJSON() : {}) as {
    data?: Record<string, unknown>;
  };
  const layout = JSON.stringify(data['layout-restorer:data'] ?? {});
  return new Set(layout.match(/"stream-chat:[^"]+/g)).size;
}

/** Begin to execute a command. */
async function start(page: Page, command: string): Promise<void> {
  await page.evaluate(id => {
    void (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp.commands.execute(id);
  }, command);
}

test('a chat in a tab is the panel’s own chat: both grow, stop, continue and hold the same draft', async ({
  panel,
  lab
}) => {
  await panel.ask(SLOW);
  await panel.expectText('t3');
  await panel.root.getByRole('button', { name: OPEN }).press('Enter');
  const tab = tabOf(lab);
  await expect(tab.input).toBeFocused();
  await tab.expectText('t3');
  await expect(lab.locator('.lm-DockPanel-tabBar', { hasText: SLOW })).toBeVisible();
  await expectNoViolations(lab);

  await tab.input.press('Escape');
  await tab.expectFinished('interrupted');
  await panel.expectFinished('interrupted');
  expect(await tab.shown()).toBe(await panel.shown());

  await tab.answer.getByRole('button', { name: 'Continue' }).click();
  await panel.expectStatus('streaming');
  await tab.expectStatus('streaming');
  await expect(tab.input).toBeFocused();
  await lab.keyboard.type('half a question');
  await expect(panel.input).toHaveValue('half a question');
  await panel.button.click();
  await tab.expectFinished('interrupted');
  await panel.input.fill('');
  await expect(tab.input).toHaveValue('');
});

test('letters typed right after the command are those of a new chat in a tab', async ({
  panel,
  lab
}) => {
  await panel.ask('tokens=2 in the panel');
  await panel.expectFinished('stop');
  await panel.input.press('a');
  await start(lab, 'stream-chat:open-in-main-area');
  await lab.keyboard.type('bc');
  await expect(tabOf(lab).input).toHaveValue('abc');
  await tabOf(lab).input.fill('');

  // The panel's chat has a tab: the next one is a chat of its own.
  await start(lab, 'stream-chat:open-in-main-area');
  await lab.keyboard.type('tokens=3 in the tab');
  await lab.keyboard.press('Enter');
  const own = tabOf(lab, 1);
  await own.expectFinished('stop');
  await expect(own.answers).toHaveCount(1);
  await expect(panel.answers).toHaveCount(1);
  await expect(panel.text).not.toContainText('t2');
});

test('two chats in tabs and one in the panel answer at the same time; closing a tab ends nothing', async ({
  panel,
  lab
}) => {
  for (const at of [0, 1]) {
    await panel.execute('stream-chat:open-in-main-area');
    const tab = tabOf(lab, at);
    await tab.choose('Scripted');
    await tab.ask(`${SLOW} of tab ${at}`);
    await tab.expectText('t3');
  }
  await panel.ask(SLOW);
  await panel.expectText('t3');
  const close = lab.locator('.lm-DockPanel-tabBar .lm-TabBar-tab', { hasText: 'of tab 0' });
  await close.locator('.lm-TabBar-tabCloseIcon').click();
  await expect(lab.locator('.jp-StreamChat-tab')).toHaveCount(1);

  const [first, second] = [`${SLOW} of tab 0`, `${SLOW} of tab 1`];
  await panel.title.click();
  const lines = panel.root.locator('.jp-StreamChat-chatItem');
  for (const question of [first, second]) {
    await expect(
      lines.filter({ hasText: question }).first().locator('.jp-StreamChat-chatRunning')
    ).toHaveCount(1);
  }
  await panel.title.click();
  // Stop belongs to the chat that has the focus; the panel goes on.
  await tabOf(lab).input.focus();
  await panel.execute('stream-chat:stop');
  await tabOf(lab).expectFinished('interrupted');
  await panel.expectStatus('streaming');
  await panel.button.click();
  await panel.expectFinished('interrupted');

  // The one that was closed is as it was left, and goes on.
  await panel.title.click();
  await lines.filter({ hasText: first }).first().locator('.jp-StreamChat-chatSwitch').click();
  await panel.expectStatus('streaming');
  await panel.input.press('Escape');
  await panel.expectFinished('interrupted');

  // A tab goes with its chat.
  await panel.title.click();
  await lines
    .filter({ hasText: second })
    .getByRole('button', { name: /^Delete / })
    .first()
    .click();
  await expect(lab.locator('.jp-StreamChat-tab')).toHaveCount(0);
});

test('a chat in a tab works with the notebook beside it', async ({ panel, lab }) => {
  const path = await openNotebook(lab, ['beside = 41']);
  await panel.execute('stream-chat:open-in-main-area');
  const tab = tabOf(lab);
  await tab.choose('Scripted');
  await lab.locator('.jp-Notebook .cm-content').first().click();
  await lab.keyboard.press('Control+Shift+Y');
  const chips = tab.root.locator('.jp-StreamChat-composer .jp-StreamChat-chip');
  await expect(chips).toHaveText([new RegExp(`Cell 1 of ${path}`)]);
  await expect(tab.input).toBeFocused();
  await lab.keyboard.type('@notebook');
  await expect(tab.root.locator('.jp-StreamChat-attachMenu [role="option"]').first()).toContainText(
    path
  );
  await lab.keyboard.press('Tab');
  await expect(chips).toHaveCount(2);
  await tab.ask('text=code beside?');
  await tab.expectFinished('stop');
  const { body } = await newestRequest(({ body: { messages } }) =>
    String(messages.at(-1)?.content).endsWith('beside?')
  );
  expect(String(body.messages.at(-1)?.content)).toContain('beside = 41');
  await tab.root.locator('.jp-StreamChat-insertBelow').first().click();
  await expect(lab.locator('.jp-Notebook .jp-Cell')).toHaveCount(2);
});

test('profiles are shown in the panel when a tab asks for them', async ({ panel, lab }) => {
  await panel.execute('stream-chat:open-in-main-area');
  await lab.sidebar.close('right');
  await tabOf(lab).choose('Manage models');
  const view = panel.root.locator('.jp-StreamChat-overlay');
  await expect(view).toBeVisible();
  expect(await view.evaluate(node => node.contains(document.activeElement))).toBe(true);
  await lab.keyboard.press('Escape');
  await expect(view).toHaveCount(0);
});

test('chats in tabs are there again after a reload, a draft as well', async ({ panel, lab }) => {
  await panel.execute('stream-chat:open-in-main-area');
  await tabOf(lab).choose('Scripted');
  await tabOf(lab).ask(`${SLOW} reload`);
  await tabOf(lab).expectText('t3');
  const saved = lab.waitForRequest(request => tabsSaved(request) === 2);
  await panel.execute('stream-chat:open-in-main-area');
  await tabOf(lab, 1).input.fill('not yet asked');
  await (await saved).response();
  await panel.reload();
  const [asked, empty] = ['reload', 'New chat'].map(title =>
    lab.locator('.lm-DockPanel-tabBar .lm-TabBar-tab', { hasText: title })
  );
  await expect(empty).toBeVisible();
  await asked.click();
  const running = new Panel(lab, lab.locator('.jp-StreamChat-tab:not(.lm-mod-hidden)'));
  await running.expectStatus('streaming');
  await running.input.press('Escape');
  await running.expectFinished('interrupted');
  await empty.click();
  await expect(running.input).toHaveValue('not yet asked');
  await running.input.fill('tokens=2 now');
  await running.input.press('Enter');
  await running.expectFinished('stop');
});
