/** What the browser keeps for the panel: damaged, it stops nothing; each user of a browser has an own part. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { test } from './fixtures';
import { endServer, OWN_URL, startServer } from './ownserver';
import { Panel } from './panel';
import { numbered } from './provider';

const NONSENSE = [
  '{"__proto__":{"isHeld":true},"constructor":[{}]}',
  '[[["\u0000',
  'null',
  '{"chat-00000001":{"send":{"__proto__":null},"create":7}}'
];

for (const nonsense of NONSENSE) {
  test(`works with damaged storage: ${JSON.stringify(nonsense)}`, async ({ panel }) => {
    await panel.ask('tokens=3');
    await panel.expectFinished('stop');
    await panel.page.evaluate(value => {
      const keys = Object.keys(localStorage).filter(key => key.startsWith('jupyter-stream-chat:'));
      const current = keys.find(key => key.endsWith(':current'))!;
      const prefix = current.slice(0, -'current'.length);
      const names = ['current', 'unsent', 'queued', '__proto__', 'draft:__proto__'];
      [...keys, ...names.map(name => prefix + name)].forEach(key =>
        localStorage.setItem(key, value)
      );
    }, nonsense);
    await panel.page.reload();
    await panel.openNewChat();
    await panel.choose('Scripted');
    await panel.ask('tokens=5');
    await panel.expectFinished('stop');
    expect(await panel.tokens()).toEqual(numbered(5));
    await panel.input.fill('kept');
    await panel.page.reload();
    await panel.open();
    await expect(panel.input).toHaveValue('kept');
    await panel.input.fill('');
  });
}

test('keeps the drafts of two users of one browser apart', async ({ browser }) => {
  const folder = await mkdtemp(join(tmpdir(), 'stream-chat-users-'));
  const server = await startServer(folder, { JSC_USERS: 'by cookie' });
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const panel = new Panel(page);
    const signIn = async (user: string) => {
      await context.addCookies([{ name: 'test-user', value: user, url: OWN_URL }]);
      await page.goto(`${OWN_URL}/lab/workspaces/users?reset`);
      await panel.open();
    };
    await signIn('ada');
    await panel.execute('stream-chat:new-chat');
    await panel.choose('Scripted');
    await panel.ask('tokens=3');
    await panel.expectFinished('stop');
    await panel.input.fill('what Ada has not sent');
    await signIn('ben');
    await panel.root.getByRole('button', { name: 'Chats' }).click();
    await panel.root.locator('.jp-StreamChat-chatSwitch').first().click();
    await expect(panel.answers).toHaveCount(1);
    await expect(panel.input).toHaveValue('');
    await panel.input.fill('what Ben has not sent');
    await signIn('ada');
    await expect(panel.input).toHaveValue('what Ada has not sent');
  } finally {
    await context.close();
    await endServer(server, 'SIGKILL');
  }
});
