"""Three users of a JupyterHub on one engine, by the configuration of docs/scaling.md."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from traitlets.config import Config

from tests.tiny_model import make_tiny_model

from .hub import RunningHub, logged_in, running_hub
from .processes import free_port

pytestmark = pytest.mark.scale

DOCS = Path(__file__).parents[2] / "docs"
USERS = ["ada", "grace", "mei"]
LONG = 8000
"""Tokens of an answer that nobody waits for."""

TOKEN = "the-token-of-the-engine-0123456789"


def documented(page: str, section: str) -> list[str]:
    """Return the Python blocks of a section of the documentation."""
    blocks = (DOCS / page).read_text().split(f"## {section}\n")[1].split("\n## ")[0].split("```python\n")[1:]
    return [block.split("```")[0] for block in blocks]


@pytest.fixture
def service_port() -> int:
    """Return the port of the engine."""
    return free_port()


@pytest.fixture
def hub(tmp_path: Path, service_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningHub]:
    """Run a hub with the service, which has a tiny model."""
    section = "A JupyterHub whose users share one engine"
    hub_config, service_config, users_config = documented("scaling.md", section)
    model = make_tiny_model(tmp_path / "model", context=2 * LONG, layers=4, hidden=128)
    service = tmp_path / "engine_config.py"
    service.write_text(
        service_config.replace("8899", str(service_port)).replace("Qwen/Qwen3-8B", str(model))
        + f"c.ServerApp.allow_root = True\nc.StreamChat.data_dir = {str(tmp_path / 'engine')!r}\n"
    )
    hub_config = hub_config.replace("8899", str(service_port))
    hub_config = hub_config.replace("/etc/jupyter/engine_config.py", str(service))
    config = Config()
    exec(users_config.replace("8899", str(service_port)), {"c": config})  # the documentation's own words
    (profile,) = config.StreamChat.profiles
    profile["parameters"] = {"max_tokens": LONG}
    monkeypatch.setenv("ENGINE_API_KEY", TOKEN)
    ordinary = documented("deployment.md", "JupyterHub")[0]
    with running_hub(tmp_path, hub_config + ordinary, [profile], USERS) as running:
        yield running


@pytest.mark.timeout(400)
async def test_three_users_are_answered_side_by_side(hub: RunningHub, service_port: int) -> None:
    async with AsyncExitStack() as stack:
        pages = []
        for user in USERS:
            browser = await stack.enter_async_context(logged_in(hub.url, user))
            pages.append(await stack.enter_async_context(browser.page()))
        runs = [await page.ask(await page.new_chat(), f"Question {n}") for n, page in enumerate(pages)]
        for page, run_id in zip(pages, runs, strict=True):
            await page.until_text(run_id, 50)
        assert not any(page.of_type("run_finished") for page in pages), "all are written side by side"

        await pages[0].command("interrupt_run", run_id=runs[0])
        assert (await pages[0].finished(runs[0]))["finish_reason"] == "interrupted"
        for page, run_id in zip(pages[1:], runs[1:], strict=True):
            await page.until_text(run_id, len(page.text(run_id)) + 50)
            await page.command("interrupt_run", run_id=run_id)
            assert (await page.finished(run_id))["finish_reason"] == "interrupted"

    engines = [
        process
        for process in hub.process.children(recursive=True)
        if "jupyter_stream_chat.engine" in " ".join(process.cmdline())
    ]
    assert len(engines) == 1, "the model was loaded once"


@pytest.mark.timeout(200)
async def test_the_engines_token_opens_the_model_and_nothing_else(hub: RunningHub, service_port: int) -> None:
    address = f"http://127.0.0.1:{service_port}/services/engine"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with logged_in(hub.url, USERS[0]), aiohttp.ClientSession(headers=headers) as session:
        async with session.get(f"{address}/stream-chat/v1/models") as answer:
            assert [model["id"] for model in (await answer.json())["data"]] == ["shared", "guide"]
        for path in ("api/kernels", "api/contents", "api/terminals", "stream-chat/api/chats"):
            async with session.get(f"{address}/{path}") as answer:
                assert answer.status in (403, 404), path
        async with session.post(f"{address}/api/kernels", json={}) as answer:
            assert answer.status == 403
    models = f"{address}/stream-chat/v1/models"
    async with aiohttp.ClientSession() as stranger, stranger.get(models) as answer:
        assert answer.status in (401, 403)
