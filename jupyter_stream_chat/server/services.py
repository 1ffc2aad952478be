"""The services that operations use: chats, profiles, runs, metrics.

Owns their making and unmaking, and the tasks that belong to no page. Knows no page and no handler.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import protocol as wire
from ..chats.chat_service import ChatService
from ..engine.fit import Memory
from ..providers.local.downloads import Downloads
from ..providers.local.engine_client import EngineClient, engine_of
from ..providers.local.memory_probe import probe_memory
from ..providers.profiles import catalog
from ..providers.profiles.keyfile import KeyFile
from ..providers.profiles.registry import Registry, registry_of
from ..runs.deployments import Deployments
from ..runs.manager import RunManager
from .gc_tuning import GcTuning
from .metrics import Metrics
from .trials import Trials

if TYPE_CHECKING:
    from ..config import Settings

log = logging.getLogger(__name__)

DEFAULT_PROFILE = "default_profile"
"""Names an owner's preference."""

catalog.known()  # reads the metadata of all packages, imports providers: here it does not hold up the loop


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
    trials: Trials = field(default_factory=Trials)
    downloads: Downloads = field(default_factory=Downloads)
    probe_memory: Callable[[], Memory] = probe_memory
    """Tells the memory that local models are loaded into; blocks."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    run_owners: dict[str, str] = field(default_factory=dict)
    """Whose the live runs are: an interrupt cannot wait for the store to say."""

    def __post_init__(self) -> None:
        self._gc_tuning = GcTuning()

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
        self._gc_tuning.stream()

    def run_finished(self, run: wire.RunInfo) -> None:
        """Take note that a run has ended."""
        self.run_owners.pop(run.run_id, None)
        self.metrics.finished(run)
        if not self.runs.is_busy:
            self._gc_tuning.restore()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` to its end even if the page goes; in a context of its own, not the request's."""
        task = asyncio.get_running_loop().create_task(work, context=contextvars.Context())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def read_stored_profiles(self, owner: str) -> None:
        """Hand the registry an owner's profiles and the keys; none where pages may not add any."""
        if not self.settings.profiles_locked:
            keys = await asyncio.to_thread(self.key_file.read)
            self.registry.set_stored(await self.chat_service.profiles(owner), keys, owner=owner)

    async def choose_default(self, profile_id: str, owner: str) -> None:
        """Let an owner's chats without a choice use this profile. ``profiles_changed`` tells the pages."""
        await self.chat_service.set_preference(owner, DEFAULT_PROFILE, profile_id)
        self.registry.choose_default(profile_id, owner)

    async def profiles_changed(self, owner: str = "") -> None:
        """Read an owner's profiles again and tell the owner's pages."""
        await self.read_stored_profiles(owner)
        profiles, default_id = self.registry.infos(owner), self.registry.default_id_for(owner)
        self.chat_service.workspace(owner).publish(
            lambda seq: wire.ProfilesChanged(seq=seq, profiles=profiles, default_profile_id=default_id)
        )

    async def close(self) -> None:
        """End the runs, keep what they wrote, and close what they used."""
        if self.tasks:
            await asyncio.wait(set(self.tasks), timeout=2)
        await self.runs.close()
        self._gc_tuning.restore()
        await self.downloads.close()
        await self.registry.close()
        await self.engine.close()
        await self.chat_service.close()


async def open_services(settings: Settings) -> Services:
    """Open the store and load what the profiles need."""
    engine = engine_of(settings)
    registry = registry_of(settings, engine)
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
        max_answer_characters=settings.max_answer_characters,
        tracing=settings.tracing,
        max_pause_seconds=settings.max_pause_seconds,
    )
    key_file = KeyFile(settings.data_folder)
    chat_service.on_saved_again = key_file.restore
    downloads = Downloads(proxy_loopback=settings.proxy_loopback)
    services = Services(
        settings, chat_service, registry, runs, deployments, engine, Metrics(), key_file, downloads=downloads
    )
    services.metrics.watch_queue(lambda: runs.queued)
    services.metrics.watch_models(
        lambda: runs.active.values(), lambda: engine.status.models if engine.status else ()
    )
    for owner, profile_id in (await chat_service.preferences(DEFAULT_PROFILE)).items():
        registry.choose_default(profile_id, owner)
    for owner in await chat_service.profile_owners():
        await services.read_stored_profiles(owner)
    runs.on_started.append(services.run_started)
    runs.on_finished.append(services.run_finished)
    await _warm(registry)
    return services


async def _warm(registry: Registry) -> None:
    try:
        await registry.warm()
    except Exception:
        # A broken profile must not keep the panel from opening: a question to it will say what is wrong.
        log.exception("A profile could not be prepared")
