"""What the engine process is started with."""

from __future__ import annotations

from jupyter_stream_chat.providers.local.engine_process import child_environment, engine_command


def test_the_engine_gets_no_keys() -> None:
    environment = {
        "OPENAI_API_KEY": "sk",
        "AZURE_OPENAI_KEY": "k",
        "JPY_API_TOKEN": "t",
        "AWS_SECRET_ACCESS_KEY": "s",
        "PGPASSWORD": "p",
        "GOOGLE_APPLICATION_CREDENTIALS": "c",
    }
    assert not environment.keys() & child_environment(environment).keys()


def test_the_engine_gets_what_models_need() -> None:
    environment = {
        "PATH": "/bin",
        "HF_HOME": "/hf",
        "HF_HUB_OFFLINE": "1",
        "HF_TOKEN": "t",
        "CUDA_VISIBLE_DEVICES": "0",
        "OMP_NUM_THREADS": "1",
    }
    assert environment.items() <= child_environment(environment).items()


def test_settings_are_passed_on() -> None:
    options = engine_command(3, most_chats=5, cache_mib=700, keep_free_mib=9)[-8:]
    assert options == ["--threads", "3", "--keep-free-mib", "9", "--chats", "5", "--cache-mib", "700"]


def test_the_hub_on_this_machine_is_asked_without_a_proxy() -> None:
    environment = child_environment({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "example.org"})
    for name in ("NO_PROXY", "no_proxy"):
        assert environment[name].split(",") == ["example.org", "localhost", "127.0.0.1", "::1"]
    assert environment["HTTPS_PROXY"] == "http://proxy:3128"


def test_the_hub_on_this_machine_is_asked_through_the_proxy_if_told_so() -> None:
    given = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "example.org"}
    environment = child_environment(given, proxy_loopback=True)
    assert (environment["NO_PROXY"], environment.get("no_proxy")) == ("example.org", None)
