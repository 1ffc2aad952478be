"""The engine's client against real engine processes: streams, stops, deaths, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import signal
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from jupyter_stream_chat.engine.messages import (
    Event,
    Failed,
    Finished,
    Generate,
    LoadOptions,
    Parameters,
    Progress,
    Queued,
    Started,
    Text,
)
from jupyter_stream_chat.providers.local.engine_client import EngineClient
from jupyter_stream_chat.providers.local.engine_llm import EngineChatModel
from tests.small_hub import IMPATIENT_ENGINE, silent_hub
from tests.tiny_model import make_tiny_model, plain_answer

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELLO = "Hello 今天 😀"
LONG = "今天天气很好 hello 😀 " * 300


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model that never ends by itself, slow enough to be interrupted."""
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny", layers=4, hidden=128)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncIterator[EngineClient]:
    """Return a client whose process the tests share, and may kill."""
    client = EngineClient(threads=1)
    yield client
    await client.close()


def question(model: Path, content: str = HELLO, **parameters: Any) -> Generate:
    return Generate(
        uuid.uuid4().hex,
        str(model),
        [{"role": "user", "content": content}],
        Parameters(**{"max_tokens": 2000, **parameters}),
        LoadOptions(device="cpu"),
    )


async def events_of(client: EngineClient, request: Generate) -> list[Event]:
    return [event async for event in client.stream(request)]


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def failure(events: list[Event]) -> Failed:
    assert isinstance(events[-1], Failed)
    return events[-1]


async def until_text(events: AsyncIterator[Event], pieces: int = 1) -> None:
    """Read on until so many pieces of text have come."""
    async for event in events:
        pieces -= isinstance(event, Text)
        if pieces == 0:
            return
    raise AssertionError("the answer ended")


async def gone(pid: int, seconds: float) -> float:
    """Wait until a process is gone; return the seconds that it took."""
    begin = time.monotonic()
    async with asyncio.timeout(seconds):
        while psutil.pid_exists(pid):  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(0.01)
    return time.monotonic() - begin


async def test_the_first_question_shows_what_happens_and_answers_exactly(
    client: EngineClient, model: Path
) -> None:
    events = await events_of(client, question(model, max_tokens=60))
    stages = [event.stage for event in events if isinstance(event, Progress)]
    assert stages[0] == "importing"
    assert stages[-1] == "loading"
    expected = plain_answer(model, [{"role": "user", "content": HELLO}], max_new_tokens=60, do_sample=False)
    assert text_of(events) == expected
    end = events[-1]
    assert isinstance(end, Finished)
    assert (end.finish_reason, end.usage.output_tokens) == ("length", 60)


async def test_the_second_question_begins_at_once(client: EngineClient, model: Path) -> None:
    events = await events_of(client, question(model, max_tokens=3))
    assert isinstance(events[0], Started)


async def test_requests_queue_and_a_cancelled_one_leaves_at_once(model: Path) -> None:
    client = EngineClient(threads=1, most_chats=1)
    async with aclosing(client.stream(question(model))) as working:
        await until_text(working)
        second = client.stream(question(model))
        third = client.stream(question(model, max_tokens=2))
        assert await anext(second) == Queued(_id(second), 1)
        assert await anext(third) == Queued(_id(third), 2)
        await second.aclose()
        assert await anext(third) == Queued(_id(third), 1)
    rest = [event async for event in third]
    assert isinstance(rest[0], Started)
    assert isinstance(rest[-1], Finished)
    await client.close()


async def test_requests_are_answered_side_by_side_and_a_stop_of_one_leaves_the_others(
    client: EngineClient, model: Path
) -> None:
    asked = [question(model, f"Hello {number}", max_tokens=300) for number in range(3)]
    stopped = client.stream(question(model))
    await until_text(stopped)
    answers = [asyncio.create_task(events_of(client, request)) for request in asked]
    await until_text(stopped)
    await stopped.aclose()
    for number, events in enumerate(await asyncio.gather(*answers)):
        assert isinstance(events[0], Started), "none was queued"
        messages = [{"role": "user", "content": f"Hello {number}"}]
        assert text_of(events) == plain_answer(model, messages, max_new_tokens=300, do_sample=False)


async def test_chats_that_do_not_fit_into_the_memory_together_wait_or_take_turns(model: Path) -> None:
    client = EngineClient(threads=1, cache_mib=2)
    asked = [question(model, f"{number} {LONG[:300]}", max_tokens=150) for number in range(6)]
    answers = await asyncio.gather(*(events_of(client, request) for request in asked))
    for request, events in zip(asked, answers, strict=True):
        expected = plain_answer(model, request.messages, max_new_tokens=150, do_sample=False)
        assert text_of(events) == expected
    assert any(isinstance(event, Queued) for events in answers for event in events)
    await client.close()


