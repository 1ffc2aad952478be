"""Control characters in text of others, shown as signs, as ``src/markdown/signs.ts`` does. Pure."""

from __future__ import annotations

_DELETE = 0x7F
_CONTROLS = [*range(0x09), 0x0B, 0x0C, *range(0x0D, 0x20)]
_OTHERS = [*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_SIGNS = {code: 0x2400 + code for code in _CONTROLS} | {_DELETE: 0x2421} | dict.fromkeys(_OTHERS, 0x2426)


def show_controls(text: str) -> str:
    """Replace each control character but tab and line feed by one sign, so that no terminal obeys it."""
    return text.replace("\r\n", "\n").translate(_SIGNS)
