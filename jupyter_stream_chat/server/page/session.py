"""One page's connection: commands in, events out.

Owns the order of commands, what the page follows, and how a chat is resumed. Knows neither tornado nor how a
command is carried out (``api.operations``).
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol
from weakref import WeakValueDictionary

from ... import protocol as wire
from ...chats.command_error import CommandError, UnknownChat
from ...chats.text import Cursor
from ..access import Access
from ..api import checks
from ..api.operation import Call, Opening, Operation, Result
from ..api.operations import COMMANDS
from ..api.rest import check_owned
from ..api.workspace import hello, workspace_loaded
from .outbox import WORKSPACE, Outbox
from .parse_command import parse_command

if TYPE_CHECKING:
    from ...chats.feed import ChatFeed, LiveRun
    from ..services import Services
    from .broadcast import Broadcast

log = logging.getLogger(__name__)

CLOSE_READS_NOTHING = 1008
"""WebSocket close code: policy violation."""
CLOSE_SIGNED_OUT = 4401
"""Ours, after HTTP's 401. A page that gets it does not come back."""


class Transport(Protocol):
    """The socket."""

    def send(self, frame: str) -> asyncio.Future[None]:
        """Write a frame; the future is done when it is out, failed when the page is gone."""

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """End the connection."""


