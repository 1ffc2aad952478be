/** The panel for everyone: axe finds nothing in any state, nothing is cut at any width, the keyboard is enough. */
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, type Locator, type Page } from '@playwright/test';
import { expectNoViolations } from './axe';
import { openLab, test } from './fixtures';
import { Panel } from './panel';
import { Profiles } from './profiles';

const THEMES = ['JupyterLab Light', 'JupyterLab Dark', 'JupyterLab Dark High Contrast'];

/** What sticks out of the panel, or is cut: by name. Blocks that scroll by themselves may be wide inside. */
async function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const panel = document.querySelector('#jupyter-stream-chat')!;
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

/** Let the panel have any width: JupyterLab's themes choose the least one of a sidebar. */
async function narrow(page: IJupyterLabPageFixture, panel: Panel): Promise<void> {
  await page.addStyleTag({ content: '* { --jp-sidebar-min-width: 0px; }' });
  await page.sidebar.close('left');
  await page.sidebar.close('right');
  await panel.open();
}

/** Expect that nothing is cut or sticks out at any width, and that a button stays in view. */
async function expectFits(
  page: IJupyterLabPageFixture,
  panel: Panel,
  button: Locator
): Promise<void> {
  for (const width of [1000, 800, 480, 320, 260, 215]) {
    await page.sidebar.setWidth(width, 'right');
    const { width: actual } = (await panel.root.boundingBox())!;
    expect(Math.abs(actual - width), `${actual} for ${width} px`).toBeLessThan(10);
    expect(await overflowing(page), `at ${width} px`).toEqual([]);
    expect(
      await labelsBeside(page),
      `labels that are not above their fields at ${width} px`
    ).toEqual([]);
    await expect(button).toBeInViewport({ ratio: 1 });
  }
}

/** Labels of text fields that are not above them. */
function labelsBeside(page: IJupyterLabPageFixture): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('.jp-StreamChat-field')].flatMap(field => {
      const label = field.querySelector(':scope > label');
      const input = field.querySelector('input:not([type="checkbox"]), select, textarea');
      const isAbove =
        !label ||
        !input ||
        label.getBoundingClientRect().bottom <= input.getBoundingClientRect().top;
      return isAbove ? [] : [label.textContent ?? ''];
    })
  );
}

for (const theme of THEMES) {
  test(`axe finds nothing in any state in ${theme}`, async ({ panel, lab: page }) => {
    await page.theme.setTheme(theme);
    await expectNoViolations(page);

    await panel.ask('text=code rate=20');
    await panel.expectStatus('streaming');
    await expectNoViolations(page);
    await panel.root.getByRole('button', { name: 'Pause the answer' }).click();
    await panel.expectStatus('paused');
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

for (const theme of THEMES) {
  test(`axe finds nothing in profiles and settings in ${theme}`, async ({ panel, lab: page }) => {
    await page.theme.setTheme(theme);
    const profiles = new Profiles(panel);
    await panel.root.getByRole('button', { name: 'Settings of this chat' }).click();
    const temperature = panel.root.getByLabel('Temperature');
    await temperature.fill('9');
    await expect(temperature).toHaveAttribute('aria-invalid', 'true');
    await expectNoViolations(page);
    await temperature.press('Escape');

    await profiles.openList();
    await expectNoViolations(page);
    await profiles.line('Scripted').getByRole('button').first().click();
    await profiles.view.getByRole('button', { name: 'Try' }).click();
    await expect(profiles.view).toContainText('answered after');
    await expectNoViolations(page);
    await profiles.view.getByRole('button', { name: 'Back' }).click();

    await openModels(profiles);
    await expectNoViolations(page);
    await page.keyboard.press('Escape');

    await profiles.view.getByRole('button', { name: 'Add a profile' }).click();
    await showProblems(profiles);
    await expectNoViolations(page);
    await profiles.discard();
  });
}

/** Show the local models, of which the profile Counter names one, and ask about it. */
async function openModels(profiles: Profiles): Promise<void> {
  await profiles.view.getByRole('button', { name: 'Local models' }).click();
  const line = profiles.view.locator('[data-model]');
  await expect(line).toContainText('Used by: Counter');
  await profiles.view
    .getByLabel('Model', { exact: true })
    .fill((await line.getAttribute('data-model'))!);
  await profiles.view.getByRole('button', { name: 'Check size' }).click();
  await expect(profiles.view.getByRole('group')).toBeVisible();
}

/** Fill the form with what is wrong, and let it say so. */
async function showProblems(profiles: Profiles): Promise<void> {
  await profiles.field('provider').selectOption('openai-compatible');
  await profiles.field('base_url').fill(`localhost/${'a-very-long-path-'.repeat(5)}`);
  await profiles.view.locator('summary', { hasText: 'Parameters' }).click();
  await profiles.field('parameters.seed').fill('seven');
  await profiles.expectProblem('parameters.seed', /./);
  await profiles.save.click();
  await profiles.expectProblem('base_url', /./);
  await profiles.view.getByRole('button', { name: 'Try' }).click();
  await expect(profiles.view.getByRole('alert')).toHaveCount(1);
}

test('nothing of the profiles is cut or sticks out from 215 to 1,000 pixels', async ({
  panel,
  lab: page
}) => {
  const profiles = new Profiles(panel);
  await narrow(page, panel);
  await panel.root.getByRole('button', { name: 'Settings of this chat' }).click();
  await expect(panel.root.getByLabel('Seed')).toBeVisible();
  await expectFits(page, panel, panel.button);
  await profiles.openList();
  await expectFits(page, panel, profiles.view.getByRole('button', { name: 'Close' }));
  await openModels(profiles);
  await expectFits(page, panel, profiles.view.getByRole('button', { name: 'Close' }));
  await page.keyboard.press('Escape');
  await profiles.view.getByRole('button', { name: 'Add a profile' }).click();
  await showProblems(profiles);
  await expectFits(page, panel, profiles.save);
  await profiles.discard();
});

test('nothing is cut or sticks out from 215 to 1,000 pixels', async ({ panel, lab: page }) => {
  await panel.ask(`text=markdown ${'a-very-long-word-'.repeat(20)}`);
  await panel.expectFinished('stop');
  await panel.ask('fail=401');
  await panel.expectFinished('error');
  await narrow(page, panel);
  await expectFits(page, panel, panel.button);
});

test('the profile can be read at 215 pixels while an answer can be paused', async ({
  panel,
  lab: page
}) => {
  await narrow(page, panel);
  await page.sidebar.setWidth(215, 'right');
  const profile = panel.root.getByLabel('Model profile');
  const stop = async () => (await panel.button.boundingBox())!;
  const { x, y } = await stop();
  expect((await profile.boundingBox())!.width).toBeGreaterThan(40);
  await panel.ask('tokens=5000 rate=20');
  await panel.expectStatus('streaming');
  await expect(panel.root.locator('.jp-StreamChat-pause')).toBeInViewport({ ratio: 1 });
  expect((await profile.boundingBox())!.width).toBeGreaterThan(40);
  // Stop is where Send was.
  expect(Math.abs((await stop()).x - x)).toBeLessThan(2);
  expect(Math.abs((await stop()).y - y)).toBeLessThan(2);
  await panel.button.click();
  await panel.expectFinished('interrupted');
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
  await expect(panel.root.getByRole('button', { name: 'Attach' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(panel.root.getByLabel('Model profile')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(panel.root.getByRole('button', { name: 'Settings of this chat' })).toBeFocused();
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
  await expect(panel.answer).toContainText('服务商不接受该密钥');
  expect(await overflowing(page)).toEqual([]);
  await page.context().close();
});
