"""Every string of the panel is translated, and no translation has lost its string."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCALES = sorted((ROOT / "jupyter_stream_chat" / "locale").glob("*/LC_MESSAGES/jupyter_stream_chat.json"))
LITERAL = r"""\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"trans\.(__|_n)\({LITERAL}")


def used(function: str = "__|_n") -> set[str]:
    """Return the message ids in the sources; for a plural (``_n``) its singular, which is the key."""
    sources = [p for p in (ROOT / "src").rglob("*.ts*") if "__tests__" not in p.parts]
    calls = [match for path in sources for match in CALL.finditer(path.read_text())]
    found = {literal for name, literal in (call.groups() for call in calls) if name in function.split("|")}
    return {re.sub(r"\\(.)", r"\1", literal[1:-1]) for literal in found}


def test_the_sources_have_strings() -> None:
    assert len(used()) > 50


@pytest.mark.parametrize("path", LOCALES, ids=lambda path: path.parts[-3])
def test_locale_is_complete(path: Path) -> None:
    translations = json.loads(path.read_text())
    about = translations.pop("")
    # JupyterLab's translator finds nothing under another spelling.
    assert about["language"] == path.parts[-3].replace("_", "-")
    assert used() - set(translations) == set(), "not translated"
    assert set(translations) - used() == set(), "no longer used"
    for source, translated in translations.items():
        # JupyterLab's translator takes what has one form for no plural, also where the language has none.
        assert (len(translated) > 1) == (source in used("_n")), source
        for form in translated:
            assert set(re.findall(r"%\d", form)) == set(re.findall(r"%\d", source)), source


def test_there_is_chinese() -> None:
    assert "zh_CN" in {path.parts[-3] for path in LOCALES}
