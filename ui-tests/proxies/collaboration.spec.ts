/** Two people in one notebook, by `jupyter-collaboration`: the address is `JSC_URL`. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { type Browser, expect, type Page, test } from '@playwright/test';
import { bar, cellsOf, editCell, enter, fenced, generate, saying } from '../tests/cells';
import { Panel } from '../tests/panel';

const { JSC_URL = '' } = process.env;
const LONG = { timeout: 60_000 };

/** Make a notebook of code cells, and open it in a browser of its own for each of two people. */
async function openTogether(
  browser: Browser,
  name: string,
  sources: readonly string[]
): Promise<[Page, Page]> {
  const pages = [];
  for (const isFirst of [true, false]) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    if (isFirst) {
      const cell = { cell_type: 'code', execution_count: null, metadata: {}, outputs: [] };
      const cells = sources.map((source, at) => ({ ...cell, id: `cell-${at}`, source }));
      const kernelspec = { name: 'python3', display_name: 'Python 3' };
      const content = { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 };
      await page.goto(`${JSC_URL}/lab`);
      const xsrf = (await context.cookies()).find(({ name: each }) => each === '_xsrf')?.value;
      const made = await page.request.put(`${JSC_URL}/api/contents/${name}`, {
        data: { type: 'notebook', format: 'json', content },
        headers: { 'X-XSRFToken': xsrf ?? '' }
      });
      expect(made.status()).toBe(201);
    }
    await page.goto(`${JSC_URL}/lab/tree/${name}?reset`);
    await page.waitForFunction(
      count => {
        const { jupyterapp: app } = window as unknown as { jupyterapp?: JupyterFrontEnd };
        const panel = app?.shell.currentWidget as NotebookPanel | null | undefined;
        return panel?.content?.model?.sharedModel.cells.length === count;
      },
      sources.length,
      LONG
    );
    pages.push(page);
  }
  return pages as [Page, Page];
}

async function choose(page: Page): Promise<void> {
  const panel = new Panel(page);
  await panel.openNewChat();
  await panel.choose('Scripted');
}

const CODE = Array.from({ length: 60 }, (_, at) => `x${at} = ${at}`).join('\n');

test("two people have the notebook open: an answer goes into a cell, and nobody's text is lost", async ({
  browser
}) => {
  const [one, other] = await openTogether(browser, 'stream.ipynb', ['', 'b']);
  await choose(one);
  await enter(one, 0);
  await generate(one, saying(fenced(CODE), 'rate=25'));
  await expect.poll(async () => (await cellsOf(other))[0], LONG).toContain('x2 = 2');
  // In the cell that is written, before the code, and in the one below.
  await editCell(other, 0, 0, 0, '# mine\n');
  await editCell(other, 1, 0, 1, 'changed');
  await expect(bar(one)).toContainText('Code written', LONG);
  const written = [`code: # mine\n${CODE}`, 'code: changed'];
  await expect.poll(() => cellsOf(one)).toEqual(written);
  await expect.poll(() => cellsOf(other)).toEqual(written);
  await enter(one, 0);
  await one.keyboard.press('Control+z');
  const undone = ['code: # mine\n', 'code: changed'];
  await expect.poll(() => cellsOf(one)).toEqual(undone);
  await expect.poll(() => cellsOf(other)).toEqual(undone);
});

test('a change of a cell is compared with what the other one typed meanwhile', async ({
  browser
}) => {
  const [one, other] = await openTogether(browser, 'change.ipynb', ['a = 1\nb = 2\nc = 3']);
  await choose(one);
  await enter(one, 0);
  await generate(one, saying(fenced('a = 1\nb = 20\nc = 3')), 'Control+Alt+e');
  const diff = one.locator('.jp-StreamChat-cellDiff');
  await expect(diff).toHaveAttribute('data-state', 'open', LONG);
  await editCell(other, 0, 0, 0, '# mine\n');
  await expect.poll(async () => (await cellsOf(one))[0]).toContain('# mine');
  await expect(diff.locator('.cm-changedLine')).toHaveText(['b = 20']);
  await bar(one).getByRole('button', { name: 'Accept' }).click();
  const accepted = ['code: # mine\na = 1\nb = 20\nc = 3'];
  await expect.poll(() => cellsOf(one)).toEqual(accepted);
  await expect.poll(() => cellsOf(other)).toEqual(accepted);
});
