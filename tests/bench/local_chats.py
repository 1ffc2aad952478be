"""Many chats on one local model: the engine beside ``generate`` and beside ``transformers serve``.

``python -m tests.bench.local_chats`` measures this alone. The others are measured in the
same rounds, with one thread each. The model has 96 million random weights (Qwen3, float32).
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import openai

from jupyter_stream_chat.engine.messages import (
    ChatMessage,
    Failed,
    Finished,
    Generate,
    LoadOptions,
    Parameters,
    Text,
)
from jupyter_stream_chat.providers.local.engine_process import EngineProcess, engine_command
from tests.bench.figures import Figure, table
from tests.bench.harness import Bench
from tests.foreign.processes import free_port, running
from tests.tiny_model import make_tokenizer

CROWDS = (1, 4, 16)
ONE_THREAD = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
_numbers = itertools.count()


@dataclass
class Crowd:
    """What a number of chats that ask at once got, in each round."""

    rates: list[float] = field(default_factory=list)
    """Tokens per second, all together."""
    worst_first: list[float] = field(default_factory=list)
    """Seconds to the first text of the chat that waited longest."""


Crowds = dict[tuple[str, int], Crowd]


async def measure(bench: Bench) -> list[Figure]:
    """Measure everything."""
    return await measured(bench.rounds, 30 if bench.quick else 120)


async def measured(rounds: int, tokens: int) -> list[Figure]:
    """Measure ``rounds`` rounds of answers of so many ``tokens``."""
    with tempfile.TemporaryDirectory(prefix="stream-chat-bench-") as name:
        folder = Path(name)
        make_model(folder / "model")
        async with AsyncExitStack() as stack:
            engine = await stack.enter_async_context(own_engine(folder / "model"))
            serial = await stack.enter_async_context(serving(folder, "serial"))
            batching = await stack.enter_async_context(
                serving(folder, "batching", "--continuous-batching", "--cb-num-blocks=64")
            )
            crowds: Crowds = {}
            bare = []
            for _ in range(rounds):
                bare.append(await generate_rate(folder / "model", tokens))
                for chats in CROWDS:
                    for who, answer in (
                        ("engine", engine.answer),
                        ("serial", serial),
                        ("batching", batching),
                    ):
                        crowd = crowds.setdefault((who, chats), Crowd())
                        await ask_at_once(crowd, answer, chats, tokens)
            return [*rates(bare, crowds), *[figure async for figure in engine.latencies()]]


def rates(bare: Sequence[float], crowds: Crowds) -> list[Figure]:
    """Return the engine's throughput beside the others', each round against itself."""

    def figure(name: str, chats: int, other: Sequence[float], limit: float, note: str) -> Figure:
        own = crowds["engine", chats].rates
        ratios = [one / two for one, two in zip(own, other, strict=True)]
        floor = median(own) / median(ratios)
        return Figure(name, median(own), "tokens/s", limit, floor, relative=True, at_least=True, note=note)

    found = [figure("1 chat", 1, bare, 0.97, "beside bare `generate`")]
    for chats in CROWDS[1:]:
        for who in ("batching", "serial"):
            note = f"beside `transformers serve`, {who}"
            found.append(figure(f"{chats} chats", chats, crowds[who, chats].rates, 1.1, note))
    for who in ("engine", "batching", "serial"):
        worst = median(crowds[who, 16].worst_first)
        found.append(Figure(f"worst first token of 16 chats, {who}", worst, "s", 0.6))
    return found


def make_model(folder: Path) -> None:
    """Write a model every token of which gives text."""
    import torch
    from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

    tokenizer = make_tokenizer()
    tokenizer.eos_token = None
    tokenizer.add_tokens([f"t{number} " for number in range(32_000 - len(tokenizer))])
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=768,
        intermediate_size=1696,
        num_hidden_layers=13,
        num_attention_heads=12,
        num_key_value_heads=4,
        head_dim=64,
        max_position_embeddings=8192,
        tie_word_embeddings=True,
        initializer_range=0.1,
        bos_token_id=None,
        eos_token_id=None,
    )
    model = Qwen3ForCausalLM(config)
    model.generation_config = GenerationConfig(do_sample=False)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def question(words: int = 8) -> str:
    """Return a question that nobody asked before; each word is one token."""
    number = next(_numbers)
    return "".join(f"t{(7919 * (number + 1) + 104729 * word) % 31_000} " for word in range(words))


class Engine:
    """The engine's process."""

    def __init__(self, process: EngineProcess, model: Path) -> None:
        self._process = process
        self._model = str(model)

    def open(self, text: str, tokens: int) -> tuple[str, asyncio.Queue[Any]]:
        """Ask; return the request's id and its events."""
        request_id = f"r{next(_numbers)}"
        message: ChatMessage = {"role": "user", "content": text}
        parameters = Parameters(max_tokens=tokens)
        request = Generate(request_id, self._model, [message], parameters, LoadOptions(device="cpu"))
        return request_id, self._process.open(request)

    async def answer(self, text: str, tokens: int) -> AsyncIterator[str]:
        """Yield an answer."""
        _, events = self.open(text, tokens)
        while not isinstance(event := await events.get(), Finished):
            if isinstance(event, Failed):
                raise RuntimeError(event.detail)
            if isinstance(event, Text):
                yield event.text

    async def latencies(self) -> AsyncIterator[Figure]:
        """Measure what stops, long prompts and next turns take."""
        after_stop = [await self._next_after_stop() for _ in range(5)]
        yield Figure("first token after a Stop", 1000 * median(after_stop), "ms", 80)
        freed = [await self._stopped_in_prompt() for _ in range(3)]
        yield Figure("Stop in a prompt of 2,000 tokens, engine free", median(freed), "s", 0.4)
        before, meanwhile = await self._gaps_beside_a_long_prompt()
        late = 1000 * (meanwhile - before)
        yield Figure("delay of a token by a prompt of 4,000 tokens", late, "ms", 150, note="95th percentile")
        yield Figure("first token after 2,000 tokens of history", await self._warm_turn(), "s", 0.2)

    async def _next_after_stop(self) -> float:
        request_id, events = self.open(question(), 400)
        for _ in range(10):
            while not isinstance(await events.get(), Text):
                pass
        begin = time.perf_counter()
        self._process.abandon(request_id)
        async for _ in self.answer(question(2), 1):
            return time.perf_counter() - begin
        raise RuntimeError("no answer")

    async def _stopped_in_prompt(self) -> float:
        request_id, events = self.open(question(2000), 1)
        await asyncio.sleep(1)
        begin = time.perf_counter()
        self._process.abandon(request_id)
        while not isinstance(await events.get(), Finished):
            pass
        return time.perf_counter() - begin

    async def _gaps_beside_a_long_prompt(self) -> tuple[float, float]:
        """Return the median gap between tokens before, and the longest but a twentieth meanwhile."""
        gaps: tuple[list[float], list[float]] = ([], [])
        reading = asyncio.Event()

        async def write() -> None:
            last = 0.0
            async for _ in self.answer(question(), 2000):
                now = time.perf_counter()
                if last:
                    gaps[reading.is_set()].append(now - last)
                last = now

        writer = asyncio.create_task(write())
        await asyncio.sleep(2)
        reading.set()
        async for _ in self.answer(question(4000), 1):
            pass
        writer.cancel()
        return median(gaps[0]), sorted(gaps[1])[int(len(gaps[1]) * 0.95)]

    async def _warm_turn(self) -> float:
        history = question(2000)
        async for _ in self.answer(history, 1):
            pass
        begin = time.perf_counter()
        async for _ in self.answer(history + question(4), 1):
            return time.perf_counter() - begin
        raise RuntimeError("no answer")


