"""Models of other classes: by entry point or class path, synchronous or not; and how they are stopped."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field, SecretStr

from jupyter_stream_chat.protocol import ErrorInfo, Parameters
from jupyter_stream_chat.providers.errors.classify import classify
from jupyter_stream_chat.providers.langchain.sync_bridge import SyncBridgeChatModel
from jupyter_stream_chat.providers.model_cache import KEPT
from jupyter_stream_chat.providers.profiles.profile import Profile, parse_profile
from jupyter_stream_chat.providers.profiles.registry import Registry
from tests.runs.conftest import World, make_run
from tests.runs.models import Model

ROOT = Path(__file__).parent.parent.parent


class Synchronous(Model):
    """Streams from a thread; waits for ``go`` before the second piece."""

    go: Any = None
    model: str = ""
    api_key: SecretStr | None = None
    temperature: float | None = None
    max_retries: int = 6
    seen: list[str] = Field(default_factory=list)

    def _stream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        self.seen.append(threading.current_thread().name)
        for number, piece in enumerate(self.pieces):
            if number == 1 and self.go is not None:
                self.go.wait()
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))

    _astream = Model.__mro__[1]._astream
    """LangChain's own: this class has no asynchronous call."""


class Whole(Synchronous):
    """Has no stream at all; tells ``begun`` when it is asked."""

    begun: Any = None
    _stream = Model.__mro__[1]._stream

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        if self.begun is not None:
            self.begun.set()
        if self.go is not None:
            self.go.wait()
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content="".join(self.pieces)))])


class NotAModel:
    """Something else."""


def configured(class_path: str = f"{__name__}.Synchronous", **more: Any) -> Registry:
    values = {"id": "p", "provider": "langchain", "class_path": class_path, **more}
    return Registry([values], engine=None)  # type: ignore[arg-type]


async def opened(registry: Registry) -> Any:
    profile = registry.find("p")
    assert isinstance(profile, Profile), profile
    return await registry.open(profile, lambda *_: None)


async def refused(registry: Registry) -> ErrorInfo:
    with pytest.raises(Exception) as caught:
        await opened(registry)
    return classify(caught.value)


async def test_a_class_of_the_configuration_gets_what_the_profile_says() -> None:
    registry = configured(
        model="m", api_key="sk-typed", parameters={"temperature": 0.5}, options={"pieces": ["a", "b"]}
    )
    llm = await opened(registry)
    assert isinstance(llm, SyncBridgeChatModel)
    inner: Any = llm.inner
    assert (inner.model, inner.temperature, inner.max_retries) == ("m", 0.5, 0)
    assert inner.api_key.get_secret_value() == "sk-typed"
    assert [chunk.content async for chunk in llm.astream("x")] == ["a", "b", ""]
    assert (await llm.ainvoke("x")).content == "ab"
    assert await opened(registry) is llm
    await registry.close()


@pytest.mark.parametrize(
    ("more", "field", "says"),
    [
        ({"parameters": {"top_k": 3}}, "parameters.top_k", "no parameter top_k"),
        ({"base_url": "http://127.0.0.1:1/v1"}, "base_url", "no parameter base_url"),
        ({"class_path": "no_such_package.Model"}, "provider", "ModuleNotFoundError"),
        ({"class_path": f"{__name__}.Missing"}, "provider", "AttributeError"),
        ({"class_path": f"{__name__}.NotAModel"}, "provider", "no LangChain chat model"),
        ({"options": {"pieces": 3}}, "provider", "ValidationError"),
    ],
)
async def test_what_does_not_fit_is_said_by_name(more: dict[str, Any], field: str, says: str) -> None:
    error = await refused(configured(**more))
    assert (error.code, error.field) == ("profile_unusable", field)
    assert says in error.message
    assert error.hint


def test_a_class_path_is_not_for_pages() -> None:
    for values in (
        {"provider": "langchain", "class_path": "os.system"},
        {"provider": "openai", "model": "m", "class_path": "os.system"},
        {"provider": "openai", "model": "m", "options": {"x": 1}},
    ):
        error = parse_profile({"id": "p", **values}, origin="stored")
        assert isinstance(error, ErrorInfo)
        assert "configuration" in error.message


