"""With jupyter-collaboration: an answer goes into the cell of a notebook that two people have open."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripted_provider import ScriptedProvider
from tests.server.conftest import scripted_profile

from . import browser
from .processes import free_port, running

pytestmark = pytest.mark.proxy

COLLABORATION = Path(f"{sys.prefix}-collaboration")
TITLES = (
    "two people have the notebook open: an answer goes into a cell, and nobody's text is lost",
    "a change of a cell is compared with what the other one typed meanwhile",
)


@pytest.fixture
def url(provider: ScriptedProvider, tmp_path: Path) -> Iterator[str]:
    """The address of a JupyterLab whose notebooks are edited together."""
    port = free_port()
    notebooks, data = tmp_path / "notebooks", tmp_path / "data"
    notebooks.mkdir()
    data.mkdir()
    settings = {
        "ServerApp": {
            "jpserver_extensions": {
                "jupyter_stream_chat": True,
                "jupyterlab": True,
                "jupyter_server_ydoc": True,
                "jupyter_server_fileid": True,
            },
            "root_dir": str(notebooks),
            "port": port,
            "port_retries": 0,
            "open_browser": False,
        },
        "IdentityProvider": {"token": ""},
        "LabApp": {"expose_app_in_browser": True},
        "SQLiteYStore": {"db_path": str(tmp_path / "documents.db")},
        "StreamChat": {
            "profiles": [scripted_profile(provider)],
            "default_profile": "scripted",
            "data_dir": str(tmp_path / "chats"),
        },
    }
    (tmp_path / "jupyter_server_config.json").write_text(json.dumps(settings))
    own = f"{sys.prefix}/share/jupyter"
    with running(
        [COLLABORATION / "bin" / "python", "-m", "jupyterlab", "--allow-root"],
        ready=f"http://127.0.0.1:{port}/lab",
        log=tmp_path / "jupyter.log",
        environ={
            "JUPYTER_CONFIG_DIR": str(tmp_path),
            "JUPYTER_DATA_DIR": str(data),
            "JUPYTER_PATH": own,
            "JUPYTERLAB_DIR": f"{own}/lab",
        },
    ):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("title", TITLES)
async def test_in_two_browsers(url: str, title: str, provider: ScriptedProvider, tmp_path: Path) -> None:
    await browser.passes(title, url, provider.url, tmp_path)
