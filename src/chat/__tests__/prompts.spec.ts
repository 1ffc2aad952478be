import { fill, matching, slashBefore } from '../prompts';

it.each([
  ['/', 1, ''],
  ['/fix', 4, 'fix'],
  ['/fix', 2, 'f'],
  ['/解释', 3, '解释'],
  ['/fix it', 7, null],
  [' /fix', 5, null],
  ['a\n/fix', 6, null],
  ['/a/b', 4, null],
  ['', 0, null]
])('what is typed behind / in %j at %i', (text, caret, query) => {
  expect(slashBefore(text, caret)).toBe(query);
});

it('puts the names first that begin with what is typed', () => {
  const prompts = ['prefix', 'Fix', 'other', 'fixture'].map(name => ({ name, text: '' }));
  expect(matching(prompts, 'fix').map(({ name }) => name)).toEqual(['Fix', 'fixture', 'prefix']);
  expect(matching(prompts, '')).toEqual(prompts);
});

describe('the places of a prompt', () => {
  const read = async (place: string) => ({ selection: 'x = {language}', cell: '' })[place] ?? null;

  it('are filled, all of the same name, and what is put in is taken as it is', async () => {
    expect(await fill('{selection} and {selection}{cell}.', read)).toEqual({
      text: 'x = {language} and x = {language}.',
      open: null
    });
  });

  it('stay where there is nothing to put in; the first of them is told', async () => {
    expect(await fill('{selection} {语言} {b}', read)).toEqual({
      text: 'x = {language} {语言} {b}',
      open: { start: 15, end: 19 }
    });
  });

  it('are names in braces alone', async () => {
    const text = '{} { a } {"a": 1} {{x y}} $\\frac{}{}$';
    expect(await fill(text, async () => 'no')).toEqual({ text, open: null });
  });
});
