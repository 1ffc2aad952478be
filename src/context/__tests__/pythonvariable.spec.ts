/** What a Python kernel says of its variables: the expressions are evaluated by a real Python. */

import { execFileSync } from 'node:child_process';

import { DESCRIBE, LIST } from '../pythonvariable';

/** The values of expressions behind some code, each with what it printed. */
function evaluated(code: string, expressions: readonly string[]): string[] {
  const program = `${code}
import json as _json, sys as _sys
_values = [bytes.fromhex(eval(each)).decode() for each in _json.loads(_sys.stdin.read())]
print(_json.dumps(_values))`;
  const output = execFileSync('python3', ['-c', program], {
    input: JSON.stringify(expressions),
    encoding: 'utf8'
  });
  return JSON.parse(output) as string[];
}

const CODE = `
import collections, dataclasses, datetime, decimal, enum, pathlib, re, time, types

class Raises:
    def __repr__(self): raise ValueError('x')
    def __len__(self): raise ValueError('y')
class Slow:
    def __repr__(self): time.sleep(60)
class Prints:
    def __repr__(self): print('PRINTED'); return 'p'
    @property
    def shape(self): print('PRINTED'); return (1,)
    dtype = shape
class Leaves:
    @property
    def shape(self): raise SystemExit
    dtype = shape
class Waits:
    @property
    def shape(self): time.sleep(60)
    dtype = shape
class Anything:
    def __getattr__(self, name): return 1
class Nothing:
    def __getattribute__(self, name): raise RuntimeError(name)
class Meta(type):
    def __getattr__(cls, name): return 5
class OfMeta(metaclass=Meta): pass
@dataclasses.dataclass
class Point:
    x: int = 1
    y: str = 'hidden'
class Slots:
    __slots__ = ('a', 'b')
class Lazy:
    """Counts."""
    def __init__(self): self.held = 1
    @property
    def costly(self): print('PRINTED'); return 1
class Colour(enum.Enum): RED = 1
Pair = collections.namedtuple('Pair', 'left right')

waits = Waits()
raises, slow, prints, leaves, anything, nothing, of_meta = (
    Raises(), Slow(), Prints(), Leaves(), Anything(), Nothing(), OfMeta())
point, lazy, colour, pair, slots = Point(), Lazy(), Colour.RED, Pair(1, 'a'), Slots()
slots.a = 1
held = [raises, slow, prints]
keyed = {raises: 1, 'slow': slow}
ring = [1]; ring.append(ring)
loop = {}; loop['me'] = loop
nested = {'a': {'b': [1, 2], 'c': {'d': 'hidden'}}, 'n': None}
many = {number: number for number in range(1000)}
long_list = list(range(10 ** 5))
text, empty, surrogate = 'x' * 1000, '', '\\ud800'
raw = bytes(1000)
huge, negative = 10 ** 9000, -5
generator = (each for each in [1])
day, amount, path, expression = datetime.date(2024, 1, 2), decimal.Decimal('1.50'), pathlib.PurePosixPath('/a b'), re.compile('a+')
queue, proxy, error = collections.deque([1]), types.MappingProxyType({'a': 1}), ValueError('boom')
def area(width: int, height=2): "Return the area."
`;

const DESCRIBED: Readonly<Record<string, string>> = {
  raises: '__main__.Raises',
  slow: '__main__.Slow',
  prints: '__main__.Prints, shape (1,), dtype (1,)',
  anything: '__main__.Anything',
  of_meta: '__main__.OfMeta',
  leaves: '__main__.Leaves\n[nothing more is known: the object raises an error]',
  waits: '__main__.Waits\n[nothing more is known: it takes too long to look at the object]',
  nothing: '__main__.Nothing\n[nothing more is known: the object raises an error]',
  point: '__main__.Point\n.x: int\n.y: str',
  slots: '__main__.Slots\n.a: int',
  lazy: '__main__.Lazy\n.held: int',
  Lazy: 'type Lazy()\nCounts.\n.costly',
  colour: '__main__.Colour: Colour.RED',
  pair: '__main__.Pair\n.left: int\n.right: str',
  held:
    'list with 3 elements: [__main__.Raises, __main__.Slow, __main__.Prints, shape (1,)]\n' +
    'of __main__.Raises\nof __main__.Slow\nof __main__.Prints, shape (1,)',
  keyed: "dict with 2 keys\n__main__.Raises: int\n'slow': __main__.Slow",
  ring: 'list with 2 elements: [1, list with 2 elements]\nof int\nof list',
  loop: "dict with 1 keys\n'me': dict with 1 keys",
  nested:
    "dict with 2 keys\n'a': dict with 2 keys\n  'b': list\n  'c': dict with 1 keys\n    'd': str\n'n': NoneType",
  long_list:
    'list with 100000 elements: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, ' +
    '[99980 left out]]\nof int',
  text: `str with 1000 characters: '${'x'.repeat(300)}'... [700 left out]`,
  empty: "str with 0 characters: ''",
  surrogate: "str with 1 characters: '\\ud800'",
  raw: `bytes with 1000 bytes: b'${'\\x00'.repeat(75)}'... [925 left out]`,
  huge: 'int: an integer of 29898 bits',
  negative: 'int: -5',
  generator: 'generator',
  day: 'datetime.date: datetime.date(2024, 1, 2)',
  amount: "decimal.Decimal: Decimal('1.50')",
  path: "pathlib.PurePosixPath: PurePosixPath('/a b')",
  expression: "re.Pattern: re.compile('a+')",
  queue: 'collections.deque with 1 elements\nof int',
  proxy: "mappingproxy with 1 keys\n'a': int",
  error: "ValueError: ('boom')",
  area: 'function area(width: int, height=2)\nReturn the area.'
};

