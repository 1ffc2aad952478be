"""Run the hostile tests and write what held into ``docs/security.md``: ``make security``.

Owns the table between the two marks; every number in it is counted in the run that writes it. With files of
tests as arguments only their rows are run and written; the others stay as they are.
"""

from __future__ import annotations

import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "security.md"
BEGIN, END = "<!-- table: make security -->\n", "<!-- end -->\n"

TRIED: list[tuple[str, list[str]]] = [
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
]
"""What is tried, in words, and the files of tests that try it; files that do not exist are left out."""


def counted(files: list[str]) -> tuple[int, int]:
    """Run files of tests; return how many cases were tried and how many failed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        pytest.main(["-q", "-p", "no:cacheprovider", f"--junitxml={report}", *files])
        (suite,) = ET.parse(report).getroot().iter("testsuite")
    tried = int(suite.get("tests", 0)) - int(suite.get("skipped", 0))
    return tried, int(suite.get("failures", 0)) + int(suite.get("errors", 0))


def main(wanted: list[str]) -> int:
    """Write the table; return 1 when something did not hold."""
    before, rest = PAGE.read_text().split(BEGIN)
    old, after = rest.split(END)
    known = {line.split(" | ")[0].removeprefix("| "): line for line in old.splitlines()}
    lines = ["| tried | cases | held | tests |", "| --- | ---: | ---: | --- |"]
    failed = 0
    for words, names in TRIED:
        files = [name for name in names if (PAGE.parent.parent / name).exists()]
        if files and (not wanted or set(files) & set(wanted)):
            tried, broken = counted(files)
            failed += broken
            where = ", ".join(f"`{name}`" for name in files)
            lines.append(f"| {words} | {tried} | {tried - broken} | {where} |")
        elif words in known:
            lines.append(known[words])
    PAGE.write_text(before + BEGIN + "\n".join(lines) + "\n" + END + after)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
