/** The built-in guide, a real model in the real engine process: with no key and no network. */
import { expect } from '@playwright/test';
import { test } from './fixtures';

test('answers token by token, and stops', async ({ panel }) => {
  await panel.choose('Guide');
  await expect(panel.root).toContainText('Built-in guide');
  const growth = await panel.watch('');
  await panel.ask('How do I stop an answer?');
  await panel.expectFinished('stop');
  await expect(panel.text).toContainText('Escape');
  expect((await growth()).steps).toBeGreaterThan(5);
});

test('is stopped in the middle, and goes on with the next question', async ({ panel }) => {
  await panel.choose('Guide');
  await panel.root.evaluate(root => {
    new MutationObserver((_, observer) => {
      const text = root.querySelector('[data-role="assistant"] .jp-StreamChat-content');
      if ((text?.textContent?.length ?? 0) > 10) {
        observer.disconnect();
        root.querySelector<HTMLElement>('.jp-StreamChat-send')!.click();
      }
    }).observe(root, { childList: true, characterData: true, subtree: true });
  });
  await panel.ask('How do I connect Azure OpenAI?');
  await panel.expectFinished('interrupted');
  const kept = await panel.text.textContent();
  await panel.ask('How do I stop an answer?');
  await panel.expectFinished('stop');
  await expect(panel.answers.first().locator('.jp-StreamChat-content')).toHaveText(kept!);
});
