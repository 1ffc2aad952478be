/** A server that ends in mid-stream and comes back: the page reconnects by itself and shows what became of it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { test } from './fixtures';
import { Panel } from './panel';
import { numbered, timesAsked } from './provider';
import { LAB_PORT } from './servers';

const PORT = LAB_PORT + 3;
const URL = `http://127.0.0.1:${PORT}`;

/** Start a JupyterLab of this test's own, and wait until it answers. */
async function startServer(folder: string): Promise<ChildProcess> {
  const root = process.getuid?.() === 0 ? ['--allow-root'] : [];
  const server = spawn(
    'jupyter',
    [
      'lab',
      ...root,
      `--ServerApp.port=${PORT}`,
      '--ServerApp.port_retries=0',
      '--config',
      'jupyter_server_test_config.py'
    ],
    {
      stdio: 'ignore',
      env: {
        ...process.env,
        JSC_DATA_DIR: folder,
        JSC_KEEP_DATA: 'yes',
        JSC_TOKEN_LOG: '',
        JSC_MODEL: '/none',
        JSC_PROVIDER_URL: `http://127.0.0.1:${LAB_PORT + 2}`
      }
    }
  );
  await expect
    .poll(
      () =>
        fetch(`${URL}/api`).then(
          ({ ok }) => ok,
          () => false
        ),
      { timeout: 90_000 }
    )
    .toBe(true);
  return server;
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    const exited = once(server, 'exit');
    server.kill(signal);
    await exited;
  }
}

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`${signal} in mid-stream: what was shown is kept, and the state is true`, async ({
    lab
  }) => {
    const folder = await mkdtemp(join(tmpdir(), 'stream-chat-restart-'));
    const question = `tokens=5000 rate=40 ${signal}`;
    let server = await startServer(folder);
    try {
      const page = await lab.context().newPage();
      await page.goto(`${URL}/lab/workspaces/restart?reset`);
      // JupyterLab says in a dialog of its own that its server is gone.
      const dialog = page.locator('.jp-Dialog');
      await page.addLocatorHandler(dialog, () => dialog.locator('button').last().click());
      const panel = new Panel(page);
      await panel.openNewChat();
      await panel.choose('Scripted');
      await panel.ask(question);
      await panel.expectText('t20 ');
      await end(server, signal);
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
      await end(server, 'SIGKILL');
    }
  });
}
