"""Two engines behind LiteLLM's router, as docs/scaling.md configures it: one is killed in mid-answer."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.server.conftest import StartServer
from tests.server.page import PATIENCE, Page, new_id

from .conftest import ENDLESS, Served, serving
from .processes import busy_one, free_port, running, until_busy, until_idle

pytestmark = pytest.mark.scale

LITELLM = Path(f"{sys.prefix}-litellm") / "bin" / "litellm"
DOCS = Path(__file__).parents[2] / "docs" / "scaling.md"
KEY = "sk-router-0123456789"


@dataclass
class Router:
    """A running router and what is behind it."""

    url: str
    replicas: list[Served]

    def profile(self, **more: Any) -> dict[str, Any]:
        """Return a profile that asks the router, greedily."""
        return {
            "id": "shared",
            "provider": "openai-compatible",
            "model": "shared",
            "base_url": f"{self.url}/v1",
            "api_key": KEY,
            "parameters": {"temperature": 0, "max_tokens": 60},
        } | more

    async def writing(self) -> Served:
        """Return the replica that computes."""
        process = await busy_one([each.process for each in self.replicas])
        return next(each for each in self.replicas if each.process == process)


@pytest.fixture
def router(tmp_path: Path) -> Iterator[Router]:
    """Serve the same model twice, and run the router before both."""
    with ExitStack() as stack:
        replicas = []
        for number in range(2):
            (tmp_path / str(number)).mkdir()
            replicas.append(stack.enter_context(serving(tmp_path / str(number))))
        config = DOCS.read_text().split("```yaml\n")[1].split("```")[0]
        for number, replica in enumerate(replicas):
            config = config.replace(f"http://gpu{number + 1}:8000/v1", replica.url)
            config = config.replace("Qwen/Qwen3-8B", replica.model, 1)
        (tmp_path / "router.yaml").write_text(config)
        port = free_port()
        options = ["--config", tmp_path / "router.yaml", "--host", "127.0.0.1", "--port", str(port)]
        stack.enter_context(
            running(
                [LITELLM, *options, "--telemetry", "False"],
                ready=f"http://127.0.0.1:{port}/health/liveliness",
                log=tmp_path / "log",
                environ={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": KEY, "NO_PROXY": "*"},
            )
        )
        yield Router(f"http://127.0.0.1:{port}", replicas)


@pytest.mark.timeout(400)
async def test_a_killed_replica_keeps_the_text_and_the_next_question_goes_to_the_other(
    router: Router, start_server: StartServer
) -> None:
    server = await start_server(profiles=[router.profile(parameters={"max_tokens": ENDLESS})])
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "Hello")
        await page.until_text(run_id, 50)
        killed = await router.writing()
        (other,) = (each for each in router.replicas if each is not killed)
        await asyncio.to_thread(kill, killed.process)

        run = await page.finished(run_id)
        assert run["finish_reason"] == "error", run
        assert run["error"]["hint"]
        text = page.text(run_id)
        assert len(text) >= 50
        _, chat = await server.rest("GET", f"chats/{chat_id}")
        assert "".join(part["text"] for part in chat["messages"][-1]["content"]) == text, "kept"

        next_id = await page.ask(await page.new_chat(), "Hello")
        await page.until_text(next_id, 50)
        await until_busy(other.process)
        await stop(page, next_id)
        await until_idle(other.process)

        more_id = new_id("run")
        asked = {"chat_id": chat_id, "message_id": run["message_id"], "run_id": more_id}
        answer = await page.command("continue_answer", **asked)
        assert answer["type"] == "command_accepted", answer
        await page.until_text(more_id, 50)
        await stop(page, more_id)


async def stop(page: Page, run_id: str) -> None:
    """Stop an answer."""
    await page.command("interrupt_run", run_id=run_id)
    assert (await page.finished(run_id))["finish_reason"] == "interrupted"


def kill(process: psutil.Process) -> None:
    """End a server as a power cut would, with all that it has started."""
    family = [process, *process.children(recursive=True)]
    for member in family:
        os.kill(member.pid, 9)
    psutil.wait_procs(family, timeout=PATIENCE)
