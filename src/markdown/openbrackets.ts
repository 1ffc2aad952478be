/**
 * A bracket at the open end of a text: the text of a link, its target, or brackets that are seen.
 */

import { paintedFormula } from './math';

/** The number of a source or the sign of a footnote: brackets that are seen. */
const REFERENCE = /^\[(?:\^[^\]\s]*|\d[\d, \u2013-]*)?\]?$/;
const NUMBER = /^\[[\d^]/;

/** How something begins that is to be filled in, or a list: no text of a link. */
const NO_LINK =
  /^\[(?:\[(?!\d)|[\s"'({|,.;:=+/\\-]|\u60a8|\u4f60|\u8bf7|\u59d3\u540d|\u516c\u53f8|\u65e5\u671f|\u63d2\u5165|\u586b\u5199|\u53ef\u9009|\u6b64\u5904|\u5c0a\u656c)/;
const PLACEHOLDERS = [
  'citation',
  'hiring',
  'insert',
  'optional',
  'placeholder',
  'recipient',
  'todo',
  'your'
];

/** What an open bracket is, or where to go on behind one that is closed. */
export type Bracket = 'text' | 'target' | number;

/** Read the bracket at `at`: whether a link's text or its target is open at `end`. */
export function readBracket(source: string, at: number, end: number): Bracket {
  let depth = 0;
  for (let index = at; index < end; index += 1) {
    const sign = source[index];
    if (sign === '\\') {
      index += 1;
    } else if (sign === '[') {
      depth += 1;
    } else if (sign === ']') {
      depth -= 1;
      if (depth === 0) {
        const next = source[index + 1];
        if (index + 1 >= end) {
          return 'text';
        }
        if (next !== '(' && next !== '[') {
          return at + 1;
        }
        const close = targetEnd(source, index + 1, end, next);
        return close < 0 ? 'target' : close;
      }
    } else if (sign === '\n' && source[index + 1] === '\n') {
      return at + 1;
    }
  }
  return 'text';
}

/** Whether an open bracket holds the number of a source or the sign of a footnote. */
export function isReference(open: string): boolean {
  return REFERENCE.test(open);
}

/** Whether a bracket begins with a number: it tells nothing of the brackets behind it. */
export function isNumbered(open: string): boolean {
  return NUMBER.test(open);
}

/**
 * Whether an open bracket holds something to be filled in (`[Your Name]`) and no text of a link; null where its
 * first word has to go on to tell.
 */
export function isPlaceholder(open: string): boolean | null {
  const formula = paintedFormula(open.slice(1));
  if (formula) {
    // An interval or a pair of formulas, if a comma follows.
    const behind = open.slice(1 + formula.length);
    return behind === '' ? null : /^[,;\uff0c\u3001]/.test(behind);
  }
  const word = /^\[([A-Za-z]+)/.exec(open)?.[1].toLowerCase() ?? '';
  if (word !== '' && word.length === open.length - 1) {
    const isBeginning = PLACEHOLDERS.some(name => name.startsWith(word) && name !== word);
    return isBeginning ? null : PLACEHOLDERS.includes(word);
  }
  return PLACEHOLDERS.includes(word) || NO_LINK.test(open);
}

function targetEnd(source: string, from: number, end: number, open: string): number {
  const close = open === '(' ? ')' : ']';
  let depth = 0;
  for (let index = from; index < end; index += 1) {
    const sign = source[index];
    if (sign === open) {
      depth += 1;
    } else if (sign === close) {
      depth -= 1;
      if (depth === 0) {
        return index + 1;
      }
    } else if (sign === '\n') {
      return index;
    }
  }
  return -1;
}
