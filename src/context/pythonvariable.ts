/**
 * Python expressions that list the variables of a kernel and describe one. Each leaves no name behind.
 *
 * Their values are text in hexadecimal digits. What is computed is bounded: columns and keys are counted, nulls are
 * counted up to ten million cells, and a `repr` is cut by `reprlib`, which looks at a part of the value alone.
 */

const HEX = (text: string): string => `(${text}).encode('utf-8', 'replace').hex()`;

/** Pairs of name and type as JSON: what a user made, 500 at most. */
export const LIST = HEX(
  "__import__('json').dumps([(n, type(v).__name__) for n, v in list(globals().items()) " +
    "if not n.startswith('_') and n not in ('In', 'Out', 'exit', 'quit', 'open', 'get_ipython') " +
    "and type(v).__name__ != 'module'][-500:])"
);

const TABLE =
  "'%s, %d rows, %d columns\\n' % (k, v.shape[0], v.shape[1]) + " +
  "'\\n'.join('%s: %s%s' % (str(c)[:200], t, ', %d nulls' % m if m is not None else '') " +
  'for c, t, m in zip(list(v.columns)[:200], list(v.dtypes), ' +
  '(list(v.isna().sum()) if v.size <= 10000000 else [None] * len(v.columns)))) + ' +
  "('\\n[%d columns left out]' % (v.shape[1] - 200) if v.shape[1] > 200 else '')";
const COLUMN =
  "'%s, %d values, dtype %s' % (k, len(v), v.dtype) + " +
  "(', %d nulls' % v.isna().sum() if len(v) <= 10000000 else '')";
const ARRAY =
  "'%s, shape %s, dtype %s' % (k, tuple(v.shape), v.dtype) + " +
  "(', device %s' % v.device if k.startswith('torch.') else '')";
const DICT =
  "'%s with %d keys\\n' % (k, len(v)) + " +
  "'\\n'.join('%s: %s' % (r(a), type(b).__name__) for a, b in " +
  "list(__import__('itertools').islice(v.items(), 50)))";
const FUNCTION =
  "'%s %s%s\\n%s' % (k, getattr(v, '__name__', ''), __import__('inspect').signature(v), " +
  "(__import__('inspect').getdoc(v) or '')[:2000])";

/** A variable in words: kind, shape and types, and for others a short `repr`. */
export function DESCRIBE(name: string): string {
  const module = "type(v).__module__.split('.')[0]";
  const describe =
    'lambda v, k, r: ' +
    `(${TABLE}) if type(v).__name__ == 'DataFrame' and ${module} == 'pandas' else ` +
    `(${COLUMN}) if type(v).__name__ == 'Series' and ${module} == 'pandas' else ` +
    `(${ARRAY}) if hasattr(v, 'shape') and hasattr(v, 'dtype') else ` +
    `(${DICT}) if isinstance(v, dict) else ` +
    `(${FUNCTION}) if type(v).__name__ == 'function' else ` +
    "'%s%s: %s' % (k, ' with %d elements' % len(v) if isinstance(v, (list, tuple, set, str)) else '', r(v))";
  const value = `globals()[${JSON.stringify(name)}]`;
  const kind =
    "(lambda t: t.__name__ if t.__module__ == 'builtins' else t.__module__ + '.' + t.__name__)";
  return HEX(
    `${JSON.stringify(name)} + ': ' + (${describe})(${value}, ${kind}(type(${value})), ` +
      "__import__('reprlib').repr)"
  );
}
