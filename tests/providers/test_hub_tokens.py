"""What the engine and its libraries say holds no token of the hub, wherever the token is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_stream_chat.providers.local.hub_tokens import without_hub_tokens

TOKEN = "Zq8-secret/token+4711"


@pytest.mark.parametrize("name", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"])
@pytest.mark.parametrize("value", [TOKEN, f" {TOKEN}\n"])
def test_a_token_of_the_environment(name: str, value: str) -> None:
    text = f"GET /api: authorization: Bearer {TOKEN}; and {TOKEN[:12]}"
    shown = without_hub_tokens(text, {name: value})
    assert TOKEN[:8] not in shown
    assert TOKEN[-8:] not in shown


@pytest.mark.parametrize("name", ["HF_TOKEN_PATH", "HF_HOME", "XDG_CACHE_HOME"])
def test_a_token_that_was_saved(tmp_path: Path, name: str) -> None:
    folder = {"HF_TOKEN_PATH": tmp_path, "HF_HOME": tmp_path, "XDG_CACHE_HOME": tmp_path / "huggingface"}[
        name
    ]
    folder.mkdir(exist_ok=True)
    (folder / "token").write_text(TOKEN)
    place = folder / "token" if name == "HF_TOKEN_PATH" else tmp_path
    assert without_hub_tokens(f"sent {TOKEN}", {name: str(place)}) == "sent [key]"


def test_without_a_token_nothing_is_taken_out(tmp_path: Path) -> None:
    assert without_hub_tokens("a line of a log", {"HF_HOME": str(tmp_path)}) == "a line of a log"
