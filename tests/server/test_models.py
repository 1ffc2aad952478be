"""The local models of a server: listed, measured, downloaded from a small hub, unloaded, deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from huggingface_hub import constants

from jupyter_stream_chat.engine.fit import Memory
from tests.small_hub import SmallHub
from tests.tiny_model import make_tiny_model

from .conftest import Server, StartServer
from .page import PATIENCE

MODEL = "org/tiny"
PLENTY = Memory("cuda", 80 * 2**30, 80 * 2**30)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of 38 MB: the hub's client tells of each 10 MB."""
    return make_tiny_model(tmp_path_factory.mktemp("hub") / "repository", hidden=1024, layers=1)


@pytest.fixture
def hub(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallHub]:
    """Run a hub with one model; the cache is empty."""
    cache = tmp_path / "cache"
    cache.mkdir()
    with SmallHub(repository) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_CACHE", str(cache))
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
        serving = Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield hub
        hub.speak.set()
        hub.shutdown()
        serving.join()


@pytest.fixture
async def server(start_server: StartServer, hub: SmallHub) -> Server:
    """Start a server with a profile that names the hub's model."""
    return await start(start_server)


async def start(start_server: StartServer, **settings: Any) -> Server:
    profile = {"id": "tiny", "label": "Tiny", "provider": "huggingface", "model": MODEL}
    server = await start_server(
        profiles=[{**profile, "parameters": {"max_tokens": 100}}], engine_threads=1, **settings
    )
    (await server.extension.services()).probe_memory = lambda: PLENTY
    return server


async def do(server: Server, what: str, model: str = MODEL) -> tuple[int, Any]:
    return await server.rest("POST", f"models/{what}", {"model": model}, request_timeout=PATIENCE)


async def listed(server: Server) -> Any:
    return (await server.rest("GET", "models"))[1]


async def until(server: Server, is_so: Callable[[Any], bool]) -> Any:
    """Ask until the answer is as it should be, as the panel does."""
    async with asyncio.timeout(PATIENCE):
        while not is_so(answer := await listed(server)):  # noqa: ASYNC110 - nobody tells it
            await asyncio.sleep(0.05)
        return answer


def is_received(answer: Any) -> bool:
    return any(each["received_bytes"] > 5_000_000 for each in answer["downloads"])


def state_of(answer: Any) -> str | None:
    return next((each["state"] for each in answer["downloads"]), None)


async def test_a_model_is_measured_before_it_is_downloaded(server: Server, hub: SmallHub) -> None:
    status, found = await do(server, "inspect")
    assert status == 200
    weights = (hub.folder / "model.safetensors").stat().st_size
    assert found["download_bytes"] >= weights
    assert found["memory_bytes"] > weights
    assert (found["fit"], found["is_complete"], found["disk_bytes"]) == ("fits", False, 0)
    assert found["used_by"] == ["Tiny"]
    services = await server.extension.services()
    services.probe_memory = lambda: Memory("cuda", 1000, 2000)
    assert (await do(server, "inspect"))[1]["fit"] == "does_not_fit"
    assert hub.sent == 0


async def test_a_download_tells_bytes_rate_and_time(server: Server, hub: SmallHub) -> None:
    hub.bytes_per_second = 30_000_000
    assert (await do(server, "download"))[0] == 200
    answer = await until(server, lambda answer: "seconds_left" in (answer["downloads"] or [{}])[0])
    (download,) = answer["downloads"]
    assert 0 < download["received_bytes"] < download["total_bytes"]
    assert download["bytes_per_second"] > 0
    hub.bytes_per_second = 0
    answer = await until(server, lambda answer: state_of(answer) == "done")
    (model,) = answer["models"]
    assert (model["model"], model["is_complete"], model["fit"]) == (MODEL, True, "fits")
    assert model["parameters"] > 100_000


async def test_a_stopped_download_goes_on_where_it_was(server: Server, hub: SmallHub) -> None:
    hub.bytes_per_second = 15_000_000
    await do(server, "download")
    await until(server, is_received)
    await do(server, "stop")
    answer = await listed(server)
    assert state_of(answer) == "stopped"
    (model,) = answer["models"]
    assert not model["is_complete"]
    assert model["disk_bytes"] >= 5_000_000
    hub.bytes_per_second = 0
    hub.sent = 0
    await do(server, "download")
    await until(server, lambda answer: state_of(answer) == "done")
    size = sum(file.stat().st_size for file in hub.folder.iterdir())
    assert hub.sent < size - 4_000_000


