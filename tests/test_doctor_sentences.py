"""Whatever the doctor looks at and finds has its words in the panel, which has no words for anything else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from jupyter_stream_chat.doctor import diagnostics as examination
from jupyter_stream_chat.doctor.context import Step
from jupyter_stream_chat.doctor.findings import LIMITATIONS, WORDS
from jupyter_stream_chat.protocol import Limitation

PANEL = Path(__file__).parent.parent / "src"
SOURCE = (PANEL / "i18n" / "doctor.ts").read_text()
BY_THE_PAGE = set(re.findall(r"'(socket_[a-z]+)'", (PANEL / "connection" / "socketcheck.ts").read_text()))
"""What the page's own step finds; the step is called ``socket``."""


def test_every_step_has_its_title() -> None:
    known = [value for value in vars(examination).values() if isinstance(value, Step | tuple)]
    steps = {step.name for each in known for step in (each if isinstance(each, tuple) else (each,))}
    assert len(steps) > 10
    titled = _named_in("titles")
    assert steps - titled == set(), "has no title in src/i18n/doctor.ts"
    assert titled - steps == {"socket"}, "is no step any more"


def test_every_limitation_has_its_sentence() -> None:
    assert _named_in("limitations") == set(LIMITATIONS) == set(get_args(Limitation))


def _named_in(function: str) -> set[str]:
    """Return the names in the map that a function of the panel returns."""
    body = SOURCE.split(f"function {function}(")[1].split("\n}\n")[0]
    return set(re.findall(r"^    ([a-z_]+): trans", body, re.MULTILINE))


def test_every_finding_has_its_sentence() -> None:
    said = set(re.findall(r"^    ([a-z_]+): \[", SOURCE, re.MULTILINE))
    found = set(WORDS) | BY_THE_PAGE
    assert found - said == set(), "has no sentence in src/i18n/doctor.ts"
    assert said - found == set(), "is found no more"
