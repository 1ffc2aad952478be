"""A model provider that does exactly as it is told, over real HTTP.

Owns one aiohttp server that answers as OpenAI (``/v1/chat/completions``) and as Azure OpenAI
(``/openai/deployments/{name}/chat/completions?api-version=...``). Tests, Galata and the benchmarks share it;
it knows nothing of the product.

What to answer is said by words ``name=value`` in the last user message; the model's (deployment's) name may
hold them too, split by commas (``tokens=9,rate=50``); the message wins. Everything else is ignored.

==============  ===================================================================================
tokens=500      how many tokens (20); with a ``text`` other than ``plain`` at most its own number
rate=50         tokens per second, by absolute times (0: as fast as the socket takes them, in batches)
text=NAME       plain (``t0 t1 t2``), markdown, code, cjk, emoji, surrogates (pairs split over two chunks)
echo=BASE64     this text (in base64url, without padding), three characters a token
seed=7          the same in pieces of 1 to 9 characters, drawn at random from this seed
reasoning=5     that many reasoning tokens first (``r0 r1``); field=reasoning names the field otherwise
again=5         the same reasoning again after that many tokens (streamed answers alone)
hang=WHERE      before-headers, after-headers, or a number: after that many tokens; until the client leaves
ping=0.1        while it hangs, send an SSE comment this often (seconds)
delay=0.2       seconds before the headers
fail=500        refuse with this HTTP status; code=NAME sets ``error.code``
fail-stream=500 the same, but stream requests only
fail-whole=500  the same, but requests for one piece only
fail-times=1    fail (in these ways) so often only, counted per question
retry-after=2   the header that these failures carry, in seconds
error=NAME      refuse as a well-known provider does (``tests/provider_errors.py``)
fail-at=7       after 7 tokens send an SSE ``error`` and end
cut=7           after 7 tokens cut the TCP connection
end=7           after 7 tokens end the stream properly, without finish_reason and ``[DONE]``
junk=json       send a chunk (or an answer) that is no JSON; junk=shape: JSON, but no chunk;
                junk=bare: a chunk without a delta, as Azure's content filter sends
refusal=3       that many tokens of the model's own refusal instead of content
finish=length   the finish_reason (stop); ``none`` leaves it out
usage=always    auto (when ``stream_options`` asks), always, never, broken (counts that are no numbers)
cost=0.0012     what the usage says that the answer cost, as OpenRouter does
body=json       answer JSON even to a stream request; body=html: a web page
refuse=stream   400 to a stream request; refuse=stream_options: 400 when these are present;
                refuse=stream_options+stream: both;
                refuse=pictures: 400 to a request that has some
repeat=8        that many characters said again where it is asked to go on
==============  ===================================================================================

An answer is gone on with, without the faults, when it is the last message and ``continue_final_message`` or
``prefix`` says so, or when a last question without such words follows it that says ``continue``. A server
made with ``owner="vllm"`` says so of its model.

``GET /_requests`` lists what was received, as JSON; ``DELETE /_requests`` forgets it. Run by hand:
``python -m tests.scripted_provider --port 0`` prints its URL.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import random
import re
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from aiohttp import web

from tests.provider_errors import ERRORS

WORDS = re.compile(r"([a-z_-]+)=([^\s,]+)")
BATCH = 128
"""Tokens per write at full speed."""

MARKDOWN = """## A heading

Some *emphasis*, some **strong** words and `code`.

- one
- two
  - nested

| a | b |
|---|---|
| 1 | $x^2$ |

```python
def f(x: int) -> int:
    return x + 1
```

