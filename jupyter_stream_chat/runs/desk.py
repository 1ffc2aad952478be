"""Where a run reads its question and puts its answer: chat, profile, spool, feed (``Surroundings``)."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from langchain_core.language_models import BaseChatModel

from ..chats.library import Library
from ..chats.spool import Spool
from ..protocol import Channel, ErrorInfo, Limitation, RunInfo, RunProgressed
from ..providers.adapter import OnProgress
from ..providers.errors import classify
from ..providers.prefix import Opened, opened_for
from ..providers.profiles import Profile
from ..providers.registry import Registry
from .continuation import Prompt, going_on
from .deployments import Deployments
from .prompt import prompt_messages
from .run import Run


class Desk:
    """One run's place in its chat."""

    def __init__(
        self,
        library: Library,
        registry: Registry,
        deployments: Deployments,
        profile: Profile,
        spool: Spool,
        run: RunInfo,
        leaf_id: str,
    ) -> None:
        """``leaf_id`` is the message that the run answers, or the answer that it goes on with.

        ``profile`` has its key; the spool is ours.
        """
        self._library = library
        self._registry = registry
        self._deployments = deployments
        self._profile = profile
        self._spool = spool
        self._chat_id = run.chat_id
        self._leaf_id = leaf_id
        self._goes_on = leaf_id == run.message_id
        self._opened: Opened | None = None
        self._feed = library.feed(run.chat_id)

    async def open_model(self, on_progress: OnProgress) -> BaseChatModel:
        """Return the profile's model."""
        llm = await self._registry.open(self._profile, on_progress)
        if self._goes_on:
            self._opened = await opened_for(self._profile, llm)
        return self._opened.llm if self._opened else llm

    async def prompt(self) -> Prompt:
        """Return the conversation up to the question, or the answer that is gone on with."""
        turns = await self._library.context(self._chat_id, self._leaf_id)
        messages = prompt_messages(turns, self._profile.parameters.system_prompt)
        if self._goes_on:
            return going_on(messages, self._opened.options if self._opened else None)
        return Prompt(messages)

    async def limitations(self) -> Collection[Limitation]:
        """Return what the profile's deployment was found not to do."""
        return await self._deployments.limitations(self._profile.deployment)

    async def remember(self, limitation: Limitation) -> None:
        """Remember it of the profile's deployment."""
        await self._deployments.remember(self._profile.deployment, limitation)

    def explain(self, error: BaseException) -> ErrorInfo:
        """Say what an error means; what is not the provider's fault is not called so."""
        if isinstance(error, sqlite3.Error):
            return ErrorInfo(
                code="internal_error",
                message="The chat could not be read.",
                cure="Ask again; if it lasts, see the server's log.",
                detail=repr(error),
            )
        return classify(error, self._profile)

    def keep(self, channel: Channel, text: str) -> None:
        """Append to the spool, which reports it itself when it cannot."""
        self._spool.append(channel, text)

    def grew(self, run: Run, channel: Channel) -> None:
        """Tell the chat's readers."""
        self._feed.grew(run, channel)

    def progressed(self, run: Run) -> None:
        """Tell the chat's readers."""
        info = run.info
        self._feed.progressed(
            RunProgressed(
                chat_id=info.chat_id,
                run_id=info.run_id,
                status=info.status,
                progress=info.progress,
                pause=info.pause,
            )
        )

    async def finished(self, run: Run) -> None:
        """Move the text into the store with the run's end; the spool stays if that is not on disk."""
        saved = False
        try:
            await self._library.end_run(run.info, run.texts)
            saved = self._library.not_saved is None
        finally:
            if saved:
                self._spool.remove()
            else:
                self._spool.close()
