/**
 * Documents as models write them, and what a reader expects to see: finished, and while they stream.
 *
 * `count` says how many elements a selector finds, `texts` what they hold, `hrefs` where links lead; `formulas` and
 * `display` count formulas; `has` and `not` are texts that are (not) to be read outside of formulas, for `not` outside
 * of code as well. `changes` says why what follows changes something that was shown: nothing before it tells, and to
 * hold it back would hold back most text.
 */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { renderMarkdown } from '../block';
import { DISPLAY_CLASS, FORMULA_CLASS } from '../html';
import { StreamingMarkdown } from '../streaming';
import { createLanguages, createRenderMime, structure, wholeRendering } from './markdown-env';
import { randomPieces } from './pieces';

interface IDocument {
  readonly source: string;
  readonly formulas?: number;
  readonly display?: number;
  readonly count?: Readonly<Record<string, number>>;
  readonly texts?: Readonly<Record<string, readonly string[]>>;
  readonly has?: readonly string[];
  readonly not?: readonly string[];
  readonly hrefs?: readonly string[];
  readonly changes?: string;
}

const DOCUMENTS = JSON.parse(
  readFileSync(resolve(__dirname, 'fixtures/dialect.json'), 'utf8')
) as Record<string, IDocument>;

/** Most code points that arrive between two frames. */
const LONGEST_PIECE = 60;

let languages: ReturnType<typeof createLanguages>;
let rendermime: IRenderMimeRegistry;

beforeAll(() => {
  languages = createLanguages();
  rendermime = createRenderMime(languages);
});

it.each(Object.entries(DOCUMENTS))('shows what a model means: %s', (_, document) => {
  const { formulas, display, count, texts, has, not, hrefs } = document;
  const root = rendered(document.source);
  const all = (selector: string) => [...root.querySelectorAll(selector)];
  const words = (element: Element) => element.textContent!.replace(/\s+/g, ' ');

  if (formulas !== undefined) {
    expect(all(`.${FORMULA_CLASS}`)).toHaveLength(formulas);
  }
  if (display !== undefined) {
    expect(all(`.${DISPLAY_CLASS}`)).toHaveLength(display);
  }
  for (const [selector, number] of Object.entries(count ?? {})) {
    expect([selector, all(selector).length]).toEqual([selector, number]);
  }
  for (const [selector, wanted] of Object.entries(texts ?? {})) {
    expect(all(selector).map(words)).toEqual(wanted);
  }
  if (hrefs) {
    expect(all('a[href]').map(link => link.getAttribute('href'))).toEqual(hrefs);
  }
  all(`.${FORMULA_CLASS}`).forEach(formula => formula.remove());
  has?.forEach(text => expect(words(root)).toContain(text.replace(/\s+/g, ' ')));
  all('pre, code').forEach(code => code.remove());
  not?.forEach(text => expect(words(root)).not.toContain(text));
});

it.each(Object.entries(DOCUMENTS))(
  'shows it while it streams: %s',
  async (_, { source, changes }) => {
    const frames: (() => void)[] = [];
    const node = document.createElement('div');
    const text = new StreamingMarkdown({
      node,
      rendermime,
      languages,
      scheduleFrame: callback => {
        frames.push(callback);
        return () => undefined;
      }
    });
    const whole = letters(rendered(source));
    for (const piece of randomPieces(source, source.length, LONGEST_PIECE)) {
      text.append(piece);
      frames.splice(0).forEach(callback => callback());
      await new Promise(done => setTimeout(done, 0));
      const seen = letters(node);
      if (changes === undefined) {
        expect(whole.slice(0, seen.length)).toBe(seen);
      }
    }
    await text.finish();
    expect(structure(node, true)).toBe(
      structure(await wholeRendering(rendermime, languages, source))
    );
  }
);

function rendered(source: string): HTMLElement {
  const root = document.createElement('div');
  root.append(renderMarkdown({ rendermime, languages }, source).nodes);
  return root;
}

/** The letters and digits that are seen, formulas left out. */
function letters(root: Element): string {
  const copy = root.cloneNode(true) as Element;
  copy.querySelectorAll(`.${FORMULA_CLASS}`).forEach(formula => formula.remove());
  return copy.textContent!.replace(/[^\p{L}\p{N}]/gu, '');
}
