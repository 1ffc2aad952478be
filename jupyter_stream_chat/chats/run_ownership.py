"""Which server owns a run: this one, another one on the same store, or none any more.

Owns the pairing of a run's row in the store with its locked spool. The store's thread calls all of it but
``problem``, ``is_ours``, ``release``, ``spool_failed`` and ``spool_again``, which the event loop calls: what
both use is in ``_OurRuns``, behind a lock.
"""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..protocol import ErrorInfo, Message, Part, RunInfo
from .chat_store import ChatStore, StoredChat
from .command_error import UnknownChat
from .spool import Spool, SpoolText, read_spool, spool_file, spooled_runs
from .text import RunText
from .tree import digests_of, parts_of

log = logging.getLogger(__name__)

_TEMPORARY = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.ETIMEDOUT})
"""Why a file cannot be read that can be read later: it is not damaged."""

SERVER_RESTARTED = ErrorInfo(
    code="server_restarted",
    message="The server ended while this answer was being written.",
    hint="What had arrived is kept. Ask again for the rest.",
)


@dataclass(frozen=True)
class Started:
    """A run that was written to the store."""

    spool: Spool
    added: list[Message]
    chat: StoredChat


@dataclass(frozen=True)
class RemoteRun:
    """A run that another server is writing, and its text so far."""

    run: RunInfo
    spooled: SpoolText


@dataclass(frozen=True)
class Reconciled:
    """What a look at a chat's runs found."""

    ended: list[RunInfo]
    """Ended since the last look, other than by us."""
    foreign: list[RemoteRun]
    chat: StoredChat | None
    """As it is now; None when it was deleted."""


