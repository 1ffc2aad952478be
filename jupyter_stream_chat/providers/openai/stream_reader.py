"""Makes chunks that LangChain can read of a stream's events, and finds out how the stream ended. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import StringIO
from typing import Any, Final

from .block_statements import AnswerBlocked, QuestionBlocked, block_in
from .event_stream import Event
from .payload_fixes import (
    REMARKS,
    EmptyStream,
    MalformedAnswer,
    NotStreamed,
    ProviderSaid,
    calls_tools,
    choices_of,
    content_of,
    error_in,
    finish_of,
    sound_message,
    sound_usage,
)

_RESPONSE_ENDS: Final = ("response.completed", "response.incomplete", "response.failed")
_DOUBLED: Final = re.compile(r"[\s,]*(data:[\s,]*)*")
"""A gateway that puts its own prefix before the one of its upstream, or events of a list into lines."""
_DONE: Final = "[DONE]"
_JSON: Final = json.JSONDecoder()
_KEEPS_ALIVE: Final = re.compile(
    r"\W*(ping|pong|heart[-_ ]?beat|keep[-_ ]?alive|processing|connected)\W*", re.IGNORECASE
)
_CHUNK: Final = "A chunk"
_NO_CHUNK: Final = "A chunk is not as OpenAI's protocol has it."


class StreamCut(ConnectionError):
    """The stream ended, but not the answer: neither a finish_reason nor ``[DONE]`` had come."""


class StreamReader:
    """Takes the events of one answer."""

    def __init__(self) -> None:
        self.is_done = False
        """``[DONE]`` has come."""
        self.is_finished = False
        """A finish reason has come."""
        self._goes_on = False
        self._has_chunk = False
        self._block: str | None = None
        """What the provider said of a block, and no text came after it."""
        self._foreign = ""
        """The first event that is JSON of another protocol."""
        self._index: str | None = None
        self._remarks: set[str] = set()
        self._growth = {"content": Growth(), "reasoning_content": Growth()}

    @property
    def is_over(self) -> bool:
        """No text is to be expected: some servers write a finish reason into every chunk."""
        return self.is_done or (self.is_finished and not self._goes_on)

    def read(self, event: Event) -> Iterator[dict[str, Any]]:
        """Yield the chunks of an event. Raises ProviderSaid, MalformedAnswer or NotStreamed."""
        if self.is_done and self.is_finished:
            return  # nothing that follows belongs to the answer
        data = event.data[_prefix(event.data, 0) :].strip()
        if data.strip("\"' ").upper().startswith(_DONE):
            self.is_done = True
            return
        values = _values(data)
        if values is None:
            if _KEEPS_ALIVE.fullmatch(data):
                return
            if event.name == "error":
                raise ProviderSaid(data)
            raise MalformedAnswer(_NO_CHUNK, data)
        for each in values:
            if each == _DONE:
                self.is_done = True
            elif isinstance(each, Mapping):
                yield from self._value(each, event)
            elif event.name == "error":
                raise ProviderSaid(each)

    def close(self, other: str) -> Iterator[dict[str, Any]]:
        """Yield what was held back, at the end of the stream.

        ``other``: what the body held beside events. Raises where the answer is not over.
        """
        if held := {name: text for name, growth in self._growth.items() if (text := growth.close())}:
            yield self._chunk({"content": "", **held}, None, None)
        if self._block is not None:
            raise (AnswerBlocked if self._growth["content"].length else QuestionBlocked)(self._block)
        if self.is_finished or self.is_done:
            return
        if self._has_chunk:
            rest = f" Its last words: {other[:200]}" if other else ""
            raise StreamCut(f"The stream ended without finish_reason and without [DONE].{rest}")
        if other or self._foreign:
            raise MalformedAnswer("The server sent no stream of OpenAI's protocol.", other or self._foreign)
        raise EmptyStream("No generation chunks were returned: the stream ended without anything in it.")

    def _value(self, value: Mapping[str, Any], event: Event) -> Iterator[dict[str, Any]]:
        if str(value.get("type", "")).startswith(
            "response."
        ):  # the Responses API, which LangChain reads itself
            self._has_chunk = True
            self.is_finished = value["type"] in _RESPONSE_ENDS
            yield dict(value)
            return
        block = block_in(value)
        self._block = block or self._block
        error = error_in(value, event=event.name) if block is None else None
        if error is None:
            yield from self._chunks(value, event)
            return
        if value.get("choices"):  # its last words may be beside it
            with suppress(MalformedAnswer):
                yield from self._chunks(value, event)
        raise error

    def _chunks(self, value: Mapping[str, Any], event: Event) -> Iterator[dict[str, Any]]:
        choices = choices_of(value, _CHUNK)
        if choices is None and not value.get("usage"):
            self._foreign = self._foreign or (event.data if value else "")
        usage = sound_usage(value.get("usage"))
        chosen = [choice for choice in choices or [] if self._is_ours(choice)]
        if not chosen:
            self._has_chunk = self._has_chunk or bool(choices)
            if usage:
                yield self._chunk({"content": ""}, None, usage)
            return
        for choice in chosen:
            given = self._delta(choice, event)
            self._has_chunk = True
            if calls_tools(given):
                self._remarks.add("tool_calls")
            finish = finish_of(choice, given, value)
            self._goes_on = self._goes_on or (self.is_finished and bool(given.get("content")))
            if given.get("content"):
                self.is_done = False  # it came too early
                self._block = None  # nothing was held back
            delta = self._without_growth(sound_message(given), is_last=finish is not None)
            self.is_finished = self.is_finished or finish is not None
            yield self._chunk(delta, finish, usage)

    def _is_ours(self, choice: Mapping[str, Any]) -> bool:
        """Tell whether a choice is of the answer that is shown: the first that came."""
        index = choice.get("index")
        if index is None:
            return True
        index = str(index)  # some servers count in strings
        if self._index is None:
            self._index = index
        if index != self._index:
            self._remarks.add("several_choices")
        return index == self._index

    def _delta(self, choice: Mapping[str, Any], event: Event) -> Mapping[str, Any]:
        if choice.get("delta") is None and choice.get("message") is not None:
            if event.is_bare and not self._has_chunk:
                raise NotStreamed("A stream was asked for, and the answer came in one piece.")
            if self._growth["content"].length:  # at a stream's end it is the whole text once more
                return {}
        return content_of(choice, "delta", "message") or {}

    def _without_growth(self, delta: dict[str, Any], *, is_last: bool) -> dict[str, Any]:
        for name, growth in self._growth.items():
            if text := delta.get(name, ""):
                delta[name] = growth.add(text, is_last=is_last)
            if growth.is_growing:
                self._remarks.add("repeats_itself")
        return delta

    def _chunk(
        self, delta: dict[str, Any], finish: str | None, usage: dict[str, Any] | None
    ) -> dict[str, Any]:
        remarks, self._remarks = sorted(self._remarks), set()
        return {
            "id": "answer",
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            "usage": usage,
            REMARKS: remarks,
        }


def _prefix(data: str, start: int) -> int:
    """Return where a value begins, behind what may stand before it."""
    match = _DOUBLED.match(data, start)
    return match.end() if match else start


def _values(data: str) -> list[Any] | None:
    """Return the JSON values of an event, also those in a list or in quotes; None: it is no JSON."""
    values: list[Any] = []
    at = _prefix(data, 0)
    while at < len(data):
        if data.startswith(_DONE, at):
            return [*values, _DONE]
        try:
            value, at = _JSON.raw_decode(data, at)
        except (ValueError, RecursionError):
            return None
        if isinstance(value, str) and value.lstrip().startswith("{"):
            value = _values(value) or value
        values += value if isinstance(value, list) else [value]
        at = _prefix(data, at)
    return values


class Growth:
    """Takes out what deltas repeat: of some servers each holds all text so far, or the last one does."""

    _LEAST: Final = 8
    """Code points of a delta that is believed to hold the text so far: 'ha', 'haha' are two words."""
    _LEAST_AT_END: Final = 16

    def __init__(self) -> None:
        self._text = StringIO()
        self.length = 0
        """Code points of what has come, each part once."""
        self.is_growing = False
        self._deltas = 0
        self._first = ""
        self._suspect = ""
        self._is_plain = False

    def add(self, delta: str, *, is_last: bool = False) -> str:
        """Take a delta; return what of it is new."""
        self._deltas += 1
        if self.is_growing:
            if len(delta) < self.length or not delta.startswith(self.text):
                return self._took(delta)
            return self._took(delta[self.length :])
        if self._suspect:
            suspect, self._suspect = self._suspect, ""
            if delta.startswith(suspect) and len(delta) >= self._LEAST and delta != suspect:
                self.is_growing = True
                return self._took(delta[len(self._first) :])
            self._is_plain = True
            return self._took(suspect + delta)
        is_long = len(delta) >= self._LEAST_AT_END and len(delta) == self.length
        if is_last and self._deltas > 2 and is_long and delta == self.text:
            return ""
        if self._deltas == 1:
            self._first = delta
        elif not self._is_plain:
            self._is_plain = True
            if self._deltas == 2 and len(delta) > len(self._first) and delta.startswith(self._first):
                # The next one tells whether this was chance.
                if self._first.strip() and not is_last:
                    self._suspect, self._is_plain = delta, False
                    return ""
                if len(self._first) >= self._LEAST_AT_END:
                    self.is_growing = True
                    return self._took(delta[len(self._first) :])
        return self._took(delta)

    def close(self) -> str:
        """Return what was held back."""
        suspect, self._suspect = self._suspect, ""
        if suspect and len(self._first) >= self._LEAST_AT_END:
            suspect = suspect[len(self._first) :]
        return self._took(suspect)

    @property
    def text(self) -> str:
        """What has come, each part once."""
        return self._text.getvalue()

    def _took(self, new: str) -> str:
        # A string that grows by a token would be copied for each of them.
        self._text.write(new)
        self.length += len(new)
        return new
