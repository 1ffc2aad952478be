/** The panel is where a user looks for it, and its chats are where it left them. */
import { expect } from '@playwright/test';
import { test } from './fixtures';

const TAB = 'jupyter-stream-chat';

test('opens by its tab in the sidebar, and by its card in the launcher', async ({ lab, panel }) => {
  expect(await lab.sidebar.getTabPosition(TAB)).toBe('right');
  await lab.sidebar.close('right');
  await expect(panel.root).toBeHidden();
  await lab.sidebar.openTab(TAB);
  await expect(panel.input).toBeVisible();

  await lab.sidebar.close('right');
  await lab.locator('.jp-LauncherCard', { hasText: 'Stream Chat' }).click();
  await expect(panel.input).toBeFocused();
});

test('chats are made, renamed, switched and deleted', async ({ panel, lab }) => {
  await panel.ask('tokens=3 first question');
  await panel.expectFinished('stop');
  const title = panel.root.locator('.jp-StreamChat-title');
  await expect(title).toContainText('first question');

  await title.click();
  await panel.root.getByRole('button', { name: /^Rename tokens=3 first/ }).click();
  await lab.keyboard.type('Renamed');
  await lab.keyboard.press('Enter');
  await expect(title).toContainText('Renamed');

  await panel.root
    .locator('.jp-StreamChat-header')
    .getByRole('button', { name: 'New chat' })
    .last()
    .click();
  await expect(panel.answers).toHaveCount(0);
  await title.click();
  await panel.root.getByRole('button', { name: 'Renamed', exact: true }).click();
  await expect(panel.answers).toHaveCount(1);

  await title.click();
  await panel.root.getByRole('button', { name: 'Delete Renamed' }).click();
  await expect(panel.root.getByRole('button', { name: 'Renamed', exact: true })).toHaveCount(0);
  await panel.root.getByRole('button', { name: 'Undo' }).click();
  await expect(title).toContainText('Renamed');
  await expect(panel.answers).toHaveCount(1);

  // The list is still open.
  await panel.root.getByRole('button', { name: 'Delete Renamed' }).click();
  // The page that goes does not wait for an undo.
  await lab.reload();
  await panel.open();
  await title.click();
  await expect(panel.root.getByRole('button', { name: 'New chat' }).first()).toBeVisible();
  await expect(panel.root.getByRole('button', { name: 'Renamed', exact: true })).toHaveCount(0);
});
