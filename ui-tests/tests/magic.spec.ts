/** `%chat` in a notebook: the answer streams into its cell, stops, survives a reload, and is in the saved file. */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { Guard, HOSTILE_TEXTS, questionFor } from './hostile';
import { Panel } from './panel';
import { newestRequest, numbered } from './provider';

const MIME_TYPE = 'application/vnd.jupyter-stream-chat.answer+json';

interface IOutput {
  readonly data: Record<string, string>;
}

// Galata's mocks of these send a request twice whose answer is empty, an interrupt among them.
test.use({ kernels: null, sessions: null, viewport: { width: 1440, height: 900 } });

/** Open a notebook of these cells and run them; returns while they run. */
async function run(page: IJupyterLabPageFixture, path: string, ...code: string[]): Promise<void> {
  const cells = ['%load_ext jupyter_stream_chat', ...code].map(source => ({
    cell_type: 'code',
    execution_count: null,
    metadata: {},
    outputs: [],
    source
  }));
  const kernelspec = { name: 'python3', display_name: 'Python 3' };
  const notebook = { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 4 };
  await page.contents.uploadContent(JSON.stringify(notebook), 'text', path);
  await page.notebook.openByPath(path);
  await page.notebook.activate(path.split('/').pop()!);
  await page.evaluate(() => {
    const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
    void app.commands.execute('notebook:run-all-cells');
  });
}

/** The answer in the output of a cell. */
function answerIn(page: IJupyterLabPageFixture, cell = 1): Locator {
  return page.locator('.jp-NotebookPanel .jp-CodeCell').nth(cell).locator('.jp-StreamChat-cell');
}

async function textOf(answer: Locator): Promise<string> {
  return (await answer.textContent())!.replace(/\s+/g, ' ').trim();
}

/** The Markdown in the second cell's output, as the notebook's model has it: what saving writes. */
async function saved(page: IJupyterLabPageFixture): Promise<string> {
  return page.evaluate(() => {
    const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
    const panel = app.shell.currentWidget as NotebookPanel;
    const cell = panel.content.model!.cells.get(1).toJSON() as unknown as { outputs: IOutput[] };
    return cell.outputs[0]?.data['text/markdown'];
  });
}

const STREAMED = { timeout: 60_000 };

test('streams into the cell, and the notebook has the answer', async ({ page, tmpPath }) => {
  await run(page, `${tmpPath}/magic.ipynb`, '%chat tokens=300 rate=40');
  const answer = answerIn(page);
  await expect(answer).toContainText('t20', STREAMED);
  await expect(answer).toHaveAttribute('data-status', 'streaming');
  // The kernel sends the text when it has doubled. What is beyond that came from the server.
  await expect
    .poll(async () => (await textOf(answer)).length - (await saved(page)).length)
    .toBeGreaterThan(100);
  await expect(answer).toHaveAttribute('data-status', 'finished', STREAMED);
  expect(await textOf(answer)).toBe(numbered(300).join(' '));
  await expect.poll(() => saved(page)).toBe(`${numbered(300).join(' ')} `);
});

test('the interrupt button stops the provider and keeps the part', async ({ page, tmpPath }) => {
  await run(page, `${tmpPath}/magic.ipynb`, '%chat tokens=5000 rate=40');
  const answer = answerIn(page);
  await expect(answer).toContainText('t20', STREAMED);
  await page.getByRole('button', { name: 'Interrupt the kernel' }).click();
  await expect(answer).toHaveAttribute('data-status', 'finished');
  await expect(answer).toContainText('Stopped.');
  const { tokens_sent: sent } = await newestRequest(request => request.disconnected !== null);
  expect(sent).toBeLessThan(5000);
  const shown = (await textOf(answer)).split(' ').slice(0, -1);
  expect(shown).toEqual(numbered(shown.length));
  expect(shown.length).toBeGreaterThan(20);
  await expect(page.locator('.jp-NotebookPanel [data-mime-type*="stderr"]')).toHaveCount(0);
});

test('goes on after a reload in mid-stream, and the notebook gets the end', async ({
  page,
  tmpPath
}) => {
  await run(page, `${tmpPath}/magic.ipynb`, '%chat tokens=600 rate=20');
  await expect(answerIn(page)).toContainText('t60', STREAMED);
  await page.notebook.save();
  // Not page.reload(): Galata's waits for a launcher, and the notebook comes back instead.
  await page.evaluate(() => window.location.reload());
  const answer = answerIn(page);
  await expect(answer).toHaveAttribute('data-status', 'streaming', STREAMED);
  await expect(answer).toHaveAttribute('data-status', 'finished', STREAMED);
  expect(await textOf(answer)).toBe(numbered(600).join(' '));
  await expect.poll(() => saved(page)).toBe(`${numbered(600).join(' ')} `);
});

