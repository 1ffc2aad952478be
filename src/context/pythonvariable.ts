/**
 * Python expressions that list the variables of a kernel and describe one.
 *
 * Their code runs in a namespace of its own and leaves no name behind; what it prints is dropped. Their values are
 * text in hexadecimal digits. What is computed is bounded: nulls are counted up to ten million cells, of a text or a
 * list the beginning is shown, and what is left out is counted. After two seconds it is given up. No repr of a class of the user's is called: it may be
 * slow, raise or print. What an object computes only on demand is not touched.
 */

const LISTING = `
import json, types
def answer(space):
    hidden = ('In', 'Out', 'exit', 'quit', 'open', 'get_ipython')
    made = [(n, type(v).__name__) for n, v in list(space.items())
            if isinstance(n, str) and not n.startswith('_') and n not in hidden and not isinstance(v, types.ModuleType)]
    return json.dumps(made[-5000:])
`;

const DESCRIPTION = `
import collections, contextlib, dataclasses, datetime, decimal, enum, fractions, inspect, io, itertools, pathlib, re, signal, sys, threading, types, uuid, warnings
MOST = 10000000
SHOWN = 300
PLAIN = (datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo, decimal.Decimal, fractions.Fraction,
         pathlib.PurePath, uuid.UUID, re.Pattern, range)
PANDAS = ('Timestamp', 'Timedelta', 'Period', 'Interval', 'NaTType', 'NAType')
SECONDS = 2
class TooSlow(BaseException): pass
def too_slow(*_): raise TooSlow
@contextlib.contextmanager
def at_most(seconds):
    is_main = threading.current_thread() is threading.main_thread()
    # Windows has no such timer; one that the user has set is left alone.
    if not hasattr(signal, 'setitimer') or not is_main or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return
    before = signal.signal(signal.SIGALRM, too_slow)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if before is None else before)
def name_of(t):
    return t.__qualname__ if t.__module__ == 'builtins' else t.__module__ + '.' + t.__qualname__
def module_of(v):
    return type(v).__module__.split('.')[0]
def of_library(v, module, name):
    library = sys.modules.get(module)
    for part in name.split('.'):
        library = getattr(library, part, None)
    return isinstance(library, type) and isinstance(v, library)
def cut(text, most=SHOWN):
    text = str(text)
    return text if len(text) <= most else '%s... [%d characters left out]' % (text[:most], len(text) - most)
def has(v, *names):
    return all(inspect.getattr_static(type(v), n, None) is not None for n in names)
def is_array(v):
    try:
        return has(v, 'shape', 'dtype') and not inspect.isclass(v) and isinstance(tuple(v.shape), tuple) and v.dtype is not None
    except Exception:
        return False
def value(v, depth=0, seen=()):
    t = type(v)
    if t in (str, bytes, bytearray):
        most = SHOWN if t is str else 75
        return repr(v[:most]) + ('' if len(v) <= most else '... [%d left out]' % (len(v) - most))
    if t is int:
        return repr(v) if v.bit_length() < 1000 else 'an integer of %d bits' % v.bit_length()
    if v is None or t in (bool, float, complex):
        return repr(v)
    if t in (list, tuple, set, frozenset, dict):
        if depth > 1 or id(v) in seen:
            return '%s with %d %s' % (t.__name__, len(v), 'keys' if t is dict else 'elements')
        most, inner = 6 if depth else 20, seen + (id(v),)
        some = list(itertools.islice(v.items() if t is dict else v, most))
        texts = ['%s: %s' % (value(k, 2), value(x, depth + 1, inner)) for k, x in some] if t is dict else [value(x, depth + 1, inner) for x in some]
        left = ['[%d left out]' % (len(v) - len(some))] if len(v) > len(some) else []
        signs = {list: '[]', tuple: '()', set: '{}', dict: '{}', frozenset: '{}'}[t]
        return signs[0] + ', '.join(texts + left) + signs[1]
    if isinstance(v, PLAIN) and t.__module__ in ('datetime', 'decimal', 'fractions', 'pathlib', 'pathlib._local', 're', 'uuid', 'builtins', 'zoneinfo'):
        return cut(repr(v))
    if isinstance(v, enum.Enum):
        return cut('%s.%s' % (t.__qualname__, v._name_))
    if module_of(v) == 'numpy' and is_array(v) and v.shape == () and v.dtype.kind != 'O':
        return '%s(%s)' % (name_of(t), cut(v))
    if module_of(v) == 'pandas' and t.__name__ in PANDAS:
        return cut(repr(v))
    return short(v)
def label(name):
    return cut(repr(name), 200)
def short(v):
    return name_of(type(v)) + (', shape %s' % (tuple(v.shape),) if is_array(v) else '')
def index_of(v):
    index = v.index
    if type(index).__name__ == 'RangeIndex' and index.name is None:
        return []
    if type(index).__name__ == 'MultiIndex':
        levels = ['%s: %s' % (label(n), l.dtype) for n, l in zip(index.names, index.levels)]
        return ['index: %s of %d levels, %s' % (type(index).__name__, index.nlevels, ', '.join(levels))]
    return ['index: %s, name %s, dtype %s' % (type(index).__name__, label(index.name), dtype_of(index.dtype))]
def dtype_of(dtype):
    if type(dtype).__name__ != 'CategoricalDtype':
        return cut(dtype, 1000)
    names = list(dtype.categories[:20])
    left = len(dtype.categories) - len(names)
    order = 'ordered, ' if dtype.ordered else ''
    return 'category (%s%s%s)' % (order, ', '.join(cut(n, 50) for n in names), ', %d left out' % left if left else '')
def columns(v):
    nulls = list(v.isna().sum()) if v.shape[0] * v.shape[1] <= MOST else None
    lines = []
    for at, (column, dtype) in enumerate(itertools.islice(zip(v.columns, v.dtypes), 200)):
        lines.append('%s: %s%s' % (cut(column, 200), dtype_of(dtype), '' if nulls is None else ', %d nulls' % nulls[at]))
    if v.shape[1] > 200:
        lines.append('[%d columns left out]' % (v.shape[1] - 200))
    if nulls is None:
        lines.append('[nulls not counted: more than %d cells]' % MOST)
    return lines
def polars_columns(v):
    nulls = list(v.null_count().row(0)) if v.shape[0] * v.shape[1] <= MOST else None
    lines = ['%s: %s%s' % (cut(c, 200), t, '' if nulls is None else ', %d nulls' % nulls[at])
             for at, (c, t) in enumerate(itertools.islice(v.schema.items(), 200))]
    return lines + (['[%d columns left out]' % (v.shape[1] - 200)] if v.shape[1] > 200 else [])
def members(v):
    if has(v, '__dataclass_fields__'):
        names = [f.name for f in dataclasses.fields(v)]
    else:
        names = [n for n in list(getattr(v, '__dict__', {})) if isinstance(n, str) and not n.startswith('_')]
        names += [n for c in type(v).__mro__ for n in vars(c).get('__slots__', ()) if isinstance(n, str) and not n.startswith('_')]
    missing = object()
    held = [(n, inspect.getattr_static(v, n, missing)) for n in names]
    read = [(n, getattr(v, n, missing) if inspect.ismemberdescriptor(x) else x) for n, x in held]
    return [(n, x) for n, x in read if x is not missing]
def keys(v, most, indent, seen):
    lines = []
    for key, x in itertools.islice(v.items(), most):
        if isinstance(x, dict):
            lines.append('%s%s: %s with %d keys' % (indent, value(key, 1), name_of(type(x)), len(x)))
            if len(indent) < 4 and id(x) not in seen:
                lines += keys(x, 10, indent + '  ', seen + (id(x),))
        else:
            lines.append('%s%s: %s' % (indent, value(key, 1), short(x)))
    return lines + (['%s[%d keys left out]' % (indent, len(v) - most)] if len(v) > most else [])
def named(pairs, most, what):
    lines = ['%s: %s' % (k, short(x)) for k, x in pairs[:most]]
    return lines + (['[%d %s left out]' % (len(pairs) - most, what)] if len(pairs) > most else [])
def describe(v, rows):
    kind, module = name_of(type(v)), module_of(v)
    if of_library(v, 'pandas', 'DataFrame'):
        lines = ['%s, %d rows, %d columns' % (kind, v.shape[0], v.shape[1])] + index_of(v) + columns(v)
        if rows and len(v):
            lines += ['[first %d rows]' % min(rows, len(v)), v.iloc[:rows, :50].to_string(max_colwidth=200)]
            if v.shape[1] > 50:
                lines.append('[the rows have the first 50 columns]')
        return lines
    if of_library(v, 'pandas', 'Series'):
        nulls = ', %d nulls' % v.isna().sum() if len(v) <= MOST else ''
        lines = ['%s, name %s, %d values, dtype %s%s' % (kind, label(v.name), len(v), dtype_of(v.dtype), nulls)] + index_of(v)
        some = v.head(rows)
        return lines + (['[first %d values]' % len(some), cut(some.to_string(), 5000)] if rows and len(v) else [])
    if of_library(v, 'pandas', 'Index') or of_library(v, 'pandas', 'Categorical'):
        if type(v).__name__ == 'MultiIndex':
            return ['%s, %d values' % (kind, len(v))] + ['level %s: %s' % (label(n), l.dtype) for n, l in zip(v.names, v.levels)]
        name = ', name %s' % label(v.name) if hasattr(v, 'name') else ''
        return ['%s%s, %d values, dtype %s' % (kind, name, len(v), dtype_of(v.dtype))]
    if of_library(v, 'polars', 'DataFrame'):
        lines = ['%s, %d rows, %d columns' % (kind, v.shape[0], v.shape[1])] + polars_columns(v)
        return lines + (['[first %d rows]' % min(rows, v.shape[0]), str(v.head(rows))] if rows and v.shape[0] else [])
    if of_library(v, 'polars', 'LazyFrame'):
        return [kind + ', not computed']
    if of_library(v, 'torch', 'nn.Module'):
        parameters = list(itertools.islice(v.named_parameters(), 5000))
        total = sum(p.numel() for _, p in parameters)
        layers = str(v).split('\\n')
        lines = ['%s, %d parameters in %d tensors' % (kind, total, len(parameters))] + layers[:200]
        return lines + (['[%d lines left out]' % (len(layers) - 200)] if len(layers) > 200 else [])
    if is_array(v):
        device = ', device %s' % v.device if module in ('torch', 'jax', 'jaxlib') else ''
        grad = ', requires grad' if module == 'torch' and v.requires_grad else ''
        fields = ['%s: %s' % (n, v.dtype.fields[n][0]) for n in (getattr(v.dtype, 'names', None) or ())[:50]]
        sample = ''
        if module in ('numpy', 'torch') and tuple(v.shape) == () and device in ('', ', device cpu') and str(v.dtype) != 'object':
            sample = ': ' + cut(v.item())
        return ['%s, shape %s, dtype %s%s%s%s' % (kind, tuple(v.shape), cut(v.dtype, 1000), device, grad, sample)] + fields
    if inspect.isclass(v) or inspect.isroutine(v):
        try:
            signature = str(inspect.signature(v))
        except (TypeError, ValueError):
            signature = '(...)'
        # Of a class its own: what it inherits describes another.
        text = inspect.cleandoc(vars(v).get('__doc__') or '') if inspect.isclass(v) else inspect.getdoc(v) or ''
        lines = ['%s %s%s' % (kind, getattr(v, '__qualname__', ''), cut(signature, 2000)), cut(text, 2000)]
        if inspect.isclass(v):
            names = [n for n, x in list(vars(v).items()) if not n.startswith('_')]
            lines += ['.%s' % n for n in names[:100]] + (['[%d names left out]' % (len(names) - 100)] if len(names) > 100 else [])
        return lines
    if isinstance(v, (dict, types.MappingProxyType)):
        return ['%s with %d keys' % (kind, len(v))] + keys(v, 50, '', (id(v),))
    if type(v) in (str, bytes, bytearray):
        return ['%s with %d %s: %s' % (kind, len(v), 'characters' if type(v) is str else 'bytes', value(v))]
    if isinstance(v, (list, tuple, set, frozenset, collections.deque)):
        held = {list: list, tuple: tuple, set: set, frozenset: frozenset}.get(type(v))
        names = getattr(type(v), '_fields', None)
        if isinstance(v, tuple) and names:
            return [kind] + ['.%s: %s' % (n, short(x)) for n, x in itertools.islice(zip(names, v), 50)]
        lines = ['%s with %d elements%s' % (kind, len(v), ': ' + value(v) if held else '')]
        held_types = list(dict.fromkeys('of ' + short(x) for x in itertools.islice(v, 100)))
        return lines + held_types[:20] + (['[%d types left out]' % (len(held_types) - 20)] if len(held_types) > 20 else [])
    text = value(v)
    if text != short(v):
        return ['%s: %s' % (kind, text)]
    if has(v, 'get_params', 'fit'):
        lines = [kind] + ['%s=%s' % (k, value(x, 1)) for k, x in sorted(v.get_params(deep=False).items())]
        return lines + (['fitted'] if any(k.endswith('_') for k in getattr(v, '__dict__', {})) else ['not fitted'])
    if isinstance(v, BaseException):
        return ['%s: %s' % (kind, value(v.args))]
    if inspect.ismodule(v):
        return ['%s %s' % (kind, v.__name__), cut(v.__doc__ or '', 2000)]
    if has(v, '__len__') and module in ('builtins', 'collections'):
        return ['%s with %d elements' % (kind, len(v))]
    return [kind] + ['.' + line if line[0] != '[' else line for line in named(members(v), 50, 'attributes')]
def answer(space, name, rows):
    v = space[name]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            with at_most(SECONDS):
                lines = describe(v, rows)
        except TooSlow:
            lines = [name_of(type(v)), '[nothing more is known: it takes too long to look at the object]']
        except BaseException:
            # An object whose own methods fail.
            lines = [name_of(type(v)), '[nothing more is known: the object raises an error]']
    return name + ': ' + '\\n'.join(line for line in lines if line)
`;

/** Pairs of name and type as JSON: what a user made, the newest 5,000 at most. */
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
