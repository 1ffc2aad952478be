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

const ANSWERS = JSON.parse(
  readFileSync(resolve(__dirname, 'fixtures/answers.json'), 'utf8')
) as Record<string, string[]>;

const LINKS = /<\/?a\b[^>]*>/g;
/** A list that turns out to be loose, and a cell that turns out to be long, change their looks alone. */
const LOOKS = / class="jp-StreamChat-(?:tight|longCell)"/g;
/** Elements that are not closed yet, and cells that are not written yet. */
const OPEN = /(?:<\/[\w-]+>|<br>|<input[^>]*>|<t[dr][^>]*>|\s)*$/;

function shown(markdown: string): string {
  return toHtml(markdown).html.replace(LINKS, '').replace(LOOKS, '');
}

describe.each(Object.entries(ANSWERS))('%s', (_, sources) => {
  it.each(sources)('%j', source => {
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
    expect(wrong).toEqual([]);
  });
});
