/** The panel for everyone: axe finds nothing in any state, nothing is cut at any width, the keyboard is enough. */
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { openLab, test } from './fixtures';
import { Panel } from './panel';

const THEMES = ['JupyterLab Light', 'JupyterLab Dark', 'JupyterLab Dark High Contrast'];

async function expectNoViolations(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .include('.jp-StreamChat')
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'])
    .analyze();
  const found = violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(node => `${node.html} ${node.failureSummary}`).join('\n')}`
  );
  expect(found).toEqual([]);
}

/** What sticks out of the panel, or is cut: by name. Blocks that scroll by themselves may be wide inside. */
async function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const panel = document.querySelector('.jp-StreamChat')!;
    const { left, right } = panel.getBoundingClientRect();
    const scrolls = (node: Element | null): boolean =>
      node !== null &&
      node !== panel &&
      (['auto', 'scroll'].includes(getComputedStyle(node).overflowX) ||
        scrolls(node.parentElement));
    return [...panel.querySelectorAll('*')]
      .filter(node => !node.closest('.jp-StreamChat-hidden') && !scrolls(node.parentElement))
      .filter(node => {
        const box = node.getBoundingClientRect();
        return box.width > 0 && (box.left < left - 1 || box.right > right + 1);
      })
      .map(node => `${node.tagName}.${node.getAttribute('class')}`);
  });
}

for (const theme of THEMES) {
  test(`axe finds nothing in any state in ${theme}`, async ({ panel, lab: page }) => {
    await page.theme.setTheme(theme);
    await expectNoViolations(page);

    await panel.ask('text=code rate=20');
    await panel.expectStatus('streaming');
    await expectNoViolations(page);
    await panel.button.click();
    await panel.expectFinished('interrupted');
    await expectNoViolations(page);

    await panel.ask('text=markdown reasoning=5');
    await panel.expectFinished('stop');
    await panel.ask('hang=before-headers');
    await panel.expectStatus('waiting');
    await expectNoViolations(page);
    await panel.input.press('Escape');
    await panel.expectFinished('interrupted');

    await panel.ask('fail=401');
    await panel.expectFinished('error');
    await expectNoViolations(page);
    await panel.ask('finish=length');
    await panel.expectFinished('length');
    await panel.root.locator('.jp-StreamChat-title').click();
    await expectNoViolations(page);
  });
}

test('nothing is cut or sticks out from 215 to 1,000 pixels', async ({ panel, lab: page }) => {
  await panel.ask(`text=markdown ${'a-very-long-word-'.repeat(20)}`);
  await panel.expectFinished('stop');
  await panel.ask('fail=401');
  await panel.expectFinished('error');
  // JupyterLab's themes choose the least width of a sidebar.
  await page.addStyleTag({ content: '* { --jp-sidebar-min-width: 0px; }' });
  await page.sidebar.close('left');
  await page.sidebar.close('right');
  await panel.open();
  for (const width of [1000, 800, 480, 320, 260, 215]) {
    await page.sidebar.setWidth(width, 'right');
    const { width: actual } = (await panel.root.boundingBox())!;
    expect(Math.abs(actual - width), `${actual} for ${width} px`).toBeLessThan(10);
    expect(await overflowing(page), `at ${width} px`).toEqual([]);
    await expect(panel.button).toBeInViewport({ ratio: 1 });
  }
});

test('the keyboard is enough', async ({ panel, lab: page }) => {
  await panel.input.focus();
  await page.keyboard.type('tokens=5000');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('rate=30');
  await expect(panel.input).toHaveValue('tokens=5000\nrate=30');
  await page.keyboard.press('Enter');
  await panel.expectStatus('streaming');

  await page.keyboard.type('next');
  await page.keyboard.press('Enter');
  await expect(panel.input).toHaveValue('next');
  await expect(panel.root.locator('.jp-StreamChat-hint')).toContainText('draft is kept');

  await page.keyboard.press('Escape');
  await panel.expectFinished('interrupted');
  await page.keyboard.press('Tab');
  await expect(panel.root.getByLabel('Model profile')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(panel.root.getByRole('switch')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(panel.button).toBeFocused();
});

test('keys of an input method are left to it', async ({ panel, lab }) => {
  const session = await lab.context().newCDPSession(lab.context().pages()[0]);
  await panel.input.focus();
  await session.send('Input.imeSetComposition', { text: 'ni', selectionStart: 2, selectionEnd: 2 });
  await lab.keyboard.press('Enter');
  await lab.keyboard.press('Escape');
  await session.send('Input.insertText', { text: '你好' });
  await expect(panel.input).toHaveValue(/你好/);
  await expect(panel.answers).toHaveCount(0);
  await lab.keyboard.press('Enter');
  await panel.expectFinished('stop');
});

test('a double click on Send does not stop the answer', async ({ panel }) => {
  await panel.input.fill('tokens=20 rate=40');
  await panel.button.dblclick();
  await panel.expectFinished('stop');
});

test('speaks Chinese', async ({ browser }) => {
  const page = await openLab(browser, {
    '@jupyterlab/translation-extension:plugin': { locale: 'zh_CN' }
  });
  const panel = new Panel(page);
  await panel.open();
  await expect(panel.input).toHaveAttribute('placeholder', '输入问题');
  await panel.ask('fail=401');
  await panel.expectFinished('error');
  await expect(panel.answer).toContainText('模型服务不接受该密钥');
  expect(await overflowing(page)).toEqual([]);
  await page.context().close();
});
