/** Prompts of the user's own, by keyboard. */
import { expect } from '@playwright/test';
import { expectNoViolations } from './axe';
import { test } from './fixtures';

test('a prompt is found by / and its name, and its open place is typed over', async ({
  panel,
  lab
}) => {
  await panel.input.focus();
  await lab.keyboard.type('/expl');
  const options = panel.root.getByRole('listbox', { name: 'Your prompts' }).getByRole('option');
  await expect(options).toHaveText([/^\/explain/]);
  await expectNoViolations(lab);
  await lab.keyboard.press('Enter');
  await expect(panel.input).toHaveValue(/\{selection\}$/);
  await expect(options).toHaveCount(0);
  await lab.keyboard.type('tokens=2');
  await expect(panel.input).toHaveValue('Explain this code step by step:\n\ntokens=2');
  await lab.keyboard.press('Enter');
  await panel.expectFinished('stop');
  await expect(panel.input).toBeFocused();
});
