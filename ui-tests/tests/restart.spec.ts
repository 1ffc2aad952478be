/** A server that ends in mid-stream and comes back: the page reconnects by itself and shows what became of it. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { test } from './fixtures';
import { endServer, OWN_URL, startServer } from './ownserver';
import { Panel } from './panel';
import { numbered, timesAsked } from './provider';

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`${signal} in mid-stream: what was shown is kept, and the state is true`, async ({
    lab
  }) => {
    const folder = await mkdtemp(join(tmpdir(), 'stream-chat-restart-'));
    const question = `tokens=5000 rate=40 ${signal}`;
    let server = await startServer(folder);
    try {
      const page = await lab.context().newPage();
      await page.goto(`${OWN_URL}/lab/workspaces/restart?reset`);
      // JupyterLab says in a dialog of its own that its server is gone.
      const dialog = page.locator('.jp-Dialog');
      await page.addLocatorHandler(dialog, () => dialog.locator('button').last().click());
      const panel = await Panel.withNewChat(page);
      await panel.ask(question);
      await panel.expectText('t20 ');
      await endServer(server, signal);
      await expect(panel.root.locator('.jp-StreamChat-banner')).toContainText('Connection lost');
      const shown = await panel.tokens();
      server = await startServer(folder);
      await expect(panel.root.locator('.jp-StreamChat-banner')).toHaveCount(0, { timeout: 60_000 });
      await panel.expectFinished('lost');
      const kept = await panel.tokens();
      expect(kept.slice(0, shown.length)).toEqual(shown);
      expect(kept).toEqual(numbered(kept.length));
      expect(await timesAsked(question)).toBe(1);
      await panel.ask('tokens=3');
      await panel.expectFinished('stop');
      await page.close();
    } finally {
      await endServer(server, 'SIGKILL');
    }
  });
}
