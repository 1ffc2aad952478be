"""Rows of the database as values of the protocol, each by itself: a damaged one spoils no other.

Owns what becomes of a row that does not fit: fields that can be read are kept, the others take a value that
hides nothing else, and the caller is told. Pure; ``chat_store`` has the SQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json

from ..protocol import (
    WRITTEN_PARTS,
    AttachmentPart,
    ChatInfo,
    DeploymentLimitation,
    Id,
    Message,
    Parameters,
    Part,
    ReasoningPart,
    RunInfo,
    WrittenPart,
)

PARTS: TypeAdapter[list[Part]] = TypeAdapter(list[Part])
_PART_MODELS: Final[Mapping[str, type[WrittenPart | AttachmentPart]]] = {
    model.model_fields["type"].default: model for model in get_args(get_args(Part)[0])
}
_ID: TypeAdapter[str] = TypeAdapter(Id)
LATEST: Final = 253_402_300_799.0
"""The last second of the year 9999: a browser can show no much later date."""

Row = Mapping[str, Any]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Damage:
    """What is wrong with a row, and what it holds once it is repaired."""

    table: str
    row: Row
    why: str
    repaired: Row | None
    """Columns to write; None: nothing of the row can be used."""


def text_of_column(data: bytes) -> Any:
    """Return a TEXT column's value; bytes where it is not UTF-8, so that this row alone is damaged."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


class RecordReader:
    """Makes values of rows, and reports each row that is damaged."""

    def __init__(self, on_damage: Callable[[Damage], None]) -> None:
        self._on_damage = on_damage

    def chat(self, row: Row) -> tuple[str, ChatInfo] | None:
        """Return a chat's owner and the chat; None where its id or its owner cannot be read."""
        columns = dict(row)
        running = bool(columns.pop("running"))
        owner, parameters = columns["owner"], columns["parameters"]
        if not (is_id(columns["chat_id"]) and isinstance(owner, str)):
            self._report("chats", row, "its id or its owner cannot be read", None)
            return None
        fields = {name: value for name, value in columns.items() if name not in ("rowid", "owner")}
        fields["archived"] = fields["archived"] or None
        wrong: list[str] = []
        if parameters is not None:
            fields["parameters"], unread = _from_json(Parameters, parameters, {})
            wrong += ["parameters"] if unread else []
        fallback = {"title": _legible(columns["title"]), "created_at": 0.0, "updated_at": 0.0}
        info, unread = _salvage(ChatInfo, fields | {"running": running}, fallback)
        assert info is not None, "every required field has a fallback"
        if wrong := wrong + unread:
            own = info.parameters.model_dump_json(exclude_none=True) if info.parameters else None
            values = info.model_dump(include=set(fields) - {"parameters"})
            values["archived"] = bool(info.archived)
            self._report("chats", row, f"wrong: {', '.join(wrong)}", values | {"parameters": own})
        return owner, info

    def message(self, row: Row, runs: Sequence[RunInfo]) -> Message | None:
        """Return a message with its runs; None where its id cannot be read."""
        fields = {name: value for name, value in row.items() if name != "position"}
        if not is_id(row["message_id"]):
            self._report("messages", row, "its id cannot be read", None)
            return None
        content, is_whole = _parts(row["content"])
        if not is_whole:
            # A check value of text that is no longer there would make every page ask for it again.
            runs = [run.model_copy(update={"digest": None}) for run in runs]
        fallback = {
            "parent_id": None,
            "role": "assistant" if runs else "user",
            "author": _legible(row["author"]),
            "created_at": 0.0,
        }
        message, unread = _salvage(Message, fields | {"content": content, "runs": runs}, fallback)
        if message is None:
            self._report("messages", row, "its chat cannot be read", None)
            return None
        if wrong := unread + ([] if is_whole else ["content"]):
            values = message.model_dump(include=set(fields) - {"content"})
            dumped = PARTS.dump_json(message.content, exclude_none=True).decode()
            self._report("messages", row, f"wrong: {', '.join(wrong)}", values | {"content": dumped})
        return message

    def run(self, row: Row) -> RunInfo | None:
        """Return a run; None where one of its ids cannot be read."""
        ids = {name: row[name] for name in ("run_id", "chat_id", "message_id")}
        if not all(is_id(value) for value in ids.values()):
            self._report("runs", row, "one of its ids cannot be read", None)
            return None
        fallback = ids | {"profile_id": "", "model": "", "streaming": "auto", "created_at": 0.0}
        info, wrong = _from_json(RunInfo, row["info"], fallback)
        assert info is not None, "every required field has a fallback"
        # Its text is written with its end: where either says that it has ended, it must not end again.
        is_finished = info.status == "finished" or row["finished"] == 1
        corrected: dict[str, Any] = {name: v for name, v in ids.items() if getattr(info, name) != v}
        if is_finished and info.status != "finished":
            corrected |= {"status": "finished", "finish_reason": "lost", "progress": None, "pause": None}
        if row["finished"] != is_finished:
            wrong.append("finished")
        if corrected or wrong:
            info = info.model_copy(update=corrected)
            values = {"info": info.model_dump_json(exclude_none=True), "finished": is_finished}
            self._report("runs", row, f"wrong: {', '.join([*wrong, *corrected])}", values)
        return info

    def profile(self, row: Row) -> dict[str, Any] | None:
        """Return a profile's fields, which may still be wrong; None where they cannot be read."""
        fields, is_whole = _parsed(row["fields"])
        if is_whole and isinstance(fields, dict) and isinstance(row["profile_id"], str):
            # Its column names it: by another's id it would hide that one.
            return fields | {"id": row["profile_id"]} if "id" in fields else fields
        self._report("profiles", row, "its fields cannot be read", None)
        return None

    def limitation(self, row: Row) -> DeploymentLimitation | None:
        """Return what was remembered of a deployment; None where it cannot be read."""
        fields = {name: value for name, value in row.items() if name not in ("rowid", "owner")}
        found, wrong = _salvage(DeploymentLimitation, fields, {})
        if wrong or found is None:
            self._report("deployment_limitations", row, "it cannot be read", None)
            return None
        return found

    def _report(self, table: str, row: Row, why: str, repaired: Row | None) -> None:
        self._on_damage(Damage(table, row, why, repaired))


