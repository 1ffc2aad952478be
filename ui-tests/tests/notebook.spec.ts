/** The panel in Notebook 7, which has no `ILabShell`. */
import { expect, test } from '@playwright/test';
import { Panel } from './panel';
import { COUNTED, newestRequest, numbered } from './provider';

test('streams and stops in Notebook 7', async ({ page }) => {
  await page.goto('/tree');
  const panel = new Panel(page);
  await panel.openNewChat();
  await panel.choose('Scripted');
  await panel.ask('tokens=60 rate=50');
  await panel.expectFinished('stop');
  expect(await panel.tokens()).toEqual(numbered(60));

  await panel.ask('tokens=5000 rate=50');
  await panel.expectText('t5');
  await panel.execute('stream-chat:stop');
  await panel.expectFinished('interrupted');
});

test('a local model streams through a reload in Notebook 7, and stops', async ({ page }) => {
  await page.goto('/tree');
  const panel = new Panel(page);
  await panel.openNewChat();
  await panel.choose('Counter');
  await panel.ask('Count.');
  await panel.expectText('t20 ');
  await page.reload();
  await panel.open();
  await panel.expectStatus('streaming');
  const { shown } = await panel.stop();
  await panel.expectFinished('interrupted');
  expect(await panel.shown()).toBe(shown);
  const tokens = await panel.tokens();
  expect(tokens.length).toBeLessThan(COUNTED);
  expect(tokens).toEqual(numbered(tokens.length));
});

test('%chat streams into a cell of Notebook 7', async ({ page, request }) => {
  const cells = ['%load_ext jupyter_stream_chat', '%chat tokens=300 rate=40'].map(source => ({
    cell_type: 'code',
    execution_count: null,
    metadata: {},
    outputs: [],
    source
  }));
  const kernelspec = { name: 'python3', display_name: 'Python 3' };
  const content = { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 4 };
  const data = { type: 'notebook', format: 'json', content };
  await request.put('/api/contents/magic-of-notebook-7.ipynb', { data });
  await page.goto('/notebooks/magic-of-notebook-7.ipynb');
  await expect(page.locator('.jp-CodeCell')).toHaveCount(2, { timeout: 60_000 });
  const indicator = page.locator('.jp-Notebook-ExecutionIndicator');
  await expect(indicator).toHaveAttribute('data-status', 'idle', { timeout: 60_000 });
  await page.locator('.jp-CodeCell .jp-InputPrompt').first().click();
  const runCell = page.getByRole('button', { name: /^Run this cell/ });
  await runCell.click();
  await runCell.click();
  const answer = page.locator('.jp-StreamChat-cell');
  await expect(answer).toHaveAttribute('data-status', 'streaming', { timeout: 60_000 });
  await expect(answer).toHaveAttribute('data-status', 'finished', { timeout: 60_000 });
  await expect(answer).toHaveText(numbered(300).join(' '));
});

test('a cell of Notebook 7 is asked about, and its notebook attached', async ({
  page,
  request
}) => {
  const cell = { cell_type: 'code', id: 'one', execution_count: null, metadata: {}, outputs: [] };
  const kernelspec = { name: 'python3', display_name: 'Python 3' };
  const cells = [{ ...cell, source: 'asked = 7' }];
  const content = { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 };
  const data = { type: 'notebook', format: 'json', content };
  await request.put('/api/contents/context-of-notebook-7.ipynb', { data });
  await page.goto('/notebooks/context-of-notebook-7.ipynb');
  const panel = new Panel(page);
  await panel.openNewChat();
  await panel.choose('Scripted');
  await page.locator('.jp-CodeCell .jp-InputPrompt').first().click();
  await page.keyboard.press('Control+Shift+Y');
  const chips = panel.root.locator('.jp-StreamChat-composer .jp-StreamChat-chip');
  await expect(chips).toHaveText([/Cell 1 of context-of-notebook-7.ipynb/]);
  await expect(panel.input).toBeFocused();
  await page.keyboard.type('@notebook');
  const options = panel.root.locator('.jp-StreamChat-attachMenu [role="option"]');
  // Notebooks of the folder that are not open come after it.
  await expect(options.first()).toContainText('context-of-notebook-7.ipynb');
  await page.keyboard.press('Tab');
  await expect(chips).toHaveCount(2);
  await panel.ask('tokens=1 asked?');
  await panel.expectFinished('stop');
  const { body } = await newestRequest(({ body: { messages } }) =>
    String(messages.at(-1)?.content).endsWith('tokens=1 asked?')
  );
  expect(String(body.messages.at(-1)?.content)).toContain(
    '[code cell 1, not executed]\nasked = 7\n</attachment'
  );
});
