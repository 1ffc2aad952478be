"""``%chat`` and ``%%chat``: reads the line, asks, and says what its commands say.

Owns what IPython needs: registration, the rendering of failures, and question marks, which IPython would take
for its help. ``%chat?`` alone is one: it shows the usage.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from ..notebook_markdown.signs import show_controls
from .answer import Answer
from .attach import Attachment
from .code_blocks import bare_code_of, code_of
from .context import expand
from .display import view_for
from .errors import ChatError
from .fix import Failure, last_failure
from .options import Line, Options, read_line, usage
from .session import Session

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_GUARD = "\u200b"
"""An invisible mark between a question mark and the end of the line."""
_ASKS = re.compile(r"^\s*(?:[\w.,\[\]'\" ]+=\s*)?%chat\s+\S.*\?\s*$")


@magics_class
class ChatMagics(Magics):
    """The magic of one shell."""

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.session = Session()

    @no_var_expand
    @line_cell_magic
    def chat(self, line: str, cell: str | None = None) -> Answer | None:
        """Ask the models of the Stream Chat panel. ``%chat help`` says how."""
        try:
            asked = read_line(line.replace(_GUARD, ""), cell)
            if asked.command in (None, "fix"):
                return self._ask(asked)
            self._commands[asked.command](self, asked)
        except ChatError as error:
            self.session.failure = error
            raise
        return None

    def _ask(self, asked: Line) -> Answer | None:
        options = asked.options
        failure = last_failure(self.shell) if asked.command == "fix" else None
        view = view_for(self.shell, options, fixes=failure.cell if failure else None)
        if options.continue_last:
            answer = self.session.continue_last(options, view)
        else:
            question, attached = self._question(asked, failure)
            answer = self.session.ask(question, options, view, attached, typed=asked.question)
        if options.var is not None:
            self.shell.user_ns[options.var] = answer
        code = bare_code_of(answer.text) if options.format == "code" else ""
        if asked.command == "fix":
            code = code_of(answer.text)
        if code and answer.finish_reason != "interrupted":
            self.shell.set_next_input(code, replace=False)
        return None if options.var is not None else answer

    def _question(self, asked: Line, failure: Failure | None) -> tuple[str, Sequence[Attachment]]:
        if failure is not None:
            return failure.question, failure.attached
        figures: list[Attachment] = []
        question = expand(asked.question, self.shell.user_ns, self.shell.user_ns_hidden, figures.append)
        return question, figures

    # --- commands -----------------------------------------------------------------------------------

    def _profiles(self, asked: Line) -> None:
        found = self.session.backend(asked.options).call("GET", "profiles")
        used = self.session.profile_id or found.get("default_profile_id")
        for profile in found["profiles"]:
            mark = "*" if profile["profile_id"] == used else " "
            problem = f"  ({profile['problem']['message']})" if profile.get("problem") else ""
            line = f"{mark} {profile['profile_id']:<20} {profile['label']}, {profile['model']}{problem}"
            print(show_controls(line))

    def _use(self, asked: Line) -> None:
        found = self.session.backend(asked.options).call("GET", "profiles")
        known = [profile["profile_id"] for profile in found["profiles"]]
        if asked.argument not in known:
            raise ChatError(
                f"There is no profile {asked.argument}.",
                f"There are: {', '.join(known)}. (A question that begins with use: %chat -- use ...)",
                code="unknown_profile",
            )
        self.session.profile_id = asked.argument
        print(f"From now on {asked.argument} answers.")

    def _history(self, asked: Line) -> None:
        messages = self.session.messages(self.session.backend(asked.options), asked.options)
        for message in messages:
            kept = {run["run_id"]: (run.get("kept") or {}).get("content") for run in message["runs"]}
            text = "".join(
                part["text"][: kept.get(part.get("run_id"))]
                for part in message["content"]
                if part["type"] == "text"
            )
            author = "You" if message["role"] == "user" else message["author"]
            print(show_controls(f"{author}: {text}\n"))
        if not messages:
            print("Nothing has been asked yet.")

    def _reset(self, asked: Line) -> None:
        self.session.reset(asked.options)
        print("The next question begins a new chat. The old one is in the panel.")

    def _status(self, asked: Line) -> None:
        backend = self.session.backend(asked.options)
        found = backend.call("GET", "profiles")
        profile = self.session.profile_id or found.get("default_profile_id") or "none"
        title = self.session.title(backend, asked.options)
        chat = show_controls(title or "a new one")
        print(f"server   {backend.where}\nprofile  {profile}\nchat     {chat}")
        if self.session.last is not None:
            print(f"last     {self.session.last!r}")

    def _trace(self, asked: Line) -> None:
        error = self.session.failure
        if not isinstance(error, ChatError):
            print("Nothing has failed.")
            return
        print(show_controls("".join(traceback.format_exception(error))))
        if error.detail:
            print(show_controls(error.detail))

    def _help(self, asked: Line) -> None:
        print(usage())

    _commands: dict[str, Callable[[ChatMagics, Line], None]] = {  # noqa: RUF012 - constant
        "profiles": _profiles,
        "use": _use,
        "history": _history,
        "reset": _reset,
        "status": _status,
        "trace": _trace,
        "help": _help,
    }


ChatMagics.chat.__doc__ = f"Ask the models of the Stream Chat panel.\n\n{usage()}"


def protect_questions(lines: list[str]) -> list[str]:
    """Keep ``%chat What is this?`` from becoming a request for IPython's help on ``this``."""
    return [f"{line.rstrip()}{_GUARD}\n" if _ASKS.match(line) else line for line in lines]


def load(shell: InteractiveShell) -> None:
    """Register the magic."""
    from .completion import install

    magics = ChatMagics(shell)
    shell.register_magics(magics)
    if protect_questions not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(protect_questions)
    install(shell, magics.session)


def unload(shell: InteractiveShell) -> None:
    """Take the magic away."""
    if protect_questions in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(protect_questions)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("chat", None)


def function(question: str, **options: Any) -> Answer:
    """Ask as ``%chat`` does, from code. See ``jupyter_stream_chat.chat``."""
    from IPython.core.getipython import get_ipython

    known = Options.__dataclass_fields__
    for name in options:
        if name not in known:
            raise TypeError(f"chat() has no option {name!r}; it has {', '.join(known)}")
    shell = get_ipython()
    chosen = Options(**options)
    session = _session(shell)
    view = view_for(shell, chosen)
    return (
        session.continue_last(chosen, view) if chosen.continue_last else session.ask(question, chosen, view)
    )


_plain_session: Session | None = None


def _session(shell: InteractiveShell | None) -> Session:
    """Return the session of the loaded magic; without one, a session of this process."""
    global _plain_session
    magics = shell.magics_manager.registry.get("ChatMagics") if shell is not None else None
    if isinstance(magics, ChatMagics):
        return magics.session
    if _plain_session is None:
        _plain_session = Session()
    return _plain_session
