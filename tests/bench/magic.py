"""``%chat`` in a notebook: what it sends through the kernel, its first token, what loading it costs."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import aiohttp

from tests.bench.chat import Chat
from tests.bench.document import tokens
from tests.bench.figures import Figure, best, median
from tests.bench.harness import Bench
from tests.bench.kernel_echo import Kernel

QUESTION = "tokens=5 rate=50"
ALLOWED_MS = 30
SETTLE_SECONDS = 0.5
"""Until the cell before is over."""

LOAD = """
import time
begun = time.perf_counter()
get_ipython().run_line_magic("load_ext", "jupyter_stream_chat")
print(time.perf_counter() - begun)
"""

OPEN = """
(async () => {
  const made = await jupyterapp.commands.execute('notebook:create-new', { kernelName: 'python3' });
  await made.context.ready;
  await made.sessionContext.ready;
  globalThis.benched = made;
})()
"""

RUN = """
new Promise(async resolve => {
  const { content } = benched;
  content.activeCell.model.sharedModel.setSource(%s);
  await jupyterapp.commands.execute('notebook:clear-cell-output');
  const shown = () => content.node.querySelector('.jp-StreamChat-cell')?.textContent ?? '';
  const began = performance.now();
  new MutationObserver((_, observer) => {
    if (shown().includes('t0')) {
      observer.disconnect();
      resolve({ began, shown: performance.now() });
    }
  }).observe(content.node, { childList: true, characterData: true, subtree: true });
  jupyterapp.commands.execute('notebook:run-cell');
})
"""


async def measure(bench: Bench) -> list[Figure]:
    """Measure the three."""
    count = 4_000  # in a quick round too: beside a short text what is around it weighs most
    traffic, loading, panels, cells = [], [], [], []
    for _ in range(bench.rounds):
        async with aiohttp.ClientSession() as http, Cells(http, bench.lab) as kernel:
            loading.append(float(_printed(await kernel.run(LOAD))))
            await kernel.run(f"%chat -q -v answer {QUESTION}")
            frames = await kernel.run(f"%chat tokens={count} rate=200 text=document")
            traffic.append(sum(len(frame.encode()) for frame in frames))
        async with bench.panel() as panel:
            panels.append(await _panel(panel, bench.size(15, 5)))
            cells.append(await _cell(panel, bench.size(15, 5)))
    text = len("".join(tokens(count)).encode())
    behind = best([cell - panel for cell, panel in zip(cells, panels, strict=True)])
    return [
        Figure(
            "%chat: bytes to the notebook, by those of the text",
            best([size / text for size in traffic]),
            "",
            4,
            note=f"{count:,} tokens at 200 tokens/s",
        ),
        Figure(
            "%chat: first token behind the panel's, median",
            behind,
            "ms",
            ALLOWED_MS,
            note=f"panel {best(panels):.3g} ms, cell {best(cells):.3g} ms",
        ),
        Figure("%load_ext in a kernel", best(loading), "s", 0.2),
    ]


class Cells(Kernel):
    """A kernel whose cells' messages are kept."""

    async def run(self, code: str) -> list[str]:
        """Execute a cell as a notebook does; return the frames that came for it on iopub."""
        message_id = uuid.uuid4().hex
        header = {"msg_id": message_id, "msg_type": "execute_request", "session": self._id, "version": "5.3"}
        header |= {"username": "bench", "date": ""}
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": True}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        await self._socket.send_str(json.dumps({**message, "channel": "shell", "buffers": []}))
        frames: list[str] = []
        replied = idle = False
        while not (replied and idle):
            frame = await self._socket.receive_str(timeout=120)
            reply = json.loads(frame)
            if reply["parent_header"].get("msg_id") != message_id:
                continue
            if reply["channel"] == "iopub":
                frames.append(frame)
                idle = idle or reply["content"].get("execution_state") == "idle"
            replied = replied or reply["msg_type"] == "execute_reply"
        return frames


def _printed(frames: list[str]) -> str:
    messages: list[dict[str, Any]] = [json.loads(frame) for frame in frames]
    return "".join(m["content"]["text"] for m in messages if m["msg_type"] == "stream")


async def _panel(chat: Chat, questions: int) -> float:
    """Return milliseconds from Enter to the first token, without the provider's own."""
    times = []
    for _ in range(questions + 1):
        await chat.new_chat()
        answer = await chat.ask(QUESTION, watch="tokens")
        await asyncio.sleep(0.1)
        times.append((answer.seen[0] - answer.enter - _providers(answer.request)) * 1000)
    return median(times[1:])


async def _cell(chat: Chat, questions: int) -> float:
    """Return milliseconds from running a cell to the first token in it, without the provider's own."""
    await chat.page.evaluate(OPEN)
    ask = RUN % json.dumps(f"%chat {QUESTION}")
    await chat.page.evaluate(RUN % json.dumps(f"%load_ext jupyter_stream_chat\n%chat {QUESTION}"))
    times = []
    for _ in range(questions):
        await asyncio.sleep(SETTLE_SECONDS)
        found = await chat.page.evaluate(ask)
        times.append(found["shown"] - found["began"] - _providers(await chat.request()) * 1000)
    return median(times)


def _providers(request: dict[str, Any]) -> float:
    """Return the seconds between a question's arrival at the provider and its first token."""
    return float(request["sent"][0] - request["received"])
