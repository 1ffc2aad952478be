/** Notebooks with a real kernel, and what a chat has of them. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { JSHandle, Page } from '@playwright/test';

export type Window = { jupyterapp: JupyterFrontEnd };

let count = 0;

/** Open a new notebook with these code cells and a kernel of its own; nothing has run. */
export async function openNotebook(
  page: Page,
  sources: readonly string[],
  path = `context-${Date.now()}-${count++}.ipynb`
): Promise<string> {
  await page.evaluate(
    async ([file, cellSources]) => {
      const app = (window as unknown as Window).jupyterapp;
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

/** Write a text file by the contents manager. */
export async function writeFile(page: Page, path: string, content: string): Promise<void> {
  await page.evaluate(
    async ([file, text]) => {
      const { contents } = (window as unknown as Window).jupyterapp.serviceManager;
      await contents.save(file, { type: 'file', format: 'text', content: text });
    },
    [path, content] as const
  );
}

/** Begin to run all cells of the notebook that is in use. */
export async function runAll(page: Page): Promise<void> {
  await page.evaluate(() => {
    void (window as unknown as Window).jupyterapp.commands.execute('notebook:run-all-cells');
  });
}

/** Run all cells, and wait for their end. */
export async function runToEnd(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const app = (window as unknown as Window).jupyterapp;
    await app.commands.execute('notebook:run-all-cells');
  });
}

/** Make a cell the active one, in command mode. */
export async function activateCell(page: Page, path: string, at: number): Promise<void> {
  await page.evaluate(
    ([file, index]) => {
      const app = (window as unknown as Window).jupyterapp;
      const panel = [...app.shell.widgets('main')].find(
        widget => (widget as unknown as Partial<NotebookPanel>).context?.path === file
      ) as NotebookPanel;
      app.shell.activateById(panel.id);
      panel.content.activeCellIndex = index;
      panel.content.mode = 'command';
    },
    [path, at] as const
  );
}

/** The ids of the silent requests that the kernel of a notebook is sent from now on. */
export function silentRequests(page: Page, path: string): Promise<JSHandle<string[]>> {
  return page.evaluateHandle(file => {
    const app = (window as unknown as Window).jupyterapp;
    const panel = [...app.shell.widgets('main')].find(
      widget => (widget as unknown as Partial<NotebookPanel>).context?.path === file
    ) as NotebookPanel;
    const requests: string[] = [];
    panel.sessionContext.session?.kernel?.anyMessage.connect((_, { direction, msg }) => {
      const { silent } = msg.content as { silent?: boolean };
      if (direction === 'send' && msg.header.msg_type === 'execute_request' && silent) {
        requests.push(msg.header.msg_id);
      }
    });
    return requests;
  }, path);
}

/** What a notebook's kernel is doing. */
export function kernelStatus(page: Page, path: string): Promise<string | undefined> {
  return page.evaluate(file => {
    const app = (window as unknown as Window).jupyterapp;
    const panel = [...app.shell.widgets('main')].find(
      widget => (widget as unknown as Partial<NotebookPanel>).context?.path === file
    ) as NotebookPanel;
    return panel.sessionContext.session?.kernel?.status;
  }, path);
}

/** Close all documents unsaved and all chats in tabs, and shut kernels down: the page is that of the next tests too. */
export async function closeDocuments(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { shell } = (window as unknown as Window).jupyterapp;
    for (const widget of [...shell.widgets('main')]) {
      const { context } = widget as unknown as Partial<NotebookPanel>;
      if (context) {
        await context.sessionContext.shutdown();
        // JupyterLab would ask whether to leave the page without having saved it.
        context.model.dirty = false;
        widget.dispose();
      } else if (widget.hasClass('jp-StreamChat')) {
        widget.dispose();
      }
    }
  });
}
