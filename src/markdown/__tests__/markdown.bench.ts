/**
 * CPU time of streaming Markdown, by length; not part of the tests.
 *
 * Run it by `jlpm jest --testRegex markdown.bench.ts`. It has no layout (jsdom): the browser's figures come from
 * `make bench`.
 */

import { StreamingMarkdown } from '../streaming';
import { documents } from './fixtures/documents';
import { createLanguages, createRenderMime } from './markdown-env';
import { pieces } from './pieces';

const LENGTHS = [1000, 2000, 4000, 8000, 16000];
const CHARACTERS_PER_TOKEN = 4;

const TEXTS: Record<string, string> = {
  'long answers': documents['a long answer'] + '\n',
  'one code block': 'def f(x):\n    return [x + 1, "text"]  # comment\n',
  'one list': '- an item of *the* list\n'
};

const languages = createLanguages();
const rendermime = createRenderMime(languages);

/** CPU seconds of streaming `count` tokens, a frame after each fourth. */
async function cost(unit: string, count: number, prefix: string): Promise<number> {
  const length = count * CHARACTERS_PER_TOKEN;
  const source = prefix + unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
  const frames = new Set<() => void>();
  const scheduleFrame = (callback: () => void) => {
    frames.add(callback);
    return () => frames.delete(callback);
  };
  const node = document.createElement('div');
  const text = new StreamingMarkdown({ node, rendermime, languages, scheduleFrame });
  const start = performance.now();
  for (const piece of pieces(source, 4 * CHARACTERS_PER_TOKEN)) {
    text.append(piece);
    await Promise.resolve();
    const due = [...frames];
    frames.clear();
    due.forEach(callback => callback());
    await new Promise<void>(resolve => setTimeout(resolve, 0));
  }
  await text.finish();
  return (performance.now() - start) / 1000;
}

test.each(Object.entries(TEXTS))(
  '%s',
  async (name, unit) => {
    const prefix = name === 'one code block' ? '```python\n' : '';
    await languages.getLanguage('python');
    await cost(unit, 500, prefix);
    const seconds = [];
    for (const count of LENGTHS) {
      seconds.push(await cost(unit, count, prefix));
    }
    const last = seconds.length - 1;
    const exponent = Math.log(seconds[last] / seconds[0]) / Math.log(LENGTHS[last] / LENGTHS[0]);
    const row = seconds
      .map((value, index) => `${LENGTHS[index]}: ${value.toFixed(2)} s`)
      .join(', ');
    console.info(`${name}: ${row}; exponent ${exponent.toFixed(2)}`);
  },
  600_000
);
