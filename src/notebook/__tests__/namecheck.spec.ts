/** Unknown names: found where they are, and no false alarm in code that is right. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@lezer/python';
import { type IKnownNames, NameCheck } from '../namecheck';

const FOLDER = join(__dirname, 'correct');

function lines(file: string): string[] {
  return readFileSync(join(FOLDER, file), 'utf8').split(/\s+/).filter(Boolean);
}

/** A kernel in which the usual imports were run, and two tables are there. */
const KNOWN: IKnownNames = {
  names: new Set([
    ...lines('builtins.txt'),
    ...['np', 'pd', 'plt', 'df', 'sales', 'x', 'y', 'data', 'model', 'get_ipython', 'display']
  ]),
  tables: new Map([
    ['df', new Set(['name', 'age', 'city', 'date'])],
    ['sales', new Set(['price', 'quantity', 'region'])]
  ])
};

/** What is found in code that comes in pieces, as text. */
function found(code: string, size = code.length): string[] {
  const check = new NameCheck(parser, KNOWN);
  const all = [];
  for (let at = 0; at < code.length; at += size) {
    all.push(...check.add(code.slice(at, at + size)));
  }
  all.push(...check.end());
  return all.map(({ from, to, name, table }) => {
    const shown = code.slice(from, to);
    expect(table === null ? shown : shown.slice(1, -1)).toBe(name);
    return table === null ? name : `${table}.${name}`;
  });
}

const SNIPPETS = readFileSync(join(FOLDER, 'snippets.txt'), 'utf8')
  .split(/^# ---.*\n/m)
  .filter(snippet => snippet.trim() !== '');

test('at most one in a hundred correct snippets has a false alarm, whole and in pieces', () => {
  expect(SNIPPETS.length).toBeGreaterThanOrEqual(200);
  const alarms = SNIPPETS.flatMap(snippet =>
    [snippet.length, 7].flatMap(size => {
      const names = found(snippet, size);
      return names.length > 0 ? [`${names.join()} in ${snippet}`] : [];
    })
  );
  expect(alarms).toEqual([]);
});

test.each([
  ['y = missing + 1\n', ['missing']],
  ['print(df["nam"])\n', ['df.nam']],
  ['sales["price"] * sales["amount"]', ['sales.amount']],
  ['def f(a):\n    return a + b\n\nf(1)', ['b']],
  ['for i in rows:\n    print(i)\n', ['rows']],
  ['z = [a for b in x]', ['a']],
  ['f"{wrong:.2f}"', ['wrong']],
  ['with open(path) as f:\n    pass\n', ['path']],
  ['df["total"] = df["price"]\ndf["total"]', ['df.price']],
  ['early = late\nlate = 1\n', ['late']]
])('finds what is unknown in %j', (code, names) => {
  expect(found(code)).toEqual(names);
  expect(found(code, 3)).toEqual(names);
});

test('says it as soon as the statement is complete', () => {
  const check = new NameCheck(parser, KNOWN);
  expect(check.add('a = missing\nb')).toEqual([]);
  expect(check.add(' = 1\n').map(({ name }) => name)).toEqual(['missing']);
  expect(check.end()).toEqual([]);
});

test('what a function uses may be defined below it', () => {
  expect(found('def main():\n    return helper()\n\ndef helper():\n    return 1\n', 5)).toEqual([]);
});
