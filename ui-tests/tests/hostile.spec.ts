/** What a model writes is text: nothing of it runs, leads to a script, or turns the panel about. */
import { expect, type Page } from '@playwright/test';
import { test } from './fixtures';
import type { Panel } from './panel';

const RUN = 'window.__hacked=(window.__hacked||0)+1';

/** Texts that would run, or lead somewhere, if they were taken for more than text. */
const ATTACKS: Record<string, string> = {
  script: `<script>${RUN}</script>`,
  'image with a handler': `<img src=x onerror="${RUN}">`,
  'unfinished image': `<img src=x onerror="${RUN}" `,
  'svg with a handler': `<svg onload="${RUN}"><script>${RUN}</script></svg>`,
  'frame with a document': `<iframe srcdoc="<script>parent.${RUN}</script>"></iframe>`,
  'details that open': `<details open ontoggle="${RUN}">x</details>`,
  'input with focus': `<input autofocus onfocus="${RUN}">`,
  'style sheet': `<style>.jp-StreamChat{display:none}</style><link rel=stylesheet href="data:text/css,*{display:none}">`,
  base: `<base href="javascript:${RUN}//"><meta http-equiv=refresh content="0;url=javascript:${RUN}">`,
  form: `<form action="javascript:${RUN}"><button>Send</button></form>`,
  'link to a script': `[click](javascript:${RUN}) <a href="jAvAsCrIpT:${RUN}">here</a> [x](&#106;avascript:${RUN})`,
  'link to a document': `[click](data:text/html,<script>${RUN}</script>) [v](vbscript:${RUN})`,
  autolink: `<javascript:${RUN}> https://example.com/"onmouseover="${RUN}`
};

/** Let the next answers be this text, in pieces; the question asks for it. */
async function answerWith(panel: Panel, text: string): Promise<void> {
  const encoded = Buffer.from(text).toString('base64url');
  await panel.ask(`rate=40 echo=${encoded}`);
}

/** What is wrong with the page: what ran, and what waits to. */
async function dangers(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    if ('__hacked' in window) {
      found.push('a script ran');
    }
    const answers = document.querySelectorAll('[data-role="assistant"] .jp-StreamChat-content');
    for (const node of [...answers].flatMap(answer => [...answer.querySelectorAll('*')])) {
      if (
        ['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'STYLE', 'LINK', 'META', 'BASE'].includes(
          node.tagName
        )
      ) {
        found.push(`an element ${node.tagName}`);
      }
      for (const { name, value } of node.attributes) {
        const address = value.replace(/[\s\0]/g, '').toLowerCase();
        if (name.startsWith('on') || name === 'srcdoc') {
          found.push(`a handler ${name}`);
        } else if (
          ['href', 'src', 'action', 'formaction', 'xlink:href'].includes(name) &&
          /^(javascript|vbscript|data:text)/.test(address) &&
          node.tagName !== 'IMG' // where a browser runs none
        ) {
          found.push(`an address ${value.slice(0, 30)}`);
        }
      }
    }
    return found;
  });
}

test('nothing that a model writes runs, while it streams or afterwards', async ({ panel, lab }) => {
  test.setTimeout(300_000);
  for (const [name, attack] of Object.entries(ATTACKS)) {
    await panel.openNewChat();
    await panel.choose('Scripted');
    await lab.evaluate(() => {
      // Looked at on every change too: what is dangerous for a moment is dangerous.
      const content = document.querySelector('.jp-StreamChat')!;
      new MutationObserver(() => {
        const bad = content.querySelector(
          '[data-role="assistant"] :is(script, iframe, object, embed, [onerror], [onload], [onfocus], [ontoggle])'
        );
        if (bad) {
          (window as unknown as { __hacked: string }).__hacked = bad.outerHTML;
        }
      }).observe(content, { childList: true, subtree: true, attributes: true });
    });
    await answerWith(panel, `Before ${attack} after`);
    await panel.expectFinished('stop');
    expect(await dangers(lab), name).toEqual([]);
    await expect(panel.input, name).toBeVisible();
    // Whatever is a link may be clicked.
    for (const link of await panel.text.locator('a').all()) {
      await link.evaluate(node => {
        node.setAttribute('target', '_self');
        if (/^(https?:|#|$)/.test(node.getAttribute('href') ?? '')) {
          node.removeAttribute('href');
        }
        (node as HTMLElement).click();
      });
    }
    expect(await dangers(lab), `${name}, clicked`).toEqual([]);
  }
});

test('a reload shows the same text as inertly', async ({ panel }) => {
  const attack = `<img src=x onerror="${RUN}"> [click](javascript:${RUN}) <script>${RUN}</script> end`;
  await answerWith(panel, attack);
  await panel.expectFinished('stop');
  await panel.page.reload();
  await panel.open();
  await panel.expectText('end');
  expect(await dangers(panel.page)).toEqual([]);
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
