/** The built-in guide, a real model in the real engine process: with no key and no network. */
import { expect } from '@playwright/test';
import { test } from './fixtures';
import { lastAnswer, newestRequest, questionOf } from './provider';

test('answers token by token, and stops', async ({ panel }) => {
  await panel.choose('Guide');
  await expect(panel.root).toContainText('Built-in guide');
  const growth = await panel.watch('');
  await panel.ask('How do I stop an answer?');
  await panel.expectFinished('stop');
  await expect(panel.text).toContainText('Escape');
  expect((await growth()).steps).toBeGreaterThan(5);
});

test('is stopped in the middle, and what was kept is context of the next questions', async ({
  panel
}) => {
  await panel.choose('Guide');
  await panel.root.evaluate(root => {
    new MutationObserver((_, observer) => {
      const text = root.querySelector('[data-role="assistant"] .jp-StreamChat-content');
      if ((text?.textContent?.length ?? 0) > 40) {
        observer.disconnect();
        root.querySelector<HTMLElement>('.jp-StreamChat-send')!.click();
      }
    }).observe(root, { childList: true, characterData: true, subtree: true });
  });
  await panel.ask('How do I connect Azure OpenAI?');
  await panel.expectFinished('interrupted');
  const kept = await panel.text.textContent();
  const [, { content, runs }] = await panel.saved();
  await panel.ask('How do I stop an answer?');
  await panel.expectFinished('stop');
  await expect(panel.answers.first().locator('.jp-StreamChat-content')).toHaveText(kept!);

  // The guide shows no one its prompt; the same chat, asked of the scripted provider, does.
  await panel.choose('Scripted');
  await panel.ask('tokens=3');
  await panel.expectFinished('stop');
  const request = await newestRequest(received => questionOf(received) === 'tokens=3');
  const answers = request.body.messages.filter(({ role }) => role === 'assistant');
  const stopped = content[0].text.slice(0, runs[0].kept[0]);
  expect(answers[0].content.trim()).toBe(stopped.trim());
  expect(lastAnswer(request)).toContain('Escape');
});