> A quotation.
"""
CODE = "```python\n" + "".join(f"value_{i} = compute({i})\n" for i in range(200)) + "```\n"
CJK = "语言模型逐字生成答案。日本語もそのまま届きます。한국어도 마찬가지입니다。" * 4
EMOJI = "😀 👩‍👩‍👧‍👦 🇩🇪 é 🏳️‍🌈 " * 8


def _utf16_units(text: str) -> list[str]:
    """Return the UTF-16 code units of ``text``, each as a string; halves of pairs are lone surrogates."""
    data = text.encode("utf-16-be")
    return [chr(int.from_bytes(data[i : i + 2], "big")) for i in range(0, len(data), 2)]


def _random_pieces(text: str, seed: int) -> list[str]:
    """Return ``text`` in pieces of 1 to 9 characters."""
    lengths = random.Random(seed)
    pieces = []
    while text:
        length = lengths.randint(1, 9)
        pieces.append(text[:length])
        text = text[length:]
    return pieces


TEXTS: dict[str, list[str]] = {
    "markdown": re.findall(r"\s*\S+|\s+$", MARKDOWN),
    "code": re.findall(r"\s*\w+|\W", CODE),
    "cjk": list(CJK),
    "emoji": list(EMOJI),
    "surrogates": _utf16_units("a😀b👩‍👩‍👧c"),
}


JUNK = {
    "json": '{"choices": [{"del',
    "shape": '{"choices": [{"delta": "text"}], "usage": 7}',
    "bare": '{"choices": [{"index": 0, "finish_reason": null, "content_filter_results": {}}]}',
}


@dataclass
class Script:
    """What to answer to one request."""

    tokens: int = 20
    rate: float = 0.0
    text: str = "plain"
    echo: str = ""
    seed: int = -1
    reasoning: int = 0
    field: str = "reasoning_content"
    again: int = -1
    hang: str = ""
    ping: float = 0.0
    delay: float = 0.0
    fail: int = 0
    fail_stream: int = 0
    fail_whole: int = 0
    fail_times: int = 2**31
    retry_after: str = ""
    code: str = ""
    error: str = ""
    end: int = -1
    junk: str = ""
    refusal: int = 0
    fail_at: int = -1
    cut: int = -1
    finish: str = "stop"
    usage: str = "auto"
    cost: float = -1.0
    body: str = "sse"
    refuse: str = ""
    repeat: int = 0
    begun: str | None = None
    """The beginning of the answer that is gone on with."""

    @classmethod
    def read(cls, *sources: str) -> Self:
        """Read the words ``name=value`` of the sources; later sources win, unknown names are ignored."""
        script = cls()
        for source in sources:
            for name, value in WORDS.findall(source):
                attribute = name.replace("-", "_")
                if attribute in cls.__dataclass_fields__:
                    setattr(script, attribute, type(getattr(script, attribute))(value))
        return script

    def pieces(self) -> list[str]:
        """Return the answer, token by token."""
        if self.echo:
            text = base64.urlsafe_b64decode(self.echo + "==").decode()
            return _random_pieces(text, self.seed) if self.seed >= 0 else re.findall(r"(?s).{1,3}", text)
        if self.begun is not None:
            rest = replace(self, begun=None).answer()[max(0, len(self.begun.rstrip()) - self.repeat) :]
            return re.findall(r"\s*\S+|\s+$", rest)
        if self.text == "plain":
            return [f"t{i} " for i in range(self.tokens)]
        return TEXTS[self.text][: self.tokens] if self.tokens != Script.tokens else TEXTS[self.text]

    def thoughts(self) -> list[str]:
        """Return the reasoning, token by token."""
        return [f"r{i} " for i in range(self.reasoning)]

    def refusals(self) -> list[str]:
        """Return the words of the refusal, token by token."""
        return [f"no{i} " for i in range(self.refusal)]

    def answer(self) -> str:
        """Return the whole answer, as valid Unicode."""
        return "".join(self.pieces()).encode("utf-16-be", "surrogatepass").decode("utf-16-be")


@dataclass
class Received:
    """One request, and what became of it. Times are ``time.monotonic()`` seconds."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any]
    received: float
    tokens_sent: int = 0
    first_token: float | None = None
    last_token: float | None = None
    sent: list[float] = field(default_factory=list)
    """When each write of tokens began: one per token where there is a ``rate``."""
    disconnected: float | None = None
    """When the client left before the answer's end."""
    finished: float | None = None
    gone: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set when the request is over, in whichever way."""

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON values."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "gone"}
        return values | {"headers": {k: v for k, v in self.headers.items() if k not in KEY_HEADERS}}


KEY_HEADERS = {"authorization", "api-key"}


class ScriptedProvider:
    """The server: ``async with ScriptedProvider() as provider: provider.url``."""

    def __init__(self, *, port: int = 0, key: str | None = None, owner: str = "scripted") -> None:
        """Prepare a server for 127.0.0.1; with ``key`` any other key is refused with 401.

        ``owner`` is who the list of models says that they belong to.
        """
        self._owner = owner
        self.requests: list[Received] = []
        self.url = ""
        self._arrival = asyncio.Event()
        self._port = port
        self._key = key
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/beta/chat/completions", self._complete)
        app.router.add_post("/openai/deployments/{name}/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/_requests", self._list)
        app.router.add_delete("/_requests", self._forget)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)

    @property
    def openai_url(self) -> str:
        """The ``base_url`` of the OpenAI-shaped part."""
        return f"{self.url}/v1"

    async def request(self, number: int = 0) -> Received:
        """Wait for the request of this number, counted from 0, and return it."""
        while len(self.requests) <= number:
            self._arrival.clear()
            await self._arrival.wait()
        return self.requests[number]

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    # --- about itself ---------------------------------------------------------------------------

    async def _models(self, request: web.Request) -> web.Response:
        if refusal := self._wrong_key({name.lower(): value for name, value in request.headers.items()}):
            return refusal
        model = {"id": "scripted", "object": "model", "created": 0, "owned_by": self._owner}
        return web.json_response({"object": "list", "data": [model]})

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response([r.as_dict() for r in self.requests])

    async def _forget(self, request: web.Request) -> web.Response:
        self.requests.clear()
        return web.Response(status=204)

    # --- answering ------------------------------------------------------------------------------

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        received = Received(request.path, dict(request.query), dict(request.headers), body, time.monotonic())
        received.headers = {k.lower(): v for k, v in received.headers.items()}
        self.requests.append(received)
        self._arrival.set()
        model = request.match_info.get("name", body.get("model", ""))
        try:
            script = _script(model, body)
        except ValueError as error:
            raise web.HTTPBadRequest(text=f"not a script: {error}") from error
        try:
            response = await self._answer(request, received, script)
            received.finished = time.monotonic()
            return response
        except (asyncio.CancelledError, ConnectionError):
            received.disconnected = time.monotonic()
            raise
        finally:
            received.gone.set()

    async def _answer(self, request: web.Request, received: Received, script: Script) -> web.StreamResponse:
        if script.delay:
            await asyncio.sleep(script.delay)
        if script.hang == "before-headers":
            await asyncio.Event().wait()
        streamed = bool(received.body.get("stream"))
        if refusal := self._refusal(received, script, streamed):
            return refusal
        if script.body == "html":
            return web.Response(text="<html>Please sign in</html>", content_type="text/html")
        if not streamed or script.body == "json":
            return await _whole(received, script)
        return await _stream(request, received, script)

    def _refusal(self, received: Received, script: Script, streamed: bool) -> web.Response | None:
        if refusal := self._wrong_key(received.headers):
            return refusal
        if "stream_options" in script.refuse.split("+") and "stream_options" in received.body:
            return _error(400, "Unrecognized request argument supplied: stream_options", "invalid_request")
        if script.refuse == "pictures" and _has_pictures(received.body):
            return _error(400, "Invalid content type. image_url is not supported by this model.", "invalid")
        if script.error:
            code, body = ERRORS[script.error]
            if isinstance(body, str):
                return web.Response(status=code, text=body, content_type="text/html")
            return web.json_response(body, status=code)
        status = script.fail or (script.fail_stream if streamed else script.fail_whole)
        if status and self._asked(received) <= script.fail_times:
            failure = _error(status, f"scripted failure {status}", script.code or "scripted")
            failure.headers.update({"Retry-After": script.retry_after} if script.retry_after else {})
            return failure
        if "stream" in script.refuse.split("+") and streamed:
            return _error(400, "This model does not support stream.", "unsupported_value")
        return None

    def _wrong_key(self, headers: dict[str, str]) -> web.Response | None:
        given = headers.get("api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if self._key is None or given == self._key:
            return None
        return _error(401, f"Incorrect API key provided: {given}.", "invalid_api_key")

    def _asked(self, received: Received) -> int:
        """Return how often this question has come."""
        question = _last_question(received.body)
        return sum(_last_question(request.body) == question for request in self.requests)


async def _whole(received: Received, script: Script) -> web.Response:
    """Answer in one JSON body, after as long as the stream would have taken."""
    if script.hang:
        await asyncio.Event().wait()
    pieces = script.pieces()
    if script.rate:
        await asyncio.sleep(len(pieces) / script.rate)
    if script.junk:
        return web.Response(text=JUNK[script.junk], content_type="application/json")
    message: dict[str, Any] = {"role": "assistant", "content": script.answer()}
    if script.refusal:
        message |= {"content": None, "refusal": "".join(script.refusals())}
    if script.reasoning:
        message[script.field] = "".join(script.thoughts())
    received.tokens_sent = len(pieces)
    finish = None if script.finish == "none" else script.finish
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return web.json_response(
        _envelope("chat.completion", received) | {"choices": [choice], "usage": _usage(script)}
    )


async def _stream(request: web.Request, received: Received, script: Script) -> web.StreamResponse:
    """Answer by server-sent events."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(request)
    if script.hang == "after-headers":
        await _hang(response, script)
    thoughts = [_frame(received, {script.field: t}) for t in script.thoughts()]
    if script.refusal:
        answer = [_frame(received, {"refusal": t}) for t in script.refusals()]
    else:
        answer = [_frame(received, {"content": t}) for t in script.pieces()]
    stop = _first_stop(script, len(answer))
    frames = thoughts + answer[:stop]
    if 0 <= script.again < stop:
        at = len(thoughts) + script.again
        frames[at:at] = thoughts
    async for batch in _paced(frames, script.rate):
        received.sent.append(time.monotonic())
        await response.write(b"".join(batch))
        received.last_token = time.monotonic()
        received.first_token = received.first_token or received.last_token
        received.tokens_sent += len(batch)
    if stop == script.cut:
        assert request.transport is not None
        request.transport.abort()
        return response
    if stop == script.end:
        await response.write_eof()
        return response
    if script.junk:
        await response.write(f"data: {JUNK[script.junk]}\n\n".encode())
    if stop == script.fail_at:
        await response.write(_sse({"error": {"message": "scripted failure", "type": "server_error"}}))
        return response
    if script.hang.isdigit() and stop == int(script.hang):
        await _hang(response, script)
    await response.write(_end(received, script))
    await response.write_eof()
    return response


