"""A model's name becomes a folder: one on this machine, or a snapshot from the Hugging Face hub.

What is already here is never asked for again, so a downloaded model works without a network.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from huggingface_hub import DryRunFileInfo, constants, get_token, snapshot_download
from huggingface_hub.errors import (
    DryRunError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from tqdm.std import tqdm

from .errors import EngineFailure, Interrupted
from .folder import model_folder
from .interruptible import interruptible
from .weights import has_weights, unreadable

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_PATTERNS: dict[str, Any] = {
    "allow_patterns": ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"],
    "ignore_patterns": ["*/*", "consolidated*"],  # other formats, second copies of the weights
}

SILENCE_SECONDS = 15.0
"""After so long without a byte of the hub's, the reader is told."""
GIVE_UP_SECONDS = 120.0
"""After so long without a byte the hub counts as unreachable."""

Report = Callable[[float | None], None]
"""Told the part done, 0..1; may raise to stop."""
ReportBytes = Callable[[int, int], None]
"""Told the bytes received and to receive in all (0: not known yet); may raise to stop."""


def find_model(
    name: str, revision: str | None, report: Report, on_silence: Callable[[], None] = lambda: None
) -> Path:
    """Return the folder of a model, downloading it where needed. Raises EngineFailure.

    ``on_silence`` is called while the hub has said nothing for so long that a reader would wonder.
    """
    try:
        if (folder := model_folder(name)) is not None:
            return folder
    except OSError as error:
        raise unreadable(name, error) from error
    if not _HUB_ID.fullmatch(name):
        raise EngineFailure(
            "unknown_model", f"There is no folder {name}.", "Check the path, or name a model of the hub."
        )
    return _cached(name, revision) or _download(name, revision, report, on_silence)


def _cached(name: str, revision: str | None) -> Path | None:
    try:
        folder = Path(snapshot_download(name, revision=revision, local_files_only=True, **_PATTERNS))
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    return folder if (folder / "config.json").is_file() and has_weights(folder) else None


def _download(name: str, revision: str | None, report: Report, on_silence: Callable[[], None]) -> Path:
    def report_part(received: int, total: int) -> None:
        report(min(1.0, received / total) if total else None)

    return download(name, revision, report_part, on_silence)


def download(
    name: str,
    revision: str | None,
    report: ReportBytes,
    on_silence: Callable[[], None] = lambda: None,
) -> Path:
    """Download what is missing of a model, and return its folder. Raises EngineFailure.

    What an earlier download has left is used; it goes on in the middle of a file.
    """
    check_token()

    def fetch(report: ReportBytes) -> Path:
        report(0, 0)
        bar = _bar(report, _sum(_plan(name, revision)))
        return Path(snapshot_download(name, revision=revision, tqdm_class=bar, **_PATTERNS))

    found: Path = _ask_hub(name, lambda: interruptible(fetch, report, _silence(name, on_silence)))
    return found


def plan_download(name: str) -> tuple[int, int]:
    """Return the bytes that are still to be downloaded, and those of the weights. Raises EngineFailure."""
    check_token()

    def ask(report: Callable[[], None]) -> tuple[int, int]:
        report()
        plan = _plan(name, None)
        weights = sum(file.file_size or 0 for file in plan if file.filename.endswith(".safetensors"))
        return _sum(plan), weights

    found: tuple[int, int] = _ask_hub(name, lambda: interruptible(ask, lambda: None, _silence(name)))
    return found


def _silence(name: str, on_silence: Callable[[], None] = lambda: None) -> Callable[[float], None]:

    def silence(seconds: float) -> None:
        if seconds > GIVE_UP_SECONDS:
            raise _unreachable(name, f"The Hugging Face hub has sent nothing for {seconds:.0f} s.")
        if seconds > SILENCE_SECONDS:
            on_silence()

    return silence


