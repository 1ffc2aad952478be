"""Jupyter's configuration for the benchmarks: a fresh home, the scripted provider, the guide."""

import json
import os
from pathlib import Path

home = os.environ["BENCH_HOME"]
c = get_config()  # noqa: F821
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ["BENCH_PORT"])
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.ServerApp.root_dir = home
c.IdentityProvider.token = ""
c.ServerApp.disable_check_xsrf = True
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.user_settings_dir = f"{home}/settings"
c.LabApp.workspaces_dir = f"{home}/workspaces"
c.LabApp.expose_app_in_browser = True
# JupyterLab's question whether to fetch news would lie over the panel's button.
notification = Path(home, "settings", "@jupyterlab", "apputils-extension", "notification.jupyterlab-settings")
notification.parent.mkdir(parents=True, exist_ok=True)
notification.write_text(json.dumps({"fetchNews": "false"}))

if counts := os.environ.get("BENCH_COUNTS"):
    from tests.bench import counting

    counting.install(Path(counts))
    if without := os.environ["BENCH_WITHOUT"]:
        counting.switch_off(without)

c.StreamChat.data_dir = f"{home}/stream-chat"
c.StreamChat.max_live_runs = 256  # for the load test
c.StreamChat.profiles = [
    {
        "id": "scripted",
        "provider": "openai-compatible",
        "model": "scripted",
        "base_url": os.environ["BENCH_PROVIDER"] + "/v1",
        "api_key": "not-a-secret",
    },
    {"id": "guide", "provider": "guide", "model": "guide"},
]