@pytest.mark.parametrize(
    ("model", "code", "word"),
    [("org/gated", "unknown_model", "licence"), ("org/nothing", "unknown_model", "knows no model")],
)
async def test_what_cannot_be_downloaded_is_said(server: Server, model: str, code: str, word: str) -> None:
    status, refused = await do(server, "inspect", model)
    assert (status, refused["error"]["code"]) == (404, code)
    assert word in refused["error"]["message"]
    await do(server, "download", model)
    answer = await until(server, lambda answer: state_of(answer) == "failed")
    assert answer["downloads"][0]["error"]["code"] == code


async def test_a_hub_that_is_offline_is_said(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert (await do(server, "inspect"))[1]["error"]["code"] == "no_network"
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert (await do(server, "inspect"))[1]["error"]["code"] == "no_network"


async def test_a_loaded_model_is_unloaded_and_deleted(server: Server, hub: SmallHub) -> None:
    await do(server, "download")
    await until(server, lambda answer: state_of(answer) == "done")
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(), "Hello")
        await page.until_text(run_id, 5)
        answer = await until(server, lambda answer: "loaded" in answer["models"][0])
        if (await listed(server))["models"][0]["loaded"]["running"]:
            assert (await do(server, "unload"))[0] == 409
        run = await page.finished(run_id)
        assert run["finish_reason"] == "length", run
    loaded = answer["models"][0]["loaded"]
    assert loaded["bytes"] > 100_000
    answer = await until(server, lambda answer: answer["models"][0]["loaded"]["running"] == 0)
    assert answer["models"][0]["used_by"] == ["Tiny"]
    assert (await do(server, "unload"))[0] == 200
    await until(server, lambda answer: "loaded" not in answer["models"][0])
    assert (await do(server, "delete"))[0] == 200
    answer = await listed(server)
    assert (answer["models"], answer["downloads"]) == ([], [])
    assert (await do(server, "delete"))[1]["error"]["code"] == "unknown_model"


async def test_models_are_listed_whatever_profiles_name(start_server: StartServer, hub: SmallHub) -> None:
    names = ["~nobody-of-that-name/model", "a" * 900, "org/" + "a" * 300, "/proc/1/root/x/y"]
    profiles = [
        {"id": f"p{number}", "provider": "huggingface", "model": name} for number, name in enumerate(names)
    ]
    server = await start_server(profiles=profiles)
    assert (await server.rest("GET", "models"))[0] == 200
    for name in names:
        for what in ("inspect", "unload", "delete"):
            assert (await do(server, what, name))[0] in (200, 404), (what, name)
    for what in ("inspect", "download", "stop", "unload", "delete"):
        assert (await do(server, what, "a\0b"))[0] == 400


async def test_a_folder_is_listed_and_not_deleted(
    start_server: StartServer, hub: SmallHub, tmp_path: Path
) -> None:
    folder = make_tiny_model(tmp_path / "mine")
    profile = {"id": "mine", "provider": "huggingface", "model": str(folder)}
    server = await start_server(profiles=[profile])
    (model,) = (await listed(server))["models"]
    assert (model["model"], model["is_folder"], model["is_complete"]) == (str(folder), True, True)
    assert (await do(server, "delete", str(folder)))[1]["error"]["code"] == "unknown_model"
    assert folder.is_dir()
    assert (await do(server, "download", str(folder)))[1]["error"]["code"] == "unknown_model"


async def test_pages_change_nothing_where_profiles_are_locked(
    start_server: StartServer, hub: SmallHub
) -> None:
    server = await start(start_server, profiles_locked=True)
    assert (await listed(server))["is_locked"]
    for what in ("inspect", "download", "stop", "unload", "delete"):
        status, refused = await do(server, what)
        assert (status, refused["error"]["code"]) == (403, "profiles_locked")
    assert hub.requests == []


async def test_memory_is_released_for_a_notebook(server: Server, hub: SmallHub) -> None:
    await do(server, "download")
    await until(server, lambda answer: state_of(answer) == "done")
    async with server.page() as page:
        await page.finished(await page.ask(await page.new_chat(), "Hello"))
    await until(server, lambda answer: answer["models"][0].get("loaded", {}).get("running") == 0)
    assert (await server.rest("POST", "models/release", {}))[0] == 200
    answer = await until(server, lambda answer: "loaded" not in answer["models"][0])
    assert [each["what"] for each in answer["freed"]] == ["model"]


async def test_a_server_that_ends_ends_its_downloads(server: Server, hub: SmallHub) -> None:
    hub.bytes_per_second = 2_000_000
    await do(server, "download")
    await until(server, lambda answer: state_of(answer) == "running")
    services = await server.extension.services()
    closing: Awaitable[None] = services.downloads.close()
    await closing
    assert not services.downloads.is_running(MODEL)