def _ask_hub(name: str, ask: Callable[[], Any]) -> Any:
    """Return what the hub says. Raises EngineFailure with a sentence for every usual fault."""
    try:
        return ask()
    except GatedRepoError as error:
        raise EngineFailure(
            "unknown_model",
            f"The hub gives {name} only to those who accepted its licence.",
            "Accept it on the model's page, then set HF_TOKEN where the server starts.",
        ) from error
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        if _is_refused_token(error):
            raise _token_failure("is not accepted by the hub") from error
        raise EngineFailure(
            "unknown_model",
            f"The hub knows no model {name}, or shows it to its owner only.",
            "Check the name; for a private model set HF_TOKEN where the server starts.",
        ) from error
    except (OfflineModeIsEnabled, LocalEntryNotFoundError, HfHubHTTPError, ConnectionError) as error:
        if _is_refused_token(error):
            raise _token_failure("is not accepted by the hub") from error
        raise _unreachable(name) from error
    except (Interrupted, EngineFailure):
        raise
    except Exception as error:
        if _is_network_error(error) or "proxy" in str(error).lower():
            raise _unreachable(name, proxy_fault=_proxy_fault(error)) from error
        raise


def _plan(name: str, revision: str | None) -> list[DryRunFileInfo]:
    """Return the files of a model, and which of them are not here."""
    try:
        plan: list[DryRunFileInfo] = snapshot_download(name, revision=revision, dry_run=True, **_PATTERNS)
    except DryRunError as error:
        raise error.__cause__ or error from None  # why, which this error only wraps
    return plan


def _sum(plan: Iterable[DryRunFileInfo]) -> int:
    return sum(file.file_size or 0 for file in plan if file.will_download)


def check_token() -> None:
    """Raise EngineFailure for a token of the hub that no request can carry. It is named and never shown."""
    token = get_token()
    if token is not None and re.fullmatch(r"[!-~]+", token) is None:
        raise _token_failure(
            "has a character that no token can have (a space, a quotation mark, a letter with an accent)"
        )


def _is_refused_token(error: BaseException) -> bool:
    """Tell whether the hub refused the token: without one it answers alike for models that it hides."""
    response = getattr(error, "response", None)
    return getattr(response, "status_code", None) == 401 and get_token() is not None


def _token_failure(fault: str) -> EngineFailure:
    variables = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
    source = next((f"in {each}" for each in variables if os.environ.get(each)), "saved by `hf auth login`")
    return EngineFailure(
        "hub_token",
        f"The Hugging Face token {source} {fault}.",
        "Correct it where the Jupyter server starts, or remove it: public models need none.",
    )


def _unreachable(name: str, why: str = "", proxy_fault: str = "") -> EngineFailure:
    hint = "Check the network (and HF_HUB_OFFLINE), or give the folder of a model that is here."
    return EngineFailure(
        "no_network",
        f"{name} is not on this machine, and the Hugging Face hub cannot be reached."
        + (f" {why}" if why else ""),
        " ".join(filter(None, (hint, _by_proxy(), proxy_fault))),
    )


def _by_proxy() -> str:
    """Return what to add where a proxy of the environment may be what fails."""
    hub = urlsplit(constants.ENDPOINT)
    proxies = getproxies()
    proxy = proxies.get(hub.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(hub.netloc):
        return ""
    variable = f"{hub.scheme.upper()}_PROXY" if hub.scheme in proxies else "ALL_PROXY"
    address = urlsplit(proxy)
    shown = address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()
    return (
        f"Requests go through the proxy {shown}, which {variable} names: check it, or list {hub.hostname} in "
        "NO_PROXY to go without it."
    )


def _proxy_fault(error: BaseException) -> str:
    """Return what to do about a proxy that the HTTP client cannot use."""
    if isinstance(error, ImportError):
        return "A SOCKS proxy needs a package: run pip install socksio."
    if isinstance(error, ValueError):
        return "Its address has to begin with http://, https:// or socks5://."
    return ""


def _is_network_error(error: BaseException) -> bool:
    """Know the errors of whichever HTTP client the hub's library uses by their classes' names."""
    names = {cls.__name__ for cls in type(error).__mro__}
    return not names.isdisjoint({"TransportError", "RequestException", "TimeoutException"})


def _bar(report: ReportBytes, total: int) -> type[Any]:
    """Return a progress bar that draws nothing and reports bytes of ``total`` instead."""
    base: Any = tqdm

    class Bar(base):  # type: ignore[misc]
        monitor_interval: ClassVar[float] = 0  # no thread of tqdm's own

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "file": io.StringIO(), "disable": False})

        def update(self, n: float | None = 1) -> bool | None:
            moved: bool | None = super().update(n)
            if self.unit == "B" and total:
                report(int(self.n), total)
            return moved

    return Bar
