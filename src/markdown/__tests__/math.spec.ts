import { removeMath } from '@jupyterlab/rendermime';

import { maskMath } from '../math';
import { documents } from './fixtures/documents';
import { random } from '../../__tests__/support/random';

const SIGNS = [
  '$',
  '$$',
  '\\\\(',
  '\\\\)',
  '\\\\[',
  '\\\\]',
  '{',
  '}',
  '\\{',
  '\\$',
  '`',
  '``',
  '```\n',
  '~~~\n'
];
const WORDS = ['\\begin{a}', '\\end{a}', 'x', ' y', '\n', '\n\n', '\n \n', '@@1@@'];

/** What JupyterLab's own removal leaves, each stretch of math as one mark. */
function expected(source: string): string {
  return removeMath(source).text.replace(/@@\d+@@/g, '@');
}

function actual(source: string): string {
  return maskMath(source.replace(/@@\d+@@/g, '@'.repeat(5))).text.replace(/@+/g, '@');
}

describe('maskMath', () => {
  it.each(Object.keys(documents))('finds the math that JupyterLab finds: %s', name => {
    const source = documents[name].replace(/\r\n/g, '\n');
    expect(actual(source)).toBe(expected(source));
  });

  it('does so for sources put together at random', () => {
    const next = random(7);
    const signs = [...SIGNS, ...WORDS];
    for (let round = 0; round < 3000; round += 1) {
      const parts = Array.from(
        { length: 12 },
        () => signs[Math.floor(next() * signs.length)] + 'w'
      );
      const source = parts.join('');
      // Neighbouring stretches look as one when painted over.
      expect(actual(source)).toBe(expected(source).replace(/@+/g, '@'));
    }
  });

  it('keeps every offset and says where math is open', () => {
    const source = 'a $b$ and $c';
    const masked = maskMath(source);
    expect(masked.text).toHaveLength(source.length);
    expect(masked.open).toBe(source.lastIndexOf('$'));
    expect(maskMath('a $b\n\nc').open).toBe(-1);
  });
});