@asynccontextmanager
async def own_engine(model: Path) -> AsyncIterator[Engine]:
    """Run the engine, its model loaded."""
    process = await EngineProcess.start(engine_command(threads=1), grace_seconds=30)
    try:
        engine = Engine(process, model)
        async for _ in engine.answer(question(), 2):
            pass
        yield engine
    finally:
        await process.end()


@asynccontextmanager
async def serving(folder: Path, name: str, *options: str) -> AsyncIterator[Any]:
    """Run ``transformers serve`` with one thread; yield what asks it."""
    (folder / "hub").mkdir(exist_ok=True)
    model, port = str(folder / "model"), free_port()
    program = Path(sys.executable).parent / "transformers"
    command = [program, "serve", model, "--device=cpu", "--host=127.0.0.1", f"--port={port}", *options]
    environment = {**ONE_THREAD, "HF_HUB_CACHE": str(folder / "hub")}
    log = folder / f"{name}.log"
    with running(command, ready=f"http://127.0.0.1:{port}/health", log=log, environ=environment):
        async with openai.AsyncOpenAI(
            base_url=f"http://127.0.0.1:{port}/v1", api_key="-", timeout=300
        ) as client:

            async def answer(text: str, tokens: int) -> AsyncIterator[str]:
                stream = await client.chat.completions.create(
                    model=model,
                    messages=[{"role": "user", "content": text}],
                    max_tokens=tokens,
                    temperature=0,
                    stream=True,
                )
                async for chunk in stream:
                    if chunk.choices and chunk.choices[0].delta.content:
                        yield chunk.choices[0].delta.content

            async for _ in answer(question(), 2):
                pass
            yield answer


async def ask_at_once(crowd: Crowd, answer: Any, chats: int, tokens: int) -> None:
    """Let ``chats`` ask at once, and note how they were answered."""

    async def ask() -> float:
        first = 0.0
        async for _ in answer(question(), tokens):
            first = first or time.perf_counter() - begin
        return first

    begin = time.perf_counter()
    firsts = await asyncio.gather(*(ask() for _ in range(chats)))
    crowd.rates.append(chats * tokens / (time.perf_counter() - begin))
    crowd.worst_first.append(max(firsts))


_GENERATE = """
import sys, time, torch
from transformers import AutoModelForCausalLM
torch.set_num_threads(1)
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype="auto").eval()
tokens = int(sys.argv[2])
for count in (2, tokens):
    ids = torch.randint(600, 30_000, (1, 20))
    begin = time.perf_counter()
    model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=count, do_sample=False)
print(tokens / (time.perf_counter() - begin))
"""


async def generate_rate(model: Path, tokens: int) -> float:
    """Return the tokens per second of ``generate`` in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _GENERATE, str(model), str(tokens), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return float(output.decode().strip().splitlines()[-1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.local_chats", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=120, help="tokens of each answer")
    arguments = parser.parse_args()
    print(table(asyncio.run(measured(arguments.rounds, arguments.tokens))))
