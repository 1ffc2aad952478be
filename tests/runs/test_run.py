"""One run: its text, its end, and its stops."""

from __future__ import annotations

import asyncio
import contextvars
import zlib

import pytest
from langchain_core.language_models import BaseChatModel

from jupyter_stream_chat.protocol import ErrorInfo
from jupyter_stream_chat.runs.admission_gate import AdmissionGate
from jupyter_stream_chat.runs.run import Run
from tests.scripted_provider import TEXTS, Script, ScriptedProvider

from .conftest import SHAPES, Models, World, make_run
from .models import Deaf, Failing, Model, SwallowsOneCancel, Waiting, WithoutCallbacks


async def grown(world: World, characters: int = 1) -> None:
    """Wait until the run has this much content."""
    while len(world.kept["text"]) < characters:
        world.growth.clear()
        await world.growth.wait()


@pytest.mark.parametrize("shape", SHAPES)
async def test_every_token_arrives_once_and_in_order(models: Models, shape: str) -> None:
    world = await models(shape, "tokens=1500 reasoning=5")
    run = make_run(world)
    await run.wait()
    text = "".join(f"t{i} " for i in range(1500))
    assert str(run.text[-1]) == world.kept["text"] == text
    assert str(run.text[0]) == "".join(f"r{i} " for i in range(5))
    (info,) = world.ends
    assert (info.status, info.finish_reason, info.error, info.kept) == ("finished", "stop", None, None)
    assert info.digest is not None
    assert info.digest[1].length == len(text)
    assert info.digest[1].crc32 == zlib.crc32(text.encode())
    assert info.counts is not None
    assert info.counts.tokens == info.counts.logged == info.counts.forwarded == 1505
    assert (info.counts.unreported, info.counts.after_interrupt) == (0, 0)
    assert info.timings is not None
    assert info.timings.first_token_ms is not None
    assert 0 < info.timings.first_token_ms <= info.timings.total_ms
    assert info.timings.disconnect_ms is None


async def test_status_goes_through_its_stages(models: Models) -> None:
    world = await models("openai", "tokens=3")
    await make_run(world).wait()
    assert world.statuses() == ["waiting", "streaming"]