it('describes values of many kinds, whatever they do when they are looked at', () => {
  const names = Object.keys(DESCRIBED);
  const found = evaluated(
    CODE,
    names.map(name => DESCRIBE(name, 5))
  );
  expect(Object.fromEntries(names.map((name, at) => [name, found[at]]))).toEqual(
    Object.fromEntries(names.map(name => [name, `${name}: ${DESCRIBED[name]}`]))
  );
});

it('says how many keys it leaves out', () => {
  const [found] = evaluated(CODE, [DESCRIBE('many', 0)]);
  expect(found.split('\n')).toHaveLength(52);
  expect(found).toMatch(/^many: dict with 1000 keys\n0: int\n[^]*\n\[950 keys left out\]$/);
});

it('lists what a user made, and leaves no name behind', () => {
  const code =
    'import json\nfrom math import pi\nframe, _hidden, In = [1], 2, []\nglobals()[5] = 5';
  const [found] = evaluated(code, [LIST]);
  expect(JSON.parse(found)).toEqual([
    ['pi', 'float'],
    ['frame', 'list']
  ]);
});

const FRAMES = `
import datetime
import numpy as np, pandas as pd
pairs = pd.MultiIndex.from_tuples([('a', 1), ('b', 2)], names=['letter', None])
indexed = pd.DataFrame({('x', 'one'): [1, None], ('x', 'two'): ['p', 'q']}, index=pairs)
twice = pd.DataFrame([[1, 'a', [1]], [2, None, [2]]], columns=['same', 'same', 3])
kinds = pd.DataFrame({
    'category': pd.Categorical(['low', 'high'], categories=['low', 'high'], ordered=True),
    'zone': pd.to_datetime(['2024-01-01', None]).tz_localize('Asia/Shanghai'),
    '城市': ['北京', '上海'],
})
empty = pd.DataFrame()
wide = pd.DataFrame(np.zeros((1, 1000)))
long_text = pd.DataFrame({'text': ['x' * 100000]})
series = pd.Series([1.5, None], name='n' * 1000)
structured = np.zeros(2, dtype=[('id', 'i4'), ('name', 'U5')])
objects = np.array([{'a': 1}, None], dtype=object)
scalar = np.float32(1.5)
变量 = [1]
`;

it('describes tables and arrays of unusual kinds', () => {
  const names = ['indexed', 'twice', 'kinds', 'empty', 'structured', 'objects', 'scalar', '变量'];
  const [indexed, twice, kinds, empty, structured, objects, scalar, chinese] = evaluated(
    FRAMES,
    names.map(name => DESCRIBE(name, 0))
  );
  expect(indexed).toMatch(
    /^indexed: \S*DataFrame, 2 rows, 2 columns\nindex: MultiIndex of 2 levels, 'letter': (str|object), None: int64\n/
  );
  expect(indexed).toContain("\n('x', 'one'): float64, 1 nulls\n('x', 'two'): ");
  expect(twice).toMatch(/\nsame: int64, 0 nulls\nsame: (str|object), 1 nulls\n3: object, 0 nulls$/);
  expect(kinds).toContain('\ncategory: category (ordered, low, high), 0 nulls\n');
  expect(kinds).toMatch(
    /\nzone: datetime64\[\w+, Asia\/Shanghai\], 1 nulls\n城市: (str|object), 0 nulls$/
  );
  expect(empty).toMatch(/^empty: \S*DataFrame, 0 rows, 0 columns$/);
  expect(structured).toMatch(
    /^structured: numpy.ndarray, shape \(2,\), dtype .*\nid: int32\nname: <U5$/
  );
  expect(objects).toBe('objects: numpy.ndarray, shape (2,), dtype object');
  expect(scalar).toBe('scalar: numpy.float32, shape (), dtype float32: 1.5');
  expect(chinese).toBe('变量: list with 1 elements: [1]\nof int');
});

it('bounds what is said of wide tables and long values', () => {
  const [wide, text, series] = evaluated(FRAMES, [
    DESCRIBE('wide', 0),
    DESCRIBE('long_text', 5),
    DESCRIBE('series', 5)
  ]);
  expect(wide).toContain('\n[800 columns left out]');
  expect(text.length).toBeLessThan(1000);
  expect(text).toContain('[first 1 rows]');
  expect(series).toContain('characters left out], 2 values, dtype float64, 1 nulls');
});

it('lists a thousand variables', () => {
  const [found] = evaluated('globals().update({f"v{n}": n for n in range(1000)})', [LIST]);
  expect(JSON.parse(found)).toHaveLength(1000);
});
