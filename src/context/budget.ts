/**
 * Sizes of attached text: the estimate in tokens, and what is cut where it is too long. Pure.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { codePoints, sliceCodePoints } from '../protocol/text';
import type { IContextContent } from './kinds';

const CHARACTERS_PER_TOKEN = 4;
const IDEOGRAPHS_PER_TOKEN = 1.5;
const IDEOGRAPH = /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]/g;
const DATA = /(data:[\w.+/-]{0,80};base64,)(?:[A-Za-z0-9+/=%]|\\n){60,}/g;
/** Base64 without such a beginning, on one line or on lines of 76 characters; between quotes the line breaks are escaped. */
const BARE_DATA =
  /(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{1000,}|(?:[A-Za-z0-9+/]{76}(?:\\n|\r?\n)){12,}[A-Za-z0-9+/]*)={0,2}/g;
/** Escape sequences of terminals: colours, the cursor, character sets, titles and links. */
const ANSI =
  // eslint-disable-next-line no-control-regex
  /\u001b(?:\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[PX^_][^\u001b]*\u001b\\|\[[0-?]*[ -/]*[@-~]|[ -/]+[0-~]|[0-~])/g;

/** About how many tokens a text has; models differ. The server's estimate is the same. */
export function estimatedTokens(text: string): number {
  const ideographs = text.match(IDEOGRAPH)?.length ?? 0;
  return Math.round(
    (codePoints(text) - ideographs) / CHARACTERS_PER_TOKEN + ideographs / IDEOGRAPHS_PER_TOKEN
  );
}

export function withoutAnsi(text: string): string {
  return text.replace(ANSI, '');
}

/** Text of a terminal as it is seen: a line that was written over, as a progress bar is, has its last state alone. */
export function overwritten(text: string): string {
  return text.split('\n').map(lastState).join('\n');
}

function lastState(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') {
    end--;
  }
  const written = line.slice(line.lastIndexOf('\r', end - 1) + 1, end);
  if (!written.includes('\b')) {
    return written;
  }
  const kept: string[] = [];
  for (const character of written) {
    if (character === '\b') {
      kept.pop();
    } else {
      kept.push(character);
    }
  }
  return kept.join('');
}

/** Leave out what is no text: pictures and other data in base64. */
export function withoutData(text: string, trans: TranslationBundle): IContextContent {
  const short = text
    .replace(DATA, '$1[...]')
    .replace(BARE_DATA, run => (isBase64(run) ? '[...]' : run));
  return {
    text: short,
    omitted: short === text ? [] : [trans.__('Data in base64 was left out.')]
  };
}

/** A long word of letters alone, as a sequence of bases is, is text. */
function isBase64(run: string): boolean {
  return [/[a-z]/, /[A-Z]/, /[0-9]/, /[+/]/].every(some => some.test(run));
}

/**
 * Keep head and tail of a text that is too long; a third of the room goes to the tail, where a traceback ends.
 *
 * @param limit - the most code points, without the line that says what is missing.
 * @param say - the sentence for so many characters that were left out.
 */
export function cut(text: string, limit: number, say: (left: number) => string): IContextContent {
  const length = codePoints(text);
  if (length <= limit) {
    return { text, omitted: [] };
  }
  const tail = Math.floor(limit / 3);
  const sentence = say(length - limit);
  const head = sliceCodePoints(text, 0, limit - tail);
  const end = sliceCodePoints(text, length - tail);
  return { text: `${head}\n[${sentence}]\n${end}`, omitted: [sentence] };
}