class Counting(AdmissionGate):
    """Lets in who comes while ``open`` is set, and counts who came."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.came = asyncio.Semaphore(0)

    async def enter(self) -> None:
        self.came.release()
        await self.open.wait()


async def waiting(world: World) -> tuple[Run, Counting]:
    """Return a run that waits until it may begin."""
    gate = Counting()
    run = make_run(world, admission_gate=gate)
    await gate.came.acquire()
    return run, gate


async def test_beginning_and_end_wait_for_their_turn_and_text_does_not(
    models: Models, provider: ScriptedProvider
) -> None:
    world = await models("openai", "tokens=3")
    run, gate = await waiting(world)
    assert not provider.requests, "the provider was asked before it was the run's turn"
    gate.open.set()
    gate.open.clear()
    await gate.came.acquire()
    assert str(run.text[-1]) == "t0 t1 t2 "
    assert not world.ends
    gate.open.set()
    await run.wait()
    assert world.ends[0].finish_reason == "stop"


async def test_a_run_that_is_stopped_while_it_waits_for_its_turn_asks_nobody(
    models: Models, provider: ScriptedProvider
) -> None:
    world = await models("openai", "tokens=3")
    run, _ = await waiting(world)
    run.interrupt()
    await run.wait()
    assert world.ends[0].finish_reason == "interrupted"
    assert not provider.requests


async def test_progress_is_shown_until_the_first_text() -> None:
    go = asyncio.Event()
    world = World(Waiting(go=go))
    run = make_run(world)
    on_progress = await world.on_progress
    on_progress("queued", None, 2)
    assert (run.info.status, run.info.progress and run.info.progress.position) == ("queued", 2)
    on_progress("loading", 0.5, None)
    assert (run.info.status, run.info.progress and run.info.progress.fraction) == ("starting", 0.5)
    on_progress("loading", 1, None)
    assert (run.info.status, run.info.progress) == ("waiting", None)
    go.set()
    await run.wait()
    on_progress("queued", None, 1)
    assert run.info.status == "finished"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("text", [*sorted(TEXTS), "plain"])
async def test_off_gives_the_same_answer_in_one_piece(models: Models, shape: str, text: str) -> None:
    question = f"text={text} reasoning=3"
    ends = []
    for streaming in ("on", "off"):
        world = await models(shape, question)
        await make_run(world, streaming=streaming).wait()
        assert world.kept["text"] == Script.read(question).answer()
        ends.append(world.ends[0])
    on, off = ends
    assert (on.finish_reason, on.digest) == (off.finish_reason, off.digest)
    assert on.usage == off.usage
    assert off.counts is not None
    assert (off.counts.tokens, off.counts.logged, off.counts.forwarded, off.counts.unreported) == (1, 1, 1, 0)


@pytest.mark.parametrize("finish", ["length", "content_filter", "none"])
async def test_the_providers_reason_is_the_runs(models: Models, finish: str) -> None:
    world = await models("openai", f"tokens=2 finish={finish}")
    await make_run(world).wait()
    assert world.ends[0].finish_reason == ("stop" if finish == "none" else finish)


async def test_an_error_in_mid_answer_keeps_the_text_and_says_what_happened(models: Models) -> None:
    world = await models("azure", "tokens=9 cut=4")
    await make_run(world).wait()
    (info,) = world.ends
    assert world.kept["text"] == "t0 t1 t2 t3 "
    assert (info.finish_reason, info.error and info.error.code) == ("error", "connection_lost")


async def test_a_model_that_raises_ends_the_run() -> None:
    world = World(Failing())
    await make_run(world).wait()
    assert world.kept["text"] == "so far "
    assert world.ends[0].finish_reason == "error"
    assert "ZeroDivisionError" in ((world.ends[0].error and world.ends[0].error.detail) or "")


async def test_an_error_that_cannot_be_explained_ends_the_run() -> None:
    class Speechless(World):
        def explain(self, error: BaseException) -> ErrorInfo:
            raise ValueError("no words")

    world = Speechless(Failing())
    async with asyncio.timeout(5):
        await make_run(world).wait()
    (info,) = world.ends
    assert (info.finish_reason, info.error and info.error.code) == ("error", "internal_error")
    assert world.kept["text"] == "so far "


async def test_the_filters_refusal_is_its_own_reason(models: Models) -> None:
    world = await models("azure", "fail=400 code=content_filter")
    await make_run(world).wait()
    assert world.ends[0].finish_reason == "content_filter"
    assert world.ends[0].error is not None


# --- stops ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("where", ["before-headers", "after-headers", "3"])
async def test_a_hanging_provider_is_let_go(
    models: Models, provider: ScriptedProvider, shape: str, where: str
) -> None:
    world = await models(shape, f"hang={where}")
    run = make_run(world)
    if where == "3":
        await grown(world, len("t0 t1 t2 "))
    else:
        await provider.request()
    assert run.interrupt()
    await run.wait()
    async with asyncio.timeout(1):
        await provider.requests[0].gone.wait()
    assert provider.requests[0].disconnected is not None
    (info,) = world.ends
    assert info.finish_reason == "interrupted"
    assert info.timings is not None
    assert info.timings.disconnect_ms is not None
    assert info.timings.disconnect_ms < 100


@pytest.mark.parametrize("shape", SHAPES)
async def test_stop_works_with_streaming_off(models: Models, provider: ScriptedProvider, shape: str) -> None:
    world = await models(shape, "hang=before-headers")
    run = make_run(world, streaming="off")
    await provider.request()
    run.interrupt()
    await run.wait()
    async with asyncio.timeout(1):
        await provider.requests[0].gone.wait()
    assert world.ends[0].finish_reason == "interrupted"


async def test_what_was_shown_is_kept_and_the_first_stop_wins(models: Models) -> None:
    world = await models("openai", "tokens=50 hang=40")
    run = make_run(world)
    await grown(world, 100)
    assert run.interrupt([7])
    assert run.interrupt([30])
    await run.wait()
    (info,) = world.ends
    assert info.kept == [7]
    assert info.digest is not None
    assert info.digest[0].length == len(world.kept["text"]) >= 100, "the rest is not lost"
    assert run.interrupt([1]) is False


async def test_what_a_page_claims_to_have_shown_is_clamped(models: Models) -> None:
    world = await models("openai", "tokens=50 hang=10")
    run = make_run(world)
    await grown(world, 30)
    held = run.text[-1].length
    run.interrupt([10_000, 5])
    await run.wait()
    assert world.ends[0].kept == [held]


async def test_a_stop_before_the_first_step_ends_the_run() -> None:
    world = World(Model())
    run = make_run(world)
    assert run.interrupt()
    await run.wait()
    assert world.ends[0].finish_reason == "interrupted"
    assert world.kept["text"] == ""


async def test_a_stop_after_the_end_is_too_late() -> None:
    world = World(Model())
    run = make_run(world)
    await run.wait()
    assert run.interrupt() is False
    assert [end.finish_reason for end in world.ends] == ["stop"]


async def test_a_swallowed_cancel_is_repeated() -> None:
    begun = asyncio.Event()
    world = World(SwallowsOneCancel(begun=begun))
    run = make_run(world)
    await begun.wait()
    run.interrupt()
    async with asyncio.timeout(2):
        await run.wait()
    (info,) = world.ends
    assert info.finish_reason == "interrupted"
    assert info.timings is not None
    assert info.timings.disconnect_ms is not None
    assert info.counts is not None
    assert info.counts.after_interrupt == 1


async def test_a_model_that_ignores_cancellation_is_left_behind() -> None:
    release = asyncio.Event()
    model = Deaf(release=release)
    world = World(model)
    run = make_run(world, release_seconds=0.4)
    await grown(world)
    run.interrupt()
    async with asyncio.timeout(2):
        await run.wait()
    (info,) = world.ends
    assert (info.finish_reason, info.kept) == ("interrupted", [5])
    assert info.timings is not None
    assert info.timings.disconnect_ms is None, "it never let go"
    assert len(model.cancels) >= 2, "it was asked more than once"
    orphan = run.orphan
    assert orphan is not None
    release.set()
    await asyncio.wait({orphan}, timeout=1)
    assert orphan.done()
    assert run.orphan is None
    assert world.kept["text"] == "heard", "what an orphan says after the end is not part of the answer"
    assert len(world.ends) == 1


async def test_a_stopping_server_keeps_all_and_says_so() -> None:
    release = asyncio.Event()
    world = World(Deaf(release=release))
    run = make_run(world, release_seconds=0.1)
    await grown(world)
    why = ErrorInfo(code="server_restarted", message="The server stopped.")
    assert run.abandon(why)
    await run.wait()
    assert (world.ends[0].finish_reason, world.ends[0].error) == ("lost", why)
    assert world.ends[0].kept == [5]
    release.set()


# --- its surroundings -------------------------------------------------------------------------------


async def test_a_model_without_callbacks_still_delivers_and_it_is_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(WithoutCallbacks())
    await make_run(world).wait()
    assert world.kept["text"] == "one two three"
    assert world.ends[0].counts is not None
    assert (world.ends[0].counts.tokens, world.ends[0].counts.unreported) == (0, 13)
    assert "not whole" in caplog.text


async def test_a_run_inherits_no_context() -> None:
    request = contextvars.ContextVar("request", default="none")
    request.set("a handler's")
    seen: list[str] = []

    class Looking(Model):
        def _convert_input(self, model_input: object) -> object:  # type: ignore[override]
            seen.append(request.get())
            return super()._convert_input(model_input)  # type: ignore[arg-type]

    model: BaseChatModel = Looking()
    await make_run(World(model)).wait()
    assert seen
    assert set(seen) == {"none"}


async def test_an_end_that_cannot_be_written_still_ends_the_run(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(World):
        async def finished(self, run: object) -> None:
            raise OSError("disk")

    run = make_run(Broken(Model()))
    async with asyncio.timeout(2):
        await run.wait()
    assert "could not be written" in caplog.text


async def test_a_lone_surrogate_at_the_end_is_flushed() -> None:
    world = World(Model(pieces=["a", "\ud83d", "\ude00", "b\ud83d"]))
    run = make_run(world)
    await run.wait()
    assert world.kept["text"] == "a😀b\N{REPLACEMENT CHARACTER}"
    assert run.text[-1].length == 4


async def test_an_answer_that_never_ends_is_ended_at_the_servers_limit(models: Models) -> None:
    world = await models("openai-compatible", "tokens=100000 rate=2000 reasoning=5")
    run = make_run(world, max_characters=2000)
    await run.wait()
    (info,) = world.ends
    assert info.finish_reason == "length"
    assert info.error is not None
    assert (info.error.code, info.error.values) == ("answer_too_long", {"limit": "2000"})
    assert "2000" in info.error.message
    assert info.kept is None, "all of it counts"
    assert 2000 <= sum(run.text.lengths) < 4000
    assert [(part.kind, str(part)) for part in run.text] == world.parts
    assert info.timings is not None
