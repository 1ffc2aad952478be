"""One REST request, from its path to its answer, by the table of operations. Knows no tornado.

``server.http`` answers requests by it, and so does ``%chat --local`` in its own process.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError, create_model

from ...chats.command_error import CommandError
from ...nonces import run_id_of
from ..access import Access
from ..services import Services
from . import checks
from .explain import explain
from .ids import new_id
from .operation import Answer, Call, File, Operation, RestRequest, Route, Stream, Values
from .operations import find_route
from .request import check_size

_OF_THE_SOCKET = {"type", "command_id"}

Written = File | Stream


async def answer(
    services: Services, access: Access, method: str, path: str, query: Mapping[str, str], body: bytes
) -> tuple[int, Written]:
    """Do what the route says; return the status and what is written. Raises CommandError."""
    operation, route, fields = find_route(method, path)
    if not await access.allows(operation.action):
        raise CommandError(checks.forbidden(operation.action))
    call = Call(services, access, body=body)
    given = _parse(call, operation, route, query)
    await check_owned(operation, services, access, fields)
    result = operation.run(call, await _request(call, operation, route, fields, given))
    if not operation.is_immediate:
        result = await result
    if isinstance(result, Answer):
        result = File("application/json", result.model_dump_json(exclude_none=True).encode())
    return route.status, result


def ends_with_client(method: str, path: str) -> bool:
    """Return whether a request's work is cancelled when its client leaves. Raises CommandError."""
    return find_route(method, path)[0].ends_with_client


async def check_owned(
    operation: Operation, services: Services, access: Access, fields: Mapping[str, Any]
) -> None:
    """Refuse a request that names the chat or run of another user, as one that does not exist.

    Immediate operations cannot wait for the store: they ask ``checks.is_own_run``.
    """
    if operation.owned == "chat":
        chat_id = fields["chat_id"]
        if not (operation.accepts_deleted and services.chat_service.was_deleted(access.owner, chat_id)):
            await checks.check_chat(services, access, chat_id)
    elif operation.owned == "run" and not operation.is_immediate:
        run_id = fields["run_id"] if "run_id" in fields else run_id_of(fields["nonce"])
        await checks.check_run(services, access, run_id)


def _parse(call: Call, operation: Operation, route: Route, query: Mapping[str, str]) -> BaseModel:
    """Return what a request says beside its path. Raises CommandError."""
    model = body_model(operation, route)
    try:
        if has_body(route):
            check_size(route.body_bytes or call.services.settings.max_frame_bytes, call.body)
            return model.model_validate_json(call.body.strip() or b"{}")
        # A query may have more, as Jupyter's own token.
        return model.model_validate({name: query[name] for name in model.model_fields.keys() & query.keys()})
    except ValidationError as error:
        raise CommandError(explain(error, tagged=False)) from None


async def _request(
    call: Call, operation: Operation, route: Route, fields: Mapping[str, str], given: BaseModel
) -> BaseModel:
    """Return the operation's request. Raises CommandError."""
    if route.read is not None:
        return await route.read(call, fields, given)
    made = {name: new_id() for name in _made_ids(operation)}
    values = given.model_dump(exclude_unset=True)
    try:
        return operation.request.model_validate({**made, **values, **fields})
    except ValidationError as error:
        raise CommandError(explain(error, tagged=False)) from None


def has_body(route: Route) -> bool:
    """Return whether requests of a route have a body."""
    return route.method in ("POST", "PUT", "PATCH")


@cache
def body_model(operation: Operation, route: Route) -> type[BaseModel]:
    """Return the model of a route's body or query: the request without what its path names."""
    if route.body is not None:
        return route.body
    base = Values if issubclass(operation.request, Values) else RestRequest
    return create_model(
        f"{operation.request.__name__}Body",
        __base__=base,
        __doc__=operation.request.__doc__,
        **_body_fields(operation, route),
    )


def _body_fields(operation: Operation, route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, declared in operation.request.model_fields.items():
        if name in _OF_THE_SOCKET or f"{{{name}}}" in route.path:
            continue
        field = copy(declared)
        if name in _made_ids(operation):
            field.default_factory = new_id
        found[name] = (field.annotation, field)
    return found


def _made_ids(operation: Operation) -> set[str]:
    """Return the fields of a command that the server fills in where a request leaves them out."""
    if not operation.is_command:
        return set()
    required = {name for name, field in operation.request.model_fields.items() if field.is_required()}
    return required & {"command_id", "chat_id", "message_id", "answer_id", "run_id"}
