/** Alternatives: answers given again, questions and answers edited, and what a stopped answer leaves behind. */
import { expect } from '@playwright/test';
import { expectNoViolations } from './axe';
import { test } from './fixtures';
import { lastAnswer, newestRequest, numbered, questionOf } from './provider';
import { Panel } from './panel';
import { LAB_URL } from './servers';

test('an answer is given again, and both are there to be chosen by keyboard, on every page', async ({
  panel,
  lab
}) => {
  await panel.ask('tokens=3 given again');
  await panel.expectFinished('stop');
  await panel.answer.getByRole('button', { name: 'Answer again' }).click();
  const versions = panel.answer.getByRole('group', { name: /^Version/ });
  await expect(versions).toHaveText('2 of 2');
  await panel.expectFinished('stop');
  await expect(panel.answers).toHaveCount(1);
  await panel.ask('tokens=5 second');
  await panel.expectFinished('stop');

  const second = new Panel(await lab.context().newPage());
  await second.page.goto(`${LAB_URL}/lab/workspaces/branches?reset`);
  await second.open();
  await expect(second.answers).toHaveCount(2);

  const previous = panel.answers.first().getByRole('button', { name: 'Previous version' });
  await previous.focus();
  await panel.page.keyboard.press('Enter');
  for (const each of [panel, second]) {
    await expect(each.answers).toHaveCount(1);
    await expect(each.answer.getByRole('group', { name: 'Version 1 of 2' })).toBeVisible();
  }
  await expect(panel.answer.getByRole('button', { name: 'Previous version' })).toBeFocused();
  await second.page.close();

  await panel.page.reload();
  await panel.open();
  await expect(panel.answer.getByRole('group', { name: 'Version 1 of 2' })).toBeVisible();
  await panel.answer.getByRole('button', { name: 'Next version' }).focus();
  await panel.page.keyboard.press('2');
  await expect(panel.answers).toHaveCount(2);
  await expect(panel.answers.first().getByRole('button', { name: 'Next version' })).toBeFocused();
  await panel.page.keyboard.press('p');
  await expect(
    panel.answers.first().getByRole('button', { name: 'Previous version' })
  ).toBeFocused();
  expect(await panel.tokens()).toEqual(numbered(5));
});

test('another model answers the same question, this once', async ({ panel, lab }) => {
  await panel.ask('tokens=3 who else');
  await panel.expectFinished('stop');
  const others = panel.answer.getByLabel('Answer with another model');
  await expect(others.getByRole('option', { name: 'Scripted', exact: true })).toHaveCount(0);
  // A letter or an arrow at the closed menu chooses nothing yet.
  await others.press('s');
  await expect(panel.answer.getByRole('group', { name: /^Version/ })).toHaveCount(0);
  await others.selectOption({ label: 'Scripted Azure' });
  await expect(panel.answer.getByRole('group', { name: 'Version 2 of 2' })).toBeVisible();
  await expect(panel.answer).toHaveAccessibleName('Answer from Scripted Azure');
  await expect(panel.input).toBeFocused();
  await panel.expectFinished('stop');
  expect(await panel.tokens()).toEqual(['t0', 't1', 't2']);
  await expect(panel.root.getByLabel('Model profile').locator('option:checked')).toHaveText(
    'Scripted'
  );
  await expectNoViolations(lab);
  await panel.answer.getByRole('button', { name: 'Previous version' }).click();
  await expect(panel.answer).toHaveAccessibleName('Answer from Scripted');
});

