/** Chips over time: reloads, edited questions, sources that change or are gone, the lock, secrets, other kinds. */
import { expect } from '@jupyterlab/galata';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { openLab, test } from './fixtures';
import {
  activateCell,
  kernelStatus,
  openNotebook,
  runAll,
  runToEnd,
  type Window,
  writeFile
} from './notebooks';
import { Panel } from './panel';
import { newestRequest } from './provider';

/** Type a query behind `@`, and attach the first item that has a text. */
async function attach({ page, root, input }: Panel, query: string, title: string): Promise<void> {
  await input.focus();
  await page.keyboard.type(`@${query}`);
  // By its title: the line below it may hold the same words.
  const option = root.locator('.jp-StreamChat-attachTitle', { hasText: title });
  await expect(option.first()).toBeVisible();
  await option.first().click();
  await expect(root.locator('.jp-StreamChat-composer .jp-StreamChat-chip').last()).toContainText(
    title
  );
}

/** Ask, and return the text that the model was sent for it. */
async function askedWith(panel: Panel, question: string): Promise<string> {
  await panel.ask(question);
  await panel.expectFinished('stop');
  const { body } = await newestRequest(({ body: { messages } }) =>
    String(messages.at(-1)?.content).endsWith(question)
  );
  return String(body.messages.at(-1)?.content);
}

async function setSource(panel: Panel, path: string, source: string): Promise<void> {
  await panel.page.evaluate(
    ([file, text]) => {
      const app = (window as unknown as Window).jupyterapp;
      const notebook = [...app.shell.widgets('main')].find(
        widget => (widget as unknown as Partial<NotebookPanel>).context?.path === file
      ) as NotebookPanel;
      notebook.content.model?.cells.get(0).sharedModel.setSource(text);
    },
    [path, source] as const
  );
}

test('an edited question has its attachments as they are now, and a chip says that its source changed', async ({
  panel
}) => {
  const { page, root } = panel;
  const path = await openNotebook(page, ['version = 1']);
  await panel.open();
  await attach(panel, 'cell 1', 'Cell 1');
  await setSource(panel, path, 'version = 2');
  await expect(root.locator('.jp-StreamChat-chipOpen')).toHaveAttribute('title', /changed since/);
  expect(await askedWith(panel, 'tokens=1 a?')).toContain('version = 2');
  await setSource(panel, path, 'version = 3');
  const question = root.locator('[data-role="user"]');
  await question.hover();
  await question.getByRole('button', { name: /Edit/ }).click();
  await question.locator('textarea').fill('tokens=1 b?');
  await question.locator('textarea').press('Enter');
  const { body } = await newestRequest(({ body: { messages } }) =>
    String(messages.at(-1)?.content).endsWith('tokens=1 b?')
  );
  expect(String(body.messages.at(-1)?.content)).toContain('version = 3');
});

test('two notebooks of one name are two, and the tab in front does not matter', async ({
  panel
}) => {
  const { page } = panel;
  const name = `same-${Date.now()}.ipynb`;
  await page.evaluate(async () => {
    const { contents } = (window as unknown as Window).jupyterapp.serviceManager;
    await contents.save('folder-a', { type: 'directory' });
  });
  await openNotebook(page, ['where = "a"'], `folder-a/${name}`);
  await panel.open();
  await attach(panel, 'cell 1', 'Cell 1');
  await openNotebook(page, ['where = "root"'], name);
  expect(await askedWith(panel, 'tokens=1 where?')).toContain('where = "a"');
});

test('what is gone is said at its chip, and the draft stays', async ({ panel }) => {
  const { page, root, input } = panel;
  const path = await openNotebook(page, ['deleted = 1', 'closed = 1']);
  await panel.open();
  await attach(panel, 'cell 1', 'Cell 1');
  await attach(panel, 'cell 2', 'Cell 2');
  await activateCell(page, path, 0);
  await page.evaluate(() =>
    (window as unknown as Window).jupyterapp.commands.execute('notebook:delete-cell')
  );
  const problems = root.locator('.jp-StreamChat-chipProblem');
  await expect(problems.first()).toHaveText(`The cell was deleted from ${path}.`);
  await page.evaluate(() => {
    const { shell } = (window as unknown as Window).jupyterapp;
    shell.currentWidget?.dispose();
  });
  await input.fill('tokens=1 gone?');
  await input.press('Enter');
  await expect(problems.last()).toHaveText(`${path} is closed: open it again.`);
  await expect(input).toHaveValue('tokens=1 gone?');
});

