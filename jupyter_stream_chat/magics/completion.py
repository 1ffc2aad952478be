"""What Tab offers behind ``%chat``: options, commands, profiles, chats, and names in braces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .errors import ChatError
from .options import COMMANDS, FORMATS, Options, option_names

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .session import Session

_BEHIND = re.compile(r"(--?[\w-]+)[ =](\S*)$")
_NAME = re.compile(r"\{([A-Za-z_]\w*)?$")


def candidates(text: str, session: Session, names: list[str]) -> list[str]:
    """Return what may stand at the end of ``text``, which is the line up to the cursor."""
    if match := _NAME.search(text):
        return ["{" + name for name in names if name.startswith(match[1] or "") and not name.startswith("_")]
    word = text.rpartition(" ")[2]
    behind = _BEHIND.search(text)
    if behind and (found := _values(behind[1], session)) is not None:
        return [name for name in found if name.startswith(behind[2])]
    if re.fullmatch(r"%chat\s+use\s+\S*", text):
        return [name for name in _profiles(session) if name.startswith(word)]
    if word.startswith("-"):
        return [name for name in option_names() if name.startswith(word)]
    if re.fullmatch(r"%chat\s+\S*", text):
        return [name for name in COMMANDS if name.startswith(word)]
    return []


def _values(option: str, session: Session) -> list[str] | None:
    if option in ("-p", "--profile"):
        return _profiles(session)
    if option == "--chat":
        return _asked(lambda: session.chat_names(session.backend(Options())))
    if option in ("-f", "--format"):
        return list(FORMATS)
    return None


def _profiles(session: Session) -> list[str]:
    def ask() -> list[str]:
        found = session.backend(Options()).call("GET", "profiles")
        return [profile["profile_id"] for profile in found["profiles"]]

    return _asked(ask)


def _asked(ask: Any) -> list[str]:
    try:
        names: list[str] = ask()
    except ChatError:
        return []  # Tab is no place for an error; the question will say it
    return names


def install(shell: InteractiveShell, session: Session) -> None:
    """Let IPython's completer ask us behind ``%chat`` and ``%%chat``."""

    def complete(_: object, event: Any) -> list[str]:
        line = event.text_until_cursor if hasattr(event, "text_until_cursor") else event.line
        return candidates(line, session, [name for name in shell.user_ns if isinstance(name, str)])

    for key in ("%chat", "%%chat"):
        shell.set_hook("complete_command", complete, str_key=key)  # type: ignore[no-untyped-call]
