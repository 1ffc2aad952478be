"""What every test may rely on: a clean environment."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests and the developer's own chats, settings and servers away from each other."""
    with pytest.MonkeyPatch.context() as environment:
        for folder in ("CONFIG", "DATA", "RUNTIME"):
            environment.setenv(f"JUPYTER_{folder}_DIR", str(tmp_path_factory.mktemp(folder.lower())))
        yield


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own keys, proxies and tracing away from the tests."""
    for name in (
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "AZURE_OPENAI_API_KEY",
        "AZURE_OPENAI_ENDPOINT",
        "LANGSMITH_TRACING",
        "LANGSMITH_API_KEY",
        "LANGCHAIN_TRACING_V2",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """Take our logger back from a server of the test: Jupyter's level would be that of all tests after it."""
    ours = logging.getLogger("jupyter_stream_chat")
    parent = ours.parent
    yield
    ours.parent = parent