test('a question is edited in its place and asked anew; Escape leaves it, and loses nothing', async ({
  panel
}) => {
  const { page, root } = panel;
  await panel.ask('tokens=2 first');
  await panel.expectFinished('stop');
  await panel.ask('tokens=3 second');
  await panel.expectFinished('stop');

  const question = root.locator('[data-role="user"]').last();
  const edit = question.getByRole('button', { name: 'Edit the question' });
  await edit.focus();
  await page.keyboard.press('Enter');
  const field = question.getByRole('textbox');
  await expect(field).toBeFocused();
  await expect(field).toHaveValue('tokens=3 second');
  await field.fill('tokens=4 other');
  await page.keyboard.press('Escape');
  await expect(question).toContainText('tokens=3 second');
  await expect(edit).toBeFocused();

  await page.keyboard.press('Enter');
  await expect(field).toHaveValue('tokens=4 other');
  await page.keyboard.press('Enter');
  await expect(root.locator('[data-role="user"]').last()).toContainText('tokens=4 other');
  await panel.expectText('t3');
  await panel.expectFinished('stop');
  const request = await newestRequest(received => questionOf(received) === 'tokens=4 other');
  expect(request.body.messages.map(({ content }) => content)).toEqual([
    'tokens=2 first',
    't0 t1 ',
    'tokens=4 other'
  ]);
  await root
    .locator('[data-role="user"]')
    .last()
    .getByRole('button', { name: 'Previous version' })
    .click();
  await expect(root.locator('[data-role="user"]').last()).toContainText('tokens=3 second');
  expect(await panel.tokens()).toEqual(numbered(3));
});

test('of a stopped answer all counts, what was shown, nothing, or what the reader makes of it', async ({
  panel
}) => {
  const { page } = panel;
  await panel.ask('tokens=5000 rate=50');
  await panel.expectText('t10');
  const { shown } = await panel.stop();
  await panel.expectFinished('interrupted');
  const answer = panel.answers.first();
  const choices = answer.getByRole('group', { name: 'Which text to use in the conversation' });
  await panel.more(answer);
  const context = async (): Promise<string | undefined> => {
    const number = await panel.answers.count();
    await panel.ask(`tokens=1 number-${number}`);
    await panel.expectFinished('stop');
    const request = await newestRequest(
      received => questionOf(received) === `tokens=1 number-${number}`
    );
    // Without its answer the first question is joined to the next one.
    const [asked, answered] = request.body.messages;
    return asked.content === 'tokens=5000 rate=50' ? answered.content.trim() : undefined;
  };
  await expect(choices.getByRole('button', { name: 'Keep what was shown' })).toHaveAttribute(
    'aria-pressed',
    'true'
  );
  expect(await context()).toBe(shown);

  await choices.getByRole('button', { name: 'Drop it' }).click();
  await expect(answer).toContainText('not part of the conversation');
  await expect(answer.locator('.jp-StreamChat-content')).toHaveText('');
  expect(await context()).toBeUndefined();

  await choices.getByRole('button', { name: 'Keep what was shown' }).click();
  await expect(answer.locator('.jp-StreamChat-content')).toContainText('t10');
  await choices.getByRole('button', { name: 'Edit it' }).click();
  await answer.getByRole('textbox').fill('t0 and so on');
  await answer.getByRole('button', { name: 'Save' }).click();
  await expect(answer.locator('.jp-StreamChat-content')).toHaveText('t0 and so on');
  await expect(choices.getByRole('button', { name: 'Edited by you' })).toHaveAttribute(
    'aria-pressed',
    'true'
  );
  expect(await context()).toBe('t0 and so on');

  await page.reload();
  await panel.open();
  await expect(answer.locator('.jp-StreamChat-content')).toHaveText('t0 and so on');
});

test('a stopped answer is given again without what was shown of it as context', async ({
  panel
}) => {
  await panel.ask('tokens=5000 rate=50');
  await panel.expectText('t5');
  const again = panel.answer.getByRole('button', { name: 'Answer again' });
  await expect(again).toHaveAttribute('aria-disabled', 'true');
  await panel.stop();
  await panel.expectFinished('interrupted');
  await again.click();
  await expect(panel.answer.getByRole('group', { name: 'Version 2 of 2' })).toBeVisible();
  await panel.expectText('t5');
  await panel.stop();
  const request = await newestRequest();
  expect(lastAnswer(request)).toBeUndefined();
});
