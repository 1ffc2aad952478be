/** The panel for everyone: axe finds nothing in any state, nothing is cut at any width, the keyboard is enough. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@jupyterlab/galata';
import type { Page } from '@playwright/test';
import { Panel } from './panel';

const THEMES = ['JupyterLab Light', 'JupyterLab Dark', 'JupyterLab Dark High Contrast'];

async function expectNoViolations(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .include('.jp-StreamChat')
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'])
    .analyze();
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(node => `${node.html} ${node.failureSummary}`).join('\n')}`
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
      (['auto', 'scroll'].includes(getComputedStyle(node).overflowX) || scrolls(node.parentElement));
    return [...panel.querySelectorAll('*')]
      .filter(node => !node.closest('.jp-StreamChat-hidden') && !scrolls(node.parentElement))
      .filter(node => {
        const box = node.getBoundingClientRect();
        return box.width > 0 && (box.left < left - 1 || box.right > right + 1);
      })
      .map(node => `${node.tagName}.${node.getAttribute('class')}`);
  });
}

async function setWidth(page: Page, width: number): Promise<void> {
  await page.evaluate(value => {
    const panel = document.querySelector<HTMLElement>('.jp-StreamChat')!;
    panel.style.width = `${value}px`;
    panel.style.minWidth = '0';
  }, width);
}

for (const theme of THEMES) {
  test(`axe finds nothing in any state in ${theme}`, async ({ page }) => {
    const panel = new Panel(page);
    await page.theme.setTheme(theme);
    await panel.openNewChat();
    await panel.choose('Scripted');
    await expectNoViolations(page);

    await panel.ask('tokens=5000 rate=20 text=markdown');
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

test('nothing is cut or sticks out from 215 to 1,000 pixels', async ({ page }) => {
  const panel = new Panel(page);
  await panel.openNewChat();
  await panel.choose('Scripted');
  await panel.ask(`text=markdown ${'a-very-long-word-'.repeat(20)}`);
  await panel.expectFinished('stop');
  await panel.ask('fail=401');
  await panel.expectFinished('error');
  for (const width of [215, 260, 320, 480, 800, 1000]) {
    await setWidth(page, width);
    expect(await overflowing(page), `at ${width} px`).toEqual([]);
    await expect(panel.button).toBeInViewport({ ratio: 1 });
  }
});

test('the keyboard is enough', async ({ page }) => {
  const panel = new Panel(page);
  await panel.openNewChat();
  await panel.choose('Scripted');
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

test('keys of an input method are left to it', async ({ page }) => {
  const panel = new Panel(page);
  await panel.openNewChat();
  const session = await page.context().newCDPSession(page);
  await panel.input.focus();
  await session.send('Input.imeSetComposition', { text: 'ni', selectionStart: 2, selectionEnd: 2 });
  await panel.input.dispatchEvent('keydown', { key: 'Enter', keyCode: 229, isComposing: true });
  await expect(panel.answers).toHaveCount(0);
  await session.send('Input.insertText', { text: '你好' });
  await expect(panel.input).toHaveValue('你好');
});

test('a double click on Send does not stop the answer', async ({ page }) => {
  const panel = new Panel(page);
  await panel.openNewChat();
  await panel.choose('Scripted');
  await panel.input.fill('tokens=20 rate=40');
  await panel.button.dblclick();
  await panel.expectFinished('stop');
});

test('chats are made, renamed, switched and deleted', async ({ page }) => {
  const panel = new Panel(page);
  await panel.openNewChat();
  await panel.choose('Scripted');
  await panel.ask('tokens=3 first question');
  await panel.expectFinished('stop');
  const title = panel.root.locator('.jp-StreamChat-title');
  await expect(title).toContainText('first question');

  await title.click();
  await panel.root.getByRole('button', { name: /^Rename tokens=3 first/ }).click();
  await page.keyboard.type('Renamed');
  await page.keyboard.press('Enter');
  await expect(title).toContainText('Renamed');

  await panel.root.locator('.jp-StreamChat-header').getByRole('button', { name: 'New chat' }).last().click();
  await expect(panel.answers).toHaveCount(0);
  await title.click();
  await panel.root.getByRole('button', { name: 'Renamed', exact: true }).click();
  await expect(panel.answers).toHaveCount(1);

  await title.click();
  await panel.root.getByRole('button', { name: 'Delete Renamed' }).click();
  await page.locator('.jp-Dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(panel.root.getByText('Renamed', { exact: true })).toHaveCount(0);
});