class Session:
    """Everything that one connected page is to the server."""

    def __init__(
        self,
        services: Services,
        access: Access,
        transport: Transport,
        broadcast: Broadcast,
        on_close: Callable[[Session], None],
    ) -> None:
        """``broadcast`` is that of the owner's workspace; ``on_close`` is called once."""
        self.services = services
        self.access = access
        self._call = Call(services, access, self)
        self._broadcast = broadcast
        self._on_close = on_close
        self._transport = transport
        loop = asyncio.get_running_loop()
        self.outbox = Outbox(
            transport.send,
            clock=loop.time,
            call_later=loop.call_later,
            refresh=self._refresh,
            give_up=self._give_up,
        )
        self._feeds: dict[str, ChatFeed] = {}
        self._order: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._pending = 0
        self._clock = loop.time
        self._known_at = -math.inf
        """When Jupyter was last asked who this is."""
        self._closed = False

    async def start(self) -> None:
        """Greet the page and send it the chat list and the profiles."""
        self.outbox.reply(hello(self.services, self.access))
        await self._open_workspace()

    def receive(self, frame: str | bytes) -> None:
        """Take one frame. Returns at once; an interrupt has then been done."""
        command = parse_command(frame, self.services.settings.max_frame_bytes)
        if isinstance(command, wire.CommandRejected):
            self.outbox.reply(command)
        elif (operation := COMMANDS[type(command)]).is_immediate:
            self._do_now(operation, command)
        elif self._pending >= self.services.settings.max_pending_commands:
            self._reject(command, too_many_commands(self._pending))
        else:
            self._pending += 1
            self.services.spawn(self._do_in_order(operation, command, self._clock()))

    def close(self) -> None:
        """Release the page. The commands that it has sent are still carried out; its runs continue."""
        if self._closed:
            return
        self._closed = True
        self.outbox.close()
        self._broadcast.leave(self.outbox)
        self._on_close(self)
        for chat_id in list(self._feeds):
            self.close_chat(chat_id)

    # --- commands ---------------------------------------------------------------------------------

    def reply(self, event: wire.Wire) -> None:
        """Send the page an event that no other page gets."""
        self.outbox.reply(event)

    def _do_now(self, operation: Operation, command: wire.Command) -> None:
        allowed = self.access.ask(operation.action)
        if isinstance(allowed, bool):
            self._finish_now(operation, command, allowed)
        else:
            self.services.spawn(self._do_once_allowed(operation, command, allowed))

    async def _do_once_allowed(
        self, operation: Operation, command: wire.Command, asked: Awaitable[bool]
    ) -> None:
        try:
            allowed = await asked
        except Exception as error:  # noqa: BLE001 - error_of logs it; the page is answered in any case
            self._reject(command, error_of(error, command))
        else:
            self._finish_now(operation, command, allowed)

    def _finish_now(self, operation: Operation, command: wire.Command, allowed: bool) -> None:
        try:
            if not allowed:
                raise CommandError(checks.forbidden(operation.action))
            result = operation.run(self._call, command)
        except Exception as error:  # noqa: BLE001 - error_of logs it; the page is answered in any case
            self._reject(command, error_of(error, command))
        else:
            self._accept(command, result)

    async def _do_in_order(self, operation: Operation, command: wire.Command, received: float) -> None:
        chat_id: str = getattr(command, "chat_id")  # noqa: B009 - every queued command has one, its base has not
        try:
            async with self._order_of(chat_id):
                await self._do(operation, command, received)
        finally:
            self._pending -= 1

    async def check_user(self, since: float = math.inf) -> bool:
        """Close the connection of a user who is signed out or may not read any more; False then.

        A check that began after ``since`` (the loop's clock) is not made again.
        """
        if self._known_at > since:
            return True
        began = self._clock()
        if await self.access.is_signed_in() and await self.access.allows("read"):
            self._known_at = began
            return True
        self._transport.close(CLOSE_SIGNED_OUT, "You are signed out.")
        self.close()
        return False

    async def _do(self, operation: Operation, command: wire.Command, received: float) -> None:
        try:
            # Jupyter is asked once for all commands that came together: asking costs more than most of them.
            if not await self.check_user(since=received):
                return
            if not await self.access.allows(operation.action):
                raise CommandError(checks.forbidden(operation.action))
            await self.outbox.wait_until_drained()
            await check_owned(operation, self.services, self.access, vars(command))
            result = await operation.run(self._call, command)
        except Exception as error:  # noqa: BLE001 - error_of logs it; the page is answered in any case
            self._reject(command, error_of(error, command))
        else:
            self._accept(command, result)

    def _order_of(self, chat_id: str) -> asyncio.Lock:
        """Return the chat's lock: asyncio's lock serves in the order of asking."""
        return self._order.setdefault(chat_id, asyncio.Lock())

    def _accept(self, command: wire.Command, result: Result) -> None:
        note = getattr(result, "note", None)
        self.outbox.reply(wire.CommandAccepted(command_id=command.command_id, note=note))
        if isinstance(result, Opening):
            result.send()

    def _reject(self, command: wire.Command, error: wire.ErrorInfo) -> None:
        self.outbox.reply(wire.CommandRejected(command_id=command.command_id, error=error))

    # --- following --------------------------------------------------------------------------------

    async def open_chat(self, command: wire.OpenChat) -> Opening:
        """Prepare to follow a chat: to resume what the page holds, or to send a snapshot.

        The page is answered before either: over a slow link a snapshot takes many seconds.
        """
        chat_id = command.chat_id
        limit = self.services.settings.max_open_chats
        followed = self.outbox.chats
        if chat_id not in followed and len(followed) >= limit:
            raise CommandError(too_many_open_chats(limit))
        self.services.metrics.opened(command.reason)
        return self._resume(command) or await self._snapshot(chat_id)

    def close_chat(self, chat_id: str) -> None:
        """Stop following a chat."""
        self.outbox.unfollow(chat_id)
        if feed := self._feeds.pop(chat_id, None):
            feed.unsubscribe(self.outbox)

    def _resume(self, command: wire.OpenChat) -> Opening | None:
        """Continue what the page holds. None where only a snapshot will do."""
        feed = self.services.chat_service.feed(command.chat_id)
        if command.epoch != self.services.chat_service.epoch or command.after_seq is None:
            return None
        if command.reason in ("gap", "digest_mismatch"):
            return None
        missing = feed.since(command.after_seq)
        # The text of a run that has ended meanwhile is no longer here to be continued.
        if missing is None or any(isinstance(event, wire.RunFinished) for event in missing):
            return None
        known = [(live, command.known_lengths.get(live.run_id, [])) for live in feed.live.values()]
        if any(not _continues(live, lengths) for live, lengths in known):
            return None
        resumed = wire.ChatResumed(chat_id=command.chat_id, seq=feed.seq)
        return Opening(partial(self._follow, feed, resumed, missing, known))

    async def _snapshot(self, chat_id: str) -> Opening:
        opened = await self.services.chat_service.snapshot(chat_id)
        # No await from here: text that comes now must find the page following at these lengths.
        feed = self.services.chat_service.feed(chat_id)
        known = [(live, live.text.lengths) for live in feed.live.values()]
        return Opening(partial(self._follow, feed, opened, [], known))

    def _follow(
        self,
        feed: ChatFeed,
        opening: wire.ChatOpened | wire.ChatResumed,
        missing: Iterable[wire.ChatEvent],
        known: Iterable[tuple[LiveRun, Sequence[int]]],
    ) -> None:
        if self._closed:
            return
        self.outbox.follow(opening.chat_id, opening, missing, known)
        if self._feeds.get(opening.chat_id) is not feed:
            # Those of chats that were deleted meanwhile need not be kept.
            self._feeds = {name: each for name, each in self._feeds.items() if not each.is_ended}
            self._feeds[opening.chat_id] = feed
            feed.subscribe(self.outbox)

    async def _open_workspace(self) -> None:
        loaded = await workspace_loaded(self.services, self.access)
        if self._closed:
            return
        self.outbox.follow_workspace(loaded, self._broadcast)
        self._broadcast.join(self.outbox)

    # --- a page that reads slowly -----------------------------------------------------------------

    def reload_workspace(self) -> None:
        """Send the chat list and the profiles again, whole."""
        self._refresh(WORKSPACE)

    def _refresh(self, stream: str) -> None:
        self.services.spawn(self._refreshed(stream))

    async def _refreshed(self, stream: str) -> None:
        try:
            if stream == WORKSPACE:
                await self._open_workspace()
                return
            async with self._order_of(stream):
                if stream in self._feeds:
                    (await self._snapshot(stream)).send()
        except UnknownChat:
            # Deleted meanwhile: the workspace's events say so.
            self.close_chat(stream)

    def _give_up(self) -> None:
        self._transport.close(CLOSE_READS_NOTHING, "The page sends commands and reads no answers.")


def _continues(live: LiveRun, lengths: Sequence[int]) -> bool:
    """Tell whether a page can have parts of these lengths: one that claims others has another text."""
    claimed = [length for length in lengths if length]
    return [length for length in Cursor(live.text, lengths).lengths if length] == claimed


def error_of(error: Exception, command: wire.Command) -> wire.ErrorInfo:
    """Return what the page is told; an unexpected error is logged with its trace."""
    if isinstance(error, CommandError):
        return error.error
    log.error("Command %s failed", type(command).__name__, exc_info=error)
    return wire.ErrorInfo(
        code="internal_error",
        message="The server could not carry out the command.",
        hint="See the server's log.",
        detail=f"{type(error).__name__}: {error}",
    )


def too_many_commands(pending: int) -> wire.ErrorInfo:
    """Say that the page asks faster than it is answered."""
    return wire.ErrorInfo(
        code="too_many_commands",
        message=f"{pending} commands of this page are still being carried out.",
        hint="Wait for an answer, then try again.",
    )


def too_many_open_chats(limit: int) -> wire.ErrorInfo:
    """Say that the page follows too much."""
    return wire.ErrorInfo(
        code="too_many_open_chats",
        message=f"This page follows {limit} chats already.",
        hint="Close a chat first.",
    )
