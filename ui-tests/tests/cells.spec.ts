/** Answers go into notebooks: by the buttons on code, by the menu, as a whole, and said where they cannot. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { activate, bar, cellsOf, enter, fenced, generate, openNotebook, saying } from './cells';
import { Panel } from './panel';
import { newestRequest } from './provider';

// Galata's mocks of these send a request twice whose answer is empty.
test.use({ kernels: null, sessions: null, viewport: { width: 1440, height: 900 } });

const ANSWER = 'First:\n\n```python\nx = 1\nx\n```\n\nThen:\n\n```python\ny = 2\n```\n\nDone.\n';

/** Ask in a new chat for a text. */
async function askFor(page: IJupyterLabPageFixture, text: string): Promise<Panel> {
  const panel = await Panel.withNewChat(page);
  await panel.ask(saying(text));
  await panel.expectFinished('stop');
  return panel;
}

test('code goes below the active cell, one block after the other, and undo takes it back', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/below.ipynb`, [{ source: 'a' }, { source: 'b' }]);
  await activate(page, 0);
  const panel = await askFor(page, ANSWER);
  const below = panel.answer.getByRole('button', { name: 'Insert below' });
  await below.nth(0).focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => cellsOf(page)).toEqual(['code: a', 'code: x = 1\nx', 'code: b']);
  await expect(below.nth(0)).toBeFocused();
  await below.nth(1).click();
  await expect
    .poll(() => cellsOf(page))
    .toEqual(['code: a', 'code: x = 1\nx', 'code: y = 2', 'code: b']);
  // Nothing was run.
  await expect(page.locator('.jp-OutputArea-output')).toHaveCount(0);
  await below.nth(1).press('Control+z');
  await expect.poll(() => cellsOf(page)).toEqual(['code: a', 'code: x = 1\nx', 'code: b']);
  await below.nth(1).click();
  await page.locator('.jp-NotebookPanel .jp-Cell').first().locator('.cm-content').click();
  await page.keyboard.press('Control+z');
  await expect.poll(() => cellsOf(page)).toEqual(['code: a', 'code: x = 1\nx', 'code: b']);
  // From now on the key undoes what is typed, as ever.
  await page.keyboard.type('typed');
  await page.keyboard.press('Control+z');
  await expect.poll(() => cellsOf(page)).toEqual(['code: a', 'code: x = 1\nx', 'code: b']);
});

test('the menu is used by keyboard: above, at the cursor, instead of the cell', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/menu.ipynb`, [{ source: 'a' }, { source: 'b' }]);
  await activate(page, 1);
  const panel = await askFor(page, ANSWER);
  const more = panel.answer.getByRole('button', { name: 'More ways' }).nth(1);
  const choose = async (name: string) => {
    await more.focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menuitem', { name })).toBeVisible();
    await page.keyboard.press('ArrowDown');
    for (const each of ['Insert above', 'Insert at the cursor', 'Replace the cell']) {
      if (each === name) {
        break;
      }
      await page.keyboard.press('ArrowDown');
    }
    await page.keyboard.press('Enter');
  };
  await choose('Insert above');
  await expect.poll(() => cellsOf(page)).toEqual(['code: a', 'code: y = 2', 'code: b']);
  await expect(more).toBeFocused();
  await activate(page, 2);
  await choose('Insert at the cursor');
  await expect.poll(() => cellsOf(page)).toEqual(['code: a', 'code: y = 2', 'code: y = 2b']);
  await activate(page, 0);
  await choose('Replace the cell');
  await expect.poll(() => cellsOf(page)).toEqual(['code: y = 2', 'code: y = 2', 'code: y = 2b']);
});

