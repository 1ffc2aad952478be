/**
 * Where emphasis begins and ends beside CJK text.
 *
 * CommonMark looks for spaces and punctuation around `**`, and CJK text has no spaces: `含**「重点」**内容` holds no
 * bold text to it. Here CJK punctuation counts as a letter, and a mark between Latin punctuation and a CJK
 * character may open or close. The expressions have the groups that marked's tokenizer expects.
 *
 * Signs that are no emphasis: `2*3*4`, `x**2 + y**2`, `$_`, and names of Python such as `__init__`.
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

/** A sign of multiplication or of a power, in front of a number. */
const OPERATOR = '(?:(?<![A-Za-z])[A-Za-z]|[0-9)\\]])\\*{1,2}(?!\\*)(?=\\d)';

const RIGHT = [
  OPERATOR,
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

const PYTHON_NAME =
  /^__(?:all|add|annotations|bool|call|class|contains|del|delitem|dict|doc|enter|eq|exit|file|format|future|ge|getattr|getitem|gt|hash|import|init|init_subclass|iter|le|len|lt|main|module|mro|mul|name|ne|new|next|package|path|post_init|pycache|repr|setattr|setitem|slots|str|sub|version)__(?!\w)/;

/** The name of Python's own that a text begins with; '' if there is none. */
export function pythonName(source: string): string {
  return PYTHON_NAME.exec(source)?.[0] ?? '';
}

/**
 * Whether the marks that a text begins with are an operator or a part of a name, and no emphasis.
 *
 * @param before the character in front of it; '' for none.
 */
export function isOperator(source: string, before: string): boolean {
  if (source[0] === '_') {
    return before === '$';
  }
  return /[A-Za-z0-9)\]]/.test(before) && /^(?:\*(?=[A-Za-z0-9([])|\*\*(?=\d))/.test(source);
}