test('a busy kernel is waited for', async ({ panel }) => {
  const { page, root } = panel;
  const path = await openNotebook(page, [
    'import time; kept = [1]',
    'time.sleep(8); kept.append(2)'
  ]);
  await activateCell(page, path, 0);
  await page.evaluate(() =>
    (window as unknown as Window).jupyterapp.commands.execute('notebook:run-cell')
  );
  await panel.open();
  await attach(panel, 'kept', 'kept');
  const chip = root.locator('.jp-StreamChat-composer .jp-StreamChat-chipOpen');
  await chip.locator('..').locator('.jp-StreamChat-chipRemove').click();
  await runAll(page);
  await expect.poll(() => kernelStatus(page, path)).toBe('busy');
  await panel.input.focus();
  // The list is remembered until the kernel runs something: what is asked now waits for it.
  await page.keyboard.type('@variable kept');
  const option = root.locator('.jp-StreamChat-attachMenu [data-kind="variable"]');
  await expect(option.first()).toBeVisible({ timeout: 30_000 });
  await page.keyboard.press('Enter');
  await expect(chip).toContainText('token');
  await runAll(page);
  await expect.poll(() => kernelStatus(page, path)).toBe('busy');
  await panel.input.fill('tokens=1 busy?');
  await panel.input.press('Enter');
  const problem = root.locator('.jp-StreamChat-chipProblem');
  await expect(problem).toHaveText(/The kernel is busy/, { timeout: 30_000 });
  await expect(problem).toHaveText('', { timeout: 30_000 });
});

test('the lock keeps attachments from hosted models, and a key is pointed out', async ({
  panel
}) => {
  const { page, root, input } = panel;
  await openNotebook(page, ['api_key = "abcd-1234-efgh-5678"']);
  await panel.open();
  await attach(panel, 'cell 1', 'Cell 1');
  await expect(root.locator('.jp-StreamChat-chipProblem')).toHaveText(
    'Line 2 looks like a key or a password. It is sent as it is.'
  );
  const lock = root.getByRole('switch', { name: 'Attachments to local models only' });
  await lock.click();
  await expect(lock).toHaveAttribute('aria-checked', 'true');
  await input.fill('tokens=1 locked?');
  await input.press('Enter');
  await expect(root).toContainText('Attachments may go to local models only');
  await expect(input).toHaveValue('tokens=1 locked?');
  await lock.click();
  expect(await askedWith(panel, 'tokens=1 locked?')).toContain('abcd-1234-efgh-5678');
});

test('variables are described by their kind, and leave no trace', async ({ panel }) => {
  const { page, root } = panel;
  const path = await openNotebook(page, [
    'import numpy as np\nfrom dataclasses import dataclass',
    'array = np.zeros((3, 4), dtype="float32")',
    'def area(width: int, height=2):\n    """Return the area."""\n    return width * height',
    '@dataclass\nclass Point:\n    x: int = 1\npoint = Point()',
    'class Odd:\n    def __getattr__(self, name):\n        return 1\nodd = Odd()',
    'before = set(globals())'
  ]);
  await runToEnd(page);
  await panel.open();
  const described: string[] = [];
  for (const name of ['array', 'area', 'point', 'odd']) {
    await attach(panel, `variable ${name}`, name);
    await root.locator('.jp-StreamChat-composer .jp-StreamChat-chipOpen').last().click();
    const shown = page.getByRole('dialog').locator('pre');
    described.push((await shown.textContent()) ?? '');
    await page.getByRole('button', { name: 'Close' }).click();
  }
  expect(described[0]).toBe('array: numpy.ndarray, shape (3, 4), dtype float32');
  expect(described[1]).toBe('area: function area(width: int, height=2)\nReturn the area.');
  expect(described[2]).toBe('point: __main__.Point\n.x: int');
  expect(described[3]).toBe('odd: __main__.Odd');
  const added = await page.evaluate(async file => {
    const app = (window as unknown as Window).jupyterapp;
    const notebook = [...app.shell.widgets('main')].find(
      widget => (widget as unknown as Partial<NotebookPanel>).context?.path === file
    ) as NotebookPanel;
    const future = notebook.sessionContext.session!.kernel!.requestExecute({
      code: '',
      user_expressions: { added: 'sorted(set(globals()) - before - {"before"})' }
    });
    const { content } = await future.done;
    return JSON.stringify((content as { user_expressions?: unknown }).user_expressions);
  }, path);
  expect(added).toContain('"text/plain":"[]"');
});

test('a notebook that is not open, a folder, and files that are no text', async ({ panel }) => {
  const { page, root } = panel;
  const folder = `kinds-${Date.now()}`;
  await page.evaluate(async name => {
    const { contents } = (window as unknown as Window).jupyterapp.serviceManager;
    await contents.save(name, { type: 'directory' });
    await contents.save(`${name}/Inner`, { type: 'directory' });
    const cell = {
      cell_type: 'code',
      id: 'one',
      source: 'stored = 1',
      metadata: {},
      execution_count: 3,
      outputs: [{ output_type: 'stream', name: 'stdout', text: 'said' }]
    };
    const content = { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 };
    await contents.save(`${name}/Inner/Stored.ipynb`, {
      type: 'notebook',
      format: 'json',
      content
    });
    await contents.save(`${name}/Inner/raw.bin`, {
      type: 'file',
      format: 'base64',
      content: btoa('\x00\x01\x02\xff')
    });
  }, folder);
  await writeFile(page, `${folder}/Inner/note.md`, 'noted');
  await attach(panel, `${folder}/Inner/st`, 'Stored.ipynb');
  await attach(panel, folder, `${folder}/`);
  await attach(panel, `${folder}/Inner/raw`, 'raw.bin');
  await expect(root.locator('.jp-StreamChat-chipProblem').last()).toHaveText(/is no text file\.$/);
  await root.locator('.jp-StreamChat-chipRemove').last().click();
  const sent = await askedWith(panel, 'tokens=1 kinds?');
  expect(sent).toContain('[code cell 1, executed as 3]\nstored = 1\n[output of cell 1]\nsaid\n');
  expect(sent).toContain(
    `[names in ${folder}/]\nInner/\n  Stored.ipynb\n  note.md\n  raw.bin\n</attachment`
  );
});

