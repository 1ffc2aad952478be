/** Changes of existing code are shown in the cell, and made when they are accepted. */
import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import { bar, cellsOf, editCell, enter, fenced, generate, openNotebook, saying } from './cells';
import { newestRequest } from './provider';
import { Panel } from './panel';

// Galata's mocks of these send a request twice whose answer is empty.
test.use({ kernels: null, sessions: null, viewport: { width: 1440, height: 900 } });

const OLD = 'a = 1\nb = 2\nc = 3\nd = 4\ne = 5\nf = 6\ng = 7';
const NEW = 'a = 1\nb = 20\nc = 3\nd = 4\ne = 5\nf = 60\ng = 7';
const CHANGE = 'Control+Alt+e';

async function openChange(page: IJupyterLabPageFixture, path: string): Promise<Panel> {
  const panel = await Panel.withNewChat(page);
  await openNotebook(page, path, [{ source: OLD }]);
  await enter(page, 0);
  return panel;
}

test('a change is shown while it streams, accepted by Enter, and is one step of undo', async ({
  page,
  tmpPath
}) => {
  await openChange(page, `${tmpPath}/change.ipynb`);
  await generate(page, saying(fenced(NEW), 'rate=15'), CHANGE);
  const diff = page.locator('.jp-StreamChat-cellDiff');
  await expect(diff).toHaveAttribute('data-state', 'streaming');
  await expect(diff.locator('.cm-changedLine').first()).toHaveText('b = 20');
  expect(await cellsOf(page)).toEqual([`code: ${OLD}`]);
  await expect(diff).toHaveAttribute('data-state', 'open', { timeout: 60_000 });
  expect(await cellsOf(page)).toEqual([`code: ${OLD}`]);
  await expect(diff.locator('.cm-changedLine')).toHaveCount(2);
  await expect(diff.locator('.cm-deletedLine')).toHaveText(['b = 2', 'f = 6']);
  await page.screenshot({ path: test.info().outputPath('change.png') });
  await expect(diff.locator('.cm-content')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect.poll(() => cellsOf(page)).toEqual([`code: ${NEW}`]);
  await expect(diff).toHaveCount(0);
  await expect(bar(page)).toContainText('Cell changed. It was not run.');
  const { body } = await newestRequest();
  expect(JSON.stringify(body.messages)).toContain('g = 7');
  await page.keyboard.press('Control+z');
  await expect.poll(() => cellsOf(page)).toEqual([`code: ${OLD}`]);
  await expect(bar(page)).toHaveCount(0);
});

test('Escape rejects, and nothing has changed', async ({ page, tmpPath }) => {
  await openChange(page, `${tmpPath}/reject.ipynb`);
  await generate(page, saying(fenced(NEW)), CHANGE);
  const diff = page.locator('.jp-StreamChat-cellDiff');
  await expect(diff).toHaveAttribute('data-state', 'open', { timeout: 60_000 });
  await page.keyboard.press('Escape');
  await expect(diff).toHaveCount(0);
  await expect(bar(page)).toHaveCount(0);
  expect(await cellsOf(page)).toEqual([`code: ${OLD}`]);
});

test('parts are walked, accepted and rejected by keyboard', async ({ page, tmpPath }) => {
  await openChange(page, `${tmpPath}/parts.ipynb`);
  await generate(page, saying(fenced(NEW)), CHANGE);
  const diff = page.locator('.jp-StreamChat-cellDiff');
  await expect(diff).toHaveAttribute('data-state', 'open', { timeout: 60_000 });
  await page.keyboard.press('Alt+ArrowDown');
  await page.keyboard.press('Alt+ArrowDown');
  await page.keyboard.press('Alt+Enter');
  await expect.poll(() => cellsOf(page)).toEqual([`code: ${OLD.replace('f = 6', 'f = 60')}`]);
  await expect(diff.locator('.cm-changedLine')).toHaveText(['b = 20']);
  await page.keyboard.press('Alt+ArrowUp');
  await page.keyboard.press('Alt+Backspace');
  await expect(diff).toHaveCount(0);
  expect(await cellsOf(page)).toEqual([`code: ${OLD.replace('f = 6', 'f = 60')}`]);
});

test('parts have buttons, and all that is accepted is one step of undo', async ({
  page,
  tmpPath
}) => {
  await openChange(page, `${tmpPath}/buttons.ipynb`);
  await generate(page, saying(fenced(NEW)), CHANGE);
  const diff = page.locator('.jp-StreamChat-cellDiff');
  await expect(diff).toHaveAttribute('data-state', 'open', { timeout: 60_000 });
  await diff.getByRole('button', { name: 'Accept part' }).first().click();
  await expect.poll(() => cellsOf(page)).toEqual([`code: ${OLD.replace('b = 2', 'b = 20')}`]);
  await diff.getByRole('button', { name: 'Accept part' }).click();
  await expect.poll(() => cellsOf(page)).toEqual([`code: ${NEW}`]);
  await enter(page, 0);
  await page.keyboard.press('Control+z');
  await expect.poll(() => cellsOf(page)).toEqual([`code: ${OLD}`]);
});

test('a cell that changes meanwhile is compared anew, and nothing of it is lost', async ({
  page,
  tmpPath
}) => {
  await openChange(page, `${tmpPath}/meanwhile.ipynb`);
  await generate(page, saying(fenced(NEW), 'rate=20'), CHANGE);
  const diff = page.locator('.jp-StreamChat-cellDiff');
  await expect(diff.locator('.cm-changedLine').first()).toHaveText('b = 20');
  await editCell(page, 0, OLD.length, OLD.length, '\nh = 8');
  await expect(diff).toHaveAttribute('data-state', 'open', { timeout: 60_000 });
  await editCell(page, 0, 0, 0, '# mine\n');
  await expect(diff.locator('.cm-changedLine')).toHaveText(['b = 20', 'f = 60']);
  await page.keyboard.press('Enter');
  await expect.poll(() => cellsOf(page)).toEqual([`code: # mine\n${NEW}\nh = 8`]);
});

test('a change of the same line is shown, not overwritten unseen', async ({ page, tmpPath }) => {
  await openChange(page, `${tmpPath}/conflict.ipynb`);
  await generate(page, saying(fenced(NEW)), CHANGE);
  const diff = page.locator('.jp-StreamChat-cellDiff');
  await expect(diff).toHaveAttribute('data-state', 'open', { timeout: 60_000 });
  const at = OLD.indexOf('b = 2');
  await editCell(page, 0, at, at + 5, 'b = 22');
  await expect(bar(page)).toContainText('The cell has changed meanwhile.');
  await expect(diff.locator('.cm-deletedLine').first()).toHaveText('b = 22');
});

test('a full cell offers both places, and the model is sent what the chips say', async ({
  page,
  tmpPath
}) => {
  await Panel.withNewChat(page);
  await openNotebook(page, `${tmpPath}/chips.ipynb`, [
    { source: 'first = 1' },
    { source: 'second = first' },
    { source: 'third = second' }
  ]);
  await enter(page, 0);
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.press('Shift+Enter');
  await expect(page.locator('.jp-InputPrompt').nth(1)).toHaveText('[2]:', { timeout: 60_000 });
  await enter(page, 2);
  await page.keyboard.press('Control+Alt+i');
  const chips = page.locator('.jp-StreamChat-cellPrompt .jp-StreamChat-chips li');
  await expect(chips).toHaveText(['2 cells that ran before', 'second', 'first']);
  await page.getByLabel('Where the code goes').selectOption('Change this cell');
  await expect(chips).toContainText(['2 cells that ran before', 'second', 'first', 'Cell 3']);
  await chips
    .filter({ hasText: /^first$/ })
    .getByRole('button', { name: 'Remove' })
    .click();
  const prompt = page.getByLabel('What should the code do?');
  await expect(prompt).toBeFocused();
  await page.screenshot({ path: test.info().outputPath('prompt.png') });
  await prompt.fill(saying(fenced('third = 3')));
  await prompt.press('Enter');
  await expect(page.locator('.jp-StreamChat-cellDiff')).toHaveAttribute('data-state', 'open', {
    timeout: 60_000
  });
  const { body } = await newestRequest();
  const sent = JSON.stringify(body.messages);
  expect(sent).toContain('second = first');
  expect(sent).toContain('third = second');
  expect(sent).toContain('second: int');
  expect(sent).not.toContain('first: int');
});

test('other versions of an answer, in the cell', async ({ page, tmpPath }) => {
  await Panel.withNewChat(page);
  await openNotebook(page, `${tmpPath}/versions.ipynb`, [{ source: '' }]);
  await enter(page, 0);
  const code = 'x = 1\ny = 2';
  await generate(page, saying(fenced(code), 'rate=100'));
  await expect(bar(page)).toContainText('Code written', { timeout: 60_000 });
  await bar(page).getByRole('button', { name: 'Try again' }).click();
  await expect(bar(page)).toContainText('Version 2/2', { timeout: 60_000 });
  await expect(bar(page)).toContainText('Code written', { timeout: 60_000 });
  expect(await cellsOf(page)).toEqual([`code: ${code}`]);
  await bar(page).getByRole('button', { name: 'Previous version' }).click();
  await expect(bar(page)).toContainText('Version 1/2');
  await expect.poll(() => cellsOf(page)).toEqual([`code: ${code}`]);
  await expect(bar(page).getByRole('button', { name: 'Previous version' })).toBeDisabled();
  await enter(page, 0);
  await page.keyboard.press('Control+z');
  await expect.poll(() => cellsOf(page)).toEqual(['code: ']);
});

test('an error is explained in the chat, and fixed in its cell', async ({ page, tmpPath }) => {
  const panel = await Panel.withNewChat(page);
  await openNotebook(page, `${tmpPath}/error.ipynb`, [
    { source: 'total = 12' },
    { source: 'total / 0' }
  ]);
  await enter(page, 0);
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.press('Shift+Enter');
  const error = page.locator('.jp-StreamChat-error');
  await expect(error).toContainText('ZeroDivisionError', { timeout: 60_000 });
  await error.hover();
  await page.screenshot({ path: test.info().outputPath('error.png') });
  await error.getByRole('button', { name: 'Explain' }).click();
  await panel.expectFinished('stop');
  const explained = JSON.stringify((await newestRequest()).body.messages);
  expect(explained).toContain('ZeroDivisionError');
  expect(explained).toContain('total = 12');
  await error.getByRole('button', { name: 'Fix' }).focus();
  await page.keyboard.press('Enter');
  await expect(bar(page)).toContainText('The answer holds no code', { timeout: 60_000 });
  const fixing = JSON.stringify((await newestRequest()).body.messages);
  expect(fixing).toContain('total / 0');
  expect(fixing).toContain('total: int: 12');
  expect(await cellsOf(page)).toContain('code: total / 0');
});

test('the answer of %chat fix is shown as a change of the cell that failed', async ({
  page,
  tmpPath
}) => {
  const broken = `total = 12 / 0  # ${saying(fenced('total = 12'))}`;
  await openNotebook(page, `${tmpPath}/fix.ipynb`, [
    { source: '%load_ext jupyter_stream_chat' },
    { source: broken },
    { source: '%chat fix' }
  ]);
  await enter(page, 0);
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.press('Shift+Enter');
  const cell = page.locator('.jp-NotebookPanel .jp-CodeCell');
  await expect(cell.nth(1)).toContainText('ZeroDivisionError', { timeout: 60_000 });
  await enter(page, 2);
  await page.keyboard.press('Shift+Enter');
  const answer = page.locator('.jp-StreamChat-cell');
  await expect(answer).toHaveAttribute('data-status', 'finished', { timeout: 60_000 });
  await answer.getByRole('button', { name: 'Show as a change of the failed cell' }).click();
  const diff = cell.nth(1).locator('.jp-StreamChat-cellDiff');
  await expect(diff).toHaveAttribute('data-state', 'open', { timeout: 60_000 });
  expect((await cellsOf(page))[1]).toBe(`code: ${broken}`);
  await bar(page).getByRole('button', { name: 'Accept' }).click();
  await expect.poll(async () => (await cellsOf(page))[1]).toBe('code: total = 12');
});
