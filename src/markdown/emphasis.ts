/**
 * Where emphasis begins and ends beside CJK text.
 *
 * CommonMark looks for spaces and punctuation around `**`, and CJK text has no spaces: `含**「重点」**内容` holds no
 * bold text to it. Here CJK punctuation counts as a letter, and a mark between Latin punctuation and a CJK
 * character may open or close. The expressions have the groups that marked's tokenizer expects.
 */

import type { Tokenizer } from 'marked';

type Rules = Pick<
  Tokenizer['rules']['inline'],
  'emStrongLDelim' | 'emStrongRDelimAst' | 'punctuation'
>;

const CJK =
  '[\\u2014\\u2018-\\u201f\\u2026\\u3001-\\u303f\\u3040-\\u30ff\\u3100-\\u31bf\\u3400-\\u4dbf\\u4e00-\\u9fff' +
  '\\uac00-\\ud7af\\uf900-\\ufaff\\ufe30-\\ufe4f\\uff01-\\uffef\\u{20000}-\\u{3ffff}]';
const PUNCTUATION = `(?!${CJK})(?![*~])[\\p{P}\\p{S}]`;
const LETTER = `(?:${CJK}|[^\\s\\p{P}\\p{S}]|~)`;

const RIGHT = [
  // What lies between two marks.
  '^[^_*]*?__[^_*]*?\\*[^_*]*?(?=__)',
  '[^*]+(?=[^*])',
  // 1, 2: may close.
  `${PUNCTUATION}(\\*+)(?=\\s|$)`,
  `${LETTER}(\\*+)(?!\\*)(?=${PUNCTUATION}|\\s|$)`,
  // 3, 4: may open.
  `(?:\\s|${PUNCTUATION}(?!\\*+${CJK}))(\\*+)(?=${LETTER})`,
  `\\s(\\*+)(?!\\*)(?=${PUNCTUATION})`,
  // 5, 6: may do both.
  `${PUNCTUATION}(\\*+)(?!\\*)(?=${PUNCTUATION}|${CJK})`,
  `${LETTER}(\\*+)(?=${LETTER})`
].join('|');

export const EMPHASIS_RULES: Rules = {
  emStrongLDelim: new RegExp(
    `^(?:\\*+(?:(${PUNCTUATION})|([^\\s*]))?)|^_+(?:((?!_)${PUNCTUATION})|([^\\s_]))?`,
    'u'
  ),
  emStrongRDelimAst: new RegExp(RIGHT, 'gu'),
  // Before Latin punctuation a mark opens behind a CJK character as behind a space.
  punctuation: new RegExp(`^((?![*_])(?:[\\s\\p{P}\\p{S}]|${CJK}))`, 'u')
};
