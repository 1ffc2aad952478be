/** What a question carries: a cell, a variable of a real kernel, an error, by keyboard, exactly as it is sent. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { expect } from '@jupyterlab/galata';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Widget } from '@lumino/widgets';
import type { Page } from '@playwright/test';
import { test } from './fixtures';
import { Panel } from './panel';
import { newestRequest } from './provider';

const CELLS = ['df = {"a": 1, "b": [2]}', 'print("\\u001b[31mred\\u001b[0m")', '1 / 0'];

/** Open a new notebook with these code cells and a kernel of its own; nothing has run. */
async function openNotebook(page: Page, sources: readonly string[]): Promise<string> {
  const path = `context-${Date.now()}.ipynb`;
  await page.evaluate(
    async ([file, cellSources]) => {
      const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
      const cells = cellSources.map((source, at) => ({
        cell_type: 'code',
        id: `cell-${at}`,
        source,
        metadata: {},
        outputs: [],
        execution_count: null
      }));
      const kernelspec = { name: 'python3', display_name: 'Python 3' };
      const content = { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 };
      await app.serviceManager.contents.save(file, { type: 'notebook', format: 'json', content });
      const opened = (await app.commands.execute('docmanager:open', {
        path: file,
        kernel: { name: 'python3' }
      })) as NotebookPanel;
      await opened.sessionContext.ready;
    },
    [path, sources] as const
  );
  return path;
}

/** Begin to run all cells of the notebook that is in use. */
async function runAll(page: Page): Promise<void> {
  await page.evaluate(() => {
    const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
    void app.commands.execute('notebook:run-all-cells');
  });
}

/** The page is that of the next tests too: they find it without a notebook. */
test.afterEach(({ lab }) =>
  lab.evaluate(async () => {
    const { shell } = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
    for (const widget of [...shell.widgets('main')]) {
      const { context } = widget as Widget & Partial<Pick<NotebookPanel, 'context'>>;
      if (context) {
        await context.sessionContext.shutdown();
        // JupyterLab would ask whether to leave the page without having saved it.
        context.model.dirty = false;
      }
      widget.dispose();
    }
  })
);

test('a cell, an error and a variable go to the model as the chips show them', async ({
  panel,
  lab
}) => {
  const { page, root, input } = panel;
  const path = await openNotebook(page, CELLS);
  await runAll(page);
  await expect(
    lab.locator('.jp-OutputArea-output', { hasText: 'ZeroDivisionError' })
  ).toBeVisible();
  await new Panel(page).open();

  for (const [typed, chip] of [
    ['@cell 2', `Cell 2 of ${path}`],
    ['@error', `Error in cell 3 of ${path}`],
    ['@variable df', 'df']
  ]) {
    await input.focus();
    await page.keyboard.type(typed);
    await expect(root.getByRole('option').first()).toContainText(chip);
    await page.keyboard.press('Enter');
    await expect(root.locator('.jp-StreamChat-chip').last()).toContainText(chip);
    await expect(input).toHaveValue('');
  }
  await root.locator('.jp-StreamChat-chipOpen').last().click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.locator('pre')).toContainText('df: dict with 2 keys');
  await dialog.getByRole('button', { name: 'Close' }).click();
  await input.focus();
  await page.keyboard.type('@cell 1');
  await expect(root.getByRole('option').first()).toContainText('Cell 1');
  await page.keyboard.press('Enter');
  await expect(root.locator('.jp-StreamChat-chip')).toHaveCount(4);
  // Backspace in the empty field selects the last chip, a second one removes it.
  await page.keyboard.press('Backspace');
  await expect(root.locator('.jp-StreamChat-chipOpen').last()).toBeFocused();
  await page.keyboard.press('Backspace');
  await expect(root.locator('.jp-StreamChat-chip')).toHaveCount(3);
  await expect(input).toBeFocused();

  await panel.ask('tokens=2 why?');
  await panel.expectFinished('stop');
  const { body } = await newestRequest(({ body: { messages } }) =>
    String(messages.at(-1)?.content).endsWith('tokens=2 why?')
  );
  const sent = String(body.messages.at(-1)?.content);
  expect(sent).toContain(`[code cell 2, executed as 2]\n${CELLS[1]}\n[output of cell 2]\nred\n`);
  expect(sent).toContain('ZeroDivisionError: division by zero');
  expect(sent).toContain("df: dict with 2 keys\n'a': int\n'b': list\n");
  await expect(root.locator('[data-role="user"] .jp-StreamChat-chip')).toHaveCount(3);
  await expect(root.locator('.jp-StreamChat-composer .jp-StreamChat-chip')).toHaveCount(0);
});

test('an open menu follows the notebook: an error and a variable appear when the cells have run', async ({
  panel
}) => {
  const { page, root, input } = panel;
  await openNotebook(page, ['import time; time.sleep(2); wanted_frame = {"a": 1}', '1 / 0']);
  await panel.open();
  const silent = await page.evaluateHandle(() => {
    const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
    const { sessionContext } = app.shell.currentWidget as NotebookPanel;
    const requests: string[] = [];
    sessionContext.session?.kernel?.anyMessage.connect((_, { direction, msg }) => {
      const { silent: isSilent } = msg.content as { silent?: boolean };
      if (direction === 'send' && msg.header.msg_type === 'execute_request' && isSilent) {
        requests.push(msg.header.msg_id);
      }
    });
    return requests;
  });
  await input.focus();
  await page.keyboard.type('@error');
  await runAll(page);
  await input.focus();
  await expect(root.getByRole('option').first()).toContainText('Error in cell 2');
  await page.keyboard.press('Escape');
  await input.fill('');

  // Asked while the kernel is busy, shown once it is idle; all keystrokes ask it once.
  await runAll(page);
  await expect
    .poll(() =>
      page.evaluate(() => {
        const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
        const [panel] = [...app.shell.widgets('main')].filter(({ isVisible }) => isVisible);
        return (panel as NotebookPanel).sessionContext.session?.kernel?.status;
      })
    )
    .toBe('busy');
  await silent.evaluate(requests => requests.splice(0));
  await input.focus();
  await page.keyboard.type('@variable wanted_fr', { delay: 20 });
  await expect(root.getByRole('option').first()).toContainText('wanted_frame');
  await page.keyboard.type('ame', { delay: 50 });
  await expect(root.getByRole('option').first()).toContainText('wanted_frame');
  await expect(root.locator('.jp-StreamChat-attachMenu [role="option"]')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(root.locator('.jp-StreamChat-chip')).toContainText('wanted_frame');
  await expect(root.locator('.jp-StreamChat-chipSize')).toContainText('token');
  // One for the list, one to describe the variable.
  expect(await silent.jsonValue()).toHaveLength(2);

  await root.getByRole('button', { name: 'Remove wanted_frame' }).click();
  await expect(root.locator('.jp-StreamChat-chip')).toHaveCount(0);
});
