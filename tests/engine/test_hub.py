"""Finding a model: a folder, what was downloaded before, or a hub (a small one, on this machine)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from huggingface_hub import close_session, constants

from jupyter_stream_chat.engine import hub as hub_module
from jupyter_stream_chat.engine.errors import EngineFailure, Interrupted
from jupyter_stream_chat.engine.hub import find_model, has_weights
from tests.small_hub import SmallHub


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallHub]:
    """Run a hub with a model of 2 MB and a few files that are not wanted."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(bytes(2_000_000))
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    (folder / "consolidated.safetensors").write_bytes(b"again")
    close_session()  # it has read the environment's proxies
    with SmallHub(folder) as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        serving = Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield hub
        hub.speak.set()
        hub.shutdown()
        serving.join()
    close_session()


def silent(fraction: float | None) -> None:
    """Report nothing."""


def refusal(name: str) -> EngineFailure:
    with pytest.raises(EngineFailure) as refused:
        find_model(name, None, silent)
    assert refused.value.hint
    return refused.value


def test_a_model_is_downloaded_with_progress_and_only_what_is_needed(hub: SmallHub) -> None:
    told: list[float] = []
    folder = find_model("org/tiny", None, lambda fraction: told.append(fraction or 0))
    assert sorted(file.name for file in folder.iterdir()) == [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    ]
    assert has_weights(folder)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


def test_what_is_here_is_not_asked_for_again(hub: SmallHub) -> None:
    first = find_model("org/tiny", None, silent)
    hub.requests.clear()
    assert find_model("org/tiny", None, silent) == first
    assert hub.requests == []


def test_an_incomplete_download_is_completed(hub: SmallHub) -> None:
    folder = find_model("org/tiny", None, silent)
    (folder / "model.safetensors").unlink()
    assert has_weights(find_model("org/tiny", None, silent))


def test_a_download_can_be_stopped(hub: SmallHub) -> None:
    def stop(fraction: float | None) -> None:
        if fraction:
            raise Interrupted

    with pytest.raises(Interrupted):
        find_model("org/tiny", None, stop)


def test_a_model_that_the_hub_does_not_know(hub: SmallHub) -> None:
    assert refusal("org/nothing").code == "unknown_model"


def test_a_model_behind_a_licence(hub: SmallHub) -> None:
    error = refusal("org/gated")
    assert error.code == "unknown_model"
    assert "licence" in error.message


def test_no_network(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert refusal("org/tiny").code == "no_network"


def test_offline(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert refusal("org/tiny").code == "no_network"
    assert hub.requests == []


@pytest.mark.parametrize("name", ["/no/such/folder", "./nor/this", "what is this?"])
def test_what_is_neither_folder_nor_hub_id(name: str) -> None:
    assert refusal(name).code == "unknown_model"


# --- a hub that says nothing, tokens and proxies -----------------------------------------------------


def test_a_stop_does_not_wait_for_a_silent_hub(hub: SmallHub) -> None:
    hub.is_silent.set()

    def stop(fraction: float | None) -> None:
        if hub.requests:
            raise Interrupted

    with pytest.raises(Interrupted):
        find_model("org/tiny", None, stop)
    assert not hub.speak.is_set()


def test_a_silent_hub_is_said_and_given_up(hub: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.is_silent.set()
    monkeypatch.setattr(hub_module, "SILENCE_SECONDS", 0.2)
    monkeypatch.setattr(hub_module, "GIVE_UP_SECONDS", 0.6)
    said: list[bool] = []
    with pytest.raises(EngineFailure) as refused:
        find_model("org/tiny", None, silent, lambda: said.append(True))
    assert refused.value.code == "no_network"
    assert "sent nothing" in refused.value.message
    assert said


@pytest.mark.parametrize("token", ["“hf_secret”", "hf_sécret", "hf_se cret", "hf_secret\x00"])
def test_a_token_that_cannot_be_sent_is_named_and_not_shown(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setattr(hub_module, "get_token", lambda: token)
    monkeypatch.setenv("HF_TOKEN", "set")
    error = refusal("org/tiny")
    assert error.code == "hub_token"
    assert "HF_TOKEN" in error.message
    assert "cret" not in f"{error.message} {error.hint}"
    assert hub.requests == []


def test_a_token_that_the_hub_refuses_is_named_and_not_shown(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_refused")
    error = refusal("org/tiny")
    assert error.code == "hub_token"
    assert "HF_TOKEN" in error.message
    assert "hf_refused" not in f"{error.message} {error.hint}"


def test_a_failure_behind_a_proxy_names_it_and_no_proxy(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://hub.invalid")
    monkeypatch.setenv("HTTP_PROXY", "http://user:secret@127.0.0.1:9")
    hint = str(refusal("org/tiny").hint)
    for word in ("http://127.0.0.1:9", "HTTP_PROXY", "NO_PROXY", "hub.invalid"):
        assert word in hint
    assert "secret" not in hint


@pytest.mark.parametrize("proxy", ["socks://127.0.0.1:9", "socks5://127.0.0.1:9"])
def test_a_proxy_that_cannot_be_used_is_a_sentence(
    hub: SmallHub, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://hub.invalid")
    monkeypatch.setenv("ALL_PROXY", proxy)
    error = refusal("org/tiny")
    assert error.code == "no_network"
    assert "socks" in str(error.hint).lower()
