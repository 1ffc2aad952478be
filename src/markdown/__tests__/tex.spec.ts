import { isModest, mended } from '../tex';

it('typesets no formula that is deep, long or defines something', () => {
  expect(isModest('\\frac{1}{1 + \\frac{1}{1 + \\frac{1}{x}}}')).toBe(true);
  expect(isModest('\\frac{'.repeat(40) + 'x' + '}{2}'.repeat(40))).toBe(false);
  expect(isModest('\\left( '.repeat(40) + '\\right)'.repeat(40))).toBe(false);
  expect(isModest('x'.repeat(6000))).toBe(false);
  expect(isModest('\\def\\a{\\a\\a}\\a')).toBe(false);
  expect(isModest('\\begin{array}{*{9999}{c}}x\\end{array}')).toBe(false);
  expect(isModest('\\begin{array}{*{9}{*{9}{*{9}{c}}}}x\\end{array}')).toBe(false);
  expect(isModest('\\sqrt{'.repeat(30) + 'x' + '}'.repeat(30))).toBe(false);
  expect(isModest('\\begin{pmatrix}'.repeat(20) + 'x' + '\\end{pmatrix}'.repeat(20))).toBe(false);
  expect(isModest(`\\begin{matrix}${'&'.repeat(60)}${'\\\\'.repeat(60)}\\end{matrix}`)).toBe(false);
  expect(isModest('\\tiny'.repeat(40) + ' x')).toBe(false);
  expect(isModest(`\\begin{matrix}${'a & b & c & d \\\\ '.repeat(20)}\\end{matrix}`)).toBe(true);
  expect(isModest('{\\displaystyle \\frac{1}{2}} + \\color{red}{x}'.repeat(10))).toBe(true);
  expect(isModest('\\left\\{ x \\right\\}'.repeat(30))).toBe(true);
});

it.each([
  'def',
  'let',
  'newcommand',
  'providecommand',
  'DeclareMathOperator',
  'DeclarePairedDelimiter',
  'definecolor'
])('typesets no formula with \\%s', name => expect(isModest(`x \\${name}{\\sin}{y}`)).toBe(false));

it.each([
  ['\\text{learning_rate} = 50%', '\\text{learning\\_rate} = 50\\%'],
  ['\\text{R&D #1} + R&D', '\\text{R\\&D \\#1} + R\\&D'],
  ['\\text{a\\_b} \\% \\#', '\\text{a\\_b} \\% \\#'],
  ['\\begin{aligned} a &= b \\end{aligned}', '\\begin{aligned} a &= b \\end{aligned}'],
  ['\\text{if $x_1$}', '\\text{if $x_1$}'],
  ['\\bm{x} \\bmod 2 \\label{eq:one}', '\\boldsymbol{x} \\bmod 2 '],
  ['\\SI{5}{\\metre\\per\\second\\squared}', '5\\,\\mathrm{m/s^2}'],
  ['\\qty{20}{kg} \\unit{\\ohm} \\num{3.5}', '20\\,\\mathrm{kg} \\mathrm{\\Omega } {3.5}']
])('writes %j as the typesetter knows it', (tex, known) => {
  expect(mended(tex)).toBe(known);
  expect(mended(known)).toBe(known);
});
