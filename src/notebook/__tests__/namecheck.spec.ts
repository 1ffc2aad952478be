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
  expect(SNIPPETS.length).toBeGreaterThanOrEqual(300);
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
  ['early = late\nlate = 1\n', ['late']],
  ['df["nmae"].str.lower()', ['df.nmae']],
  ['df[["name", "agee"]].head()', ['df.agee']],
  ['df.loc[df["age"] > 3, "citi"].unique()', ['df.citi']],
  ['df.loc[df["agge"] > 3, "city"]', ['df.agge']],
  ['df.groupby("town")["age"].mean()', ['df.town']],
  ['df.groupby(["city", "yaer"]).size()', ['df.yaer']],
  ['df.sort_values(by="agee", ascending=False)', ['df.agee']],
  ['sales.at[0, "prise"]', ['sales.prise']],
  ['df["ratio"] = sales["price"] / df["population"]', ['df.population']],
  ['model.eval()\nmodel.predict(X_tset)', ['X_tset']],
  ['%time result = compute(x)\nresult', ['compute']],
  ['!ls\nprint(undefined_one)', ['undefined_one']],
  ['%matplotlib inline\nplt.plot(xs, y)', ['xs']],
  ['plt.hist(df["ages"], bins=20)', ['df.ages']],
  ['def f(rows: List[int]) -> Dict:\n    return rows\n', ['List', 'Dict']],
  ['@dataclass\nclass A:\n    a: int\n', ['dataclass']],
  ['async def go():\n    await asyncio.sleep(1)\n', ['asyncio']],
  ['try:\n    x\nexcept RequestError as error:\n    print(error)\n', ['RequestError']],
  ['class Net(nn.Module):\n    pass\n', ['nn']],
  ['match x:\n    case 1:\n        print(one)\n', ['one']],
  ['print(f"{x:{widht}}")', ['widht']],
  ['f(y := 1)\n', ['f']],
  ['values = [v * scale for v in data if v > lowest]', ['scale', 'lowest']],
  ['with torch.no_grad():\n    model(x)\n', ['torch']],
  ['(lambda v, w=start: v)(1)', ['start']],
  ['train_test_split(x, y)', ['train_test_split']],
  ['for i in range(n_rows):\n    pass\n', ['n_rows']],
  ['df["a"] = 1\ndf[["a", "b"]]', ['df.b']],
  ['%timeit sum(data)\nprint(missing)', ['missing']],
  ['while not done:\n    break\n', ['done']],
  ['x = y if flag else None', ['flag']],
  ['print(*args, **kwargs)', ['args', 'kwargs']]
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
