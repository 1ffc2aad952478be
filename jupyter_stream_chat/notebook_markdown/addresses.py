"""Addresses in Markdown that is saved: they end where Chinese, Japanese or Korean text begins.

Other readers take all up to the next space for the address. ``src/markdown/links.ts`` has the same rules.
"""

from __future__ import annotations

import re

_BEHIND = (
    "(?:[\u2018-\u201f\u2026\u3000-\u3003\u3008-\u3020\u3030\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]"
    "|(?<=[A-Za-z0-9])[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]"
    r"|\*\*)"
)

ADDRESS = rf"(?P<address>(?<![A-Za-z0-9_/])https?://(?:(?!{_BEHIND})[^\s<>)\]\"])+)"

_FOLLOWED = re.compile(_BEHIND)


def in_brackets(match: re.Match[str]) -> str:
    """Return an address in angle brackets if other readers would take what follows it for a part of it."""
    before = match.string[max(0, match.start() - 2) : match.start()]
    # In a link, in brackets of its own and in an attribute it ends where that does.
    is_alone = not before.endswith(("](", "<", '"', "'"))
    return f"<{match[0]}>" if is_alone and _FOLLOWED.match(match.string, match.end()) else match[0]
