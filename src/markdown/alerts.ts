/**
 * Quotes that are drawn as a note, a warning and so on: GitHub's, and Obsidian's with further kinds and titles.
 */

/** The kinds that have a look of their own. */
type AlertKind = 'note' | 'tip' | 'important' | 'warning' | 'caution';

export interface IAlert {
  readonly kind: AlertKind;
  /** The word for it, as it is written in the text. */
  readonly name: string;
  /** What stands behind the word on its line, as Markdown. */
  readonly title: string;
  /** Length of the line. */
  readonly length: number;
}

const LINE = /^\[!([a-z]+)\][+-]?[ \t]*([^\n]*)(?:\n|$)/i;

const KINDS: Readonly<Record<string, AlertKind>> = {
  note: 'note',
  info: 'note',
  abstract: 'note',
  summary: 'note',
  example: 'note',
  question: 'note',
  quote: 'note',
  todo: 'note',
  tip: 'tip',
  hint: 'tip',
  success: 'tip',
  important: 'important',
  warning: 'warning',
  attention: 'warning',
  caution: 'caution',
  danger: 'caution',
  error: 'caution',
  failure: 'caution',
  bug: 'caution'
};

/** The alert that the text of a quote begins with; null if it is a quote. */
export function alertIn(quote: string): IAlert | null {
  const match = LINE.exec(quote);
  const kind = match && KINDS[match[1].toLowerCase()];
  return match && kind
    ? { kind, name: match[1], title: match[2].trim(), length: match[0].length }
    : null;
}
