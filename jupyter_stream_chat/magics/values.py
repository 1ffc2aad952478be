"""A value as a model reads it: text, bounded in size. Imports no library of the values'.

Owns the bounds. What is of pandas, numpy or matplotlib is known by the names of its types: a kernel that has
not loaded them has no such values.
"""

from __future__ import annotations

from types import ModuleType, NoneType
from typing import Any

TEXT_CHARACTERS = 20_000
"""A string is put in whole up to here: it may be a document that the question is about."""
VALUE_CHARACTERS = 4_000
ROWS = 20
COLUMNS = 20
ITEMS = 100


def describe(value: Any) -> str:
    """Return the text that stands for a value in a question. Never raises."""
    if isinstance(value, str):
        return _bounded(value, TEXT_CHARACTERS)
    try:
        text = _DESCRIBE.get(_kind(value), _pretty)(value)
    except Exception:  # noqa: BLE001 - a value's own repr may raise anything
        text = f"<{type(value).__module__}.{type(value).__qualname__}>"
    return _bounded(text, VALUE_CHARACTERS)


def outline(value: Any) -> str:
    """Return one line about a value: type, shape, columns; a number itself. "" for code. Never raises."""
    if isinstance(value, type | ModuleType) or callable(value):
        return ""
    try:
        made = _OUTLINE.get(_kind(value))
        if made is not None:
            return _bounded(str(made(value)), VALUE_CHARACTERS)
        name = type(value).__name__
        if type(value) in (bool, int, float, complex, NoneType):
            return f"{name}: {value!r}"
        sized = type(value) in (str, bytes, list, tuple, dict, set, frozenset)
        return f"{name} of length {len(value)}" if sized else f"{type(value).__module__}.{name}"
    except Exception:  # noqa: BLE001 - a value's own attributes may raise anything
        return f"{type(value).__module__}.{type(value).__qualname__}"


def figure_of(value: Any) -> Any | None:
    """Return the figure of matplotlib that a value is, or is a part of; None: it is none."""
    kind = _kind(value)
    if kind == "matplotlib.Axes":
        return value.figure
    return value if kind == "matplotlib.Figure" else None


def _kind(value: Any) -> str:
    """Return the qualified name of the first class that is known, subclasses included."""
    for cls in type(value).__mro__:
        name = f"{cls.__module__.partition('.')[0]}.{cls.__qualname__}"
        if name in _DESCRIBE:
            return name
    return ""


def _pretty(value: Any) -> str:
    from IPython.lib.pretty import pretty

    return str(pretty(value, max_width=100, max_seq_length=ITEMS))  # type: ignore[no-untyped-call]


def _frame(value: Any) -> str:
    return f"{_frame_outline(value)}\n{value.to_string(max_rows=ROWS, max_cols=COLUMNS, line_width=200)}"


def _frame_outline(value: Any) -> str:
    rows, columns = value.shape
    kinds = ", ".join(f"{name}: {kind}" for name, kind in list(value.dtypes.items())[:COLUMNS])
    return f"DataFrame of {rows} rows and {columns} columns ({kinds})"


def _series(value: Any) -> str:
    return f"Series of {len(value)} values\n{value.to_string(max_rows=ROWS)}\ndtype: {value.dtype}"


def _array(value: Any) -> str:
    import numpy as np  # there is an array, so it is loaded

    return (
        f"{_array_outline(value)}\n{np.array2string(value, threshold=ITEMS, edgeitems=4, max_line_width=100)}"
    )


def _array_outline(value: Any) -> str:
    return f"array of shape {tuple(value.shape)} and type {value.dtype}"


def _figure(value: Any) -> str:
    """Say in words what a figure shows: a model that is asked by text cannot look at it."""
    width, height = value.get_size_inches()
    lines = [f"figure of {width:g} x {height:g} inches with {len(value.axes)} axes"]
    for number, axes in enumerate(value.axes, 1):
        lines.append(f"axes {number}: {_axes(axes)}")
        for line in axes.get_lines()[:ITEMS]:
            x, y = line.get_data()
            label = str(line.get_label())
            name = "line" if label.startswith("_") else f"line {label!r}"
            lines.append(f"  {name}: {len(x)} points, y from {_ends(y)}")
        if axes.patches:
            lines.append(f"  {len(axes.patches)} bars or shapes")
        if axes.collections:
            points = sum(len(collection.get_offsets()) for collection in axes.collections)
            lines.append(f"  {points} scattered points")
        if axes.images:
            lines.append(f"  images of shape {[tuple(image.get_array().shape) for image in axes.images]}")
    return "\n".join(lines)


def _axes(axes: Any) -> str:
    return (
        f"title {axes.get_title()!r}, x {axes.get_xlabel()!r} from {_ends(axes.get_xlim())}, "
        f"y {axes.get_ylabel()!r} from {_ends(axes.get_ylim())}"
    )


def _ends(values: Any) -> str:
    return f"{min(values):g} to {max(values):g}"


_DESCRIBE: dict[str, Any] = {
    "pandas.DataFrame": _frame,
    "pandas.Series": _series,
    "numpy.ndarray": _array,
    "matplotlib.Figure": _figure,
    "matplotlib.Axes": lambda axes: _figure(axes.figure),
}

_OUTLINE: dict[str, Any] = {
    "pandas.DataFrame": _frame_outline,
    "pandas.Series": lambda series: f"Series of {len(series)} values and type {series.dtype}",
    "numpy.ndarray": _array_outline,
}


def _bounded(text: str, limit: int) -> str:
    """Leave out the middle of a text that is too long, and say so."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    return f"{text[:head]}\n... {len(text) - limit:,} characters left out ...\n{text[head - limit :]}"
