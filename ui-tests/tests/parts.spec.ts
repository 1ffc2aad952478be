/** An answer that reasons, speaks, reasons and speaks: four parts in this order, also after a reload and a restart. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { test } from './fixtures';
import { endServer, OWN_URL, startServer } from './ownserver';
import { Panel } from './panel';
import { numbered } from './provider';

type ShownPart = readonly [kind: 'reasoning' | 'text', text: string];

const THOUGHT = 'r0 r1 r2';

/** The four parts of an answer of so many tokens, that reasons again after the tenth. */
function fourParts(count: number): ShownPart[] {
  const tokens = numbered(count);
  return [
    ['reasoning', THOUGHT],
    ['text', tokens.slice(0, 10).join(' ')],
    ['reasoning', THOUGHT],
    ['text', tokens.slice(10).join(' ')]
  ];
}

async function expectParts(panel: Panel, parts: readonly ShownPart[]): Promise<void> {
  const shown = panel.answer.locator('.jp-StreamChat-reasoningText, .jp-StreamChat-content');
  await expect
    .poll(() =>
      shown.evaluateAll(nodes =>
        nodes.map(node => [
          node.matches('.jp-StreamChat-content') ? 'text' : 'reasoning',
          node.textContent!.replace(/\s+/g, ' ').trim()
        ])
      )
    )
    .toEqual(parts);
}

test('shows four parts live and after a reload, of a finished answer and of one that is being written', async ({
  panel
}) => {
  await panel.ask('tokens=40 rate=40 reasoning=3 again=10');
  await panel.expectFinished('stop');
  await expectParts(panel, fourParts(40));
  await panel.ask('tokens=40 hang=12 reasoning=3 again=10');
  await expectParts(panel, fourParts(12));
  await panel.expectStatus('streaming');
  await panel.page.reload();
  await panel.open();
  await expect(panel.answers).toHaveCount(2);
  await expectParts(panel, fourParts(12));
  await panel.stop();
  await panel.expectFinished('interrupted');
  await expectParts(panel, fourParts(12));
});

test('shows four parts after a restart of the server', async ({ lab }) => {
  const folder = await mkdtemp(join(tmpdir(), 'stream-chat-parts-'));
  let server = await startServer(folder);
  try {
    const page = await lab.context().newPage();
    await page.goto(`${OWN_URL}/lab/workspaces/parts?reset`);
    // JupyterLab says in a dialog of its own that its server is gone.
    const dialog = page.locator('.jp-Dialog');
    await page.addLocatorHandler(dialog, () => dialog.locator('button').last().click());
    const panel = await Panel.withNewChat(page);
    await panel.ask('tokens=40 hang=12 reasoning=3 again=10');
    await expectParts(panel, fourParts(12));
    await endServer(server, 'SIGKILL');
    server = await startServer(folder);
    await panel.expectFinished('lost');
    await expectParts(panel, fourParts(12));
    await page.reload();
    await panel.open();
    await panel.expectFinished('lost');
    await expectParts(panel, fourParts(12));
    await page.close();
  } finally {
    await endServer(server, 'SIGKILL');
  }
});
