"""``jupyter stream-chat doctor``: the examination in a terminal.

Finds the profiles as the server does: in Jupyter's configuration and in the store.
"""

# mypy: disable-error-code="misc"
# Jupyter's base classes are untyped to mypy.

from __future__ import annotations

import asyncio
import shutil
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

from jupyter_core.application import JupyterApp
from traitlets import Bool, Float

from .chats.chat_store import ChatStore
from .chats.sqlite import FILE_NAME
from .config import Settings
from .doctor.context import Context
from .doctor.diagnostics import examine
from .protocol import DoctorOutcome, DoctorStep, ErrorInfo, Limitation, encode
from .providers.local.engine_client import engine_of
from .providers.profiles.keyfile import KeyFile
from .providers.profiles.profile import Profile
from .providers.profiles.registry import Registry, registry_of
from .server.app import StreamChat

_CONFIG_FILES: Final = ("jupyter_server_config", "jupyter_lab_config", "jupyter_notebook_config")
_WORDS: Final[dict[DoctorOutcome, str]] = {"pass": "ok", "warn": "warn", "fail": "FAIL", "skip": "skip"}
_INDENT: Final = " " * 8
FAILED: Final = 1
"""Exit status when a step failed."""
NOT_EXAMINED: Final = 2
"""Exit status when there is no such profile."""


class DoctorApp(JupyterApp):
    """``jupyter stream-chat doctor [PROFILE]``"""

    name = "jupyter-stream-chat-doctor"
    description = """Check a profile from its configuration to Stop, and say what to change.

    PROFILE is a profile's id; without it the default profile is checked. A few short questions are asked.
    The exit status is 0 when nothing failed, 1 when something did, 2 when there is no such profile.
    """
    examples = "jupyter stream-chat doctor azure --json"
    classes = [StreamChat]  # noqa: RUF012 - traitlets' way
    flags: Any = {  # noqa: RUF012
        "json": ({"DoctorApp": {"json": True}}, "Print one JSON object a line, as each step ends."),
        "debug": JupyterApp.flags["debug"],
    }
    aliases: Any = {"timeout": "DoctorApp.call_seconds", "config": "JupyterApp.config_file"}  # noqa: RUF012

    json = Bool(False, help="Print one JSON object a line, as each step ends.").tag(config=True)
    call_seconds = Float(60.0, min=0.1, help="Seconds that one call may take.").tag(config=True)

    def load_config_file(self, suppress_errors: bool = True) -> None:  # type: ignore[override]
        """Read what Jupyter's servers read."""
        if self.config_file:
            super().load_config_file(suppress_errors)
            return
        for name in (*_CONFIG_FILES, f"jupyter_{StreamChat.name}_config"):
            self.config_file_name = name
            super().load_config_file(suppress_errors)

    def start(self) -> None:
        """Examine, and exit with the status that says how it went."""
        super().start()
        wanted = self.extra_args[0] if self.extra_args else ""
        self.exit(asyncio.run(self._examine(StreamChat(parent=self), wanted)))

    async def _examine(self, settings: Settings, wanted: str) -> int:
        async with _registry(settings) as registry:
            name = wanted or registry.default_id or ""
            profile = registry.written(name)
            if isinstance(profile, ErrorInfo) and profile.code == "unknown_profile":
                print(_no_profile(name, registry), file=sys.stderr)
                return NOT_EXAMINED
            context = Context.of(
                profile,
                registry.find(name),
                settings,
                call_seconds=self.call_seconds,
                remembered=_remembered(settings, profile),
            )
            if not self.json:
                print(f"Profile {name}\n")
            failed = False
            async with aclosing(examine(context, registry)) as steps:
                async for step in steps:
                    print(encode(step) if self.json else row(step), flush=True)
                    failed = failed or step.outcome == "fail"
        return FAILED if failed else 0


@asynccontextmanager
async def _registry(settings: Settings) -> AsyncIterator[Registry]:
    """Lend the profiles of this machine, as the server would have them."""
    engine = engine_of(settings)
    registry = registry_of(settings, engine)
    # Where nothing was ever stored, a look must not make the store.
    if not settings.profiles_locked and (settings.data_folder / FILE_NAME).exists():
        store = ChatStore(settings.data_folder)
        registry.set_stored(store.owners.profiles(), KeyFile(settings.data_folder).read())
        store.close()
    try:
        yield registry
    finally:
        await registry.close()
        await engine.close()


def _remembered(settings: Settings, profile: Profile | ErrorInfo) -> set[Limitation]:
    """Return what the server's questions found out about a profile's deployment."""
    if isinstance(profile, ErrorInfo) or not (settings.data_folder / FILE_NAME).exists():
        return set()
    store = ChatStore(settings.data_folder)
    try:
        known = store.owners.limitations(time.time())
    finally:
        store.close()
    asked = profile.deployment
    return {
        each.limitation
        for each in known
        if (each.provider, each.endpoint, each.model) == (asked.provider, asked.endpoint, asked.model)
    }


def row(step: DoctorStep) -> str:
    """Return a step as a person reads it in a terminal."""
    width = max(40, min(shutil.get_terminal_size().columns, 110))
    took = f"{step.ms:,.0f} ms" if step.outcome != "skip" else ""
    lines = [f"{_WORDS[step.outcome]:<{len(_INDENT) - 2}}  {step.title:<{width - 20}}{took:>12}"]
    lines += textwrap.wrap(step.message, width, initial_indent=_INDENT, subsequent_indent=_INDENT)
    if step.hint and step.outcome != "pass":
        field = f"{step.field}: " if step.field else ""
        lines += textwrap.wrap(
            f"-> {field}{step.hint}", width, initial_indent=_INDENT, subsequent_indent=f"{_INDENT}   "
        )
    return "\n".join(lines)


def _no_profile(name: str, registry: Registry) -> str:
    known = ", ".join(info.profile_id for info in registry.infos())
    return f"There is no profile {name}. There are: {known}." if name else "No profile can be used."


main = StreamChat.launch_instance