def _first_stop(script: Script, total: int) -> int:
    """Return after how many content tokens something happens: a cut, an error, a hang, or the end."""
    hang = int(script.hang) if script.hang.isdigit() else -1
    return min([n for n in (script.cut, script.fail_at, script.end, hang) if n >= 0] + [total])


async def _paced(frames: Sequence[bytes], rate: float) -> AsyncIterator[Sequence[bytes]]:
    """Yield single frames at ``rate`` per second, or batches without waiting when it is 0."""
    if not rate:
        for i in range(0, len(frames), BATCH):
            yield frames[i : i + BATCH]
            await asyncio.sleep(0)
        return
    start = time.monotonic()
    for i, frame in enumerate(frames):
        await asyncio.sleep(start + i / rate - time.monotonic())
        yield [frame]


async def _hang(response: web.StreamResponse, script: Script) -> None:
    while script.ping:
        await asyncio.sleep(script.ping)
        await response.write(b": ping\n\n")
    await asyncio.Event().wait()


def _end(received: Received, script: Script) -> bytes:
    finish = None if script.finish == "none" else script.finish
    frames = [] if finish is None else [_frame(received, {}, finish)]
    asked = (received.body.get("stream_options") or {}).get("include_usage")
    if script.usage in ("always", "broken") or (script.usage == "auto" and asked):
        chunk = _envelope("chat.completion.chunk", received) | {"choices": [], "usage": _usage(script)}
        frames.append(_sse(chunk))
    return b"".join([*frames, b"data: [DONE]\n\n"])


