/** A question streams its answer, and Stop stops it: over real sockets, against the scripted provider. */
import { expect, test } from '@jupyterlab/galata';
import { newestRequest, numbered, Panel } from './panel';

test.describe('an answer', () => {
  let panel: Panel;

  test.beforeEach(async ({ page }) => {
    panel = new Panel(page);
    await panel.openNewChat();
    await panel.choose('Scripted');
  });

  test('arrives token by token, none lost, doubled or out of order', async ({ page }) => {
    await page.evaluate(() => {
      const lengths = new Set<number>();
      new MutationObserver(() => {
        const text = document.querySelector('[data-role="assistant"] .jp-StreamChat-content');
        lengths.add(text?.textContent?.length ?? 0);
      }).observe(document.querySelector('.jp-StreamChat')!, {
        childList: true,
        characterData: true,
        subtree: true
      });
      Object.assign(window, { lengths });
    });
    await panel.ask('tokens=100 rate=50');
    await panel.expectFinished('stop');
    expect(await panel.tokens()).toEqual(numbered(100));
    const steps = await page.evaluate(
      () => (window as unknown as { lengths: Set<number> }).lengths.size
    );
    expect(steps).toBeGreaterThan(20);
  });

  test('is whole at full speed', async () => {
    await panel.ask('tokens=5000');
    await panel.expectFinished('stop');
    expect(await panel.tokens()).toEqual(numbered(5000));
  });

  test('stops: nothing is added after the next frame, and the provider is released', async () => {
    await panel.ask('tokens=5000 rate=50');
    await panel.expectText('t20');
    await expect(panel.button).toHaveAttribute('data-action', 'stop');
    const shown = await panel.stopAndRead();
    await panel.expectFinished('interrupted');
    await expect(panel.button).toHaveAttribute('data-action', 'send');
    expect(await panel.text.textContent()).toBe(shown);
    await expect(panel.answer).toContainText('Stopped by you');

    const request = await newestRequest(({ disconnected }) => disconnected !== null);
    expect(request.tokens_sent - (await panel.tokens()).length).toBeLessThanOrEqual(2);
  });

  test('stops before the first token', async () => {
    for (const where of ['before-headers', 'after-headers']) {
      await panel.ask(`hang=${where}`);
      await panel.expectStatus('waiting');
      await newestRequest(request => JSON.stringify(request.body).includes(where));
      await panel.button.click();
      await panel.expectFinished('interrupted');
      await newestRequest(({ disconnected }) => disconnected !== null);
    }
  });

  test('that was stopped is context for the next question, as far as it was shown', async () => {
    await panel.ask('tokens=5000 rate=50');
    await panel.expectText('t10');
    const shown = await panel.stopAndRead();
    await panel.expectFinished('interrupted');
    await panel.ask('tokens=3');
    await panel.expectFinished('stop');
    const { body } = await newestRequest();
    const partial = body.messages.filter(({ role }) => role === 'assistant').pop();
    expect(partial?.content.trim()).toBe(shown.trim());
  });

  test('goes on over a reload, without loss or duplicate', async ({ page }) => {
    await panel.ask('tokens=500 rate=40');
    await panel.expectText('t20');
    await page.reload({ waitForIsReady: false });
    await panel.open();
    await panel.expectStatus('streaming');
    await panel.expectFinished('stop');
    expect(await panel.tokens()).toEqual(numbered(500));
  });

  test('is the same in a second tab, which stops it', async ({ page, context }) => {
    await panel.ask('tokens=5000 rate=40');
    await panel.expectText('t10');
    const second = new Panel(await context.newPage());
    await second.page.goto(page.url());
    await second.open();
    await second.expectText('t20');
    await second.button.click();
    await second.expectFinished('interrupted');
    await panel.expectFinished('interrupted');
    await expect(panel.text).toHaveText((await second.text.textContent())!);
    await second.page.close();
  });

  test('comes in one piece with streaming off', async () => {
    await panel.root.getByRole('switch', { name: 'Streaming' }).click();
    await panel.ask('tokens=30');
    await panel.expectFinished('stop');
    expect(await panel.tokens()).toEqual(numbered(30));
    expect((await newestRequest()).body.stream ?? false).toBe(false);
  });

  test('survives a connection that drops and comes back', async ({ page, context }) => {
    await panel.ask('tokens=200 rate=40');
    await panel.expectText('t10');
    // Chromium keeps open sockets when it goes offline: close the panel's own, as a proxy would.
    await context.setOffline(true);
    await page.evaluate(() => window.dispatchEvent(new Event('stream-chat-test-drop')));
    await expect(panel.root.locator('.jp-StreamChat-banner')).toBeVisible({ timeout: 20000 });
    await context.setOffline(false);
    await panel.expectFinished('stop');
    expect(await panel.tokens()).toEqual(numbered(200));
  });

  test("on Azure's path shows every token that the log shows", async () => {
    await panel.choose('Scripted Azure');
    await panel.ask('tokens=50 rate=100');
    await panel.expectFinished('stop');
    expect(await panel.tokens()).toEqual(numbered(50));
  });

  test('with an error says what happened in one sentence', async () => {
    await panel.ask('fail=401');
    await panel.expectFinished('error');
    await expect(panel.answer.locator('[data-level="error"]')).toContainText('key');
  });
});

test('the guide answers, with no key and no network', async ({ page }) => {
  const panel = new Panel(page);
  await panel.openNewChat();
  await panel.choose('Guide');
  await panel.ask('How do I stop an answer?');
  await panel.expectFinished('stop');
  await expect(panel.text).toContainText('Stop');
});