def is_id(value: object) -> bool:
    """Tell whether a column holds an id as the protocol has it."""
    try:
        _ID.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _legible(value: object) -> str:
    """Return what can be read of a text column."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _salvage(model: type[M], fields: Row, fallback: Row) -> tuple[M | None, list[str]]:
    """Make a value of the fields that are right; return it and the names of the others.

    A field that is wrong takes its ``fallback``, or its default. None where a required one has neither.
    """
    wrong: list[str] = [
        name
        for name in ("created_at", "updated_at")
        if isinstance(at := fields.get(name), int | float) and not 0 <= at <= LATEST
    ]
    kept = {name: value for name, value in fields.items() if name not in wrong}
    for _ in range(2):
        try:
            return model.model_validate(kept if not wrong else {**fallback, **kept}), wrong
        except ValidationError as error:
            found = {str(one["loc"][0]) for one in error.errors(include_url=False, include_input=False)}
            wrong += sorted(found - set(wrong))
            kept = {name: value for name, value in kept.items() if name not in found}
    return None, wrong


def _from_json(model: type[M], text: object, fallback: Row) -> tuple[M | None, list[str]]:
    """Make a value of a column that holds one as JSON; as ``_salvage``."""
    if isinstance(text, str):
        try:
            value = model.model_validate_json(text)
        except ValidationError:
            pass  # each field is looked at below
        else:
            if 0 <= getattr(value, "created_at", 0) <= LATEST:
                return value, []
    fields, is_whole = _parsed(text)
    if not isinstance(fields, dict):
        fields, is_whole = {}, False
    found, wrong = _salvage(model, fields, fallback)
    return found, wrong if is_whole else [*wrong, "JSON"]


def _parts(text: object) -> tuple[list[Part], bool]:
    """Return the parts that can be read, and whether these are all."""
    if isinstance(text, str):
        try:
            return PARTS.validate_json(text), True
        except ValidationError:
            pass  # each part is looked at below
    parsed, _ = _parsed(text)
    if not isinstance(parsed, list):
        return [], False
    parts: list[Part] = []
    for each in parsed:
        part = _part(each) if isinstance(each, dict) else None
        if part is not None:
            parts.append(part)
    return parts, False


def _part(fields: Row) -> Part | None:
    kind = fields.get("type")
    if isinstance(kind, str) and kind in _PART_MODELS:
        return _salvage(_PART_MODELS[kind], fields, {"text": ""} if kind in WRITTEN_PARTS else {})[0]
    # Of a newer version. An empty part in its place lets the parts behind it keep their numbers.
    run_id = fields.get("run_id")
    return ReasoningPart(text="", run_id=run_id) if is_id(run_id) else None


def _parsed(text: object) -> tuple[Any, bool]:
    """Parse JSON as far as it can be read; return it, and whether that is all."""
    if not isinstance(text, str | bytes):
        return None, False
    legible = text if isinstance(text, str) else text.decode("utf-8", "replace")
    try:
        parsed = json.loads(legible)
        clean = _without_surrogates(parsed)
    except (ValueError, RecursionError):
        try:
            return from_json(legible, allow_partial="trailing-strings"), False
        except ValueError:
            return None, False
    return clean, isinstance(text, str) and clean == parsed


def _without_surrogates(value: Any) -> Any:
    """Replace halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""
    match value:
        case str():
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        case list():
            return [_without_surrogates(each) for each in value]
        case dict():
            return {_without_surrogates(name): _without_surrogates(each) for name, each in value.items()}
        case _:
            return value
