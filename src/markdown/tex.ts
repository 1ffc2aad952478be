/**
 * LaTeX as models write it: what of it may be typeset, and what the typesetter does not know, in words that it knows.
 */

/** Bounds of what is typeset: MathJax's work can grow much faster than its input. */
const LONGEST_TEX = 5000;
const DEEPEST_TEX = 16;
/** Commands that put all that follows into one more element. */
const MOST_SWITCHES = 32;
const MOST_CELLS = 2500;
const DEFINES =
  /\\(?:[exg]?def|let|futurelet|(?:re)?newcommand|providecommand|(?:re)?newenvironment|require|Declare[A-Za-z]+|definecolor|newcolumntype|(?:new|renew|use)tagform|mathtoolsset|Newextarrow|setOptions)(?![a-zA-Z])/;
const REPEATED_COLUMN = /\*\s*\{\s*\d{3,}|(?:\*\s*\{[^{}]*\}\s*\{\s*){2}/;
const SWITCH =
  /\\(?:(?:display|text|script|scriptscript)style|[Tt]iny|scriptsize|small|normalsize|large|Large|LARGE|huge|Huge|color)(?![a-zA-Z])/g;
const ROW_END = /\\\\|\\cr(?![a-zA-Z])/;

/** Whether a formula is small enough to be typeset, and defines nothing for formulas elsewhere. */
export function isModest(tex: string): boolean {
  if (tex.length > LONGEST_TEX || DEFINES.test(tex) || REPEATED_COLUMN.test(tex)) {
    return false;
  }
  if ((tex.match(SWITCH)?.length ?? 0) > MOST_SWITCHES || cellsOf(tex) > MOST_CELLS) {
    return false;
  }
  let depth = 0;
  for (const [sign] of tex.matchAll(/\\(?:begin|end|left|right)(?![a-zA-Z])|\\[\s\S]|[{}]/g)) {
    if (sign === '{' || sign === '\\begin' || sign === '\\left') {
      depth += 1;
    } else if (sign === '}' || sign === '\\end' || sign === '\\right') {
      depth -= 1;
    }
    if (depth > DEEPEST_TEX) {
      return false;
    }
  }
  return true;
}

/** Cells of a matrix, of which each row is as long as the longest. */
function cellsOf(tex: string): number {
  const rows = tex.split(ROW_END);
  return rows.length * Math.max(...rows.map(row => row.split('&').length));
}

const TEXT = /(\\(?:text[a-z]*|mbox|operatorname\*?)\s*\{)([^{}]*)(?=\})/g;
const HAS_COLUMNS = /\\begin\{|\\(?:matrix|cases|pmatrix|eqalign|substack)\b/;

/** Commands of packages that the typesetter has not. */
const COMMANDS: readonly (readonly [RegExp, string])[] = [
  [/\\label\s*\{[^{}]*\}/g, ''],
  [/\\bm(?![a-zA-Z])/g, '\\boldsymbol'],
  [/\\math(?:ds|bbm)(?![a-zA-Z])/g, '\\mathbb'],
  [/\\num\s*\{([^{}]*)\}/g, '{$1}']
];

const QUANTITY = /\\(?:SI|qty)\s*\{([^{}]*)\}\s*\{([^{}]*)\}|\\(?:si|unit)\s*\{([^{}]*)\}/g;

const UNITS: Readonly<Record<string, string>> = {
  ampere: 'A',
  bar: 'bar',
  celsius: '{}^\\circ C',
  centi: 'c',
  coulomb: 'C',
  degree: '{}^\\circ',
  degreeCelsius: '{}^\\circ C',
  electronvolt: 'eV',
  farad: 'F',
  giga: 'G',
  gram: 'g',
  hertz: 'Hz',
  hour: 'h',
  joule: 'J',
  kelvin: 'K',
  kilo: 'k',
  kilogram: 'kg',
  liter: 'L',
  litre: 'L',
  mega: 'M',
  meter: 'm',
  metre: 'm',
  micro: '\\mu ',
  milli: 'm',
  minute: 'min',
  mole: 'mol',
  nano: 'n',
  newton: 'N',
  ohm: '\\Omega ',
  pascal: 'Pa',
  per: '/',
  percent: '\\%',
  second: 's',
  squared: '^2',
  cubed: '^3',
  tesla: 'T',
  volt: 'V',
  watt: 'W'
};

/** Write a formula in the words of the typesetter: signs that are text there, units, commands of other packages. */
export function mended(tex: string): string {
  let text = tex.replace(TEXT, (_, before: string, words: string) => before + escaped(words));
  text = text.replace(/(?<!\\)#/g, '\\#').replace(/(?<=[\d}])%/g, '\\%');
  if (!HAS_COLUMNS.test(text)) {
    text = text.replace(/(?<!\\)&/g, '\\&');
  }
  for (const [command, other] of COMMANDS) {
    text = text.replace(command, other);
  }
  return text.replace(QUANTITY, (_, value?: string, unit?: string, alone?: string) =>
    value === undefined ? inUnits(alone ?? '') : `${value}\\,${inUnits(unit ?? '')}`
  );
}

/** In text these signs are signs. */
function escaped(words: string): string {
  return words.includes('$') ? words : words.replace(/(?<!\\)[_&#%]/g, '\\$&');
}

function inUnits(unit: string): string {
  const text = unit.replace(/\\([a-zA-Z]+)\s*/g, (command, name: string) => UNITS[name] ?? command);
  return `\\mathrm{${text}}`;
}
