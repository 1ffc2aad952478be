/** Code that streams into cells, in both modes of undo. */
import { expect, galata, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import { bar, cellsOf, enter, fenced, generate, openNotebook, saying } from './cells';
import { Panel } from './panel';

// Galata's mocks of these send a request twice whose answer is empty.
test.use({ kernels: null, sessions: null, viewport: { width: 1440, height: 900 } });

const STREAMED = { timeout: 60_000 };

/** Code of numbered lines. */
function numberedLines(count: number, name = 'x'): string {
  return Array.from({ length: count }, (_, at) => `${name}${at} = ${at}`).join('\n');
}

async function begin(
  page: IJupyterLabPageFixture,
  path: string,
  sources: readonly string[]
): Promise<Panel> {
  const panel = new Panel(page);
  await panel.openNewChat();
  await panel.choose('Scripted');
  await openNotebook(
    page,
    path,
    sources.map(source => ({ source }))
  );
  await enter(page, 0);
  return panel;
}

for (const isWide of [true, false]) {
  test.describe(`undo of the ${isWide ? 'document' : 'cell'}`, () => {
    test.use({
      mockSettings: {
        ...galata.DEFAULT_SETTINGS,
        '@jupyterlab/notebook-extension:tracker': { documentWideUndoRedo: isWide }
      }
    });

    test('what was streamed is one step of Ctrl+Z', async ({ page, tmpPath }) => {
      await begin(page, `${tmpPath}/undo.ipynb`, ['']);
      await page.keyboard.type('# top\n');
      await page.keyboard.press('Control+a');
      await page.keyboard.press('Delete');
      const code = numberedLines(20);
      await generate(page, saying(fenced(code), 'rate=40'));
      await expect(bar(page)).toContainText('Code written', STREAMED);
      await enter(page, 0);
      await page.keyboard.press('Control+z');
      await expect.poll(() => cellsOf(page)).toEqual(['code: ']);
      await page.keyboard.press('Control+Shift+z');
      await expect.poll(() => cellsOf(page)).toEqual([`code: ${code}`]);
    });
  });
}