class Asynchronous(Model):
    """Has both asynchronous calls."""

    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        return self._generate([])


async def test_an_asynchronous_class_is_used_as_it_is() -> None:
    assert type(await opened(configured(f"{__name__}.Asynchronous"))) is Asynchronous


async def test_a_class_that_is_half_asynchronous_is_helped_with_the_other_half() -> None:
    llm = await opened(configured("tests.runs.models.Model"))
    assert isinstance(llm, SyncBridgeChatModel)
    world = World(llm)
    await make_run(world).wait()
    assert (world.kept["text"], world.ends[0].finish_reason) == ("one two three", "stop")
    counts = world.ends[0].counts
    assert counts is not None
    assert (counts.tokens, counts.unreported) == (3, 0), "each token is reported once"
    assert (await llm.ainvoke("x")).content == "one two three"


# --- synchronous models ----------------------------------------------------------------------------


@pytest.fixture
def go() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


async def test_a_synchronous_model_streams_and_keeps_the_loop_free(go: threading.Event) -> None:
    model = Synchronous(go=go)
    world = World(SyncBridgeChatModel(inner=model))
    run = make_run(world)
    await world.growth.wait()
    assert world.kept["text"] == "one ", "the loop is free while the model waits for its second piece"
    go.set()
    await run.wait()
    (end,) = world.ends
    assert (end.finish_reason, world.kept["text"]) == ("stop", "one two three")
    assert end.counts is not None
    assert (end.counts.tokens, end.counts.unreported) == (3, 0)
    assert model.seen == ["stream-chat-model"], "not a thread of the loop's own executor"


async def test_stop_is_heeded_between_two_chunks(go: threading.Event) -> None:
    world = World(SyncBridgeChatModel(inner=Synchronous(go=go)))
    run = make_run(world)
    await world.growth.wait()
    assert run.interrupt()
    go.set()
    await run.wait()
    (end,) = world.ends
    assert (end.finish_reason, world.kept["text"], run.orphan) == ("interrupted", "one ", None)
    assert end.timings is not None
    assert end.timings.disconnect_ms is not None


async def test_a_model_that_does_not_heed_it_is_an_orphan_until_it_has_ended(go: threading.Event) -> None:
    begun = threading.Event()
    world = World(SyncBridgeChatModel(inner=Whole(go=go, begun=begun)))
    run = make_run(world, release_seconds=0.3)
    await asyncio.to_thread(begun.wait)
    assert run.interrupt()
    await run.wait()
    assert world.ends[0].finish_reason == "interrupted"
    orphan = run.orphan
    assert orphan is not None, "the model is still at work, and nobody says that it was released"
    go.set()
    await asyncio.wait({orphan})
    assert world.kept["text"] == ""


async def test_many_that_hang_keep_no_other_thread_from_its_work(go: threading.Event) -> None:
    runs = [asyncio.create_task(SyncBridgeChatModel(inner=Whole(go=go)).ainvoke("x")) for _ in range(40)]
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        assert await asyncio.to_thread(lambda: "done") == "done"
    go.set()
    assert {(await run).content for run in runs} == {"one two three"}


async def test_the_threads_own_error_is_raised(go: threading.Event) -> None:
    class Broken(Synchronous):
        def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
            yield ChatGenerationChunk(message=AIMessageChunk(content="so far "))
            raise ZeroDivisionError("scripted")

    world = World(SyncBridgeChatModel(inner=Broken()))
    await make_run(world).wait()
    (end,) = world.ends
    assert (end.finish_reason, world.kept["text"]) == ("error", "so far ")
    assert "ZeroDivisionError" in ((end.error and end.error.detail) or "")


# --- the example of the docs -----------------------------------------------------------------------

