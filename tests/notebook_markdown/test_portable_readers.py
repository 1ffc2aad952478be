"""What nbconvert shows of saved answers: the documents of the panel's tests."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from jupyter_stream_chat.notebook_markdown.portable import portable

_FIXTURES = Path(__file__).parents[2] / "src" / "markdown" / "__tests__" / "fixtures"
DOCUMENTS: dict[str, dict[str, Any]] = json.loads((_FIXTURES / "dialect.json").read_text(encoding="utf-8"))

NO_TABLES_IN_LISTS = ("in list", "table in a list and a quote")
"""Documents that nbconvert shows otherwise."""

COUNTED = ("strong", "em", "h1", "h2", "h3", "table")


class _Page(HTMLParser):
    """The text and the elements of a page; code and formulas are left out of ``prose``."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.prose, self.counts = "", "", dict.fromkeys(COUNTED, 0)
        self._code = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = "strong" if tag == "b" else tag
        self._code += name in ("code", "pre")
        if name in self.counts:
            self.counts[name] += 1

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "pre")

    def handle_data(self, data: str) -> None:
        self.text += data
        self.prose += "" if self._code else data


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_saved_answer_is_saved_once_more_as_it_is(name: str) -> None:
    saved = portable(DOCUMENTS[name]["source"])
    assert portable(saved) == saved


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name not in NO_TABLES_IN_LISTS])
def test_nbconvert_shows_what_the_panel_shows(name: str) -> None:
    document = DOCUMENTS[name]
    page = _Page(markdown2html_mistune(portable(document["source"])))
    words = " ".join(page.text.split())
    for text in document.get("has", []):
        assert " ".join(text.split()) in words
    prose = re.sub(r"\$\$[^$]+\$\$|\$[^$]+\$", "", page.prose)
    for text in document.get("not", []):
        assert text not in prose
    wanted = {key: count for key, count in document.get("count", {}).items() if key in COUNTED}
    assert {key: page.counts[key] for key in wanted} == wanted
