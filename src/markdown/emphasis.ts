/**
 * Where emphasis begins and ends beside CJK text.
 *
 * CommonMark looks for spaces and punctuation around `**`, and CJK text has no spaces: `含**「重点」**内容` holds no
 * bold text to it. Here CJK punctuation counts as a letter, and a mark between Latin punctuation and a CJK
 * character may open or close. The expressions have the groups that marked's tokenizer expects.
 *
 * Signs that are no emphasis: `2*3*4`, `x**2 + y**2`, `COUNT(*)`, `$_`, `*args`, `*.py`, `^_^`, and names such as `__init__`.
 */

import type { Tokenizer } from 'marked';

type Rules = Pick<
  Tokenizer['rules']['inline'],
  'emStrongLDelim' | 'emStrongRDelimAst' | 'punctuation'
>;

/** A character of CJK text, its punctuation included. */
export const CJK =
  '[\\u2014\\u2018-\\u201f\\u2026\\u3001-\\u303f\\u3040-\\u30ff\\u3100-\\u31bf\\u3400-\\u4dbf\\u4e00-\\u9fff' +
  '\\uac00-\\ud7af\\uf900-\\ufaff\\ufe30-\\ufe4f\\uff01-\\uffef\\u{20000}-\\u{3ffff}]';
const PUNCTUATION = `(?!${CJK})(?![*~])[\\p{P}\\p{S}]`;
const LETTER = `(?:${CJK}|[^\\s\\p{P}\\p{S}]|~)`;

/** A sign of multiplication or of a power, in front of a number. */
const OPERATOR = '(?:(?<![A-Za-z])[A-Za-z]|[0-9)\\]])\\*{1,2}(?!\\*)(?=\\d)';

/** Asterisks alone in brackets, as in `COUNT(*)` and `p < 0.01 (**)`, and between slashes, as in `src/**\/x`. */
const ALONE = '\\(\\*{1,3}(?=\\))|/\\*{1,2}(?=/)';

/** Where bold text ends though a word follows without a space: `**Note:**text`. */
const LATIN_END = '[:.!?,;"\')\\]](?=\\*\\*[A-Za-z0-9])';

const RIGHT = [
  OPERATOR,
  ALONE,
  // What lies between two marks.
  '^[^_*]*?__[^_*]*?\\*[^_*]*?(?=__)',
  '[^*]+(?=[^*])',
  // 1, 2: may close.
  `(?:${PUNCTUATION}(?=\\*+(?:\\s|$))|${LATIN_END})(\\*+)`,
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

/** Names between double underscores that Python, C and JavaScript have. */
const DUNDERS = (
  'abs add aenter aexit aiter all and anext annotations asm attribute author await bases bool builtins ' +
  'bytes cached call ceil class class_getitem closure code complex contains copy cplusplus date debug ' +
  'declspec deepcopy defaults del delattr delete delitem dict dir dirname divmod doc enter eq exit file ' +
  'filename float floor floordiv format fspath func function future ge get getattr getattribute getitem ' +
  'getnewargs getstate global gt hash host iadd imatmul import imul index init init_subclass inline ' +
  'instancecheck int invert isub iter kwdefaults le len length_hint line loader lshift lt main ' +
  'match_args matmul metadata missing mod module mro mul name ne neg new next or orig_bases package ' +
  'path pos post_init pow prepare proto pycache qualname radd rdivmod reduce reduce_ex repr reversed ' +
  'rmul round rpow rshift rsub rtruediv set set_name setattr setitem setstate shared signature sizeof ' +
  'slots spec str sub subclasscheck subclasses subclasshook time truediv trunc type_params typename ' +
  'va_args version wrapped xor'
).split(' ');

const PYTHON_NAME = new RegExp(`^__(?:${DUNDERS.join('|')})__(?!\\w)`, 'i');

/** Arguments of a function, a kind of files, a key of a telephone: no emphasis begins with them. */
const STARRED = /^(?:\*[\ufe0f\u20e3]|(?:\*(?:args|\.\w+)|\*\*(?:kwargs|kwds))(?![\w*]))/;
/** Any folder, in front of the pattern of a file: `**\/*.py`. */
const GLOB = /^\*\*\/(?=\*)/;
const STARRED_BEGINNING =
  /^(?:\*\*\/|\*(?:a(?:r(?:gs?)?)?|\.\w*)|\*\*k(?:w(?:ds?|a(?:r(?:gs?)?)?)?)?)$/;

/** The eyes of a face: `^_^`, `>_<`, `-_-`. */
const LEFT_EYE = /[\^<>@;=~\u00ac\u00b0-]/;
const RIGHT_EYE = /^_[\^<>@;=~\u00ac\u00b0-]/;

/** The name between double underscores that a text begins with; '' if there is none. */
export function pythonName(source: string): string {
  return PYTHON_NAME.exec(source)?.[0] ?? '';
}

/** What a text begins with that is a name with its asterisks or underscores; '' if there is none. */
export function nameIn(source: string): string {
  return pythonName(source) || (STARRED.exec(source) ?? GLOB.exec(source))?.[0] || '';
}

/** Whether a text, as it goes on, may begin with a name in front of which asterisks stand. */
export function mayBeName(text: string): boolean {
  return STARRED_BEGINNING.test(text);
}

/**
 * Whether the marks that a text begins with are an operator or belong to a name, and are no emphasis.
 *
 * @param before the character in front of it; '' for none.
 */
export function isOperator(source: string, before: string): boolean {
  if (STARRED.test(source)) {
    return true;
  }
  if (before === '(' && /^\*{1,3}\)/.test(source)) {
    return true;
  }
  if (
    (/^[\s(,\u3001\uff08\uff0c]?$/.test(before) && GLOB.test(source)) ||
    (before === '/' && /^\*{1,2}\//.test(source))
  ) {
    return true;
  }
  if (source[0] === '_') {
    const isFace = LEFT_EYE.test(before) && RIGHT_EYE.test(source);
    const isArm = before === ')' && source.startsWith('_/');
    return before === '$' || isFace || isArm;
  }
  return /[A-Za-z0-9)\]]/.test(before) && /^(?:\*(?=[A-Za-z0-9([])|\*\*(?=\d))/.test(source);
}
