"""Which server is found, where the token may go, and what is said when there is none."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_stream_chat.magics.discovery import discover, may_have_token
from jupyter_stream_chat.magics.errors import ChatError


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a user who has no server."""
    return {"JUPYTER_RUNTIME_DIR": str(tmp_path)}


def write(folder: Path, name: str | int, **info: Any) -> None:
    """Write the file that a running server writes."""
    values = {
        "url": "http://localhost:8888/",
        "hostname": "localhost",
        "port": 8888,
        "base_url": "/",
        "token": "t",
        "password": False,
        "secure": False,
        "sock": "",
        "pid": os.getpid(),
    }
    (folder / f"jpserver-{name}.json").write_text(json.dumps(values | info))


def test_the_server_that_started_the_kernel(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path, 41, token="another", port=8880)
    write(tmp_path, 42, token="mine", port=8881, base_url="/base/")
    found = discover(environ | {"JPY_PARENT_PID": "42"})
    assert (found.url, found.token) == ("http://localhost:8881/base/", "mine")


def test_an_explicit_address_wins(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path, 42)
    explicit = {"JUPYTER_STREAM_CHAT_URL": "http://127.0.0.1:9000/x", "JUPYTER_STREAM_CHAT_TOKEN": "given"}
    found = discover(environ | explicit | {"JPY_PARENT_PID": "42"})
    assert (found.url, found.token) == ("http://127.0.0.1:9000/x/", "given")


def test_the_hubs_variables(environ: dict[str, str]) -> None:
    hub = {
        "JUPYTERHUB_API_TOKEN": "hub",
        "JUPYTERHUB_SERVICE_URL": "http://0.0.0.0:8888/user/ada/",
        "JUPYTERHUB_API_URL": "http://hub.example:8081/hub/api",
    }
    found = discover(environ | hub)
    assert (found.url, found.token) == ("http://127.0.0.1:8888/user/ada/", "hub")


def test_the_server_of_a_terminal(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path, 1, url="http://localhost:1001/", port=1001)
    write(tmp_path, 2, url="http://localhost:1002/", port=1002)
    assert (
        discover(environ | {"JUPYTER_SERVER_URL": "http://localhost:1002/"}).url == "http://localhost:1002/"
    )


def test_the_only_one_that_runs(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path, 1, port=1001)
    write(tmp_path, 2, port=1002, pid=2**22 + 1)  # above the largest that Linux gives: it does not run
    assert discover(environ | {"JPY_PARENT_PID": "7"}).url == "http://localhost:1001/"


def test_never_a_guess_among_several(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path, 1, url="http://localhost:1001/")
    write(tmp_path, 2, url="http://localhost:1002/")
    with pytest.raises(ChatError, match=r"2 Jupyter servers.*1001.*1002.*JUPYTER_STREAM_CHAT_URL"):
        discover(environ)


def test_none(environ: dict[str, str]) -> None:
    with pytest.raises(ChatError, match=r"No Jupyter server.*--local"):
        discover(environ)


def test_a_password_and_no_token_is_said_with_its_hint(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path, 42, password=True, token="")
    with pytest.raises(ChatError, match=r"password and no token.*IdentityProvider\.token"):
        discover(environ | {"JPY_PARENT_PID": "42"})


def test_a_password_beside_a_token_does_not_matter(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path, 42, password=True, token="t")
    assert discover(environ | {"JPY_PARENT_PID": "42"}).token == "t"


@pytest.mark.parametrize("hostname", ["0.0.0.0", "", "*", "::"])
def test_a_server_that_listens_everywhere_is_reached_here(
    tmp_path: Path, environ: dict[str, str], hostname: str
) -> None:
    write(tmp_path, 42, hostname=hostname, port=8888, secure=True)
    assert discover(environ | {"JPY_PARENT_PID": "42"}).url == "https://127.0.0.1:8888/"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:8888/", True),
        ("http://localhost/", True),
        ("http://[::1]:8888/", True),
        ("http://hub.example/user/ada/", True),
        ("http://192.168.1.5:8888/", False),
        ("http://localhost.evil.example/", False),
        ("http://127.0.0.1@evil.example/", False),
        ("http://hub.example.evil/", False),
    ],
)
def test_where_a_token_may_go(environ: dict[str, str], url: str, allowed: bool) -> None:
    environ["JUPYTERHUB_API_URL"] = "http://hub.example/hub/api"
    assert may_have_token(url, environ) is allowed
    environ |= {"JUPYTER_STREAM_CHAT_URL": url, "JUPYTER_STREAM_CHAT_TOKEN": "t"}
    if allowed:
        discover(environ)
    else:
        with pytest.raises(ChatError, match="neither this machine nor your JupyterHub"):
            discover(environ)


def test_a_token_is_in_no_repr(tmp_path: Path, environ: dict[str, str]) -> None:
    write(tmp_path, 42, token="do-not-show")
    assert "do-not-show" not in repr(discover(environ | {"JPY_PARENT_PID": "42"}))


def test_a_broken_file_is_no_server(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "jpserver-42.json").write_text("{")
    with pytest.raises(ChatError, match="No Jupyter server"):
        discover(environ | {"JPY_PARENT_PID": "42"})