ASK = """
import asyncio, json
from jupyter_stream_chat.providers.profiles import catalog
from jupyter_stream_chat.providers.profiles.registry import Registry

async def main():
    values = {
        "id": "loud", "provider": "shout", "model": "shout-1", "ending": "!", "parameters": {"max_tokens": 3}
    }
    registry = Registry([values], engine=None)
    _, problems = registry.draft({"provider": "shout", "ending": "!!!!", "parameters": {"seed": 1}})
    llm = await registry.open(registry.find("loud"), lambda *_: None)
    streamed = [chunk.content async for chunk in llm.astream("who is there at last")]
    whole = await llm.ainvoke("who is there")
    form = next(info for info in catalog.offered() if info.provider == "shout")
    wrong = [problem.field for problem in problems]
    told = {"form": form.model_dump(), "streamed": streamed, "whole": whole.content, "wrong": wrong}
    print(json.dumps(told))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which pip has installed the example of the docs."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    source = tmp_path_factory.mktemp("source") / "example"  # setuptools writes beside what it builds
    shutil.copytree(ROOT / "docs" / "example-provider", source)
    subprocess.run([*command, "--no-index", "--target", str(folder), str(source)], check=True)
    return folder


def test_the_example_of_the_docs_is_offered_and_answers(installed: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={"PYTHONPATH": f"{installed}:{ROOT}"},
        check=True,
        capture_output=True,
        text=True,
    )
    said = json.loads(done.stdout)
    form = said["form"]
    assert (form["label"], form["parameters"]) == ("Shout", ["system_prompt", "max_tokens"])
    assert [field["name"] for field in form["fields"]][-1] == "ending"
    assert form["fields"][-1]["label"] == "Ending of each word"
    assert form["presets"][0]["id"] == "shout-local"
    assert said["wrong"] == ["ending", "model"]
    assert [text for text in said["streamed"] if text] == ["WHO!", " IS!", " THERE!"]
    assert said["whole"] == "WHO! IS! THERE!"


def test_a_class_as_an_entry_point_has_a_general_form_and_one_that_breaks_says_so(tmp_path: Path) -> None:
    about = tmp_path / "others-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1\n")
    (about / "entry_points.txt").write_text(
        "[jupyter_stream_chat.providers]\n"
        "plain = tests.runs.models:Model\ngone = no_such_package:PROVIDER\n"
        "renamed = jupyter_stream_chat.providers.openai.openai:PROVIDER\n"
        "openai = tests.runs.models:Model\n"
    )
    ask = """
import json
from jupyter_stream_chat.providers.profiles import catalog
from jupyter_stream_chat.providers.profiles.registry import Registry
registry = Registry(engine=None)
names = ("plain", "gone", "renamed")
problems = {name: [p.message for p in registry.draft({"provider": name})[1]] for name in names}
fields = [field.name for field in catalog.known()["plain"].fields]
print(json.dumps({"fields": fields, "problems": problems, "openai": catalog.known()["openai"].label}))
"""
    env = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run([sys.executable, "-c", ask], env=env, check=True, capture_output=True, text=True)
    said = json.loads(done.stdout)
    assert said["fields"] == ["model", "api_key", "api_key_env", "base_url"]
    assert said["problems"]["plain"] == []
    assert "ModuleNotFoundError" in said["problems"]["gone"][0]
    assert "openai" in said["problems"]["renamed"][0]
    assert said["openai"] == "OpenAI", "nobody replaces a built-in provider"


# --- what is closed --------------------------------------------------------------------------------


class Closes(Asynchronous):
    """Counts how often a model of it was closed."""

    temperature: float | None = None
    closed: ClassVar[list[float | None]] = []

    async def aclose(self) -> None:
        self.closed.append(self.temperature)


async def test_models_of_many_parameters_are_bounded_and_closed_but_not_in_use() -> None:
    Closes.closed.clear()
    registry = configured(f"{__name__}.Closes")
    profile = registry.find("p")
    assert isinstance(profile, Profile)
    asked = [profile.with_parameters(Parameters(temperature=n / 50)) for n in range(60)]
    first = await registry.open(asked[0], lambda *_: None)
    for each in asked[1:]:
        await registry.open(each, lambda *_: None)
        registry.release(each)
    assert len(Closes.closed) >= 60 - KEPT - 1
    assert 0.0 not in Closes.closed, "a run uses it"
    assert await registry.open(asked[0], lambda *_: None) is first
    await registry.close()
    assert sorted(Closes.closed, key=lambda each: each or 0) == [n / 50 for n in range(60)], "each once"
