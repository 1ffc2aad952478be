/** An answer that repeats itself: the panel asks what is to be done, or does what the profile says. */
import { expect } from '@playwright/test';
import { test } from './fixtures';
import type { Panel } from './panel';
import { deleteAdded, Profiles } from './profiles';

const LINE = 'I am sorry, I cannot do that for you.';
const WHOLE = `${`${LINE} `.repeat(40)}But now I can.`;
const LOOPING = `rate=400 echo=${Buffer.from(WHOLE).toString('base64url')}`;

/** Ask for the answer that loops, and wait until the panel asks back. */
async function expectQuestion(panel: Panel): Promise<string> {
  await panel.ask(LOOPING);
  await panel.expectStatus('paused');
  await expect(panel.answer).toContainText('The answer repeats itself. It is paused.');
  const shown = await panel.shown();
  expect(shown.split(LINE).length - 1, 'it is noticed early').toBeLessThan(20);
  return shown;
}

/** Add a profile that does this about loops, and use it in this chat. */
async function addProfile(panel: Panel, label: string, choice: string): Promise<void> {
  const profiles = new Profiles(panel);
  await profiles.add(label);
  await profiles.open(label);
  await profiles.view.locator('summary', { hasText: 'Advanced' }).click();
  await profiles.field('on_repetition').selectOption({ label: choice });
  await profiles.save.click();
  await expect(profiles.view).toContainText(`"${label}" was changed`);
  await profiles.close();
  await panel.choose(label);
}

test.afterEach(({ lab }) => deleteAdded(lab));

test('the panel asks, and the answer goes on to its end by keyboard', async ({ panel }) => {
  await expectQuestion(panel);
  await panel.answer.getByRole('button', { name: 'Continue anyway' }).focus();
  await panel.page.keyboard.press('Enter');
  await panel.expectFinished('stop');
  expect(await panel.shown()).toBe(WHOLE);
});

test('the panel asks, and the answer ends there by keyboard', async ({ panel }) => {
  const shown = await expectQuestion(panel);
  await panel.answer.getByRole('button', { name: 'Stop here' }).focus();
  await panel.page.keyboard.press('Space');
  await panel.expectFinished('repetition');
  await expect(panel.answer).toContainText('Stopped because the answer repeated itself.');
  expect(await panel.shown()).toBe(shown);
});

test('a profile ends it without a question, another lets it go on', async ({ panel }) => {
  await addProfile(panel, 'Ends loops', 'End it');
  await panel.ask(LOOPING);
  await panel.expectFinished('repetition');
  await expect(panel.answer).toContainText('Stopped because the answer repeated itself.');
  expect((await panel.shown()).length).toBeLessThan(WHOLE.length / 2);

  await addProfile(panel, 'Lets loops be', 'Let it go on');
  await panel.ask(LOOPING);
  await panel.expectFinished('stop');
  expect(await panel.shown()).toBe(WHOLE);
});
