/** Answers at cells for everyone: axe finds nothing in any state and theme, and nothing sticks out at any width. */
import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import { expectNoViolations } from './axe';
import { activate, bar, enter, fenced, generate, openNotebook, saying } from './cells';
import { Panel } from './panel';

// Galata's mocks of these send a request twice whose answer is empty.
test.use({ kernels: null, sessions: null, viewport: { width: 1440, height: 900 } });

const THEMES = ['JupyterLab Light', 'JupyterLab Dark', 'JupyterLab Dark High Contrast'];
const WIDTHS = [1000, 400, 250];
const OLD = 'a = 1\nb = 2\nc = 3';
const LONG = { timeout: 60_000 };

/** What of an answer at a cell sticks out of its cell. Code scrolls by itself. */
function stickingOut(page: IJupyterLabPageFixture, selector: string): Promise<string[]> {
  return page.evaluate(chosen => {
    const root = document.querySelector(chosen)!;
    const { left, right } = root.closest('.jp-Cell')!.getBoundingClientRect();
    return [root, ...root.querySelectorAll('*')]
      .filter(node => !node.closest('.cm-editor'))
      .filter(node => {
        const box = node.getBoundingClientRect();
        return box.width > 0 && (box.left < left - 1 || box.right > right + 1);
      })
      .map(node => `${node.tagName}.${node.getAttribute('class')}`);
  }, selector);
}

/** Look at a state: by axe, at all widths, and keep a picture of each. */
async function examine(
  page: IJupyterLabPageFixture,
  selector: string,
  name: string
): Promise<void> {
  await expectNoViolations(page, selector);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width: width + 100, height: 900 });
    await expect(page.locator(selector)).toBeVisible();
    expect(await stickingOut(page, selector), `${name} at ${width} px`).toEqual([]);
    await page.screenshot({ path: test.info().outputPath(`${name}-${width}.png`) });
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

for (const theme of THEMES) {
  test(`the prompt, the line and the change at a cell in ${theme}`, async ({ page, tmpPath }) => {
    await page.theme.setTheme(theme);
    await Panel.withNewChat(page);
    await openNotebook(page, `${tmpPath}/looks.ipynb`, [
      { source: 'first = 1' },
      { source: OLD },
      { source: 'first / 0' }
    ]);
    await enter(page, 0);
    await page.keyboard.press('Shift+Enter');
    await expect(page.locator('.jp-InputPrompt').first()).toHaveText('[1]:', LONG);
    await page.sidebar.close('left');
    await page.sidebar.close('right');

    await enter(page, 1);
    await page.keyboard.press('Control+Alt+e');
    const prompt = page.getByLabel('What should the code do?');
    await expect(prompt).toBeFocused();
    await examine(page, '.jp-StreamChat-cellPrompt', 'prompt');
    await prompt.fill(saying(fenced(OLD.replace('a = 1', 'a = 10'))));
    await prompt.press('Enter');
    const diff = page.locator('.jp-StreamChat-cellDiff');
    await expect(diff).toHaveAttribute('data-state', 'open', LONG);
    await examine(page, '.jp-StreamChat-cellDiff', 'change');
    await examine(page, '.jp-StreamChat-cellBar', 'proposed');
    // Nothing covers the buttons of a change in the first line.
    await diff.getByRole('button', { name: 'Accept part' }).click();
    await expect(bar(page)).toContainText('Cell changed.');

    await activate(page, 1);
    await enter(page, 1);
    const lines = Array.from({ length: 400 }, (_, at) => `x${at} = ${at}`).join('\n');
    await generate(page, saying(fenced(lines), 'rate=10'));
    await expect(bar(page).last()).toContainText('Writing code', LONG);
    await expectNoViolations(page, '.jp-StreamChat-cellBar');
    await bar(page).last().getByRole('button', { name: 'Pause' }).click();
    await expect(bar(page).last()).toContainText('Paused.');
    await bar(page).first().scrollIntoViewIfNeeded();
    await expectNoViolations(page, '.jp-StreamChat-cellBar');
    await bar(page).last().getByRole('button', { name: 'Stop' }).click();
    await bar(page).last().getByRole('button', { name: 'Undo' }).click();

    await enter(page, 2);
    await page.keyboard.press('Control+Enter');
    const error = page.locator('.jp-StreamChat-error');
    await expect(error).toContainText('ZeroDivisionError', LONG);
    await error.getByRole('button', { name: 'Fix' }).focus();
    await examine(page, '.jp-StreamChat-errorTools', 'error');
  });
}
