"""Where a run reads its question and puts its answer: chat, profile, spool, feed (``RunHost``)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from ..attachments.pictures import is_picture, names_pictures
from ..chats.chat_service import ChatService
from ..chats.feed import LiveRun
from ..chats.spool import Spool
from ..chats.tree import Turn
from ..protocol import AttachmentPart, ErrorInfo, Notice, PartKind, RunInfo, RunProgressed
from ..providers.adapter import OnProgress
from ..providers.errors.error_facts import error_facts
from ..providers.profiles.profile import Profile
from ..providers.profiles.registry import Registry
from ..providers.provider import Opened
from .continuation import Prompt, continuation
from .deployments import DeploymentMemory, Deployments
from .prompt import has_pictures, prompt_messages, within, without_attachments
from .sent_prompts import SentPrompts

_REFUSALS: Final = frozenset({400, 404, 415, 422, 501})
"""Statuses by which providers refuse a request that they do not understand."""
_MAY_BE_PICTURES: Final = frozenset({"provider_error", "parameter_refused", "unknown_model"})


class ChatRunHost(DeploymentMemory):
    """One run's place in its chat."""

    def __init__(
        self,
        chat_service: ChatService,
        registry: Registry,
        deployments: Deployments,
        profile: Profile,
        spool: Spool,
        run: RunInfo,
        leaf_id: str,
        owner: str,
        sent: SentPrompts,
        *,
        may_attach: bool = True,
    ) -> None:
        """``leaf_id`` is the message that the run answers, or the answer that it goes on with.

        ``profile`` has its key; the spool is ours; ``owner`` is the chat's. ``sent`` remembers what the model
        is sent. ``may_attach``: the profile may be sent attachments.
        """
        super().__init__(deployments, profile, owner)
        self._chat_service = chat_service
        self._registry = registry
        self._spool = spool
        self._chat_id = run.chat_id
        self._leaf_id = leaf_id
        self._run_id = run.run_id
        self._sent = sent
        self._may_attach = may_attach
        self._has_pictures = False
        self._refused_pictures = False
        self._goes_on = leaf_id == run.message_id
        self._opened: Opened | None = None
        self._has_model = False
        self._feed = chat_service.feed(run.chat_id)

    async def open_model(self, on_progress: OnProgress) -> BaseChatModel:
        """Return the profile's model."""
        llm = await self._registry.open(self._profile, on_progress)
        self._has_model = True
        continuation = self._profile.served_by.continuation
        if self._goes_on and continuation is not None:
            self._opened = await continuation(self._profile, llm)
        return self._opened.llm if self._opened else llm

    async def prompt(self) -> Prompt:
        """Return the conversation up to the question, or the answer that is gone on with."""
        turns = await self._chat_service.context(self._chat_id, self._leaf_id)
        if not self._may_attach:
            turns = without_attachments(turns)
        attached = await self._chat_service.attached_texts(self._chat_id, (turn.parts for turn in turns))
        # Asked only where it matters: the first token does not wait for the store.
        takes_pictures = _have_pictures(turns) and await self.take_pictures()
        # Off the loop: ten thousand messages take a second.
        messages, notice = await asyncio.to_thread(self._messages, turns, attached, takes_pictures)
        prompt = Prompt(messages, notice=notice)
        if self._goes_on:
            prompt = continuation(messages, self._opened.options if self._opened else None)
            prompt = replace(prompt, notice=notice)
        self._sent.add(self._run_id, prompt.messages)
        return prompt

    def _messages(
        self, turns: Sequence[Turn], attached: Mapping[str, str], takes_pictures: bool
    ) -> tuple[Sequence[BaseMessage], Notice | None]:
        """Return what fits the declared context of the model, and a notice where that is not all."""
        system_prompt = self._profile.parameters.system_prompt
        messages = prompt_messages(turns, system_prompt, attached, takes_pictures=takes_pictures)
        self._has_pictures = has_pictures(messages)
        length = self._profile.context_length
        if length is None:
            return messages, None
        fitting, left_out = within(messages, length, self._profile.parameters.max_tokens)
        return fitting, turns_left_out(left_out, length) if left_out else None

    def explain(self, error: BaseException) -> ErrorInfo:
        """Say what an error means; what is not the provider's fault is not called so."""
        if isinstance(error, sqlite3.Error):
            return ErrorInfo(
                code="internal_error",
                message="The chat could not be read.",
                hint="Ask again; if it lasts, see the server's log.",
                detail=repr(error),
            )
        explained = self._registry.explain(error, self._profile)
        if self._has_pictures and explained.code in _MAY_BE_PICTURES:
            facts = error_facts(error)
            if facts.status in _REFUSALS:
                self._refused_pictures = names_pictures(facts.text)
                return pictures_refused(self._profile.model_name, explained.detail)
        return explained

    def keep(self, part: int, kind: PartKind, text: str, on_written: Callable[[], None]) -> bool:
        """Append to the spool, which itself reports a failure."""
        return self._spool.append(part, kind, text, on_written)

    def on_text(self, run: LiveRun) -> None:
        """Tell the chat's readers."""
        self._feed.on_text(run)

    def progressed(self, run: LiveRun) -> None:
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

    async def finished(self, run: LiveRun) -> None:
        """Move the text into the store with the run's end; the spool stays if that is not on disk."""
        saved = False
        if self._refused_pictures:
            await self.remember("refuses_pictures")
        if self._has_model:
            self._registry.release(self._profile)
        try:
            await self._chat_service.end_run(run.info, run.text)
            saved = self._chat_service.not_saved is None
        finally:
            if saved:
                self._spool.remove()
            else:
                self._spool.close()


def _have_pictures(turns: Sequence[Turn]) -> bool:
    parts = (part for turn in turns for part in turn.parts)
    return any(isinstance(part, AttachmentPart) and is_picture(part.media_type) for part in parts)


def turns_left_out(messages: int, context_length: int) -> Notice:
    """Say that a context has no room for the whole conversation."""
    return Notice(
        code="turns_left_out",
        message=f"The model was not sent the first {messages} messages of this conversation: "
        f"its context has room for {context_length} tokens.",
    )


def pictures_refused(model: str, detail: str | None) -> ErrorInfo:
    """Say that a provider refused a question that has pictures."""
    return ErrorInfo(
        code="pictures_refused",
        message=f"{model} refused the question with its pictures.",
        hint="Send it without pictures, or choose a model that takes them.",
        detail=detail,
        values={"model": model},
    )
