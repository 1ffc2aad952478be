"""Jupyter's configuration for the browser tests: a fresh store, real models, and a scripted provider."""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from jupyter_server.auth import IdentityProvider, User
from jupyterlab.galata import configure_jupyter_server

c = get_config()  # noqa: F821
configure_jupyter_server(c)
c.ServerApp.ip = "127.0.0.1"
c.JupyterNotebookApp.expose_app_in_browser = True
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
# The question whether to show Jupyter's news lies over the panel, on pages that Galata did not open.
settings = Path(tempfile.mkdtemp(prefix="galata-settings-"))
overrides = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}
if "JSC_FRESH" in os.environ:
    overrides["jupyter-stream-chat:plugin"] = {"openAtStart": True}
(settings / "overrides.json").write_text(json.dumps(overrides))
c.LabApp.app_settings_dir = str(settings)

# Warnings of Galata's own housekeeping are not what a reader of the results looks for.
c.Application.log_level = "ERROR"
if log := os.environ["JSC_TOKEN_LOG"]:
    c.Application.logging_config = {
        "handlers": {
            "tokens": {"class": "logging.FileHandler", "filename": log, "mode": "w", "level": "DEBUG"}
        },
        "loggers": {"jupyter_stream_chat.tokens": {"level": "DEBUG", "handlers": ["tokens"]}},
    }

provider = os.environ["JSC_PROVIDER_URL"]
os.environ["SCRIPTED_API_KEY"] = "not-a-secret"
c.StreamChat.data_dir = data_dir = os.environ["JSC_DATA_DIR"]
if "JSC_KEEP_DATA" not in os.environ:
    shutil.rmtree(data_dir, ignore_errors=True)
c.StreamChat.default_profile = "scripted"
c.StreamChat.profiles = [
    {
        "id": "scripted",
        "label": "Scripted",
        "provider": "openai-compatible",
        "model": "scripted",
        "base_url": f"{provider}/v1",
        "api_key_env": "SCRIPTED_API_KEY",
    },
    {
        "id": "scripted-azure",
        "label": "Scripted Azure",
        "provider": "azure",
        "model": "scripted",
        "azure_endpoint": provider,
        "azure_deployment": "scripted",
        "api_version": "2024-10-21",
        "api_key_env": "SCRIPTED_API_KEY",
    },
    {"id": "counter", "label": "Counter", "provider": "huggingface", "model": os.environ["JSC_MODEL"]},
    {"id": "guide", "label": "Guide", "provider": "guide", "model": "guide"},
]
if "JSC_FRESH" in os.environ:
    # As `make lab` begins: no profile but the guide, and the panel is open.
    c.StreamChat.profiles = []
    c.StreamChat.default_profile = ""
if "JSC_USERS" in os.environ:

    class UserOfCookie(IdentityProvider):
        """Takes the value of a cookie for the user's name."""

        def get_user(self, handler):
            return User(username=handler.get_cookie("test-user", "nobody"))

    c.ServerApp.identity_provider_class = UserOfCookie
if "JSC_BARE" in os.environ:
    # As without [local]: a module that is None here is for Python one that is not installed.
    sys.modules["torch"] = sys.modules["transformers"] = None
    c.StreamChat.profiles = []
    c.StreamChat.default_profile = ""
