"""How an answer is shown while it comes: in a notebook, in a terminal, or once, where nobody watches.

Owns the notebook's MIME bundle and its checkpoints. In JupyterLab and Notebook 7 our renderer
(``src/notebook/answerrenderer.ts``) reads the answer from the server by the nonce; everybody else, and the
saved file, has the bundle's Markdown.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Protocol

from ..notebook_markdown.portable import portable
from ..notebook_markdown.signs import show_controls
from .answer import Answer
from .options import Format, Options

MIME_TYPE = "application/vnd.jupyter-stream-chat.answer+json"
STOPPED, STOPPED_PLAIN = "*Stopped.*", "[stopped]"
"""Below a part. ``src/notebook/answerrenderer.ts`` has the same, for a page whose kernel does not say it."""
FIRST_CHECKPOINT = 200
"""Characters. From there on the Markdown is sent whenever it has doubled: all of it costs twice the text."""


class View(Protocol):
    """Where one answer is shown."""

    def begin(self, nonce: str, chat_id: str) -> None:
        """Show that there will be an answer."""

    def append(self, text: str) -> None:
        """Show more of it."""

    def end(self, answer: Answer) -> None:
        """Show all of it, and how it ended."""


def view_for(shell: Any, options: Options, fixes: int | None = None) -> View:
    """Return the view for where this code runs. ``shell``: IPython's, or None in a plain Python.

    ``fixes``: the number of the execution whose code the answer corrects.
    """
    if options.quiet:
        return Silent()
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return Terminal()
    # nbconvert and papermill allow no input, because nobody is there; notebooks and VS Code do.
    return LiveOutput(options, fixes) if getattr(kernel, "_allow_stdin", False) else FinalOutput(options)


class Silent:
    """Nothing is shown."""

    def begin(self, nonce: str, chat_id: str) -> None:
        """Show nothing."""

    def append(self, text: str) -> None:
        """Show nothing."""

    def end(self, answer: Answer) -> None:
        """Show nothing."""


class Terminal:
    """Text as it comes."""

    def __init__(self) -> None:
        self._last = "\n"

    def begin(self, nonce: str, chat_id: str) -> None:
        """Show nothing yet."""

    def append(self, text: str) -> None:
        """Write it, now; nothing in it acts on the terminal."""
        sys.stdout.write(show_controls(text))
        sys.stdout.flush()
        self._last = text[-1:]

    def end(self, answer: Answer) -> None:
        """End the line; say what is to be known of the text."""
        if self._last != "\n":
            sys.stdout.write("\n")
        if mark := _mark("text", answer):
            sys.stdout.write(f"{show_controls(mark)}\n")
        sys.stdout.flush()


class FinalOutput:
    """One output, at the end."""

    def __init__(self, options: Options) -> None:
        self._format = options.format

    def begin(self, nonce: str, chat_id: str) -> None:
        """Show nothing yet."""

    def append(self, text: str) -> None:
        """Show nothing yet."""

    def end(self, answer: Answer) -> None:
        """Show it."""
        from IPython.display import display

        data = {"text/plain": show_controls(answer.text), **_final(self._format, answer)}
        display(data, raw=True)  # type: ignore[no-untyped-call]


class LiveOutput:
    """One output that grows: by our renderer at every token, for everybody else at its checkpoints."""

    def __init__(self, options: Options, fixes: int | None = None) -> None:
        self._options = options
        self._fixes = {} if fixes is None else {"fixes": fixes}
        self._handle: Any = None
        self._text = ""
        self._sent = 0
        self._about: dict[str, Any] = {}

    def begin(self, nonce: str, chat_id: str) -> None:
        """Make the output."""
        from IPython.display import display

        self._about = {"nonce": nonce, "chat_id": chat_id, "format": self._options.format, **self._fixes}
        about = self._about | ({"open": True} if self._options.open else {})
        data = {MIME_TYPE: about | {"status": "live"}, **_so_far(self._options.format, "")}
        self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def append(self, text: str) -> None:
        """Make a checkpoint when the text has doubled."""
        self._text += text
        if len(self._text) >= max(FIRST_CHECKPOINT, 2 * self._sent):
            self._sent = len(self._text)
            self._update(_so_far(self._options.format, self._text), status="live")

    def end(self, answer: Answer) -> None:
        """Send the final output."""
        if self._handle is not None:
            final = _final(self._options.format, answer)
            self._update(final, status="finished", finish_reason=answer.finish_reason)

    def _update(self, data: Mapping[str, Any], **about: str) -> None:
        self._handle.update({MIME_TYPE: self._about | about, **data}, raw=True)


def _so_far(kind: Format, text: str) -> dict[str, Any]:
    return {"text/plain": show_controls(text)} if kind == "text" else {"text/markdown": portable(text)}


def _final(kind: Format, answer: Answer) -> dict[str, Any]:
    """Return what the saved notebook holds."""
    text, mark = answer.text, _mark(kind, answer)
    is_whole = answer.finish_reason != "interrupted"
    if is_whole and kind == "json" and (value := parsed_json(text)) is not None:
        pretty = json.dumps(value, indent=2, ensure_ascii=False)
        return {"application/json": value, "text/markdown": _marked(f"```json\n{pretty}\n```", mark)}
    return _so_far(kind, _marked(text, mark))


def _mark(kind: Format, answer: Answer) -> str:
    """Return what stands below the text: that it is only a part, or what the server notes of it."""
    if answer.finish_reason == "interrupted":
        return STOPPED_PLAIN if kind == "text" else STOPPED
    if not answer.notice:
        return ""
    return f"[{answer.notice}]" if kind == "text" else f"*{answer.notice}*"


def _marked(text: str, mark: str) -> str:
    if not mark:
        return text
    return f"{text.rstrip()}\n\n{mark}" if text.strip() else mark


def parsed_json(text: str) -> Any:
    """Return the JSON of an answer, in a fence or bare; None when it is none."""
    body = text.strip()
    if body.startswith("```"):
        body = body.partition("\n")[2].rpartition("```")[0]
    try:
        return json.loads(body)
    except ValueError:
        return None
