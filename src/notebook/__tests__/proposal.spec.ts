import { type ITextChange, Proposal } from '../proposal';

/** What is shown after each piece, and at the end. */
function shown(original: string, pieces: readonly string[]): string[] {
  const proposal = new Proposal(original);
  let text = original;
  const take = ({ from, to, insert }: ITextChange): string => {
    text = text.slice(0, from) + insert + text.slice(to);
    return text;
  };
  return [...pieces.map(piece => take(proposal.add(piece))), take(proposal.end())];
}

const OLD = 'a = 1\nb = 2\nc = 3\nd = 4';

test('what is not reached yet follows what is written', () => {
  expect(shown(OLD, ['a = 1\n', 'b = 20\n', 'c = 3\nd', ' = 4'])).toEqual([
    OLD,
    'a = 1\nb = 20\nb = 2\nc = 3\nd = 4',
    'a = 1\nb = 20\nc = 3\nd = 4',
    'a = 1\nb = 20\nc = 3\nd = 4',
    'a = 1\nb = 20\nc = 3\nd = 4'
  ]);
});

test('a new source that has nothing of the old one replaces it', () => {
  expect(shown(OLD, ['x\n', 'y']).pop()).toBe('x\ny');
  expect(shown('', ['x\n', 'y']).pop()).toBe('x\ny');
  expect(shown(OLD, ['']).pop()).toBe('');
});

test('lines that are everywhere pass nothing', () => {
  const old = 'f(\n)\n\ng(\n)\n\nh()';
  const [, second] = shown(old, ['new(\n', ')\n', '\n']);
  expect(second).toBe(`new(\n)\n${old}`);
});

test.each([1, 2, 3, 7])('ends as the new source in pieces of %i', size => {
  const fresh = 'import x\n\na = 1\nb = 20\n\ndef f():\n    return 1\nd = 4\n';
  const pieces = fresh.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
  expect(shown(OLD, pieces).pop()).toBe(fresh);
});

test('costs what is added, whatever repeats', () => {
  const old = 'same\n'.repeat(20_000);
  const proposal = new Proposal(old);
  const changes = Array.from({ length: 20_000 }, () => proposal.add('same\n'));
  expect(changes.every(({ from, to, insert }) => to - from === 5 && insert.length === 5)).toBe(
    true
  );
});
