/** The panel as a test sees it: by its public hooks only. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { expect, type Locator, type Page } from '@playwright/test';

const PROVIDER = `http://127.0.0.1:${Number(process.env.JSC_PORT) + 2}`;

/** What the scripted provider noted of one request. */
export interface IReceived {
  tokens_sent: number;
  disconnected: number | null;
  finished: number | null;
  body: { messages: { role: string; content: string }[]; stream?: boolean };
}

export class Panel {
  constructor(readonly page: Page) {
    this.root = page.locator('.jp-StreamChat');
    this.input = this.root.locator('.jp-StreamChat-input');
    this.button = this.root.locator('.jp-StreamChat-send');
    this.answers = this.root.locator('.jp-StreamChat-message[data-role="assistant"]');
    this.answer = this.answers.last();
    this.text = this.answer.locator('.jp-StreamChat-content');
  }

  readonly root: Locator;
  readonly input: Locator;
  readonly button: Locator;
  readonly answers: Locator;
  readonly answer: Locator;
  readonly text: Locator;

  /** Open the panel by its command. (A page whose workspace is taken moves to another one first.) */
  async open(): Promise<void> {
    await expect(async () => {
      await this.page.evaluate(async () => {
        const app = (window as unknown as { jupyterapp: JupyterFrontEnd }).jupyterapp;
        await app.restored;
        await app.commands.execute('stream-chat:open');
      });
      await expect(this.input).toBeVisible({ timeout: 1000 });
    }).toPass({ timeout: 60000 });
  }

  /** Open the panel and begin a chat of this test's own. */
  async openNewChat(): Promise<void> {
    await this.open();
    await this.root.getByRole('button', { name: 'New chat', exact: true }).last().click();
    await expect(this.answers).toHaveCount(0);
  }

  /** Choose a profile by its label. */
  async choose(label: string): Promise<void> {
    await this.root.getByLabel('Model profile').selectOption({ label });
  }

  async ask(question: string): Promise<void> {
    await this.input.fill(question);
    await this.input.press('Enter');
  }

  async expectStatus(status: string): Promise<void> {
    await expect(this.answer).toHaveAttribute('data-status', status, { timeout: 30000 });
  }

  async expectFinished(reason: string): Promise<void> {
    await this.expectStatus('finished');
    await expect(this.answer).toHaveAttribute('data-finish-reason', reason);
  }

  /** Wait until the answer holds some text. */
  async expectText(text: string | RegExp): Promise<void> {
    await expect(this.text).toContainText(text, { timeout: 30000 });
  }

  /** Stop, and return the text shown two frames later: after that nothing may be added. */
  async stopAndRead(): Promise<string> {
    return this.page.evaluate(async () => {
      const texts = document.querySelectorAll('.jp-StreamChat-message .jp-StreamChat-content');
      const text = texts[texts.length - 1];
      document.querySelector<HTMLElement>('.jp-StreamChat-send')!.click();
      const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
      await frame();
      await frame();
      return text.textContent ?? '';
    });
  }

  /** The numbered tokens that the answer shows. */
  async tokens(): Promise<string[]> {
    return ((await this.text.textContent()) ?? '').trim().split(/\s+/).filter(Boolean);
  }
}

/** The tokens `t0 t1 ...` that the scripted provider numbers. */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `t${index}`);
}

/** What the scripted provider received, the newest last. */
export async function received(): Promise<IReceived[]> {
  const response = await fetch(`${PROVIDER}/_requests`);
  return (await response.json()) as IReceived[];
}

/** Wait until the newest request satisfies a condition, and return it. */
export async function newestRequest(
  matches: (request: IReceived) => boolean = () => true
): Promise<IReceived> {
  let newest: IReceived | undefined;
  await expect
    .poll(async () => {
      newest = (await received()).pop();
      return newest !== undefined && matches(newest);
    })
    .toBe(true);
  return newest!;
}
