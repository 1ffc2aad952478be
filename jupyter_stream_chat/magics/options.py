"""What a line of ``%chat`` says: options first, then the question, which is taken as it stands.

Owns the syntax and its help. A question may hold any character: no quote of it is read, no brace, no dash.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, NoReturn

from .errors import ChatError

Format = Literal["markdown", "text", "code", "json", "math"]
FORMATS: tuple[Format, ...] = ("markdown", "text", "code", "json", "math")

COMMANDS = {
    "profiles": "list the model profiles",
    "use": "use another profile from now on: %chat use ID",
    "history": "show the chat so far",
    "reset": "begin a new chat",
    "status": "say which server answers, and with what",
    "fix": "explain and mend the last error",
    "trace": "show more about the last failure of %chat",
    "help": "show this",
}
"""They are commands only where they stand alone; ``%chat history of Rome`` is a question."""

_TOKEN = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"']\S*)""")


@dataclass(frozen=True)
class Options:
    """The options of one line."""

    profile: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: list[str] | None = None
    system: str | None = None
    no_stream: bool = False
    format: Format = "markdown"
    chat: str | None = None
    open: bool = False
    var: str | None = None
    quiet: bool = False
    continue_last: bool = False
    local: bool = False
    attach: list[str] | None = None

    def parameters(self) -> dict[str, Any] | None:
        """Return this question's own parameters, as the wire has them (``protocol.Parameters``)."""
        names = ("temperature", "top_p", "top_k", "max_tokens", "seed", "stop")
        given = {name: getattr(self, name) for name in names} | {"system_prompt": self.system}
        return {name: value for name, value in given.items() if value is not None} or None


@dataclass(frozen=True)
class Line:
    """A line that was read."""

    options: Options
    command: str | None = None
    argument: str = ""
    question: str = ""


def _wrong(message: str, hint: str = "%chat help lists the options.") -> ChatError:
    return ChatError(message, hint, code="usage")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _wrong(f"%chat: {message}.")


def _parser() -> _Parser:
    parser = _Parser(prog="%chat", add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    add = parser.add_argument
    add("-p", "--profile", metavar="ID", help="ask this model profile")
    add("-t", "--temperature", type=float, metavar="N", help="0 (always the likeliest word) to 2")
    add("--top-p", type=float, metavar="N", help="choose among the likeliest words that make up this share")
    add("--top-k", type=int, metavar="N", help="choose among so many words (local models)")
    add("--max-tokens", type=int, metavar="N", help="length of the answer")
    add("--seed", type=int, metavar="N", help="make it repeatable, where the provider can")
    add("--stop", action="append", metavar="TEXT", help="end the answer before this text; may be repeated")
    add("--system", metavar="TEXT", help="the system prompt of this question")
    add("--no-stream", action="store_true", help="take the answer in one piece")
    add("-f", "--format", choices=FORMATS, help="what is asked for, and how it is shown; code: a new cell")
    add("--chat", metavar="NAME", help="the chat of this name, also in the panel; made if there is none")
    add("--open", action="store_true", help="show the chat in the panel")
    add("-v", "--var", metavar="NAME", help="bind the answer to this variable")
    add("-q", "--quiet", action="store_true", help="show nothing")
    add("--continue", dest="continue_last", action="store_true", help="let the last answer of the chat go on")
    add("--attach", action="append", metavar="PATH", help="send this file with it; may be repeated")
    add("--local", action="store_true", help="answer in this process, without a server")
    return parser


def option_names() -> list[str]:
    """Return all options, for completion."""
    return [name for action in _parser()._actions for name in action.option_strings]


def _arity() -> dict[str, bool]:
    """Say of each option whether a value follows."""
    return {name: action.nargs != 0 for action in _parser()._actions for name in action.option_strings}


def read_line(line: str, cell: str | None = None) -> Line:
    """Read a line, and the cell below it. Raises ChatError for an option that does not exist."""
    words, rest, is_ended = _leading_options(line)
    options = Options(**_choices(words))
    if options.var is not None and not options.var.isidentifier():
        raise _wrong(f"{options.var} is no name of a variable.", "Use letters, digits and _.")
    if cell is not None:
        return Line(options, question="\n\n".join(part for part in (rest, cell.strip()) if part))
    command, _, argument = rest.partition(" ")
    if command == "use" and len(rest.split()) == 2 and not is_ended:
        return Line(options, command, argument.strip())
    if rest == "?" and not is_ended:
        return Line(options, "help")
    if rest in COMMANDS and rest != "use" and not is_ended:
        return Line(options, rest)
    return Line(options, question=rest)


def _choices(words: Sequence[str]) -> dict[str, Any]:
    choices = vars(_parser().parse_args(words))
    known = {field.name for field in fields(Options)}
    assert set(choices) <= known
    return choices


def _leading_options(line: str) -> tuple[list[str], str, bool]:
    """Split a line into its leading options, quotes taken off, and the rest as it stands.

    The third says whether ``--`` ended the options: what follows is a question then, whatever it looks like.
    """
    words: list[str] = []
    arity, at = _arity(), 0
    while (match := _TOKEN.match(line, at)) and match[1].startswith("-") and match[1] != "-":
        word = match[1]
        if word == "--":
            return words, line[match.end() :].strip(), True
        name, equals, value = word.partition("=")
        if name not in arity and not word.startswith("--") and word[:2] in arity:
            name, equals, value = word[:2], "=", word[2:]  # -t0.2
        if name not in arity:
            if not re.fullmatch(r"--?[a-z][\w-]*", name):
                break  # a question that begins with a dash: "-5 + 3", "- one"
            raise _wrong(f"%chat has no option {name}.", "%chat help lists them; -- ends them.")
        at = match.end()
        if arity[name] and not equals:
            follows = _TOKEN.match(line, at)
            if follows is None:
                raise _wrong(f"%chat: {name} needs a value.")
            value, at, equals = follows[1], follows.end(), "="
        words.append(f"{name}={_unquoted(value)}" if name.startswith("--") and equals else name)
        if equals and not name.startswith("--"):
            words[-1:] = [name, _unquoted(value)]
    return words, line[at:].strip(), False


def _unquoted(word: str) -> str:
    if len(word) > 1 and word[0] in "\"'" and word[-1] == word[0]:
        return re.sub(r"\\(.)", r"\1", word[1:-1])
    return word


def usage() -> str:
    """Return the help: commands and options."""
    commands = "\n".join(f"  %chat {name:<10} {text}" for name, text in COMMANDS.items())
    options = _parser().format_help().partition("\n\n")[2].replace("options:", "Options:")
    return (
        "%chat [options] question        asks; %%chat takes the cell as the question.\n"
        "{name}, {df.shape}, {xs[0]} put in what these names stand for; {{name}} stays as it is.\n\n"
        f"Commands:\n{commands}\n\n{options}"
    )