def _id(stream: Any) -> str:
    """Return the id of the request that an unfinished stream carries."""
    return str(stream.ag_frame.f_locals["request"].request_id)


async def interrupted(client: EngineClient, request: Generate, kind: type[Event], after: int) -> Finished:
    """Cancel a request after so many events of a kind; return how the engine ended it."""
    process = await client._usable_process()
    events = process.open(request)
    while after:
        after -= isinstance(await events.get(), kind)
    process.abandon(request.request_id)
    while True:
        event = await events.get()
        if isinstance(event, Finished | Failed):
            assert isinstance(event, Finished)
            assert event.finish_reason == "interrupted"
            return event


async def test_a_stop_while_decoding_costs_one_step_at_most(client: EngineClient, model: Path) -> None:
    for after in (1, 5, 20):
        end = await interrupted(client, question(model), Text, after)
        assert end.forward_calls_after_stop <= 1
        assert end.usage.output_tokens < 1000


async def test_a_stop_while_reading_the_prompt_costs_one_chunk_at_most(
    client: EngineClient, model: Path
) -> None:
    end = await interrupted(client, question(model, LONG + "!"), Started, 1)
    assert end.usage.input_tokens > 2000
    assert end.usage.output_tokens == 0
    assert end.forward_calls < end.usage.input_tokens // 128
    assert end.forward_calls_after_stop <= 1


async def test_a_cancelled_task_frees_the_engine(client: EngineClient, model: Path) -> None:
    async def read() -> None:
        async with aclosing(client.stream(question(model))) as events:
            await until_text(events, 10)
            asking.set()
            await until_text(events, 10_000)

    asking = asyncio.Event()
    task = asyncio.create_task(read())
    await asking.wait()
    pid = client.pid
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    begin = time.monotonic()
    assert isinstance((await events_of(client, question(model, max_tokens=1)))[-1], Finished)
    assert time.monotonic() - begin < 2
    assert client.pid == pid


@pytest.mark.parametrize(("content", "code"), [("", "empty_message"), ("today " * 3000, "context_too_long")])
async def test_bad_input_is_refused_by_name(
    client: EngineClient, model: Path, content: str, code: str
) -> None:
    events = await events_of(client, question(model, content))
    assert failure(events).code == code
    assert not any(isinstance(event, Started) for event in events)


async def test_an_unknown_folder_is_refused_by_name(client: EngineClient, tmp_path: Path) -> None:
    assert failure(await events_of(client, question(tmp_path / "nothing"))).code == "unknown_model"


