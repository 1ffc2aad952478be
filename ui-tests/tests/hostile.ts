/** A page under hostile text: what it did that text must not make it do. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  type Dialog,
  expect,
  type Frame,
  type Locator,
  type Page,
  type Request
} from '@playwright/test';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

interface IHostileText {
  readonly text: string;
  /** How often in a row, where it is too long to be written down. */
  readonly repeated?: number;
  /** Where something is left of it to read. */
  readonly shown: string;
}

/** Texts that would run, load or lead somewhere if they were taken for more than text; by what they try. */
export const HOSTILE_TEXTS = JSON.parse(
  readFileSync(resolve(__dirname, '../../tests/hostile_texts.json'), 'utf8')
) as Record<string, IHostileText>;

/**
 * What asks the scripted provider for such a text, three characters at a time.
 *
 * A long one comes at full speed, and is asked for as a repetition. Otherwise the panel would ask whether it
 * should go on, and end the answer by itself once it holds back 32,000 characters: on a slow machine, before a
 * test has answered.
 */
export function questionFor(name: string, rate = HOSTILE_TEXTS[name].repeated ? 0 : 60): string {
  const { text: unit, repeated } = HOSTILE_TEXTS[name];
  const text = `Before\n\n${unit.repeat(repeated ?? 1)}\n\nAfter`;
  const wish = repeated ? `${repeated} times ` : '';
  return `${wish}rate=${rate} echo=${Buffer.from(text).toString('base64url')}`;
}

/** Notes everything that a page does of itself. */
export class Guard {
  private constructor(private readonly _page: Page) {}

  static async on(page: Page): Promise<Guard> {
    const guard = new Guard(page);
    guard._url = page.url();
    const own = new URL(page.url()).origin;
    const onRequest = (request: Request) => {
      const url = request.url();
      const isOther = /^(https?|wss?|ftp):/.test(url) && new URL(url).host !== new URL(own).host;
      if (isOther || url.includes('attack')) {
        guard._done.push(`asked for ${url}`);
      }
    };
    const onDialog = (dialog: Dialog) => {
      guard._done.push(`a dialog ${dialog.message()}`);
      void dialog.dismiss();
    };
    const onPopup = (popup: Page) => guard._done.push(`a page ${popup.url()}`);
    const onNavigation = (frame: Frame) => {
      // JupyterLab writes its own address anew now and then; a page that is another lacks the mark.
      if (frame !== page.mainFrame() || frame.url() !== guard._url) {
        guard._done.push(`went to ${frame.url()}`);
      }
    };
    page.on('request', onRequest);
    page.on('dialog', onDialog);
    page.on('popup', onPopup);
    page.on('framenavigated', onNavigation);
    guard.off = () => {
      page.off('request', onRequest);
      page.off('dialog', onDialog);
      page.off('popup', onPopup);
      page.off('framenavigated', onNavigation);
    };
    await page.evaluate(() => {
      (window as unknown as { __guarded: boolean }).__guarded = true;
      const { jupyterapp } = window as unknown as { jupyterapp: JupyterFrontEnd };
      jupyterapp.commands.commandExecuted.connect((_, { id, args }) => {
        if ('attack' in args) {
          (window as unknown as { __hacked: string }).__hacked = `command ${id}`;
        }
      });
    });
    return guard;
  }

  /** Note nothing more: the page is that of the next tests too, which may be asked whether they leave it. */
  off: () => void = () => undefined;

  /** Expect that nothing was done, that nothing of the answer could do anything, and that it is in its place. */
  async expectInert(answer: Locator, name: string): Promise<void> {
    const { shown } = HOSTILE_TEXTS[name];
    await expect(answer, name).toContainText('Before');
    await expect(answer, name).toContainText(shown);
    expect(await answer.evaluate(dangersIn), name).toEqual([]);
    await answer.evaluate(clickAll);
    await this.expectNothingDone(name);
  }

  async expectNothingDone(name: string): Promise<void> {
    expect(await this._page.evaluate(() => (window as { __hacked?: unknown }).__hacked), name).toBe(
      undefined
    );
    expect(await this._page.evaluate(() => '__guarded' in window), `${name}: the same page`).toBe(
      true
    );
    expect(this._done, name).toEqual([]);
    expect(this._page.url(), name).toBe(this._url);
  }

  private readonly _done: string[] = [];
  private _url = '';
}

/** What of an answer could act, and what of it lies over something else. */
function dangersIn(answer: Element): string[] {
  const found: string[] = [];
  const bounds = answer.getBoundingClientRect();
  for (const node of answer.querySelectorAll<HTMLElement>('*')) {
    if (node.closest('.jp-StreamChat-codeActions, .jp-StreamChat-answerTools')) {
      continue; // ours
    }
    if (
      /^(script|iframe|object|embed|style|link|meta|base|form|button|video|audio)$/i.test(
        node.localName
      )
    ) {
      found.push(`an element ${node.localName}`);
    }
    for (const { name, value } of node.attributes) {
      const address = value.replace(/[\s\0-\x20]/g, '').toLowerCase();
      if (name.startsWith('on') || name === 'srcdoc' || name.startsWith('data-commandlinker')) {
        found.push(`a handler ${name}`);
      } else if (
        ['href', 'src', 'action', 'formaction', 'xlink:href', 'poster'].includes(name) &&
        /^(javascript|vbscript|data:text|blob|file)/.test(address)
      ) {
        found.push(`an address ${value.slice(0, 30)}`);
      }
    }
    if (node instanceof HTMLAnchorElement && node.hasAttribute('href') && node.offsetParent) {
      if (node.target !== '_blank' || !node.relList.contains('noopener')) {
        found.push(`a link in this page: ${node.href}`);
      }
    }
    if (['fixed', 'sticky'].includes(getComputedStyle(node).position)) {
      found.push(`${node.localName} is ${getComputedStyle(node).position}`);
    }
  }
  // Whatever is beside the answer is what a reader points at there.
  for (const [x, y] of [
    [bounds.left - 6, bounds.top + 5],
    [bounds.right + 6, bounds.top + 5],
    [bounds.left + 5, bounds.top - 6]
  ]) {
    const hit = document.elementFromPoint(x, y);
    if (hit && hit !== answer && answer.contains(hit)) {
      found.push(`${hit.localName} lies beyond the answer`);
    }
  }
  return found;
}

/** Click whatever there is. Links to other sites are the reader's choice: not those. */
function clickAll(answer: Element): void {
  for (const node of answer.querySelectorAll<HTMLElement>('*')) {
    if (node.closest('.jp-StreamChat-codeActions, .jp-StreamChat-answerTools')) {
      continue; // ours
    }
    const link = node.closest('a');
    if (!link || (link.offsetParent && link.target !== '_blank')) {
      node.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
    }
  }
}
