/**
 * What models write, as a reader sees it: each document of `answers/` streams into the panel in pieces of 1 to 9
 * characters. `expect.json` says of each, beside what it is about:
 *
 * - `count`: how many elements a selector finds, `texts`: their texts; `hrefs`: where links lead.
 * - `has` and `not`: texts that are (not) to be read, formulas left out, and for `not` code as well.
 * - `copies`: what the buttons on code copy; `select`: once the first text is there the second is selected, and
 *   stays it.
 * - `right`, `left`: texts at that edge; `lines`: texts on lines of their own; `ordinals`: no number is cut off;
 *   `narrow`: least widths, in px, in a panel of 215 px.
 * - `raw`: most characters that are seen as Markdown, `steady`: most px by which the answer becomes lower, at any
 *   moment; `rate`: pieces a second.
 *
 * Of every one: to copy the answer gives its source, and nothing is wider than the panel at 215 and 800 px.
 */
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  cutOrdinals,
  type IExpectation,
  placeOf,
  stickingOut,
  textOf,
  watchAnswer
} from './answers';
import { test } from './fixtures';
import type { Panel } from './panel';

const FOLDER = resolve(__dirname, 'answers');
const EXPECTATIONS = JSON.parse(readFileSync(resolve(FOLDER, 'expect.json'), 'utf8')) as Record<
  string,
  IExpectation
>;

/** Pieces a second where a document says nothing of it; seed of their lengths. */
const RATE = '400';
const SEED = 7;

/** Width of the panel while an answer streams, in px. */
const USUAL_WIDTH = 400;

const STEADY = 8;
const RAW = 120;

test.beforeAll(async ({ lab }) => {
  await lab.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  // JupyterLab's themes choose the least width of a sidebar.
  await lab.addStyleTag({ content: '* { --jp-sidebar-min-width: 0px; }' });
});

for (const [name, expectation] of Object.entries(EXPECTATIONS)) {
  test(`shows what a model means: ${name}`, async ({ panel, lab: page }) => {
    const source = readFileSync(resolve(FOLDER, `${name}.md`), 'utf8');
    const echo = Buffer.from(source).toString('base64url');
    await page.sidebar.setWidth(USUAL_WIDTH, 'right');
    const watched = await watchAnswer(panel.root, expectation.select);
    await panel.ask(`rate=${expectation.rate ?? RATE} seed=${SEED} echo=${echo}`);
    await panel.expectFinished('stop');
    const { raw, lower, selected, example } = await watched();

    expect.soft(raw, 'raw Markdown').toBeLessThanOrEqual(expectation.raw ?? RAW);
    expect.soft(lower, `lower at ${example}`).toBeLessThanOrEqual(expectation.steady ?? STEADY);
    expect.soft(selected).toBe(expectation.select?.[1] ?? null);
    // No space is left below a table that was higher while it streamed.
    await expect(panel.text.locator('.jp-StreamChat-block[style*="min-height"]')).toHaveCount(0);
    await expectElements(panel, expectation);
    await expectTexts(panel, expectation);
    await expectCopies(panel, expectation, source);
    await expectPlaces(panel, expectation);
    await expectWidths(page, panel, expectation);
  });
}

async function expectElements(panel: Panel, { count, texts, hrefs }: IExpectation): Promise<void> {
  for (const [selector, number] of Object.entries(count ?? {})) {
    // The first formula of a page waits until MathJax is loaded.
    const found = panel.text.locator(selector);
    if (typeof number === 'string') {
      await expect.soft(found.nth(parseInt(number.slice(2), 10) - 1), selector).toBeAttached();
    } else {
      await expect.soft(found, selector).toHaveCount(number);
    }
  }
  for (const [selector, wanted] of Object.entries(texts ?? {})) {
    const seen = await panel.text.locator(selector).allTextContents();
    expect.soft(seen.map(text => text.trim())).toEqual(wanted);
  }
  if (hrefs) {
    const links = await panel.text
      .locator('a[href]')
      .evaluateAll(found => found.map(link => decodeURI(link.getAttribute('href')!)));
    expect.soft(links).toEqual(hrefs);
  }
}

async function expectTexts(panel: Panel, { has, not }: IExpectation): Promise<void> {
  const text = await textOf(panel.text);
  const prose = await textOf(panel.text, true);
  has?.forEach(wanted => expect.soft(text).toContain(wanted));
  not?.forEach(unwanted => expect.soft(prose).not.toContain(unwanted));
}

async function expectCopies(panel: Panel, { copies }: IExpectation, source: string): Promise<void> {
  const clipboard = () => panel.page.evaluate(() => navigator.clipboard.readText());
  await panel.answer.hover();
  await panel.answer.getByRole('button', { name: 'Copy the answer' }).click();
  expect.soft((await clipboard()).trimEnd()).toBe(source.trimEnd());
  for (const [index, wanted] of (copies ?? []).entries()) {
    await panel.text.locator('pre').nth(index).hover();
    await panel.text.locator('.jp-StreamChat-copyCode').nth(index).click();
    expect.soft(await clipboard()).toBe(wanted);
  }
}

async function expectPlaces(
  panel: Panel,
  { right: rights, left: lefts, lines }: IExpectation
): Promise<void> {
  for (const text of rights ?? []) {
    const { left, right } = await placeOf(panel.text, text);
    expect.soft(right, `${text} at the right`).toBeLessThan(left);
  }
  for (const text of lefts ?? []) {
    const { left, right } = await placeOf(panel.text, text);
    expect.soft(left, `${text} at the left`).toBeLessThan(right);
  }
  for (const texts of lines ?? []) {
    let bottom = 0;
    for (const text of texts) {
      const place = await placeOf(panel.text, text);
      expect.soft(place.top, `${text} on its own line`).toBeGreaterThan(bottom - 4);
      bottom = place.bottom;
    }
  }
}

async function expectWidths(
  page: IJupyterLabPageFixture,
  panel: Panel,
  { ordinals, narrow }: IExpectation
): Promise<void> {
  for (const width of [800, 215]) {
    await page.sidebar.setWidth(width, 'right');
    expect.soft(await stickingOut(panel.text), `at ${width} px`).toEqual([]);
    if (ordinals) {
      expect.soft(await cutOrdinals(panel.text)).toEqual([]);
    }
  }
  for (const [selector, least] of Object.entries(narrow ?? {})) {
    const widths = await panel.text
      .locator(selector)
      .evaluateAll(found => found.map(node => node.getBoundingClientRect().width));
    expect.soft(Math.min(...widths), selector).toBeGreaterThanOrEqual(least);
  }
}