test('files of odd names and other encodings are text, and what is damaged is said', async ({
  panel
}) => {
  const { page, root } = panel;
  const folder = `odd-${Date.now()}`;
  const name = '名 #1 100% "it\'s" a&b.txt';
  await page.evaluate(
    async ([inside, odd]) => {
      const { contents } = (window as unknown as Window).jupyterapp.serviceManager;
      await contents.save(inside, { type: 'directory' });
      for (const [file, bytes] of [
        [odd, 'named'],
        ['gbk.csv', '\xc4\xe3\xba\xc3,1'],
        ['wide.csv', 'a\0,\x001\0'],
        ['zeros.dat', '\0\x01\x02abc'],
        ['bad.ipynb', '{"cells": [']
      ]) {
        await contents.save(`${inside}/${file}`, {
          type: 'file',
          format: 'base64',
          content: btoa(bytes)
        });
      }
    },
    [folder, name] as const
  );
  await attach(panel, `${folder}/名 #1`, name);
  await attach(panel, `${folder}/gbk`, 'gbk.csv');
  await attach(panel, `${folder}/wide`, 'wide.csv');
  const problem = root.locator('.jp-StreamChat-chipProblem').last();
  for (const [query, title, sentence] of [
    ['zeros', 'zeros.dat', 'zeros.dat is no text file.'],
    ['bad', 'bad.ipynb', `${folder}/bad.ipynb cannot be read: its content is damaged.`]
  ]) {
    await attach(panel, `${folder}/${query}`, title);
    await expect(problem).toHaveText(sentence);
    await root.locator('.jp-StreamChat-chipRemove').last().click();
  }
  const sent = await askedWith(panel, 'tokens=1 odd?');
  expect(sent).toContain(`title="名 #1 100%  it's  a&b.txt">\nnamed\n</attachment`);
  expect(sent).toContain('\n[Read as gb18030: the file is not UTF-8.]\n你好,1\n</attachment');
  expect(sent).toContain('\n[Read as utf-16le: the file is not UTF-8.]\na,1\n</attachment');
});

test('chips come back with the draft after a reload', async ({ panel, lab }) => {
  const { page, root, input } = panel;
  const path = await openNotebook(page, ['reloaded = 1']);
  await panel.open();
  await attach(panel, 'cell 1', 'Cell 1');
  await input.fill('tokens=1 again?');
  await expect(root.locator('.jp-StreamChat-chipSize')).toContainText('token');
  await lab.reload();
  await panel.open();
  await expect(root.locator('.jp-StreamChat-composer .jp-StreamChat-chip')).toContainText('Cell 1');
  await expect(input).toHaveValue('tokens=1 again?');
  await page.evaluate(async file => {
    const app = (window as unknown as Window).jupyterapp;
    const opened = (await app.commands.execute('docmanager:open', { path: file })) as NotebookPanel;
    await opened.context.ready;
  }, path);
  expect(await askedWith(panel, 'tokens=1 again?')).toContain('reloaded = 1');
});

test('5,000 cells in a windowed notebook: those out of sight are read, and what is left out is said', async ({
  browser
}) => {
  const page = await openLab(browser, {
    '@jupyterlab/notebook-extension:tracker': { windowingMode: 'full' }
  });
  const panel = await Panel.withNewChat(page);
  const sources = Array.from({ length: 5000 }, (_, at) => `value_${at + 1} = ${at + 1}`);
  const path = await openNotebook(page, sources);
  await activateCell(page, path, 3999);
  await panel.open();
  await attach(panel, 'cell 12', 'Cell 12 of');
  await attach(panel, `notebook ${path}`, path);
  const chip = panel.root.locator('.jp-StreamChat-composer .jp-StreamChat-chipOpen').last();
  await expect(chip).toHaveAttribute('title', /[0-9]+ cells left out/);
  const sent = await askedWith(panel, 'tokens=1 many?');
  expect(sent).toContain('[code cell 12, not executed]\nvalue_12 = 12\n</attachment');
  expect(sent).toContain('[code cell 4000, not executed]\nvalue_4000 = 4000\n');
  await page.context().close();
});
