/**
 * The `@` before the caret that begins a word, and what is typed behind it. Pure.
 */
const MENTION = /(?:^|\s)@([^@\n]{0,60})$/;

export interface IMention {
  readonly start: number;
  readonly end: number;
  readonly query: string;
}

export function mentionBefore(text: string, caret: number): IMention | null {
  const query = MENTION.exec(text.slice(0, caret))?.[1];
  return query === undefined ? null : { start: caret - query.length - 1, end: caret, query };
}
