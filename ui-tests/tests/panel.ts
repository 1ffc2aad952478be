/** The panel as a test sees it: by its public hooks only. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { expect, type JSHandle, type Locator, type Page } from '@playwright/test';

/** What was on the page while an answer grew. */
export interface IGrowth {
  /** How many lengths the text had one after another. */
  readonly steps: number;
  /** Texts that were no beginning of the expected one. */
  readonly wrong: readonly string[];
}

/** What a click on Stop did. */
export interface IStopped {
  /** Milliseconds since the epoch. */
  readonly clickedAt: number;
  /** The text on the page in the frame after the click. */
  readonly shown: string;
  /** The longest text on the page since then. */
  readonly longest: () => Promise<number>;
}

/** A message as the server keeps it: an answer is Markdown, `kept` is how much of it counts after Stop. */
export interface ISaved {
  readonly content: readonly { readonly text: string }[];
  readonly runs: readonly {
    readonly run_id: string;
    readonly kept: readonly number[];
  }[];
}

const CONTENT = '[data-role="assistant"] .jp-StreamChat-content';

export class Panel {
  /** @param root - the panel, or a tab of the main area. */
  constructor(
    readonly page: Page,
    readonly root: Locator = page.locator('#jupyter-stream-chat')
  ) {
    this.input = this.root.locator('.jp-StreamChat-input');
    this.button = this.root.locator('.jp-StreamChat-send');
    this.title = this.root.locator('.jp-StreamChat-title');
    this.answers = this.root.locator('.jp-StreamChat-message[data-role="assistant"]');
    this.answer = this.answers.last();
    this.text = this.answer.locator('.jp-StreamChat-content');
  }

  /** The panel of a page with a new chat, answered by the scripted provider. */
  static async withNewChat(page: Page): Promise<Panel> {
    const panel = new Panel(page);
    await panel.openNewChat();
    await panel.choose('Scripted');
    return panel;
  }

  readonly input: Locator;
  readonly button: Locator;
  readonly title: Locator;
  readonly answers: Locator;
  readonly answer: Locator;
  readonly text: Locator;

  /** Run one of JupyterLab's commands. */
  async execute(command: string): Promise<void> {
    await this.page.waitForFunction(() => 'jupyterapp' in window);
    await this.page.evaluate(async id => {
      const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
      await app.restored;
      await app.commands.execute(id);
    }, command);
  }

  /** Open the panel by its command. */
  async open(): Promise<void> {
    await this.execute('stream-chat:open');
    await this.untilReady();
  }

