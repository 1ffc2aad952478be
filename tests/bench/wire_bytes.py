"""What the WebSocket carries beside the text."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.bench.chat import Chat
from tests.bench.chromium import Event
from tests.bench.document import tokens
from tests.bench.figures import Figure, best
from tests.bench.harness import Bench

SHORT_FRAME, HEADER, LONG_HEADER = 126, 2, 4
"""A WebSocket frame from the server has 2 bytes of header, from 126 bytes of payload on 4 (RFC 6455, 5.2)."""


@dataclass
class Traffic:
    """The frames of one answer."""

    bytes: int = 0
    deltas: int = 0
    delta_bytes: int = 0
    text_bytes: int = 0

    def received(self, event: Event) -> None:
        """Count a frame."""
        payload: str = event["response"]["payloadData"]
        events = [json.loads(line) for line in payload.split("\n")]
        if "type" not in events[0]:
            return  # one of JupyterLab's own sockets
        size = len(payload.encode())
        size += HEADER if size < SHORT_FRAME else LONG_HEADER
        self.bytes += size
        deltas = [event for event in events if event["type"] == "delta"]
        self.deltas += len(deltas)
        self.text_bytes += sum(len(delta["text"].encode()) for delta in deltas)
        if len(deltas) == len(events):
            self.delta_bytes += size


async def measure(bench: Bench) -> list[Figure]:
    """Count the bytes of a slow and of a fast answer."""
    fast_tokens = bench.size(16_000, 4_000)
    slow, fast = [], []
    for _ in range(bench.rounds):
        async with bench.panel() as panel:
            slow.append(await _traffic(panel, f"tokens={bench.size(200, 100)} rate=50"))
            fast.append(await _traffic(panel, f"tokens={fast_tokens} text=document"))
    host = best([(t.delta_bytes - t.text_bytes) / t.deltas for t in slow])
    text = len("".join(tokens(fast_tokens)).encode())
    return [
        Figure("bytes around a delta at 50 tokens/s", host, "bytes", 100),
        Figure(
            "bytes on the socket at full speed, by those of the text",
            best([t.bytes / text for t in fast]),
            "",
            1.2,
            note=f"{min(t.deltas for t in fast)} deltas for {fast_tokens:,} tokens",
        ),
    ]


async def _traffic(chat: Chat, question: str) -> Traffic:
    await chat.new_chat()
    traffic = Traffic()
    chat.page.listeners["Network.webSocketFrameReceived"] = traffic.received
    await chat.page.call("Network.enable")
    await chat.ask(question, watch="frames")
    await chat.page.call("Network.disable")
    return traffic
