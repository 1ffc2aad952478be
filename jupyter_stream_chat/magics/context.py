"""``{name}`` in a question becomes what the name stands for, where it really names something.

Owns what counts as such a place. Names, attributes and indexing are followed, calls are never evaluated, and
no code of the user's own classes runs (properties, ``__getattr__``, ``__getitem__``).
Braces of code, JSON, LaTeX and format strings stay as they are; ``{{name}}`` is how one writes ``{name}``.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping
from types import MemberDescriptorType
from typing import Any

from .attach import Attachment, picture_of
from .values import describe, figure_of

_PLACE = re.compile(
    r"""
    (?P<kept>
        ^\ {0,3}(?P<fence>`{3,}|~{3,}).*?(?:^\ {0,3}(?P=fence)[`~]*\s*$|\Z)    # a fenced block
      | (?P<ticks>`+)[^`].*?(?P=ticks)                                         # code in a line
      | \$\$.+?\$\$ | \\\(.+?\\\) | \\\[.+?\\\]                                # mathematics
      | \$(?=\S)[^$\n]*?[^\s$]\$(?!\d)
      | \\[A-Za-z]+\*?(?:\[[^\]\n]*\]|\{[^{}\n]*\})+                           # a command of LaTeX
      | \b[rR]?[fF][rR]?(?:"[^"\n]*"|'[^'\n]*')                                # a format string
      | "[^"\n]*"(?=\.format) | '[^'\n]*'(?=\.format)
      | [\w$^#)\]}\\%@]\{[^{}\n]*\}                                            # ${x}, x^{y}, f(){x}
    )
  | \{\{(?P<escaped>[^{}\n]{1,200})\}\}
  | \{(?P<named>[^{}\n]{1,200})\}
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)


_KNOWN_LIBRARIES = {
    *("builtins", "collections", "datetime", "decimal", "fractions", "pathlib", "types", "array"),
    *("numpy", "pandas", "polars", "pyarrow", "matplotlib", "scipy", "sklearn", "torch", "xarray"),
}
"""Their classes are read with their own attribute and item access; classes of others by what they store."""


class NothingNamed(LookupError):
    """The text in braces names nothing that can be looked up without calling anything."""


def expand(
    text: str,
    namespace: Mapping[str, Any],
    hidden: Mapping[str, Any] | None = None,
    on_figure: Callable[[Attachment], None] | None = None,
) -> str:
    """Return the question with values in the place of names; what is put in is not looked at again.

    ``hidden`` holds names that the user did not make (IPython's own); they are put in only where the
    namespace has another value for them, or where they are the history (``Out[3]``, ``_``). ``on_figure``
    is given each figure as a picture as well; its words stand in the question.
    """

    def put_in(match: re.Match[str]) -> str:
        source = match["escaped"] or match["named"]
        if source is None:
            return match[0]
        try:
            value = look_up(source, namespace, hidden or {})
        except NothingNamed:
            return match[0]
        if match["escaped"]:
            return "{" + source + "}"
        if on_figure is not None and (figure := figure_of(value)) is not None:
            on_figure(picture_of(figure, source))
        return describe(value)

    return _PLACE.sub(put_in, text)


def look_up(source: str, namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> Any:
    """Return what a name, an attribute or an index stands for. Raises NothingNamed."""
    if source != source.strip():
        raise NothingNamed(source)
    try:
        tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise NothingNamed(source) from None
    if not isinstance(tree, ast.Name | ast.Attribute | ast.Subscript):
        raise NothingNamed(source)
    try:
        return _value(tree, namespace, hidden)
    except NothingNamed:
        raise
    except Exception as error:
        raise NothingNamed(source) from error


def _value(node: ast.expr, namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> Any:
    match node:
        case ast.Name(id=name):
            if name not in namespace or _is_ipythons(name, namespace, hidden):
                raise NothingNamed(name)
            return namespace[name]
        case ast.Attribute(value=owner, attr=attribute) if not attribute.startswith("__"):
            return _attribute(_value(owner, namespace, hidden), attribute)
        case ast.Subscript(value=owner, slice=index):
            return _item(_value(owner, namespace, hidden), _index(index, namespace, hidden))
    raise NothingNamed(ast.dump(node))


def _attribute(owner: Any, name: str) -> Any:
    if _is_known(owner):
        return getattr(owner, name)
    found = inspect.getattr_static(owner, name)
    if isinstance(found, MemberDescriptorType):  # a slot
        return found.__get__(owner)
    if hasattr(type(found), "__get__"):  # a property or a method: to read it is to run it
        raise NothingNamed(name)
    return found


def _item(owner: Any, index: Any) -> Any:
    if not _is_known(owner):
        raise NothingNamed(type(owner).__name__)
    if isinstance(owner, dict) and index not in owner:  # a defaultdict would call its factory
        raise NothingNamed(repr(index))
    return owner[index]


def _is_known(value: Any) -> bool:
    """Return whether a value's class is of a library whose attributes and items can be read as data."""
    return type(value).__module__.partition(".")[0] in _KNOWN_LIBRARIES


def _is_ipythons(name: str, namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> bool:
    is_history = name in ("In", "Out") or name.startswith("_")
    return not is_history and name in hidden and hidden[name] is namespace[name]


def _index(node: ast.expr, namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Tuple(elts=items):
            return tuple(_index(item, namespace, hidden) for item in items)
        case ast.Slice(lower=lower, upper=upper, step=step):
            ends = (None if end is None else _index(end, namespace, hidden) for end in (lower, upper, step))
            return slice(*ends)
    return _value(node, namespace, hidden)
