"""What the handlers work with, once it is loaded: library, registry, runs, metrics.

Owns their making and unmaking. Importing this module imports everything that a first question needs, which
takes seconds: ``warm`` does it off the loop.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import protocol as wire
from ..chats.chat_service import ChatService
from ..providers.langchain import extensions
from ..providers.local.engine_client import EngineClient
from ..providers.profiles.keyfile import KeyFile
from ..providers.profiles.registry import Registry
from ..runs.deployments import Deployments
from ..runs.manager import RunManager
from .access import Access
from .api import chats as api  # noqa: F401 - loaded here, off the loop, for the handlers
from .gc_tuning import GcTuning
from .metrics import Metrics
from .page.broadcast import Broadcast
from .page.session import Session, Transport

if TYPE_CHECKING:
    from ..config import Settings

log = logging.getLogger(__name__)

extensions.names()  # reads the metadata of all packages: here it does not hold up the loop


@dataclass
class Services:
    """The parts that make up the server side, and the tasks that belong to no page."""

    settings: Settings
    chat_service: ChatService
    registry: Registry
    runs: RunManager
    deployments: Deployments
    engine: EngineClient
    metrics: Metrics
    key_file: KeyFile
    sessions: set[Session] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    run_owners: dict[str, str] = field(default_factory=dict)
    """Whose the live runs are: an interrupt cannot wait for the store to say."""
    _broadcast: dict[str, Broadcast] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._gc_tuning = GcTuning(lambda: self.runs.is_busy)

    def connect(self, access: Access, transport: Transport) -> Session:
        """Return the session of a page that has just connected."""
        self.spawn(self.registry.start_ahead())
        return Session(self, access, transport)

    def broadcast(self, owner: str) -> Broadcast:
        """Return what the pages of an owner's workspace are told."""
        if owner not in self._broadcast:
            self._broadcast[owner] = Broadcast(self.chat_service.workspace(owner), asyncio.get_running_loop())
        return self._broadcast[owner]

    @contextmanager
    def claim_run(self, run_id: str, owner: str) -> Iterator[None]:
        """Enter whose run it is, until it ends or is refused."""
        known = self.run_owners.setdefault(run_id, owner)
        try:
            yield
        finally:
            if known == owner and self.runs.live(run_id) is None:
                self.run_owners.pop(run_id, None)

    def run_started(self, run: wire.RunInfo) -> None:
        """Take note that a run was accepted."""
        self.metrics.started(run)

    def run_finished(self, run: wire.RunInfo) -> None:
        """Take note that a run has ended."""
        self.run_owners.pop(run.run_id, None)
        self.metrics.finished(run)
        self._gc_tuning.run_ended()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` to its end even if the page goes; in a context of its own, not the request's."""
        task = asyncio.get_running_loop().create_task(work, context=contextvars.Context())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def hello(self, user: str, user_id: str) -> wire.Hello:
        """Return the first frame of a connection."""
        limits = wire.Limits(
            frame_bytes=self.settings.max_frame_bytes,
            message_characters=self.settings.max_message_characters,
            open_chats=self.settings.max_open_chats,
            live_runs=self.settings.max_live_runs,
            queued_runs=self.settings.max_queued_runs,
            pending_commands=self.settings.max_pending_commands,
            attachments=0 if self.settings.attachments == "off" else self.settings.max_attachments,
            attachment_bytes=self.settings.max_attachment_bytes,
        )
        return wire.Hello(
            protocol=wire.PROTOCOL_VERSION,
            epoch=self.chat_service.epoch,
            user=user,
            user_id=user_id,
            limits=limits,
        )

    async def read_stored_profiles(self) -> None:
        """Hand the registry the store's profiles and their keys; none where pages may not add any."""
        if not self.settings.profiles_locked:
            keys = await asyncio.to_thread(self.key_file.read)
            self.registry.set_stored(await self.chat_service.profiles(), keys)

    async def profiles_changed(self) -> None:
        """Read the stored profiles again and tell every page."""
        await self.read_stored_profiles()
        profiles, default_id = self.registry.infos(), self.registry.default_id
        for workspace in self.chat_service.workspaces.values():
            workspace.publish(
                lambda seq: wire.ProfilesChanged(seq=seq, profiles=profiles, default_profile_id=default_id)
            )

    def not_saved_changed(self) -> None:
        """Tell every page anew whether chats are saved."""
        for session in self.sessions:
            session.reload_workspace()

    async def close(self) -> None:
        """End the runs, keep what they wrote, and close what they used."""
        self._gc_tuning.close()
        if self.tasks:
            await asyncio.wait(set(self.tasks), timeout=2)
        await self.runs.close()
        await self.registry.close()
        await self.engine.close()
        await self.chat_service.close()


async def open_services(settings: Settings) -> Services:
    """Open the store and load what the profiles need."""
    engine = EngineClient(idle_seconds=settings.engine_idle_seconds, threads=settings.engine_threads)
    registry = Registry(
        settings.profiles,
        engine=engine,
        default_profile=settings.default_profile,
        key_variables=settings.key_variables,
    )
    chat_service = await ChatService.open(settings.data_folder)
    deployments = Deployments(chat_service)
    runs = RunManager(
        chat_service,
        registry,
        deployments=deployments,
        streaming=settings.streaming,
        streaming_locked=settings.streaming_locked,
        max_live_runs=settings.max_live_runs,
        max_queued_runs=settings.max_queued_runs,
        max_message_characters=settings.max_message_characters,
        attachments=settings.attachments,
        max_attachments=settings.max_attachments,
        tracing=settings.tracing,
        max_pause_seconds=settings.max_pause_seconds,
    )
    key_file = KeyFile(settings.data_folder)
    services = Services(settings, chat_service, registry, runs, deployments, engine, Metrics(), key_file)
    services.metrics.watch_queue(lambda: runs.queued)
    await services.read_stored_profiles()
    runs.on_started.append(services.run_started)
    runs.on_finished.append(services.run_finished)
    chat_service.on_not_saved = services.not_saved_changed
    await _warm(registry)
    return services


async def _warm(registry: Registry) -> None:
    try:
        await registry.warm()
    except Exception:
        # A broken profile must not keep the panel from opening: a question to it will say what is wrong.
        log.exception("A profile could not be prepared")