test('formulas and prices of a whole answer are written as notebooks show them', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/formulas.ipynb`, [{ source: 'a' }]);
  const panel = await askFor(page, `It is \\(a^2\\) for $5 or $10.\n\n${ANSWER}`);
  await panel.answer.getByRole('button', { name: 'Whole answer as cells' }).click();
  await expect
    .poll(async () => (await cellsOf(page))[1])
    .toBe('markdown: It is $a^2$ for \\$5 or \\$10.\n\nFirst:');
});

test('a whole answer becomes cells, in a notebook whose cell is out of sight', async ({
  page,
  tmpPath
}) => {
  const many = Array.from({ length: 100 }, (_, at) => ({ source: `line_${at}\n\n\n\n` }));
  await openNotebook(page, `${tmpPath}/whole.ipynb`, many);
  const panel = await askFor(page, ANSWER);
  // The reader has scrolled away from the active cell, which is no longer on the page.
  await activate(page, 0);
  await page.evaluate(async () => {
    const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
    await (app.shell.currentWidget as NotebookPanel).content.scrollToItem(99);
  });
  await expect(page.locator('.jp-Cell', { hasText: 'line_99' })).toBeVisible();
  await panel.answer.getByRole('button', { name: 'Whole answer as cells' }).click();
  await expect
    .poll(async () => (await cellsOf(page)).slice(1, 6))
    .toEqual([
      'markdown: First:',
      'code: x = 1\nx',
      'markdown: Then:',
      'code: y = 2',
      'markdown: Done.'
    ]);
  await page.screenshot({ path: test.info().outputPath('whole.png') });
  await page.evaluate(() => {
    const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
    return app.commands.execute('notebook:undo-cell-action');
  });
  await expect.poll(async () => (await cellsOf(page)).length).toBe(100);
});

test('what cannot be inserted is said, and goes into a new notebook', async ({ page, tmpPath }) => {
  await openNotebook(page, `${tmpPath}/locked.ipynb`, [
    { source: 'locked', metadata: { editable: false } }
  ]);
  const panel = await askFor(page, ANSWER);
  await panel.answer.getByRole('button', { name: 'More ways' }).first().click();
  await page.getByRole('menuitem', { name: 'Replace the cell' }).click();
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText('The cell is read-only.');
  expect(await cellsOf(page)).toEqual(['code: locked']);
  await dialog.getByRole('button', { name: 'New notebook' }).click();
  await expect.poll(() => cellsOf(page)).toEqual(['code: x = 1\nx']);
});

test('a notebook that is closed while the menu is open is said', async ({ page, tmpPath }) => {
  await openNotebook(page, `${tmpPath}/closed.ipynb`, [{ source: 'a' }]);
  const panel = await askFor(page, ANSWER);
  await panel.answer.getByRole('button', { name: 'More ways' }).first().click();
  await expect(page.getByRole('menuitem', { name: 'Insert above' })).toBeVisible();
  await page.evaluate(() => {
    const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
    app.shell.currentWidget!.dispose();
  });
  await page.getByRole('menuitem', { name: 'Insert above' }).click();
  await expect(page.locator('.jp-Dialog')).toContainText('The notebook was closed.');
});

test('code becomes a file of its language', async ({ page }) => {
  const panel = await askFor(page, '```javascript\nlet x = 1;\n```\n');
  await panel.answer.getByRole('button', { name: 'More ways' }).first().click();
  await page.getByRole('menuitem', { name: 'New file' }).click();
  await expect(page.locator('.jp-FileEditor')).toContainText('let x = 1;');
  await expect(page.getByRole('tab', { name: /untitled.*\.js/ })).toBeVisible();
});

test('code streams into an empty cell, without the prose around it, as one step of undo', async ({
  page,
  tmpPath
}) => {
  await Panel.withNewChat(page);
  await openNotebook(page, `${tmpPath}/generate.ipynb`, [{ source: 'a' }, { source: '' }]);
  await page.locator('.jp-NotebookPanel .jp-Cell').nth(1).locator('.cm-content').click();
  const lines = Array.from({ length: 60 }, (_, at) => `x${at} = ${at}`).join('\n');
  await generate(page, saying('Here it is:\n\n```python\n' + lines + '\n```\nDone.', 'rate=60'));
  const second = async () => (await cellsOf(page))[1];
  await expect.poll(second).toContain('x1 = 1');
  await expect(page.locator('.jp-StreamChat-cellBar')).toContainText('Writing code');
  expect(await second()).not.toContain('x59 =');
  await expect.poll(second, { timeout: 60_000 }).toBe(`code: ${lines}`);
  await expect(page.locator('.jp-StreamChat-cellBar')).toContainText('Code written');
  await page.screenshot({ path: test.info().outputPath('generated.png') });
  await page.locator('.jp-NotebookPanel .jp-Cell').nth(1).locator('.cm-content').click();
  await page.keyboard.press('Control+z');
  await expect.poll(() => cellsOf(page)).toEqual(['code: a', 'code: ']);
  await expect(page.locator('.jp-StreamChat-cellBar')).toHaveCount(0);
});

test('code for a cell that is not empty is generated below it; Escape stops, Undo takes the cell away', async ({
  page,
  tmpPath
}) => {
  const panel = await Panel.withNewChat(page);
  await openNotebook(page, `${tmpPath}/generate-below.ipynb`, [{ source: 'a' }, { source: 'b' }]);
  await page.locator('.jp-NotebookPanel .jp-Cell').first().locator('.cm-content').click();
  const lines = Array.from({ length: 300 }, (_, at) => `x${at} = ${at}`).join('\n');
  await generate(page, saying('```python\n' + lines + '\n```', 'rate=40'));
  await expect.poll(async () => (await cellsOf(page))[1]).toContain('x1 = 1');
  await page.keyboard.press('Escape');
  const bar = page.locator('.jp-StreamChat-cellBar');
  await expect(bar).toContainText('Stopped');
  const [first, written, last] = await cellsOf(page);
  expect([first, last]).toEqual(['code: a', 'code: b']);
  expect(`code: ${lines}`.startsWith(written)).toBe(true);
  await bar.getByRole('button', { name: 'Open chat' }).click();
  await panel.expectFinished('interrupted');
  await bar.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => cellsOf(page)).toEqual(['code: a', 'code: b']);
});

test("an answer in a cell's output goes below that cell", async ({ page, tmpPath }) => {
  await openNotebook(page, `${tmpPath}/magic.ipynb`, [
    { source: '%load_ext jupyter_stream_chat' },
    { source: `%chat ${saying(ANSWER)}` },
    { source: 'last' }
  ]);
  await page.evaluate(() => {
    const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
    void app.commands.execute('notebook:run-all-cells');
  });
  const answer = page.locator('.jp-StreamChat-cell');
  await expect(answer).toHaveAttribute('data-status', 'finished', { timeout: 60_000 });
  await activate(page, 2);
  await answer.getByRole('button', { name: 'Insert below' }).first().focus();
  await page.keyboard.press('Enter');
  await expect
    .poll(async () => (await cellsOf(page)).slice(2))
    .toEqual(['code: x = 1\nx', 'code: last']);
  await answer.getByRole('button', { name: 'Whole answer as cells' }).focus();
  await page.keyboard.press('Enter');
  await expect
    .poll(async () => (await cellsOf(page)).slice(2, 6))
    .toEqual(['markdown: First:', 'code: x = 1\nx', 'markdown: Then:', 'code: y = 2']);
});

test("the button of a cell's toolbar asks there, and another profile can answer", async ({
  page,
  tmpPath
}) => {
  await Panel.withNewChat(page);
  await openNotebook(page, `${tmpPath}/button.ipynb`, [{ source: '' }]);
  await enter(page, 0);
  await page.locator('.jp-cell-toolbar [data-command="stream-chat:generate"]').first().click();
  const prompt = page.getByLabel('What should the code do?');
  await expect(prompt).toBeFocused();
  await page.getByLabel('Model that writes the code').selectOption('Scripted Azure');
  await prompt.fill(saying(fenced('x = 1')));
  await prompt.press('Enter');
  await expect(bar(page)).toContainText('Code written', { timeout: 60_000 });
  expect(await cellsOf(page)).toEqual(['code: x = 1']);
  expect((await newestRequest()).path).toContain('/openai/deployments/');
});

test('a notebook that is closed while code comes is said, and the answer goes on in its chat', async ({
  page,
  tmpPath
}) => {
  const panel = await Panel.withNewChat(page);
  await openNotebook(page, `${tmpPath}/closing.ipynb`, [{ source: '' }]);
  await enter(page, 0);
  const lines = Array.from({ length: 400 }, (_, at) => `x${at} = ${at}`).join('\n');
  await generate(page, saying(fenced(lines), 'rate=20'));
  await expect.poll(() => cellsOf(page)).toEqual([expect.stringContaining('x1 = 1')]);
  await page.evaluate(() => {
    const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
    app.shell.currentWidget!.dispose();
  });
  const toast = page.locator('.Toastify__toast', { hasText: 'The notebook was closed.' });
  await toast.getByRole('button', { name: 'Open chat' }).click();
  await panel.expectText('x1 = 1');
  await panel.root.getByRole('button', { name: 'Stop' }).first().click();
  await panel.expectFinished('interrupted');
});
