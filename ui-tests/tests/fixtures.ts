/** One page for all tests of a worker: each begins a chat of its own there, since loading JupyterLab takes longest. */
import { galata, test as base, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Browser } from '@playwright/test';
import { closeDocuments } from './notebooks';
import { Panel } from './panel';
import { LAB_URL } from './servers';

interface ITestFixtures {
  /** The panel with a new chat and an empty draft, answered by the scripted provider; no document is open afterwards. */
  panel: Panel;
}

interface IWorkerFixtures {
  lab: IJupyterLabPageFixture;
}

let opened = 0;

/**
 * Open JupyterLab in a browser and a workspace of its own, with these settings by plugin.
 *
 * The workspace is the server's: Galata's stand-in never forgets a closed document, and each reload would open all
 * that earlier tests had closed, each with its kernel.
 */
export async function openLab(
  browser: Browser,
  settings: Record<string, object> = {}
): Promise<IJupyterLabPageFixture> {
  const { page } = await galata.newPage({
    browser,
    baseURL: LAB_URL,
    autoGoto: false,
    mockSettings: { ...galata.DEFAULT_SETTINGS, ...settings },
    mockState: false,
    waitForApplication: async loading => {
      await loading.waitForSelector('#jupyterlab-splash', { state: 'detached' });
    }
  });
  page.on('pageerror', error => console.error(error));
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`workspaces/tests-${opened++}?reset`);
  return page;
}

export const test = base.extend<ITestFixtures, IWorkerFixtures>({
  lab: [
    async ({ browser }, use) => {
      const page = await openLab(browser);
      await use(page);
      await page.context().close();
    },
    { scope: 'worker' }
  ],
  panel: async ({ lab }, use) => {
    const panel = new Panel(lab);
    await panel.openNewChat();
    await panel.clearDraft();
    await panel.choose('Scripted');
    await use(panel);
    await closeDocuments(lab);
  }
});