  /** Wait until JupyterLab has opened what it opens, and the panel has its server. */
  async untilReady(): Promise<void> {
    // The last thing that opens with JupyterLab takes the focus: a key pressed before would be its.
    await this.page.waitForFunction(
      () => (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp.shell.currentWidget
    );
    await expect(this.input).toBeVisible();
    // The first greeting waits for the server to load what it needs.
    await expect(this.root.locator('.jp-StreamChat-banner')).toHaveCount(0, { timeout: 60_000 });
  }

  /** Open the panel and begin a chat of this test's own. */
  async openNewChat(): Promise<void> {
    await this.open();
    await this.execute('stream-chat:new-chat');
    await expect(this.answers).toHaveCount(0);
  }

  /** Load the page anew and open the panel; Galata's own way gives up where that takes a busy machine 15 s. */
  async reload(): Promise<void> {
    await this.page.evaluate(() => {
      Object.assign(window, { isLeft: true });
      window.location.reload();
    });
    await this.page.waitForFunction(() => !('isLeft' in window) && 'jupyterapp' in window);
    await this.open();
  }

  /** Take the text and the chips out of the composer. */
  async clearDraft(): Promise<void> {
    const chips = this.root.locator('.jp-StreamChat-composer .jp-StreamChat-chipRemove');
    for (let count = await chips.count(); count > 0; count--) {
      await chips.first().click();
      await expect(chips).toHaveCount(count - 1);
    }
    await this.input.fill('');
  }

  /** Choose a profile by its label. */
  async choose(label: string): Promise<void> {
    await this.root.getByLabel('Model profile').selectOption({ label });
  }

  /** Ask, and wait until there is an answer to look at. */
  async ask(question: string): Promise<void> {
    const before = await this.answers.count();
    await this.input.fill(question);
    await this.input.press('Enter');
    await expect(this.answers).toHaveCount(before + 1);
  }

  /** Open what lies behind the line of an answer that was stopped or edited. */
  async more(answer: Locator): Promise<void> {
    await answer.locator('.jp-StreamChat-moreOfRun:not([open]) > summary').click();
  }

  async expectStatus(status: string): Promise<void> {
    await expect(this.answer).toHaveAttribute('data-status', status, { timeout: 60_000 });
  }

  async expectFinished(reason: string): Promise<void> {
    await this.expectStatus('finished');
    await expect(this.answer).toHaveAttribute('data-finish-reason', reason);
  }

  /** Wait until the answer holds some text. */
  async expectText(text: string | RegExp): Promise<void> {
    await expect(this.text).toContainText(text, { timeout: 30_000 });
  }

  /** The text of the answer, with single spaces. */
  async shown(): Promise<string> {
    return (await this.text.textContent())!.replace(/\s+/g, ' ').trim();
  }

  /** The numbered tokens that the answer shows. */
  async tokens(): Promise<string[]> {
    return (await this.shown()).split(' ').filter(Boolean);
  }

  /** The messages of the newest chat, as the server keeps them. */
  async saved(): Promise<ISaved[]> {
    return this.page.evaluate(async () => {
      const read = async (path: string) => (await fetch(`/stream-chat/api/${path}`)).json();
      const { chats } = (await read('chats')) as { chats: { chat_id: string }[] };
      return ((await read(`chats/${chats[0].chat_id}`)) as { messages: ISaved[] }).messages;
    });
  }

  /** Look at every change of the first answer from now on; its end is to be `expected`. */
  async watch(expected: string): Promise<() => Promise<IGrowth>> {
    const growth = await this.root.evaluateHandle(
      (root, [content, whole]) => {
        const lengths = new Set<number>();
        const wrong: string[] = [];
        new MutationObserver(() => {
          const text = (root.querySelector(content)?.textContent ?? '').replace(/\s+/g, ' ').trim();
          lengths.add(text.length);
          if (!whole.startsWith(text)) {
            wrong.push(text.slice(-80));
          }
        }).observe(root, { childList: true, characterData: true, subtree: true });
        return { lengths, wrong };
      },
      [CONTENT, expected] as const
    );
    return () => growth.evaluate(({ lengths, wrong }) => ({ steps: lengths.size, wrong }));
  }

  /** Click Stop, and look at what is on the page from the next frame on. */
  async stop(): Promise<IStopped> {
    const handle = await this.root.evaluateHandle(async (root, content) => {
      const text = [...root.querySelectorAll(content)].pop()!;
      // How blocks are parted on the page is no text: white space counts as one space.
      const read = () => text.textContent!.replace(/\s+/g, ' ').trim();
      const clickedAt = Date.now();
      root.querySelector<HTMLElement>('.jp-StreamChat-send')!.click();
      await new Promise(requestAnimationFrame);
      const stopped = { clickedAt, shown: read(), longest: read().length };
      new MutationObserver(() => {
        stopped.longest = Math.max(stopped.longest, read().length);
      }).observe(text, { childList: true, characterData: true, subtree: true });
      return stopped;
    }, CONTENT);
    return { ...(await handle.jsonValue()), longest: () => longestOf(handle) };
  }
}

function longestOf(handle: JSHandle<{ longest: number }>): Promise<number> {
  return handle.evaluate(({ longest }) => longest);
}