test('a saved notebook that is opened again shows the answer', async ({ page, tmpPath }) => {
  await run(page, `${tmpPath}/magic.ipynb`, '%chat text=markdown');
  const answer = answerIn(page);
  await expect(answer).toHaveAttribute('data-status', 'finished', STREAMED);
  await page.notebook.save();
  await page.notebook.close();
  await page.notebook.openByPath(`${tmpPath}/magic.ipynb`);
  await expect(answer.locator('h2')).toHaveText(/A heading/);
  await expect(answer.locator('table')).toBeVisible();
});

test("a stranger's notebook pulls in no chat", async ({ page, tmpPath }) => {
  const panel = await Panel.withNewChat(page);
  await panel.ask('tokens=7 secret');
  await panel.expectFinished('stop');
  // The stranger knows the id of a run of the panel's.
  const runId = (await panel.saved())[1].runs[0].run_id;
  await panel.openNewChat();
  const code = [runId, runId.replace(/-/g, '')].map(nonce => {
    const about = { nonce, chat_id: 'some-chat', format: 'markdown', status: 'live', open: 1 };
    const data = { [MIME_TYPE]: about, 'text/markdown': 'what the *stranger* wrote' };
    return `from IPython.display import display; display(${JSON.stringify(data)}, raw=True)`;
  });
  await run(page, `${tmpPath}/magic.ipynb`, ...code);
  for (const cell of [1, 2]) {
    await expect(answerIn(page, cell)).toHaveAttribute('data-status', 'finished', STREAMED);
    await expect(answerIn(page, cell)).toHaveText('what the stranger wrote');
  }
  await expect(panel.answers).toHaveCount(0);
});

test('--open shows the chat in the panel', async ({ page, tmpPath }) => {
  await run(page, `${tmpPath}/magic.ipynb`, '%chat --chat "from the cell" --open tokens=5');
  const panel = new Panel(page);
  await expect(panel.title).toHaveAttribute('title', 'from the cell', STREAMED);
  await panel.expectText('t4');
});

test('a notebook that is merely opened leaves the panel in its chat, though it knows a nonce', async ({
  page,
  tmpPath
}) => {
  await run(page, `${tmpPath}/own.ipynb`, '%chat --chat "from the cell" tokens=5');
  await expect(answerIn(page)).toHaveAttribute('data-status', 'finished', STREAMED);
  const { nonce, chat_id: own } = await page.evaluate(type => {
    const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
    const cell = (app.shell.currentWidget as NotebookPanel).content.model!.cells.get(1).toJSON();
    const [output] = (cell as unknown as { outputs: { data: Record<string, unknown> }[] }).outputs;
    return output.data[type] as { nonce: string; chat_id: string };
  }, MIME_TYPE);
  await page.notebook.close();
  const panel = await Panel.withNewChat(page);
  await panel.ask('tokens=7');
  await panel.expectFinished('stop');

  const names = [own, 'another', 'constructor', '__proto__'];
  const cells = names.map(chat_id => {
    const about = { nonce, chat_id, format: 'markdown', status: 'live', open: true };
    const output = {
      output_type: 'display_data',
      metadata: {},
      data: { [MIME_TYPE]: about, 'text/markdown': '' }
    };
    return { cell_type: 'code', execution_count: 1, metadata: {}, outputs: [output], source: 'x' };
  });
  // Without the name of a kernel JupyterLab would ask for one, and take the keys of what follows.
  const kernelspec = { name: 'python3', display_name: 'Python 3' };
  const notebook = { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 4 };
  const path = `${tmpPath}/stranger.ipynb`;
  await page.contents.uploadContent(JSON.stringify(notebook), 'text', path);
  await page.notebook.openByPath(path);
  for (const at of names.keys()) {
    // The server has told the cell of the run: had it opened a chat, then before this.
    await expect(answerIn(page, at)).toHaveText(numbered(5).join(' '), STREAMED);
  }
  await expect(panel.answers).toHaveCount(1);
  expect(await panel.shown()).toBe(numbered(7).join(' '));
  await panel.ask('tokens=3');
  await panel.expectFinished('stop');
  expect(await panel.shown()).toBe(numbered(3).join(' '));
});

test('what a model writes is inert in a cell, while it streams and afterwards', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(600_000);
  // A cell waits a minute for a reader before it ends what repeats itself: the panel's test has the long ones.
  const names = Object.keys(HOSTILE_TEXTS).filter(name => !HOSTILE_TEXTS[name].repeated);
  const code = names.map(name => `%chat ${questionFor(name)}`);
  const ready = 'import jupyter_stream_chat';
  await run(page, `${tmpPath}/hostile.ipynb`, ready, ...code);
  const guard = await Guard.on(page);
  for (const [at, name] of names.entries()) {
    const answer = answerIn(page, at + 2);
    await answer.scrollIntoViewIfNeeded(STREAMED);
    await expect(answer, name).toHaveAttribute('data-status', 'finished', STREAMED);
    await guard.expectInert(answer, name);
  }
});
