/**
 * Python expressions that list the variables of a kernel and describe one.
 *
 * Their code runs in a namespace of its own and leaves no name behind. Their values are text in hexadecimal digits.
 * What is computed is bounded: what is listed is counted, nulls are counted up to ten million cells, and a `repr` is
 * cut by `reprlib`, which looks at a part of the value alone. What an object computes only on demand is not touched.
 */

const LISTING = `
import json, types
def answer(space):
    hidden = ('In', 'Out', 'exit', 'quit', 'open', 'get_ipython')
    made = [(n, type(v).__name__) for n, v in list(space.items())
            if not n.startswith('_') and n not in hidden and not isinstance(v, types.ModuleType)]
    return json.dumps(made[-500:])
`;

const DESCRIPTION = `
import dataclasses, inspect, itertools, reprlib
MOST = 10000000
r = reprlib.Repr()
r.maxstring = r.maxother = 300
def name_of(t):
    return t.__qualname__ if t.__module__ == 'builtins' else t.__module__ + '.' + t.__qualname__
def module_of(v):
    return type(v).__module__.split('.')[0]
def columns(v):
    nulls = list(v.isna().sum()) if v.shape[0] * v.shape[1] <= MOST else None
    lines = []
    for at, (column, dtype) in enumerate(itertools.islice(zip(v.columns, v.dtypes), 200)):
        lines.append('%s: %s%s' % (str(column)[:200], dtype, '' if nulls is None else ', %d nulls' % nulls[at]))
    if v.shape[1] > 200:
        lines.append('[%d columns left out]' % (v.shape[1] - 200))
    return lines
def polars_columns(v):
    nulls = list(v.null_count().row(0)) if v.shape[0] * v.shape[1] <= MOST else None
    return ['%s: %s%s' % (str(c)[:200], t, '' if nulls is None else ', %d nulls' % nulls[at])
            for at, (c, t) in enumerate(itertools.islice(v.schema.items(), 200))]
def short(v):
    return name_of(type(v)) + (', shape %s' % (tuple(v.shape),) if hasattr(v, 'shape') and hasattr(v, 'dtype') else '')
def members(v):
    if dataclasses.is_dataclass(v):
        return [(f.name, getattr(v, f.name, None)) for f in dataclasses.fields(v)]
    return [(k, x) for k, x in list(getattr(v, '__dict__', {}).items()) if not k.startswith('_')]
def describe(v, rows):
    kind, module = name_of(type(v)), module_of(v)
    if module == 'pandas' and type(v).__name__ == 'DataFrame':
        lines = ['%s, %d rows, %d columns' % (kind, v.shape[0], v.shape[1])] + columns(v)
        if rows:
            lines += ['[first %d rows]' % rows, v.iloc[:rows, :50].to_string(max_colwidth=200)]
        return lines
    if module == 'pandas' and type(v).__name__ == 'Series':
        nulls = ', %d nulls' % v.isna().sum() if len(v) <= MOST else ''
        lines = ['%s, name %r, %d values, dtype %s%s' % (kind, v.name, len(v), v.dtype, nulls)]
        return lines + (['[first %d values]' % rows, v.head(rows).to_string()] if rows else [])
    if module == 'polars' and type(v).__name__ == 'DataFrame':
        lines = ['%s, %d rows, %d columns' % (kind, v.shape[0], v.shape[1])] + polars_columns(v)
        return lines + (['[first %d rows]' % rows, str(v.head(rows))] if rows else [])
    if module == 'polars' and type(v).__name__ == 'LazyFrame':
        return [kind + ', not computed']
    if hasattr(v, 'named_parameters') and hasattr(v, 'modules'):
        parameters = list(itertools.islice(v.named_parameters(), 5000))
        total = sum(p.numel() for _, p in parameters)
        lines = ['%s, %d parameters in %d tensors' % (kind, total, len(parameters))]
        return lines + str(v).split('\\n')[:200]
    if hasattr(v, 'shape') and hasattr(v, 'dtype'):
        device = ', device %s' % v.device if hasattr(v, 'device') and module in ('torch', 'jax', 'jaxlib') else ''
        grad = ', requires grad' if getattr(v, 'requires_grad', False) is True else ''
        return ['%s, shape %s, dtype %s%s%s' % (kind, tuple(v.shape), v.dtype, device, grad)]
    if isinstance(v, dict):
        shown = list(itertools.islice(v.items(), 50))
        lines = ['%s with %d keys' % (kind, len(v))] + ['%s: %s' % (r.repr(a), short(b)) for a, b in shown]
        return lines + (['[%d keys left out]' % (len(v) - 50)] if len(v) > 50 else [])
    if inspect.isclass(v) or inspect.isroutine(v):
        try:
            signature = str(inspect.signature(v))
        except (TypeError, ValueError):
            signature = '(...)'
        lines = ['%s %s%s' % (kind, getattr(v, '__qualname__', ''), signature), (inspect.getdoc(v) or '')[:2000]]
        if inspect.isclass(v):
            lines += ['.%s' % n for n, x in list(vars(v).items()) if not n.startswith('_')][:100]
        return lines
    if isinstance(v, (list, tuple, set, frozenset, str, bytes)):
        sizes = '%s with %d elements: %s' % (kind, len(v), r.repr(v))
        if isinstance(v, (str, bytes)):
            return [sizes]
        return [sizes] + sorted({'of ' + short(x) for x in itertools.islice(v, 100)})
    if v is None or isinstance(v, (bool, int, float, complex)):
        return ['%s: %s' % (kind, r.repr(v))]
    if hasattr(v, 'get_params') and hasattr(v, 'fit'):
        lines = [kind] + ['%s=%s' % (k, r.repr(x)) for k, x in sorted(v.get_params(deep=False).items())]
        return lines + (['fitted'] if any(k.endswith('_') for k in getattr(v, '__dict__', {})) else ['not fitted'])
    lines = [kind] + ['.%s: %s' % (k, short(x)) for k, x in members(v)[:50]]
    if type(v).__repr__ is not object.__repr__ and module == 'builtins':
        lines[0] += ': ' + r.repr(v)
    return lines
def answer(space, name, rows):
    v = space[name]
    try:
        lines = describe(v, rows)
    except Exception:
        # An object that answers to every attribute, or whose own methods fail.
        lines = [name_of(type(v))]
    return name + ': ' + '\\n'.join(line for line in lines if line)
`;

/** Pairs of name and type as JSON: what a user made, 500 at most. */
export const LIST = evaluated(LISTING, 'globals()');

/** A variable in words: kind, shape and types; the first rows of a table where `rows` is more than 0. */
export function DESCRIBE(name: string, rows: number): string {
  return evaluated(DESCRIPTION, `globals(), ${JSON.stringify(name)}, ${rows}`);
}

/** An expression that runs code in a namespace of its own and calls `answer` there. */
function evaluated(code: string, args: string): string {
  const space = `(lambda d: (exec(${JSON.stringify(code)}, d), d)[1])({})`;
  return `${space}['answer'](${args}).encode('utf-8', 'replace').hex()`;
}
