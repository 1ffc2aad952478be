"""The operations on local models: what is on the disk and in memory, download, unload, delete.

The models of a machine are everybody's who works on it; profiles that use one are shown to their owner alone.
"""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import StringConstraints

from ... import protocol as wire
from ...chats.command_error import CommandError
from ...engine.fit import Fit, Memory, fit, memory_needed
from ...engine.messages import ModelStatus
from ...providers.local.adapter import local_problem
from ...providers.local.downloads import Download
from ...providers.local.engine_client import absolute_folder
from ...providers.profiles.profile import Profile
from .operation import Answer, Call, Done, Operation, RestRequest, Route

if TYPE_CHECKING:
    from ...engine.disk import DiskModel

_BYTES_OF_A_NUMBER = 2
"""As most models of the hub are stored: for those of which only the size is known."""


class Everything(RestRequest):
    """A request without fields."""


class OfModel(RestRequest):
    """A request that names a model."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]
    """Hub id or folder."""


class LoadedModel(Answer):
    """A model in the engine's memory."""

    device: str
    bytes: int
    """Of its weights."""
    cache_bytes: int
    """Of what its chats take."""
    running: int
    """Answers that it writes now."""


class LocalModel(Answer):
    """A model by hub id or folder."""

    model: str
    is_folder: bool
    is_complete: bool
    """All of it is on this machine."""
    disk_bytes: int
    """What of it is on this machine."""
    download_bytes: int | None = None
    """What is still to be downloaded, where the hub was asked."""
    parameters: int | None = None
    memory_bytes: int | None = None
    """What it takes when it is loaded."""
    fit: Fit | None = None
    """Whether it has room in the memory that is free now."""
    loaded: LoadedModel | None = None
    used_by: list[str]
    """Labels of the profiles that name it."""


class ModelDownload(Answer):
    """A download since the server started. Sizes are in bytes."""

    model: str
    state: Literal["running", "stopped", "failed", "done"]
    received_bytes: int
    total_bytes: int | None = None
    bytes_per_second: float | None = None
    seconds_left: float | None = None
    error: wire.ErrorInfo | None = None


class FreedMemory(Answer):
    """Memory that was given back because another program needed it."""

    what: Literal["caches", "model"]
    model: str
    bytes: int
    at: float
    """Seconds since the epoch."""


class Models(Answer):
    """The local models, what is loaded of them, and the memory that is free for them."""

    models: list[LocalModel]
    downloads: list[ModelDownload]
    freed: list[FreedMemory]
    device: str
    free_bytes: int | None = None
    total_bytes: int | None = None
    is_locked: bool
    """Pages cannot download, load off or delete any."""


async def list_local_models(call: Call, request: Everything) -> Models:
    """List the models on this machine, their sizes and whether they fit, and what is loaded."""
    services = call.services
    memory = await asyncio.to_thread(services.probe_memory)
    on_disk = await asyncio.to_thread(_on_disk, _named_by_profiles(call))
    lines = [_line(call, each, memory) for each in on_disk]
    names = {line.model for line in lines}
    return Models(
        models=lines,
        downloads=[_download(each) for each in services.downloads.all],
        freed=[
            FreedMemory(what=freed.what, model=freed.model, bytes=freed.nbytes, at=at)
            for at, freed in services.engine.freed
            if freed.model in names
        ],
        device=memory.device,
        free_bytes=memory.free,
        total_bytes=memory.total,
        is_locked=services.settings.profiles_locked,
    )


async def inspect_model(call: Call, request: OfModel) -> LocalModel:
    """Say how large a model is and whether it fits, before it is downloaded or loaded."""
    _check_not_locked(call)
    memory = await asyncio.to_thread(call.services.probe_memory)
    disk = _disk()
    found = await asyncio.to_thread(disk.find_on_disk, request.model)
    if found is not None and found.is_complete:
        return _line(call, found, memory)
    if found is not None and found.is_folder:
        raise _refused("unknown_model", f"{request.model} holds no whole model.", "Check the folder.")
    planned = await call.services.downloads.plan(request.model)
    if isinstance(planned, wire.ErrorInfo):
        raise CommandError(planned)
    here = found.nbytes if found else 0
    parameters = planned["weights"] // _BYTES_OF_A_NUMBER
    of_hub = disk.DiskModel(request.model, False, False, here, parameters, planned["weights"])
    return _line(call, of_hub, memory).model_copy(update={"download_bytes": planned["total"]})


async def download_model(call: Call, request: OfModel) -> Done:
    """Begin to download a model of the hub, or go on where an earlier download was."""
    _check_not_locked(call)
    found = await asyncio.to_thread(_disk().find_on_disk, request.model)
    if found is not None and found.is_folder:
        raise _refused("unknown_model", f"{request.model} is a folder of this machine.", "Use it as it is.")
    call.services.downloads.start(request.model)
    return Done()


async def stop_download(call: Call, request: OfModel) -> Done:
    """Stop a download; what was received stays."""
    _check_not_locked(call)
    await call.services.downloads.stop(request.model)
    return Done()


async def unload_model(call: Call, request: OfModel) -> Done:
    """Give the memory of a model back."""
    _check_not_locked(call)
    if any(status.running for status in _loaded(call, request.model)):
        raise _busy(request.model)
    call.services.engine.unload(absolute_folder(request.model))
    return Done()