async def test_a_folder_is_found_from_the_servers_directory(
    client: EngineClient, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(model.parent)
    events = await events_of(client, question(Path(model.name), max_tokens=1))
    assert isinstance(events[-1], Finished)


async def test_a_killed_engine_fails_what_it_worked_on_and_what_was_queued_is_asked_again(
    model: Path,
) -> None:
    client = EngineClient(threads=1, most_chats=1)
    async with aclosing(client.stream(question(model))) as working:
        await until_text(working)
        queued = client.stream(question(model, max_tokens=3))
        assert isinstance(await anext(queued), Queued)
        unsent = asyncio.create_task(events_of(client, question(model, max_tokens=3)))
        pid = client.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        rest = [event async for event in working]
    assert failure(rest).code == "engine_restarted"
    assert "SIGKILL" in (failure(rest).detail or "")
    for events in ([event async for event in queued], await unsent):
        assert isinstance(events[-1], Finished)
        assert events[-1].usage.output_tokens == 3
    assert isinstance((await events_of(client, question(model, max_tokens=1)))[-1], Finished)
    assert client.pid not in (None, pid)
    await client.close()


async def test_an_engine_that_hangs_is_ended_two_seconds_after_a_stop(
    client: EngineClient, model: Path
) -> None:
    async with aclosing(client.stream(question(model))) as working:
        await until_text(working)
        waiting = asyncio.create_task(events_of(client, question(model, max_tokens=3)))
        pid = client.pid
        assert pid
        os.kill(pid, signal.SIGSTOP)
    assert 1.5 < await gone(pid, 10) < 4
    assert isinstance((await waiting)[-1], Finished), "it was only queued: it is asked again"
    assert isinstance((await events_of(client, question(model, max_tokens=1)))[-1], Finished)


async def test_an_engine_is_not_ended_because_the_loop_stood_still(client: EngineClient, model: Path) -> None:
    async with aclosing(client.stream(question(model))) as events:
        await until_text(events)
        pid = client.pid
        stopped = asyncio.create_task(events.aclose())
        await asyncio.sleep(0)  # the engine is told
        time.sleep(2.5)  # noqa: ASYNC251 - longer than the engine may take
        await stopped
    assert isinstance((await events_of(client, question(model, max_tokens=1)))[-1], Finished)
    assert client.pid == pid


async def test_random_interrupts_leave_nothing_behind(client: EngineClient, model: Path) -> None:
    dice = random.Random(3)
    await events_of(client, question(model, max_tokens=1))
    pid = client.pid
    assert pid
    gc.collect()
    before = _held(pid)

    async def ask_and_interrupt() -> None:
        content = LONG[dice.randrange(len(LONG)) :] if dice.random() < 0.3 else HELLO
        task = asyncio.create_task(events_of(client, question(model, content or HELLO)))
        await asyncio.sleep(dice.random() * 0.1)
        task.cancel()
        await asyncio.wait({task})

    for _ in range(20):
        await asyncio.gather(*(ask_and_interrupt() for _ in range(dice.randint(1, 3))))
    expected = plain_answer(
        model, [{"role": "user", "content": "And now?"}], max_new_tokens=20, do_sample=False
    )
    assert text_of(await events_of(client, question(model, "And now?", max_tokens=20))) == expected
    assert client.pid == pid
    gc.collect()
    assert _held(pid) == before


def _held(pid: int) -> dict[str, object]:
    """Return what may leak: here, and in the engine."""
    here, there = psutil.Process(), psutil.Process(pid)
    return {
        "files": here.num_fds(),
        "threads": threading.active_count(),
        "tasks": sorted(task.get_name() for task in asyncio.all_tasks()),
        "engine's files": there.num_fds(),
        "engine's threads": there.num_threads(),
        "processes": len(here.children(recursive=True)),
    }


async def test_a_stop_under_a_silent_hub_leaves_the_engine_to_others(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with silent_hub(tmp_path) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        client = EngineClient(threads=1)
        await events_of(client, question(model, max_tokens=1))
        pid = client.pid
        asking = asyncio.create_task(events_of(client, question(Path("org/tiny"))))
        async with asyncio.timeout(30):
            while not hub.requests:  # noqa: ASYNC110 - the hub is a thread
                await asyncio.sleep(0.01)
        queued = asyncio.create_task(events_of(client, question(model, max_tokens=3)))
        asking.cancel()
        await asyncio.wait({asking})
        assert isinstance((await queued)[-1], Finished)
        assert client.pid == pid
        assert not hub.speak.is_set()
        await client.close()


async def test_a_hub_that_says_nothing_is_told_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with silent_hub(tmp_path) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        client = EngineClient(command=[sys.executable, "-c", IMPATIENT_ENGINE])
        stages: list[str] = []
        llm = EngineChatModel(
            client=client, model="org/tiny", on_progress=lambda *told: stages.append(told[0])
        )
        asking = asyncio.create_task(llm.ainvoke("hello"))
        async with asyncio.timeout(60):
            while "waiting_for_hub" not in stages:  # noqa: ASYNC110 - told by a callback
                await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.wait({asking})
        await client.close()


async def test_changes_of_the_model_leave_no_memory_behind(tmp_path: Path) -> None:
    models = [
        make_tiny_model(tmp_path / str(seed), layers=2, hidden=512, vocabulary=600, seed=seed)
        for seed in (1, 2)
    ]
    size = (models[0] / "model.safetensors").stat().st_size
    client = EngineClient(threads=1)
    held = []
    for turn in range(11):
        await events_of(client, question(models[turn % 2], max_tokens=2))
        pid = client.pid
        assert pid
        held.append(psutil.Process(pid).memory_info().rss)
    await client.close()
    assert held[-1] - held[2] < 3 * size, "eight models would be eight times the size"


# --- with a stand-in that speaks the wire: no model is needed --------------------------------------

_SILENT = "import sys; sys.stdin.read()"
_DEAF = "import time; time.sleep(60)"


def stand_in(program: str, **options: Any) -> EngineClient:
    return EngineClient(command=[sys.executable, "-c", program], **options)


async def test_an_idle_engine_is_ended() -> None:
    client = stand_in(_SILENT, idle_seconds=0.05)
    await client.start()
    pid = client.pid
    assert pid
    await gone(pid, 10)
    assert client.pid is None
    await client.close()


async def test_closing_leaves_nothing_behind() -> None:
    files, tasks = psutil.Process().num_fds(), asyncio.all_tasks()
    client = stand_in(_SILENT)
    await client.start()
    pid = client.pid
    assert pid
    waiting = asyncio.create_task(events_of(client, question(Path("m"))))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await client.close()
    assert failure(await waiting).code == "engine_restarted"
    assert not psutil.pid_exists(pid)
    assert client.pid is None
    assert asyncio.all_tasks() == tasks
    assert psutil.Process().num_fds() == files


async def test_closing_ends_a_deaf_engine_by_force() -> None:
    client = stand_in(_DEAF, grace_seconds=0.1)
    await client.start()
    pid = client.pid
    assert pid
    await client.close()
    assert not psutil.pid_exists(pid)


async def test_an_engine_that_dies_at_once_says_why() -> None:
    client = stand_in("raise SystemExit('torch is broken')")
    failed = failure(await events_of(client, question(Path("m"))))
    assert failed.code == "engine_restarted"
    assert "torch is broken" in (failed.detail or "")
    await client.close()


async def test_an_engine_that_cannot_be_started_is_an_error_by_name() -> None:
    client = EngineClient(command=["/no/such/program"])
    assert failure(await events_of(client, question(Path("m")))).code == "engine_unusable"
    await client.close()


_LONG_LINE = (
    "import sys, json; r = json.loads(sys.stdin.readline())['request_id'];"
    "print(json.dumps({'type': 'text', 'request_id': r, 'text': 'x' * 300000}));"
    "print(json.dumps({'type': 'failed', 'request_id': r, 'code': 'c', 'message': 'm'}), flush=True);"
    "sys.stdin.read()"
)


async def test_a_line_longer_than_the_pipe_arrives() -> None:
    client = stand_in(_LONG_LINE)
    events = await events_of(client, question(Path("m")))
    assert len(text_of(events)) == 300_000
    assert failure(events).code == "c"
    await client.close()


@pytest.mark.parametrize(
    "nonsense", ["hello?", '{"type": "shutdown"}', '{"type": "cancel", "request_id": "x"}']
)
async def test_an_engine_that_talks_nonsense_is_replaced(nonsense: str) -> None:
    client = stand_in(f"import sys; print({nonsense!r}, flush=True); sys.stdin.read()")
    assert failure(await events_of(client, question(Path("m")))).code == "engine_restarted"
    await client.close()


# --- paused -----------------------------------------------------------------------------------------


async def test_a_paused_request_computes_nothing_and_holds_up_no_other(
    client: EngineClient, model: Path
) -> None:
    whole = text_of(await events_of(client, question(model, max_tokens=300)))
    request = question(model, max_tokens=300)
    async with aclosing(client.stream(request)) as stream:
        events: list[Event] = []
        async for event in stream:
            events.append(event)
            if sum(isinstance(each, Text) for each in events) == 5:
                break
        client.pause(request.request_id)
        others = [await events_of(client, question(model, f"Hello {n}", max_tokens=20)) for n in range(3)]
        assert [other[-1].usage.output_tokens for other in others if isinstance(other[-1], Finished)] == [
            20
        ] * 3
        # What was on its way; the engine answers in order, so that by now it stands still.
        process = client._process
        assert process is not None
        queue = process._requests[request.request_id]
        arrived = queue.qsize()
        cpu = psutil.Process(client.pid).cpu_times()
        await asyncio.sleep(0.5)
        now = psutil.Process(client.pid).cpu_times()
        assert queue.qsize() == arrived
        assert now.user + now.system - cpu.user - cpu.system < 0.1
        client.resume(request.request_id)
        events += [event async for event in stream]
    end = events[-1]
    assert isinstance(end, Finished)
    assert (text_of(events), end.finish_reason, end.usage.output_tokens) == (whole, "length", 300)


async def test_a_paused_request_is_cancelled_at_once(client: EngineClient, model: Path) -> None:
    request = question(model)
    pid = None
    async with aclosing(client.stream(request)) as stream:
        await until_text(stream)
        client.pause(request.request_id)
        pid = client.pid
    events = await events_of(client, question(model, max_tokens=5))
    assert isinstance(events[-1], Finished)
    assert client.pid == pid, "the engine ended the request itself"


async def test_a_request_that_begins_paused_waits(client: EngineClient, model: Path) -> None:
    request = question(model, max_tokens=5)
    async with aclosing(client.stream(request, paused=lambda: True)) as stream:
        reading = asyncio.ensure_future(anext(event async for event in stream if isinstance(event, Text)))
        await events_of(client, question(model, max_tokens=5))
        assert not reading.done()
        client.resume(request.request_id)
        await reading
