/** What a model writes is text: nothing of it runs, loads, leads away, or turns the page about. */
import { expect } from '@playwright/test';
import { test as base } from './fixtures';
import { Guard, HOSTILE_TEXTS, questionFor } from './hostile';
import type { Panel } from './panel';

const test = base.extend<{ guard: Guard }>({
  guard: async ({ panel }, use) => {
    const guard = await Guard.on(panel.page);
    await use(guard);
    guard.off();
  }
});

/** Let the next answer be this text, in pieces. */
async function answerWith(panel: Panel, text: string): Promise<void> {
  await panel.ask(`rate=40 echo=${Buffer.from(text).toString('base64url')}`);
}

for (const name of Object.keys(HOSTILE_TEXTS)) {
  test(`inert in the panel, while it streams and afterwards: ${name}`, async ({ panel, guard }) => {
    await panel.ask(questionFor(name));
    await panel.expectFinished('stop');
    await guard.expectInert(panel.text, name);
    await panel.input.click({ trial: true });
  });
}

test('a reload shows the same text as inertly', async ({ panel }) => {
  const names = ['image with a handler', 'remote picture', 'form to nowhere'];
  for (const name of names) {
    await panel.ask(questionFor(name, 0));
    await panel.expectFinished('stop');
  }
  await panel.reload();
  const guard = await Guard.on(panel.page);
  for (const [at, name] of names.entries()) {
    await guard.expectInert(panel.answers.nth(at).locator('.jp-StreamChat-content'), name);
  }
  guard.off();
});

test('a formula that is too deep is code, after a reload as well', async ({ panel }) => {
  const formula = `\\(${'\\frac{1}{'.repeat(120)}x${'}'.repeat(120)}\\)`;
  await answerWith(panel, `Deep: ${formula} and on.`);
  await panel.expectFinished('stop');
  for (const isReloaded of [false, true]) {
    if (isReloaded) {
      await panel.reload();
    }
    await panel.expectText('and on.');
    await expect(panel.text.locator('code')).toHaveCount(1);
    await expect(panel.text.locator('code')).toContainText('frac{1}{x}');
    await expect(panel.text.locator('mjx-container, .jp-StreamChat-formula')).toHaveCount(0);
  }
  await panel.ask('tokens=3 plain');
  await panel.expectFinished('stop');
});

test('directions and escapes stay within the answer', async ({ panel }) => {
  await answerWith(
    panel,
    'safe \u202Egnp.exe\u202C \u2066\u2067isolates \u001b[31mred\u001b[0m \u001b]0;title\u0007 \u0000 end'
  );
  await panel.expectFinished('stop');
  await panel.expectText('end');

  // An override that is not closed turns nothing about but its own paragraph.
  await answerWith(panel, 'open \u202E\u202E\u2067 never closed');
  await panel.expectFinished('stop');
  await panel.ask('tokens=3 plain');
  await panel.expectFinished('stop');
  for (const node of [
    panel.text,
    panel.root.locator('[data-role="user"] .jp-StreamChat-content').last()
  ]) {
    expect(await node.evaluate(readsFromLeftToRight)).toBe(true);
  }
});

function readsFromLeftToRight(node: Element): boolean {
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  const lefts: number[] = [];
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    for (let at = 0; at < text.textContent!.trimEnd().length; at++) {
      const range = document.createRange();
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      lefts.push(range.getBoundingClientRect().left);
    }
  }
  return lefts.length > 3 && lefts.every((left, at) => at === 0 || left >= lefts[at - 1]);
}