def _frame(received: Received, delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _sse(_envelope("chat.completion.chunk", received) | {"choices": [choice]})


def _envelope(kind: str, received: Received) -> dict[str, Any]:
    model = received.body.get("model") or "scripted"
    return {"id": "scripted-1", "object": kind, "created": 0, "model": model}


def _usage(script: Script) -> dict[str, Any]:
    if script.usage == "broken":
        return {"prompt_tokens": "seven", "completion_tokens": -1, "completion_tokens_details": [None]}
    output = len(script.pieces()) + script.reasoning
    return {
        "prompt_tokens": 7,
        "completion_tokens": output,
        "total_tokens": 7 + output,
        "completion_tokens_details": {"reasoning_tokens": script.reasoning},
        **({"cost": script.cost} if script.cost >= 0 else {}),
    }


def _sse(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _has_pictures(body: dict[str, Any]) -> bool:
    contents = [message.get("content") for message in body["messages"]]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return any(part.get("type") == "image_url" for part in parts)


def _error(status: int, message: str, code: str) -> web.Response:
    error = {"message": message, "type": "scripted_error", "code": code}
    return web.json_response({"error": error}, status=status)


def _last_question(body: dict[str, Any]) -> str:
    for message in reversed(body.get("messages", [])):
        if message.get("role") == "user":
            content = message.get("content")
            return content if isinstance(content, str) else json.dumps(content)
    return ""


def _newest_words(question: str) -> str:
    """Return the last paragraph with words: questions without an answer between them are sent as one."""
    paragraphs = question.split("\n\n")
    return next((each for each in reversed(paragraphs) if WORDS.search(each)), question)


def _script(model: str, body: dict[str, Any]) -> Script:
    """Return what to answer: to the last question, or to go on with the last answer."""
    messages = body.get("messages", [])
    question = _newest_words(_last_question(body))
    *before, last = messages or [{}]
    asked = last.get("role") == "user" and not WORDS.search(question) and "continue" in question.lower()
    if asked and before and before[-1].get("role") == "assistant":
        answer = before[-1]
    elif last.get("prefix") or (body.get("continue_final_message") and not body["add_generation_prompt"]):
        answer = last
    else:
        return Script.read(model, question)
    question = _newest_words(_last_question({"messages": messages[: messages.index(answer)]}))
    script = Script.read(model, question)
    repeat = script.repeat if asked else 0
    return replace(
        script,
        begun=answer["content"],
        repeat=repeat,
        hang="",
        cut=-1,
        end=-1,
        fail=0,
        fail_at=-1,
        finish="stop",
    )


async def _serve(port: int, key: str | None) -> None:
    async with ScriptedProvider(port=port, key=key) as provider:
        print(provider.url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A scripted model provider for tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", help="refuse any other key with 401")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options.port, options.key))


if __name__ == "__main__":
    main()
