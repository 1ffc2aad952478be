/**
 * The `@` before the caret that begins a word, and what is typed behind it. Pure.
 *
 * Chinese and Japanese have no space before a word. An `@` within a word is part of it, as in addresses and
 * in the folder `@jupyterlab`.
 */
const MENTION = /(?<![\w.%+/@-])[@＠]((?:[^@＠\n]|(?<=[\w.%+/-])@){0,200})$/;

export interface IMention {
  readonly start: number;
  readonly end: number;
  readonly query: string;
}

export function mentionBefore(text: string, caret: number): IMention | null {
  const query = MENTION.exec(text.slice(0, caret))?.[1];
  return query === undefined ? null : { start: caret - query.length - 1, end: caret, query };
}
