/** 'Ask about this' at cells, outputs, selections and files, and what is dragged and pasted, with a real kernel. */
import { expect } from '@jupyterlab/galata';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { openLab, test } from './fixtures';
import { activateCell, openNotebook, runToEnd, type Window, writeFile } from './notebooks';
import { Panel } from './panel';
import { newestRequest } from './provider';

// A chat that nothing was asked in stays the new one, with its draft.
test.afterEach(({ panel }) => panel.clearDraft());

/** A square of 4 × 4 pixels. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR42mP8z8AARwzEcQCukw/x0F8jngAAAABJRU5ErkJggg==';
const PLOT = `from IPython.display import Image; Image(data=__import__("base64").b64decode("${PNG}"))`;

test('a cell, lines and an output are attached where they are, and the composer has the focus', async ({
  panel
}) => {
  const { page, root, input } = panel;
  const chips = root.locator('.jp-StreamChat-composer .jp-StreamChat-chip');
  const path = await openNotebook(page, ['first = 1\nsecond = 2', 'print("shown")']);
  await runToEnd(page);
  await activateCell(page, path, 0);
  await page.locator('.jp-NotebookPanel:visible .jp-Cell').first().hover();
  await page.locator('[data-command="stream-chat:ask-about"]:visible').first().click();
  await expect(chips).toHaveText([/Cell 1 of/]);
  await expect(input).toBeFocused();

  const output = page.locator('.jp-NotebookPanel:visible .jp-OutputArea-child', {
    hasText: 'shown'
  });
  await output.click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Ask About This Output' }).click();
  await expect(chips).toHaveCount(2);
  await expect(chips.last()).toContainText('Output of cell 2');

  // Lines, by the shortcut.
  await activateCell(page, path, 0);
  await page.evaluate(() => {
    const app = (window as unknown as Window).jupyterapp;
    const { content } = app.shell.currentWidget as NotebookPanel;
    content.mode = 'edit';
    content.activeCell?.editor?.setSelection({
      start: { line: 1, column: 0 },
      end: { line: 1, column: 10 }
    });
    content.activeCell?.editor?.focus();
  });
  await page.keyboard.press('Control+Shift+Y');
  await expect(chips).toHaveCount(3);
  await expect(chips.last()).toContainText('Lines 2 to 2');
  await expect(input).toBeFocused();
  await panel.ask('tokens=1 which?');
  await panel.expectFinished('stop');
  const { body } = await newestRequest(({ body: { messages } }) =>
    String(messages.at(-1)?.content).endsWith('tokens=1 which?')
  );
  const sent = String(body.messages.at(-1)?.content);
  expect(sent).toContain('[code cell 1, executed as 1]\nfirst = 1\nsecond = 2\n');
  expect(sent).toContain('[output of cell 2]\nshown\n</attachment');
  expect(sent).toContain('>\nsecond = 2\n</attachment');
});

test('files and folders are attached from the file browser', async ({ panel, lab }) => {
  const { page, root } = panel;
  const name = `notes-${Date.now()}.txt`;
  await writeFile(page, name, 'remember');
  await lab.sidebar.openTab('filebrowser');
  await lab.filebrowser.refresh();
  await page.locator('.jp-DirListing-item', { hasText: name }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Ask About This' }).click();
  const chip = root.locator('.jp-StreamChat-composer .jp-StreamChat-chipOpen');
  await expect(chip).toContainText(name);
  await chip.click();
  await expect(page.getByRole('dialog').locator('pre')).toHaveText('remember');
  await page.getByRole('button', { name: 'Close' }).click();
});

test('a cell and a tab are dragged onto the panel', async ({ panel }) => {
  const { page, root, input } = panel;
  const chips = root.locator('.jp-StreamChat-composer .jp-StreamChat-chip');
  const path = await openNotebook(page, ['dragged = 1']);
  await panel.open();
  const drag = async (from: { x: number; y: number; width: number; height: number }) => {
    const to = (await input.boundingBox())!;
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(to.x + 40, to.y - 60, { steps: 8 });
    await page.mouse.move(to.x + 42, to.y - 62, { steps: 2 });
    await page.mouse.up();
  };
  await activateCell(page, path, 0);
  const prompt = page.locator('.jp-NotebookPanel:visible .jp-InputPrompt').first();
  await drag((await prompt.boundingBox())!);
  await expect(chips).toHaveText([/Cell 1 of/]);
  const tab = page.locator('.lm-DockPanel-tabBar .lm-TabBar-tab.lm-mod-current');
  await drag((await tab.boundingBox())!);
  await expect(chips).toHaveCount(2);
  await expect(chips.last()).toContainText(path);
  // What was dragged is where it was.
  await expect(page.locator('.jp-NotebookPanel:visible .jp-Cell')).toHaveCount(1);
});

test('a long text, a picture and a file that are pasted become chips', async ({ panel }) => {
  const { page, root, input } = panel;
  const chips = root.locator('.jp-StreamChat-composer .jp-StreamChat-chip');
  const paste = (text: string, files: readonly [string, string, string][] = []) =>
    input.evaluate(
      (field, [plain, list]) => {
        const data = new DataTransfer();
        if (plain) {
          data.setData('text/plain', plain);
        }
        for (const [name, type, base64] of list) {
          const bytes = Uint8Array.from(atob(base64), each => each.charCodeAt(0));
          data.items.add(new File([bytes], name, { type }));
        }
        field.dispatchEvent(
          new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
        );
      },
      [text, files] as const
    );
  const long = `begin ${'x '.repeat(1500)}`;
  await paste(long);
  await expect(chips).toHaveText([/Pasted: begin/]);
  await paste('', [['plot.png', 'image/png', PNG]]);
  await expect(chips.last()).toContainText('plot.png');
  await expect(chips.last()).toContainText('picture');
  await paste('', [['data.csv', 'text/csv', Buffer.from('a,b\n1,2').toString('base64')]]);
  await expect(chips.last()).toContainText('data.csv');
  await paste('', [['a.zip', 'application/zip', Buffer.from('PK\x03\x04\0\0').toString('base64')]]);
  await expect(root.locator('.jp-StreamChat-chipProblem').last()).toHaveText(
    'a.zip is no text file.'
  );
  await page.keyboard.press('Escape');
  await chips.last().locator('.jp-StreamChat-chipRemove').click();
  await panel.ask('tokens=1 pasted?');
  await panel.expectFinished('stop');
  const { body } = await newestRequest(({ body: { messages } }) =>
    JSON.stringify(messages.at(-1)?.content).includes('tokens=1 pasted?')
  );
  const [text, image] = body.messages.at(-1)?.content as unknown as {
    text: string;
    image_url: { url: string };
  }[];
  expect(text.text).toContain(long.trim());
  expect(text.text).toContain('a,b\n1,2');
  expect(text.text).toContain('[picture 1, sent as an image]');
  expect(image.image_url.url).toBe(`data:image/png;base64,${PNG}`);
});

test('a plot is sent as a picture, and without it where the model refuses it', async ({
  panel
}) => {
  const { page, root, input } = panel;
  await panel.choose('Scripted Azure');
  await openNotebook(page, [PLOT]);
  await runToEnd(page);
  await panel.open();
  await input.focus();
  await page.keyboard.type('@plot');
  await expect(root.locator('.jp-StreamChat-attachMenu [role="option"]')).toHaveText([/Plot in/]);
  await page.keyboard.press('Enter');
  await expect(root.locator('.jp-StreamChat-chipSize')).toHaveText('picture');
  await root.locator('.jp-StreamChat-chipOpen').click();
  await expect(page.getByRole('dialog').locator('img')).toHaveJSProperty('naturalWidth', 4);
  await page.getByRole('button', { name: 'Close' }).click();
  await panel.ask('tokens=1 refuse=pictures what?');
  await panel.expectStatus('finished');
  await expect(panel.answer).toContainText('refused the question with its pictures');
  await panel.answer.getByRole('button', { name: 'Send without pictures' }).click();
  await panel.expectFinished('stop');
  const { body } = await newestRequest();
  expect(body.messages.at(-1)?.content).toBe('tokens=1 refuse=pictures what?');
});

test('one setting removes it all from notebooks, the menu and the files', async ({ browser }) => {
  const page = await openLab(browser, { 'jupyter-stream-chat:plugin': { notebookActions: false } });
  const panel = new Panel(page);
  await panel.openNewChat();
  const path = await openNotebook(page, ['a = 1']);
  await activateCell(page, path, 0);
  await page.locator('.jp-NotebookPanel:visible .jp-Cell').first().hover();
  await expect(page.locator('.jp-cell-toolbar:visible').first()).toBeVisible();
  await expect(page.locator('[data-command="stream-chat:ask-about"]:visible')).toHaveCount(0);
  await page.locator('.jp-NotebookPanel:visible .jp-Cell').first().click({ button: 'right' });
  await expect(page.getByRole('menuitem', { name: /Copy Cell/ })).toBeVisible();
  await expect(page.getByRole('menuitem', { name: /Ask About/ })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(panel.root.locator('.jp-StreamChat-attach')).toHaveCount(0);
  await page.context().close();
});
