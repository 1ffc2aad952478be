"""Run the hostile tests and write what held into ``docs/security.md``: ``make security``.

Owns the table between the two marks; every number in it is counted in the run that writes it. With files of
tests as arguments only their rows are run and written; the others stay as they are. A test that tries
something again and again says how often by ``record_property("tried", times)``; Hypothesis counts for itself.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- table: make security -->\n", "<!-- end -->\n"
HEAD: Final = ["| tried | cases | times | held | tests |", "| --- | ---: | ---: | ---: | --- |"]

_PASSING: Final = re.compile(r"(\d+) passing\b")

TRIED: Final[list[tuple[str, list[str]]]] = [
    (
        "A damaged value in each column of each table; random damage to one record",
        ["tests/chats/test_damaged_records.py"],
    ),
    (
        "Odd records in a spool, a spool of 1 GiB, pipes, sockets, folders and links in its place",
        ["tests/chats/test_damaged_spools.py"],
    ),
    (
        "The data folder or the database deleted, replaced or locked while chats are used",
        ["tests/chats/test_store_taken_away.py"],
    ),
    ("The same with a real server", ["tests/server/test_storage_faults.py"]),
    (
        "A full and a read-only disk; `kill -9`; two servers on one store",
        ["tests/server/test_disk.py", "tests/server/test_crash.py"],
    ),
    ("The clock set forward and back while answers are written", ["tests/server/test_clock_jumps.py"]),
    (
        "20 times `kill -9`, 2,000 runs, 1,000 reconnects, a chat of 20,000 messages",
        ["tests/server/test_endurance.py"],
    ),
    ("A damaged key file; two servers that write keys", ["tests/providers/test_keyfile.py"]),
    (
        "Requests and sockets without rights, of other users, from other origins",
        ["tests/server/test_access.py"],
    ),
    (
        "Keys in pages, logs, the store or errors",
        ["tests/server/test_keys.py", "tests/providers/test_keys.py"],
    ),
    (
        "Profiles that a page writes",
        ["tests/server/test_profile_safety.py", "tests/server/test_profile_api.py"],
    ),
    ("Malformed frames and commands", ["tests/server/test_fuzz.py", "tests/server/test_parse_command.py"]),
    ("Interrupts at random moments", ["tests/server/test_interrupts.py"]),
    (
        "Answers without end, events that are none, streams cut anywhere",
        ["tests/server/test_hostile_provider.py", "tests/providers/test_event_stream.py"],
    ),
    ("Formulas that crash a page, saved in a notebook", ["tests/notebook_markdown/test_portable.py"]),
    (
        "Hostile texts of models cut anywhere; 10,000 signs of each kind; formulas",
        [
            "src/markdown/__tests__/sanitize.spec.ts",
            "src/markdown/__tests__/repeatedsigns.spec.ts",
            "src/markdown/__tests__/tex.spec.ts",
        ],
    ),
    ("Damaged storage of a browser", ["src/chat/__tests__/storage.spec.ts"]),
    (
        "The same texts, names and storage in a real browser",
        [
            "ui-tests/tests/hostile.spec.ts",
            "ui-tests/tests/hostile-ids.spec.ts",
            "ui-tests/tests/browser-storage.spec.ts",
        ],
    ),
]
"""What is tried, in words, and the files of tests that try it."""


@dataclass(eq=False)  # pytest keeps its plugins in a set
class Count:
    """What was tried, and what held."""

    cases: int = 0
    """Different ones: test functions with each of their parameters."""
    times: int = 0
    """How often something was tried in them."""
    held: int = 0
    """Of these times, those in cases that passed."""
    _examples: dict[str, int] = field(default_factory=dict)

    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Note how many examples Hypothesis tried."""
        passing = _PASSING.findall(getattr(item, "hypothesis_statistics", ""))
        if passing:
            self._examples[item.nodeid] = sum(map(int, passing))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a case once it is over, or has failed before."""
        if report.when == "teardown" and not report.skipped:
            times = dict(report.user_properties).get("tried", self._examples.get(report.nodeid, 1))
            self.cases += 1
            self.times += int(str(times))
            self.held += int(str(times))
        if report.failed:
            times = dict(report.user_properties).get("tried", self._examples.get(report.nodeid, 1))
            self.held -= int(str(times))

    def add(self, cases: int, failed: int) -> None:
        """Count cases of another test runner, each tried once."""
        self.cases += cases
        self.times += cases
        self.held += cases - failed


def counted(files: Sequence[str]) -> Count:
    """Run files of tests, all with one test runner, and count."""
    if files[0].endswith(".py"):
        return _by_pytest(files)
    return _by_playwright(files) if files[0].startswith("ui-tests/") else _by_jest(files)


def _by_pytest(files: Sequence[str]) -> Count:
    count = Count()
    marked = "stress" if files == ["tests/server/test_endurance.py"] else "not stress"
    pytest.main(["-q", "-p", "no:cacheprovider", "--show-capture=no", "-m", marked, *files], plugins=[count])
    return count


def _by_jest(files: Sequence[str]) -> Count:
    count = Count()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run(["jlpm", "jest", "--json", f"--outputFile={report}", *files], cwd=ROOT, check=False)
        told = json.loads(report.read_text())
    count.add(told["numTotalTests"], told["numFailedTests"])
    return count


def _by_playwright(files: Sequence[str]) -> Count:
    count = Count()
    names = [Path(file).name for file in files]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run(
            ["jlpm", "playwright", "test", "--project=lab", "--reporter=json", *names],
            cwd=ROOT / "ui-tests",
            env={**os.environ, "PLAYWRIGHT_JSON_OUTPUT_NAME": str(report)},
            check=False,
        )
        stats = json.loads(report.read_text())["stats"]
    count.add(stats["expected"] + stats["unexpected"] + stats["flaky"], stats["unexpected"])
    return count


def main(wanted: list[str]) -> int:
    """Write the table; return 1 when something did not hold."""
    before, rest = PAGE.read_text().split(BEGIN)
    old, after = rest.split(END)
    known = {line.split(" | ")[0].removeprefix("| "): line for line in old.splitlines()}
    lines = list(HEAD)
    failed = 0
    for words, files in TRIED:
        if not wanted or set(files) & set(wanted):
            count = counted(files)
            if count.cases == 0:
                raise RuntimeError(f"no test ran: {files}")
            failed += count.times - count.held
            where = ", ".join(f"`{name}`" for name in files)
            lines.append(f"| {words} | {count.cases:,} | {count.times:,} | {count.held:,} | {where} |")
        elif words in known:
            lines.append(known[words])
    PAGE.write_text(before + BEGIN + "\n".join(lines) + "\n" + END + after)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