async def release_memory(call: Call, request: Everything) -> Done:
    """Give back what local models hold and do not use now: a notebook needs the memory."""
    call.services.engine.release_memory()
    return Done()


async def delete_local_model(call: Call, request: OfModel) -> Done:
    """Delete a model of the hub's cache from the disk, and unload it."""
    _check_not_locked(call)
    services = call.services
    if services.downloads.is_running(request.model):
        raise _refused("model_busy", f"{request.model} is being downloaded.", "Stop the download first.")
    await unload_model(call, request)
    try:
        await asyncio.to_thread(_disk().delete_model, request.model)
    except FileNotFoundError:
        hint = "A folder of your own is yours to delete, in a terminal or the file browser."
        raise _refused("unknown_model", f"The cache of the hub has no {request.model}.", hint) from None
    except OSError as error:
        message = f"{request.model} could not be deleted: {error.strerror or error}."
        raise _refused("not_deleted", message, "Check the rights on the folder of the cache.") from None
    services.downloads.forget(request.model)
    return Done()


def _disk() -> ModuleType:
    """Return ``engine.disk``. Raises CommandError where the packages for local models are missing."""
    if (problem := local_problem()) is not None:
        raise CommandError(problem)
    from ...engine import disk

    return disk


def _on_disk(named: set[str]) -> list[DiskModel]:
    if local_problem() is not None:
        return []
    disk = _disk()
    found: dict[str, DiskModel] = {each.model: each for each in disk.cached_models()}
    for model in sorted(named - found.keys()):
        if (folder := disk.find_on_disk(model)) is not None:
            found[folder.model] = folder
    return list(found.values())


def _local_profiles(call: Call) -> list[Profile]:
    owner, registry = call.access.owner, call.services.registry
    profiles = [registry.written(info.profile_id, owner) for info in registry.infos(owner)]
    return [each for each in profiles if isinstance(each, Profile) and each.provider == "huggingface"]


def _models_of(profile: Profile) -> set[str]:
    return {each for each in (profile.model, profile.value("draft_model")) if each}


def _named_by_profiles(call: Call) -> set[str]:
    return {model for profile in _local_profiles(call) for model in _models_of(profile)}


def _loaded(call: Call, model: str) -> list[ModelStatus]:
    status = call.services.engine.status
    name = absolute_folder(model)
    return [each for each in (status.models if status else ()) if name in (each.model, each.draft_model)]


def _line(call: Call, found: DiskModel, memory: Memory) -> LocalModel:
    weights = found.weights_nbytes
    loaded = [each for each in _loaded(call, found.model) if each.model == absolute_folder(found.model)]
    return LocalModel(
        model=found.model,
        is_folder=found.is_folder,
        is_complete=found.is_complete,
        disk_bytes=found.nbytes,
        parameters=found.parameters,
        memory_bytes=memory_needed(weights) if weights else None,
        fit=fit(weights, found.parameters, memory) if weights and not loaded else None,
        loaded=_loaded_line(loaded) if loaded else None,
        used_by=[each.label for each in _local_profiles(call) if found.model in _models_of(each)],
    )


def _loaded_line(loaded: list[ModelStatus]) -> LoadedModel:
    return LoadedModel(
        device=loaded[0].device,
        bytes=sum(each.nbytes for each in loaded),
        cache_bytes=sum(each.cache_nbytes for each in loaded),
        running=sum(each.running for each in loaded),
    )


def _download(download: Download) -> ModelDownload:
    return ModelDownload(
        model=download.model,
        state=download.state,
        received_bytes=download.received,
        total_bytes=download.total or None,
        bytes_per_second=download.bytes_per_second,
        seconds_left=download.seconds_left,
        error=download.error,
    )


def _check_not_locked(call: Call) -> None:
    if call.services.settings.profiles_locked:
        message = "The administrator of this server chooses the profiles."
        raise _refused("profiles_locked", message, "Ask the administrator for the model that you need.")


def _busy(model: str) -> CommandError:
    return _refused("model_busy", f"{model} is writing an answer.", "Wait for its end, or stop it.")


def _refused(code: str, message: str, hint: str) -> CommandError:
    return CommandError(wire.ErrorInfo(code=code, message=message, hint=hint))


_MODELS = "models"

OPERATIONS = (
    Operation(Everything, "read", "nothing", list_local_models, Route("GET", _MODELS)),
    Operation(
        OfModel,
        "execute",
        "nothing",
        inspect_model,
        Route("POST", f"{_MODELS}/inspect"),
        ends_with_client=True,
    ),
    Operation(OfModel, "execute", "nothing", download_model, Route("POST", f"{_MODELS}/download")),
    Operation(OfModel, "execute", "nothing", stop_download, Route("POST", f"{_MODELS}/stop")),
    Operation(OfModel, "execute", "nothing", unload_model, Route("POST", f"{_MODELS}/unload")),
    Operation(Everything, "execute", "nothing", release_memory, Route("POST", f"{_MODELS}/release")),
    Operation(OfModel, "write", "nothing", delete_local_model, Route("POST", f"{_MODELS}/delete")),
)
