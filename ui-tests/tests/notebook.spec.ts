/** The panel in Notebook 7, which has no `ILabShell`. */
import { type APIRequestContext, expect, type Page, test } from '@playwright/test';
import { bar, cellsOf, enter, fenced, generate, saying } from './cells';
import { Panel } from './panel';
import { COUNTED, newestRequest, numbered } from './provider';

test('streams and stops in Notebook 7', async ({ page }) => {
  await page.goto('/tree');
  const panel = await Panel.withNewChat(page);
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
  const panel = await Panel.withNewChat(page);
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

/** Open a notebook of code cells in Notebook 7, with a chat that the scripted provider answers. */
async function openWithChat(
  page: Page,
  request: APIRequestContext,
  name: string,
  sources: readonly string[]
): Promise<Panel> {
  const cell = { cell_type: 'code', execution_count: null, metadata: {}, outputs: [] };
  const cells = sources.map((source, at) => ({ ...cell, id: `cell-${at}`, source }));
  const kernelspec = { name: 'python3', display_name: 'Python 3' };
  const content = { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 };
  const data = { type: 'notebook', format: 'json', content };
  await request.put(`/api/contents/${name}`, { data });
  await page.goto(`/notebooks/${name}`);
  const panel = await Panel.withNewChat(page);
  const indicator = page.locator('.jp-Notebook-ExecutionIndicator');
  await expect(indicator).toHaveAttribute('data-status', 'idle', { timeout: 60_000 });
  return panel;
}

const LINES = Array.from({ length: 40 }, (_, at) => `x${at} = ${at}`).join('\n');

test('code streams into a cell of Notebook 7, Escape stops it, one Ctrl+Z takes it back', async ({
  page,
  request
}) => {
  await openWithChat(page, request, 'generate-in-notebook-7.ipynb', ['', 'last']);
  await enter(page, 0);
  await generate(page, saying(fenced(LINES), 'rate=60'));
  await expect(bar(page)).toContainText('Code written', { timeout: 60_000 });
  expect(await cellsOf(page)).toEqual([`code: ${LINES}`, 'code: last']);
  await enter(page, 0);
  await page.keyboard.press('Control+z');
  await expect.poll(() => cellsOf(page)).toEqual(['code: ', 'code: last']);

  await generate(page, saying(fenced(LINES), 'rate=10'));
  await expect.poll(async () => (await cellsOf(page))[0]).toContain('x1 = 1');
  await page.keyboard.press('Escape');
  await expect(bar(page)).toContainText('Stopped');
  expect((await cellsOf(page))[0]).not.toContain('x39 =');
  await bar(page).getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => cellsOf(page)).toEqual(['code: ', 'code: last']);
  await expect(page.locator('.jp-OutputArea-output')).toHaveCount(0);
});

test('a cell of Notebook 7 is changed when the change is accepted', async ({ page, request }) => {
  await openWithChat(page, request, 'change-in-notebook-7.ipynb', ['a = 1\nb = 2']);
  await enter(page, 0);
  await generate(page, saying(fenced('a = 1\nb = 3')), 'Control+Alt+e');
  const diff = page.locator('.jp-StreamChat-cellDiff');
  await expect(diff).toHaveAttribute('data-state', 'open', { timeout: 60_000 });
  await expect(diff.locator('.cm-changedLine')).toHaveText('b = 3');
  expect(await cellsOf(page)).toEqual(['code: a = 1\nb = 2']);
  await expect(diff.locator('.cm-content')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect.poll(() => cellsOf(page)).toEqual(['code: a = 1\nb = 3']);
  await page.keyboard.press('Control+z');
  await expect.poll(() => cellsOf(page)).toEqual(['code: a = 1\nb = 2']);
});

test('an error in Notebook 7 is sent with its traceback to be fixed, and explained', async ({
  page,
  request
}) => {
  const panel = await openWithChat(page, request, 'fix-in-notebook-7.ipynb', ['total = 12 / 0']);
  await enter(page, 0);
  await page.keyboard.press('Control+Enter');
  const error = page.locator('.jp-StreamChat-error');
  await expect(error).toContainText('ZeroDivisionError', { timeout: 60_000 });
  await error.getByRole('button', { name: 'Fix' }).click();
  await expect(bar(page)).toContainText('The answer holds no code', { timeout: 60_000 });
  const fixing = JSON.stringify((await newestRequest()).body.messages);
  expect(fixing).toContain('ZeroDivisionError');
  expect(fixing).toContain('total = 12 / 0');
  await error.getByRole('button', { name: 'Explain' }).click();
  await panel.expectFinished('stop');
});

test('code of an answer is inserted into a notebook of Notebook 7', async ({ page, request }) => {
  const panel = await openWithChat(page, request, 'insert-in-notebook-7.ipynb', ['a', 'b']);
  await enter(page, 0);
  await panel.ask(saying(fenced('x = 1')));
  await panel.expectFinished('stop');
  await panel.answer.getByRole('button', { name: 'Insert below' }).click();
  await expect.poll(() => cellsOf(page)).toEqual(['code: a', 'code: x = 1', 'code: b']);
  await panel.answer.getByRole('button', { name: 'Whole answer as cells' }).click();
  await expect.poll(async () => (await cellsOf(page)).length).toBeGreaterThan(4);
  await expect(page.locator('.jp-OutputArea-output')).toHaveCount(0);
});
