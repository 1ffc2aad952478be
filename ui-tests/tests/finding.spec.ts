/** Finding again: search, jump to the message, the archive, what an empty chat offers, and the calm composer. */
import { expect } from '@playwright/test';
import { expectNoViolations } from './axe';
import { openLab, test } from './fixtures';
import { Panel } from './panel';

test('a message in a branch that is not shown is found by its words, by keyboard', async ({
  panel,
  lab
}) => {
  await panel.ask('tokens=2 about a zebra');
  await panel.expectFinished('stop');
  await panel.root.getByRole('button', { name: 'Edit the question' }).press('Enter');
  await lab.keyboard.press('ControlOrMeta+a');
  await lab.keyboard.type('tokens=2 about a horse');
  await lab.keyboard.press('Enter');
  await expect(panel.root.getByText('about a horse')).toBeVisible();
  await panel.expectFinished('stop');
  await panel.execute('stream-chat:new-chat');

  await panel.title.press('Enter');
  await lab.keyboard.press('Shift+Tab');
  await lab.keyboard.type('ZEBRA');
  const hits = panel.root.getByRole('list', { name: 'Hits' });
  const marked = hits.locator('mark').first();
  await expect(marked).toHaveText('zebra');
  await expectNoViolations(lab);
  await lab.keyboard.press('ArrowDown');
  // The first hit is the title; the message is below.
  await lab.keyboard.press('ArrowDown');
  await lab.keyboard.press('Enter');
  const message = panel.root.locator('[data-role="user"]', { hasText: 'about a zebra' });
  await expect(message).toBeVisible();
  await expect(message).toBeFocused();
  await expectNoViolations(lab);
});

test('Chinese is found by two characters', async ({ panel, lab }) => {
  await panel.ask('tokens=1 模型训练太慢');
  await panel.expectFinished('stop');
  await panel.title.click();
  await panel.root.getByRole('searchbox').fill('训练');
  await expect(panel.root.locator('mark').first()).toHaveText('训练');
  await lab.keyboard.press('Escape');
  await lab.keyboard.press('Escape');
});

test('a chat is put into the archive and taken out', async ({ panel, lab }) => {
  await panel.ask('tokens=1 archive me');
  await panel.expectFinished('stop');
  await panel.title.click();
  await panel.root.getByRole('button', { name: 'Archive tokens=1 archive me' }).click();
  const archived = panel.root.getByText(/^Archived \(\d+\)$/);
  await archived.click();
  await expectNoViolations(lab);
  await panel.root
    .getByRole('list', { name: 'Archived chats' })
    .getByRole('button', { name: /^Take tokens=1 archive me/ })
    .click();
  await expect(panel.root.getByRole('button', { name: /^Archive tokens=1 arch/ })).toBeVisible();
});

test('an empty chat offers questions, and asks the one that is chosen', async ({ panel }) => {
  const samples = panel.root.getByRole('list', { name: 'Questions to begin with' });
  await expect(samples.getByRole('button')).toHaveCount(3);
  await panel.choose('Guide');
  const question = samples.getByRole('button', { name: 'How do I connect a model?' });
  await question.click();
  await expect(panel.answers).toHaveCount(1);
  await expect(panel.input).toBeFocused();
  await panel.expectFinished('stop');
});

test('a new chat begins with the profile that was used last, also after a reload', async ({
  panel
}) => {
  const chosen = panel.root.getByLabel('Model profile').locator('option:checked');
  await panel.choose('Guide');
  await panel.page.reload();
  await panel.open();
  await expect(chosen).toHaveText('Guide');
  await panel.ask('hello');
  await panel.expectFinished('stop');
  await panel.execute('stream-chat:new-chat');
  await expect(chosen).toHaveText('Guide');
  await panel.choose('Scripted');
});

test('the composer keeps its place and height while answers come and go at 250 pixels', async ({
  panel,
  lab
}) => {
  await lab.sidebar.setWidth(250, 'right');
  const box = panel.root.locator('.jp-StreamChat-composer');
  const place = async () => {
    const { y, height } = (await box.boundingBox())!;
    return [Math.round(y), Math.round(height)];
  };
  const before = await place();
  await panel.ask('tokens=5000 rate=50');
  await panel.expectText('t3');
  await expect(panel.root.locator('.jp-StreamChat-pause')).toBeVisible();
  expect(await place()).toEqual(before);
  await panel.stop();
  await panel.expectFinished('interrupted');
  expect(await place()).toEqual(before);
});

test('a notification lies over nothing of the composer', async ({ panel, lab }) => {
  await lab.evaluate(() => {
    const { jupyterapp } = window as unknown as {
      jupyterapp: { commands: { execute(id: string, args: object): Promise<unknown> } };
    };
    return jupyterapp.commands.execute('apputils:notify', {
      message: 'Would you like to get notified about official Jupyter news?',
      type: 'default',
      options: {
        autoClose: false,
        actions: [{ label: 'Yes', commandId: 'stream-chat:open', args: {} }]
      }
    });
  });
  const toast = lab.locator('.Toastify__toast');
  await toast.waitFor();
  const bottom = async () => {
    const { y, height } = (await panel.button.boundingBox())!;
    return y + height;
  };
  await expect
    .poll(async () => (await toast.boundingBox())!.y - (await bottom()))
    .toBeGreaterThanOrEqual(0);
  // And the room is given back.
  await toast.getByRole('button').first().click();
  await expect(toast).toHaveCount(0);
  await expect.poll(() => panel.root.evaluate(({ style }) => style.paddingBottom)).toBe('');
});

test('the figures of an answer stand at its end', async ({ panel }) => {
  await panel.ask('tokens=30 rate=100');
  await panel.expectFinished('stop');
  await expect(panel.answer.locator('.jp-StreamChat-figures')).toHaveText(
    /^\d+ tokens · \d+\.\d s · [\d.]+\/s$/
  );
});

test('the panel opens with JupyterLab where the settings say so', async ({ browser }) => {
  const page = await openLab(browser, { 'jupyter-stream-chat:plugin': { openAtStart: true } });
  await expect(new Panel(page).input).toBeVisible();
  await page.context().close();
});