class _OurRuns:
    """The spools of this server's runs, and why some are not written. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spools: dict[str, Spool] = {}
        self._failed: dict[str, OSError] = {}

    def add(self, spool: Spool) -> None:
        with self._lock:
            self._spools[spool.run_id] = spool

    def discard(self, run_id: str) -> None:
        with self._lock:
            self._spools.pop(run_id, None)
            self._failed.pop(run_id, None)

    def failed(self, run_id: str, error: OSError) -> None:
        with self._lock:
            self._failed[run_id] = error

    def mended(self, run_id: str) -> None:
        with self._lock:
            self._failed.pop(run_id, None)

    @property
    def failure(self) -> OSError | None:
        """Why the text of some run is not written."""
        with self._lock:
            return next(iter(self._failed.values()), None)

    def spools(self) -> list[Spool]:
        """Return the spools as of now."""
        with self._lock:
            return list(self._spools.values())

    def __contains__(self, run_id: object) -> bool:
        with self._lock:
            return run_id in self._spools


class RunOwnership:
    """The unfinished runs of a store, told apart by who holds their spools."""

    def __init__(self, store: ChatStore, folder: Path) -> None:
        """``folder`` is where the spools are, of all servers on this store."""
        self._store = store
        self._folder = folder
        self._ours = _OurRuns()
        self._foreign: dict[str, str] = {}

    @property
    def problem(self) -> ErrorInfo | None:
        """Why the text of a live run would not survive this server; None while it would."""
        error = self._ours.failure
        if error is None:
            return None
        return ErrorInfo(
            code="not_saved",
            message="An answer that is being written is not being saved: the disk cannot be written.",
            hint="Make room or correct the permissions of c.StreamChat.data_dir.",
            detail=f"{type(error).__name__}: {error}",
        )

    def is_ours(self, run_id: str) -> bool:
        """Tell whether this server writes the run."""
        return run_id in self._ours

    def spool_failed(self, run_id: str, error: OSError) -> None:
        """Take note that a run of ours is not spooled."""
        self._ours.failed(run_id, error)

    def release(self, run_id: str) -> None:
        """A run of ours has ended, in the store."""
        self._ours.discard(run_id)

    def begin(
        self,
        question: Message | None,
        answer: Message,
        run: RunInfo,
        on_failure: Callable[[str, OSError], None],
    ) -> Started | None:
        """Lock the run, then write it: in this order, or another server would take it for lost.

        None when it is in the store already. Raises as ``ChatStore.start_run``.
        """
        if self._store.has_run(run):
            return None
        spool = self._spool(run.run_id, on_failure)
        try:
            added = self._store.start_run(question, answer, run)
        except BaseException:
            spool.remove()
            self._ours.mended(run.run_id)
            raise
        self._ours.add(spool)
        return Started(spool, added or [], self._store.chat(run.chat_id))

    def _spool(self, run_id: str, on_failure: Callable[[str, OSError], None]) -> Spool:
        if self._store.not_saved:
            return Spool(run_id, on_failure=on_failure)
        try:
            return Spool.create(self._folder, run_id, on_failure)
        except OSError as error:
            self.spool_failed(run_id, error)
            return Spool(run_id, on_failure=on_failure)

    def spool_again(self, texts: Mapping[str, RunText]) -> None:
        """Spool the runs of ours that are not, with all their text so far, if the disk lets us now.

        ``texts``: of each live run. Call it where text is appended, lest some come in between.
        """
        for spool in self._ours.spools():
            if spool.is_kept or spool.is_behind or spool.run_id not in texts:
                continue
            try:
                spool.renew(self._folder, texts[spool.run_id])
            except OSError as error:
                log.debug("Run %s: still not spooled: %s", spool.run_id, error)
                return
            self._ours.mended(spool.run_id)

    def lost_spools(self) -> list[Spool]:
        """Return the spools of ours whose files were deleted. The event loop calls ``Spool.lose`` of each."""
        return [spool for spool in self._ours.spools() if not spool.is_in_place()]

    def return_to_disk(self) -> bool:
        """Save what is in memory only; False while the disk refuses, or a run of ours has no spool.

        On the disk, a run without one would be taken for lost.
        """
        if not all(spool.is_kept for spool in self._ours.spools()) or not self._store.return_to_disk():
            return False
        self.clean_up()
        return True

    def unsettled_chats(self) -> list[str]:
        """Return the chats with runs that are not ours, or were not when last looked at."""
        unfinished = {run.chat_id for run in self._store.unfinished_runs() if run.run_id not in self._ours}
        return sorted(unfinished | set(self._foreign.values()))

    def end(self, run: RunInfo, parts: Sequence[Part]) -> StoredChat | None:
        """Write a run's end and its text; return its chat, unless it was deleted."""
        self._store.finish_run(run, parts)
        return self._chat(run.chat_id)

    def settle(self, chat_id: str) -> Reconciled:
        """Find out whose a chat's unfinished runs are; end those whose lock can be taken: they are lost."""
        ended: list[RunInfo] = []
        foreign: list[RemoteRun] = []
        watched = {run_id for run_id, watched_chat in self._foreign.items() if watched_chat == chat_id}
        for run in self._store.unfinished_runs(chat_id):
            if run.run_id in self._ours:
                continue
            watched.discard(run.run_id)
            if lost := self._end_lost(run):
                ended.append(lost)
                self._foreign.pop(run.run_id, None)
            else:
                self._foreign[run.run_id] = chat_id
                foreign.append(self._look_at(run))
        for run_id in watched:  # ended by the server that wrote them, or deleted with their chat
            del self._foreign[run_id]
            if run_of_other := self._store.run(run_id):
                ended.append(run_of_other)
        return Reconciled(ended, foreign, self._chat(chat_id))

    def _chat(self, chat_id: str) -> StoredChat | None:
        try:
            return self._store.chat(chat_id)
        except UnknownChat:
            return None

    def _end_lost(self, run: RunInfo) -> RunInfo | None:
        """End a run whose owner is gone; None when the owner lives, or its text cannot be read now."""
        spool = Spool.recover(self._folder, run.run_id)
        if spool is None:
            return None
        try:
            spooled = read_spool(self._folder, run.run_id)
        except OSError as error:
            if error.errno in _TEMPORARY:
                log.warning("Run %s: its spool cannot be read now: %s", run.run_id, error)
                spool.close()
                return None
            spooled = SpoolText(damage=f"it cannot be read: {error}")
        text = spooled.text
        lost = run.model_copy(
            update={
                "status": "finished",
                "progress": None,
                "finish_reason": "lost",
                "kept": text.lengths,
                "digest": digests_of(text),
                "error": SERVER_RESTARTED,
            }
        )
        if self._store.finish_run(lost, parts_of(run.run_id, text)):
            log.info("Run %s was lost; %d characters recovered", run.run_id, sum(text.lengths))
        else:  # between our look and our lock its owner has ended it
            lost = self._store.run(run.run_id) or lost
        if self._store.not_saved:  # the end is in memory only: the next server needs the spool
            spool.close()
        else:
            self._remove(spool, spooled)
        return lost

    def _remove(self, spool: Spool, spooled: SpoolText) -> None:
        """Delete a spool; one that could not be read whole is put aside, or else left where it is."""
        file = spool_file(self._folder, spool.run_id)
        if not spooled.damage or self._store.quarantine.move(file, spooled.damage):
            spool.remove()
        else:
            spool.close()

    def _look_at(self, run: RunInfo) -> RemoteRun:
        try:
            spooled = read_spool(self._folder, run.run_id)
        except OSError:
            spooled = SpoolText()
        # The store has a run's status from its beginning; the text says that it has come further.
        status = "streaming" if spooled.text else run.status
        return RemoteRun(run.model_copy(update={"status": status}), spooled)

    def clean_up(self) -> None:
        """Delete spools that nobody needs: their server ended just before the run's row, or after its end."""
        if self._store.not_saved:
            return
        for run_id in spooled_runs(self._folder):
            if (spooled := self._unneeded(run_id)) and (spool := Spool.recover(self._folder, run_id)):
                self._remove(spool, spooled)

    def _unneeded(self, run_id: str) -> SpoolText | None:
        """Return what a spool holds that nobody needs; None where it is needed."""
        run = self._store.run(run_id)
        if run is not None and run.status != "finished":
            return None
        try:
            spooled = read_spool(self._folder, run_id)
        except OSError as error:
            return None if error.errno in _TEMPORARY else SpoolText(damage=f"it cannot be read: {error}")
        return None if run is None and spooled.text else spooled
