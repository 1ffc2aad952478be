/** The panel is where a user looks for it. */
import { expect, test } from '@jupyterlab/galata';
import { Panel } from './panel';

const TAB = 'jupyter-stream-chat';

test.describe('the panel', () => {
  test('opens by its tab in the sidebar', async ({ page }) => {
    expect(await page.sidebar.getTabPosition(TAB)).toBe('right');
    await page.sidebar.openTab(TAB);
    await expect(new Panel(page).input).toBeVisible();
  });

  test('opens by its card in the launcher', async ({ page }) => {
    await page.sidebar.close('right');
    await page.locator('.jp-LauncherCard', { hasText: 'Stream Chat' }).click();
    await expect(new Panel(page).input).toBeVisible();
  });
});
