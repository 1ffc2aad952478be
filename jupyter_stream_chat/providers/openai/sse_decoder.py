"""What the SDK's clients do otherwise here: our decoder reads the streams, and nothing is followed unseen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final

from openai import AsyncOpenAI
from openai._streaming import ServerSentEvent
from openai.types.chat import ChatCompletionChunk

from .event_stream import EventDecoder
from .payload_fixes import MalformedAnswer, NoContent, Redirected, raise_if_error
from .stream_reader import StreamCut, StreamReader

__all__ = ["StreamCut", "mend_streams"]

GRACE_SECONDS: Final = 1.0
"""How long the token counts are waited for after a finish reason: some servers leave the socket open."""
_DRAIN_SECONDS: Final = 0.1
"""After ``[DONE]``: a body that is read to its end leaves the connection for the next question."""


class _OwnDecoder:
    """Stands in the place of the SDK's decoder, which gives up a stream at events that it does not expect."""

    async def aiter_bytes(self, iterator: AsyncIterator[bytes]) -> AsyncIterator[ServerSentEvent]:
        """Yield chunks as events. Raises what ``StreamReader`` raises."""
        decoder, reader = EventDecoder(), StreamReader()
        deadline: float | None = None
        wait: float | None = None
        while (data := await _read(iterator, deadline)) is not None:
            for event in decoder.feed(data):
                for chunk in reader.read(event):
                    yield _event(chunk)
            last, wait = wait, _DRAIN_SECONDS if reader.is_done else GRACE_SECONDS if reader.is_over else None
            if wait != last:  # not renewed by what still comes
                deadline = None if wait is None else _now() + wait
        for event in decoder.close():
            for chunk in reader.read(event):
                yield _event(chunk)
        for chunk in reader.close(decoder.other):
            yield _event(chunk)


async def _read(iterator: AsyncIterator[bytes], deadline: float | None) -> bytes | None:
    """Return the next bytes; None: the body or the time is over."""
    try:
        if deadline is None:
            return await anext(iterator, None)
        async with asyncio.timeout_at(deadline):
            return await anext(iterator, None)
    except TimeoutError:
        if deadline is None or _now() < deadline:
            raise
        return None
    except Exception:
        if deadline is None:
            raise
        return None  # the answer is whole; how its connection ends does not matter


def _now() -> float:
    return asyncio.get_running_loop().time()


def _event(chunk: dict[str, Any]) -> ServerSentEvent:
    return _ReadEvent(chunk)


class _ReadEvent(ServerSentEvent):
    """An event whose JSON has been read already."""

    def __init__(self, value: dict[str, Any]) -> None:
        super().__init__(data="{}")
        self._value = value

    def json(self) -> Any:
        return self._value


class UnreadableRefusal(Exception):
    """The server refused the request, and the body that says why is broken."""

    def __init__(self, status: int, broken: str) -> None:
        """``broken``: what is wrong with the body."""
        super().__init__(f"Error code: {status}; the rest cannot be read: {broken}")
        self.status_code = status


async def _look_at_response(response: Any) -> None:
    """Stop at an answer that is none: it would be followed, or read as an empty one."""
    if response.request.method == "POST" and response.status_code < 300:
        # The SDK gives up at a stream that calls itself JSON; of a text it tries whether it is JSON.
        response.headers["content-type"] = response.headers.get("content-type", "").replace("json", "text")
    broken = ""
    if response.status_code >= 400:
        try:
            await response.aread()
        except Exception as error:  # noqa: BLE001 - of whichever HTTP package the SDK has; the status counts
            broken = f"{type(error).__name__}: {error}"
    if broken:
        raise UnreadableRefusal(response.status_code, broken)
    if 300 <= response.status_code < 400:
        await response.aread()
        location = response.headers.get("location", "")
        raise Redirected(response.status_code, str(response.url.join(location)) if location else "")
    if response.status_code in (204, 205):
        raise NoContent(f"The server answered {response.status_code} (no content).")


def mend_streams(client: AsyncOpenAI) -> None:
    """Let a client read streams by our decoder, yield chunks as dicts, and follow no redirect.

    LangChain turns the SDK's objects into dicts anyway; to make them took a quarter of what a token costs.
    """
    process = client._process_response_data

    def plain(*, data: object, cast_to: Any, **rest: Any) -> Any:
        if cast_to is not ChatCompletionChunk or not isinstance(data, dict):
            return process(data=data, cast_to=cast_to, **rest)
        if "choices" not in data:  # an event of the Responses API, which was not asked
            raise_if_error(data)
            raise MalformedAnswer("The server sent no stream of OpenAI's protocol.", json.dumps(data))
        return data

    # Private to the SDK, and the one place where either can be done; tests guard it.
    client._make_sse_decoder = _OwnDecoder  # type: ignore[method-assign, assignment]
    client._process_response_data = plain  # type: ignore[method-assign]
    http = client._client
    # A redirect would take the question, and perhaps the key, to a place that nobody entered.
    http.follow_redirects = False
    hooks = http.event_hooks
    if _look_at_response not in hooks["response"]:
        http.event_hooks = {**hooks, "response": [*hooks["response"], _look_at_response]}
