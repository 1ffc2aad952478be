"""``{name}`` in questions: what is put in, and what is left as it is."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream_chat.magics.context import expand


class Bomb:
    """Calling it, or looking something up in it, would be noticed."""

    def __call__(self) -> str:
        raise AssertionError("it was called")

    @property
    def broken(self) -> str:
        raise RuntimeError("no")

    def __repr__(self) -> str:
        raise RuntimeError("no")


NAMESPACE: dict[str, Any] = {
    "x": 5,
    "a": "A",
    "i": 1,
    "text": "{x} stays",
    "xs": ["zero", "one", "two"],
    "d": {"k": {"n": 1}},
    "o": SimpleNamespace(shape=(2, 3), deep=SimpleNamespace(er="found")),
    "bomb": Bomb(),
}


@pytest.mark.parametrize(
    ("question", "expanded"),
    [
        ("{x}", "5"),
        ("is {x} more than {a}?", "is 5 more than A?"),
        ("{o.shape} {o.deep.er}", "(2, 3) found"),
        ("{xs[0]} {xs[-1]} {xs[i]} {xs[1:]}", "zero two one ['one', 'two']"),
        ("{d['k']} {d['k']['n']}", "{'n': 1} 1"),
        ("({x})", "(5)"),
        ("{text}", "{x} stays"),
        ("{{x}} and {{o.shape}}", "{x} and {o.shape}"),
        ('Translate "{a}"', 'Translate "A"'),
    ],
)
def test_names_are_replaced_once(question: str, expanded: str) -> None:
    assert expand(question, NAMESPACE) == expanded


@pytest.mark.parametrize(
    "question",
    [
        "{y} {y.z} {o.nothing} {xs[9]} {d['?']} {x.y}",
        "{bomb()} {bomb.broken} {xs.append(1)} {x + 1} {x!r} {x:>3} { x } {} {x.__class__}",
        "{[x for x in xs]} {lambda: x} {(x := 1)} {*xs} {__import__('os')} {xs[bomb()]}",
        '{"x": {"y": 1}, "z": []}',
        "{{y}} {{ x }} }}{{",
        r"\frac{a}{x} \text{x} x^{i} x_{i} \begin{x} $$\sum_{i}{x}$$ \({x}\) \[{x}\] $f({x})$",
        "```python\nprint(f'{x}', {x})\n```",
        "~~~\n{x}\n~~~",
        "use `{x}` or ``a `{x}` b``",
        "f'{x}' rf\"{x}\" F'{a}' '{x}'.format(x=1) \"{a}\".format(a=2)",
        "${x} %{x} #{x} @{x} struct{x} f(){x} a[0]{x} {a}{x}"[:-6],
    ],
)
def test_other_braces_stay(question: str) -> None:
    assert expand(question, NAMESPACE) == question


def test_prices_are_no_mathematics() -> None:
    assert expand("from $5 to {x}, or $9", NAMESPACE) == "from $5 to 5, or $9"


def test_names_of_ipython_stay_unless_they_are_the_users() -> None:
    hidden = {"exit": 1, "Out": {1: 2}}
    namespace = {**hidden, "x": 5}
    assert expand("{exit} {Out[1]}", namespace, hidden) == "{exit} 2"
    assert expand("{exit}", {**namespace, "exit": "mine"}, hidden) == "mine"


def test_a_value_whose_repr_fails_is_named() -> None:
    assert expand("{bomb}", NAMESPACE) == f"<{Bomb.__module__}.Bomb>"


@given(st.text(alphabet="{}xa.[]()'\"0 \n$\\`f:^_", max_size=60))
def test_no_text_fails_and_none_is_called(question: str) -> None:
    expand(question, NAMESPACE)


@given(st.text(max_size=60))
def test_without_names_nothing_changes(question: str) -> None:
    assert expand(question, {}) == question


class Watched:
    """Runs code when it is looked at; keeps what ran."""

    ran: list[str] = []  # noqa: RUF012 - of the class, so that looking at it is no attribute of the object
    plain = "of the class"

    def __init__(self) -> None:
        self.stored = "stored"

    @property
    def computed(self) -> str:
        self.ran.append("property")
        return "computed"

    def __getattr__(self, name: str) -> str:
        self.ran.append("getattr")
        return name

    def __getitem__(self, index: object) -> str:
        self.ran.append("getitem")
        return "item"


class WatchedDict(dict[str, int]):
    """A dictionary whose look-up is the user's."""

    def __getitem__(self, key: str) -> int:
        Watched.ran.append("getitem")
        return 1

    def __missing__(self, key: str) -> int:
        Watched.ran.append("missing")
        return 1


def test_no_code_of_the_users_classes_runs() -> None:
    def factory() -> int:
        Watched.ran.append("factory")
        return 1

    namespace = {"w": Watched(), "d": WatchedDict(k=1), "f": defaultdict(factory, k=2), "keep": "kept"}
    for kept in ("{w.computed}", "{w.absent}", "{w[0]}", "{d['k']}", "{d['none']}", "{f['none']}"):
        assert expand(kept, namespace) == kept
    assert expand("{w.stored} {w.plain} {f['k']} {keep}", namespace) == "stored of the class 2 kept"
    assert Watched.ran == []
    assert "none" not in namespace["f"]
