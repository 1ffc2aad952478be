/** A notebook as the tests of answers in cells see it. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Locator, Page } from '@playwright/test';

/** What the scripted provider is asked, to say a text. */
export function saying(text: string, more = ''): string {
  return `echo=${Buffer.from(text).toString('base64url')} tokens=100000 ${more}`;
}

/** An answer that holds code. */
export function fenced(code: string): string {
  return `Here it is:\n\n\`\`\`python\n${code}\n\`\`\`\nDone.`;
}

interface ICell {
  readonly source: string;
  readonly metadata?: object;
  readonly execution_count?: number;
  readonly outputs?: readonly object[];
}

/** Open a notebook of these cells. */
export async function openNotebook(
  page: IJupyterLabPageFixture,
  path: string,
  cells: readonly ICell[]
): Promise<void> {
  const content = {
    cells: cells.map(cell => ({
      cell_type: 'code',
      execution_count: null,
      metadata: {},
      outputs: [],
      ...cell
    })),
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
    nbformat: 4,
    nbformat_minor: 4
  };
  await page.contents.uploadContent(JSON.stringify(content), 'text', path);
  await page.notebook.openByPath(path);
  await page.notebook.activate(path.split('/').pop()!);
}

/** Choose the active cell by its place. */
export async function activate(page: Page, index: number): Promise<void> {
  await page.evaluate(at => {
    const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
    (app.shell.currentWidget as NotebookPanel).content.activeCellIndex = at;
  }, index);
}

/** The cells of the notebook in front, as its model has them: type and source. */
export function cellsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
    const panel = app.shell.currentWidget as NotebookPanel;
    return panel.content.model!.sharedModel.cells.map(
      cell => `${cell.cell_type}: ${cell.getSource()}`
    );
  });
}

/** Change a cell as somebody else would: in its shared model. */
export async function editCell(
  page: Page,
  index: number,
  start: number,
  end: number,
  text: string
): Promise<void> {
  await page.evaluate(
    ([at, from, to, insert]) => {
      const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
      const panel = app.shell.currentWidget as NotebookPanel;
      panel.content.model!.sharedModel.cells[at].updateSource(from, to, insert);
    },
    [index, start, end, text] as const
  );
}

/** Ask at the active cell for a text, by keyboard. */
export async function generate(page: Page, request: string, keys = 'Control+Alt+i'): Promise<void> {
  await page.keyboard.press(keys);
  const prompt = page.getByLabel('What should the code do?');
  await expect(prompt).toBeFocused();
  await prompt.fill(request);
  await prompt.press('Enter');
}

/** Put the cursor into a cell's editor. */
export async function enter(page: Page, index: number): Promise<void> {
  await page
    .locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell')
    .nth(index)
    .locator('.jp-InputArea-editor .cm-content')
    .click();
}

/** The line below a cell. */
export function bar(page: Page): Locator {
  return page.locator('.jp-StreamChat-cellBar');
}
