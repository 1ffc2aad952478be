/**
 * What is shown of a beginning of an answer is a beginning of what is shown of the whole: no text that is on the page
 * is shown otherwise by what follows it.
 *
 * Left out: the tags of links, which are made of text that was shown before it was one.
 */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { toHtml } from '../html';
import { openEnd } from '../openend';

const ANSWERS = read('answers.json') as Record<string, string[]>;

const DOCUMENTS = read('dialect.json') as Record<string, { source: string; changes?: string }>;

const LINKS = /<\/?a\b[^>]*>/g;
/** A list that turns out to be loose, and a cell that turns out to be long, change their looks alone. */
const LOOKS = / class="jp-StreamChat-(?:tight|longCell)"/g;
/** Elements that are not closed yet, and cells that are not written yet. */
const OPEN = /(?:<\/[\w-]+>|<br>|<input[^>]*>|<t[dr][^>]*>|\s)*$/;

function shown(markdown: string): string {
  return toHtml(markdown).html.replace(LINKS, '').replace(LOOKS, '');
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(resolve(__dirname, 'fixtures', name), 'utf8'));
}

/** The beginnings of a text that are not shown as in the whole. */
function wrongBeginnings(source: string): { read: string; part: string }[] {
  const whole = shown(source);
  const wrong: { read: string; part: string }[] = [];
  let read = '';
  for (const character of source) {
    read += character;
    const { text } = openEnd(read);
    const part = text.trim() === '' ? '' : shown(text).replace(OPEN, '');
    if (!whole.startsWith(part)) {
      wrong.push({ read, part });
    }
  }
  return wrong;
}

describe.each(Object.entries(ANSWERS))('%s', (_, sources) => {
  it.each(sources)('%j', source => {
    expect(wrongBeginnings(source)).toEqual([]);
  });
});

it.each(Object.entries(DOCUMENTS))('%s', (_, { source, changes }) => {
  const wrong = wrongBeginnings(source);
  expect({ wrong, changes: wrong.length > 0 }).toEqual({
    wrong: changes === undefined ? [] : wrong,
    changes: changes !== undefined
  });
});
