/** Networks that break, hang and lose patience, and a machine that sleeps: every token arrives, in order and once. */
import { setTimeout as after } from 'node:timers/promises';
import { expect, type Page } from '@playwright/test';
import { test } from './fixtures';
import { Panel, type IGrowth } from './panel';
import { numbered, timesAsked } from './provider';
import { Wire } from './proxy';
import { LAB_PORT, LAB_URL } from './servers';

/** How long the network is away; `make stress` takes 30 seconds. */
const OFFLINE_SECONDS = Number(process.env.JSC_OFFLINE_SECONDS || 6);

/** A panel behind a wire, in mid-stream, watched since before its question. */
interface IStreaming {
  readonly panel: Panel;
  readonly wire: Wire;
  /** Wait for the end, and see that all is there, that nothing was wrong meanwhile, and nothing asked twice. */
  readonly expectWhole: () => Promise<void>;
}

async function stream(
  lab: Page,
  question: string,
  count: number,
  patience = 0
): Promise<IStreaming> {
  const wire = await Wire.to(LAB_PORT, patience);
  const page = await lab.context().newPage();
  await page.goto(`${wire.url}/lab/workspaces/wire?reset`);
  const panel = await Panel.withNewChat(page);
  const growth: () => Promise<IGrowth> = await panel.watch(numbered(count).join(' '));
  await panel.ask(question);
  const expectWhole = async () => {
    await panel.expectFinished('stop');
    expect(await panel.tokens()).toEqual(numbered(count));
    expect((await growth()).wrong).toEqual([]);
    expect(await timesAsked(question)).toBe(1);
    await page.close();
    wire.close();
  };
  return { panel, wire, expectWhole };
}

test('a connection that hangs half open is noticed and replaced', async ({ lab }) => {
  const question = 'tokens=700 rate=40 half-open';
  const { panel, wire, expectWhole } = await stream(lab, question, 700);
  await panel.expectText('t10 ');
  wire.hang();
  const held = (await panel.tokens()).length;
  expect(held).toBeLessThan(600);
  await expect.poll(async () => (await panel.tokens()).length).toBeGreaterThan(held + 40);
  await expectWhole();
});

test('a Stop over a connection that hangs reaches the server', async ({ lab }) => {
  const question = 'tokens=5000 rate=40 stuck';
  const { panel, wire } = await stream(lab, question, 5000);
  await panel.expectText('t10 ');
  wire.hang();
  const { shown } = await panel.stop();
  await panel.expectFinished('interrupted');
  expect(await panel.shown()).toBe(shown);
  expect(await timesAsked(question)).toBe(1);
  await panel.page.close();
  wire.close();
});

test('a proxy that cuts idle connections cuts none in mid-stream, and loses nothing', async ({
  lab
}) => {
  // Nothing comes for longer than the proxy waits: the page's own pings keep the connection.
  const question = 'tokens=60 rate=10 delay=12 idle';
  const { wire, expectWhole } = await stream(lab, question, 60, 8000);
  wire.idleCuts = 0;
  await expectWhole();
});

test('a proxy without patience cuts again and again, and loses nothing', async ({ lab }) => {
  const question = 'tokens=8 rate=0.6 impatient';
  const { wire, expectWhole } = await stream(lab, question, 8, 1000);
  await expectWhole();
  expect(wire.idleCuts).toBeGreaterThan(2);
});

test(`${OFFLINE_SECONDS} seconds without a network`, async ({ lab }) => {
  const count = 40 * (OFFLINE_SECONDS + 14);
  const question = `tokens=${count} rate=40 offline`;
  const { panel, wire, expectWhole } = await stream(lab, question, count);
  await panel.expectText('t10 ');
  wire.cut();
  await expect(panel.root.locator('.jp-StreamChat-banner')).toContainText('Connection lost');
  await after(OFFLINE_SECONDS * 1000);
  expect((await panel.tokens()).length).toBeLessThan(count);
  wire.mend();
  await expectWhole();
});

test('a machine that sleeps in mid-stream wakes up to the whole answer', async ({
  lab,
  browser
}) => {
  const question = 'tokens=600 rate=40 asleep';
  const { panel, expectWhole } = await stream(lab, question, 600);
  await panel.expectText('t10 ');
  const system = await browser.newBrowserCDPSession();
  const { processInfo } = await system.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  expect(renderers.length).toBeGreaterThan(0);
  renderers.forEach(pid => process.kill(pid, 'SIGSTOP'));
  await after(6000);
  renderers.forEach(pid => process.kill(pid, 'SIGCONT'));
  await expectWhole();
});

/** Make a chat whose snapshot has 300 kB, by REST. */
async function makeLargeChat(page: Page, title: string): Promise<void> {
  await page.evaluate(
    async ([base, chatTitle]) => {
      const xsrf = /_xsrf=([^;]*)/.exec(document.cookie)?.[1] ?? '';
      const headers = { 'X-XSRFToken': xsrf };
      const request = async (method: string, path: string, body?: object) => {
        const url = `${base}/stream-chat/api/${path}`;
        const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
        return (await response.json()) as { chat: { chat_id: string; running: boolean } };
      };
      const { chat } = await request('POST', 'chats', { title: chatTitle });
      const path = `chats/${chat.chat_id}`;
      for (const number of [1, 2]) {
        const text = `tokens=1 part ${number} ${'word '.repeat(30_000)}end`;
        await request('POST', `${path}/messages`, { text });
        while ((await request('GET', path)).chat.running) {
          await new Promise(resolve => setTimeout(resolve, 50));
        }
      }
    },
    [LAB_URL, title] as const
  );
}

test('a chat of 300 kB opens over 1 Mbit/s, and goes on, on one connection', async ({ lab }) => {
  await makeLargeChat(lab, 'A large chat');
  const wire = await Wire.to(LAB_PORT);
  const page = await lab.context().newPage();
  await page.goto(`${wire.url}/lab/workspaces/slow?reset`);
  const panel = await Panel.withNewChat(page);
  const opened: string[] = [];
  page.on('websocket', socket => opened.push(socket.url()));
  wire.rate = 125_000;
  // The page pings while an answer is written: such a ping waits behind the snapshot.
  await panel.ask('tokens=400 rate=20 beside');
  await panel.root.getByRole('button', { name: 'Chats' }).click();
  await panel.root.locator('.jp-StreamChat-chatSwitch', { hasText: 'A large chat' }).click();
  await expect(panel.answers).toHaveCount(2, { timeout: 30_000 });
  await expect(panel.root.locator('[data-role="user"]').last()).toContainText('end');
  await panel.ask('tokens=20 rate=20 behind');
  await panel.expectFinished('stop');
  expect(await panel.tokens()).toEqual(numbered(20));
  await expect(panel.root.locator('.jp-StreamChat-banner')).toHaveCount(0);
  expect(opened.filter(url => url.includes('stream-chat'))).toEqual([]);
  await page.close();
  wire.close();
});
