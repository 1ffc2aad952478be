"""One REST request: its body read and checked, its answer written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError
from pydantic_core import to_json

from ... import protocol as wire
from ...chats.command_error import CommandError
from ..access import Access
from .explain import explain

if TYPE_CHECKING:
    from ..services import Services

B = TypeVar("B", bound=BaseModel)

_OBJECT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


class Request:
    """Base of what the routes answer."""

    def __init__(self, services: Services, access: Access, body: bytes) -> None:
        self._services = services
        self._access = access
        self._raw = body

    def _body(self, model: type[B]) -> B:
        """Return the body as a model. Raises Refused."""
        check_size(self._services.settings.max_frame_bytes, self._raw)
        try:
            return model.model_validate_json(self._raw or b"{}")
        except ValidationError as error:
            raise CommandError(explain(error, tagged=False)) from None

    def _object(self) -> dict[str, JsonValue]:
        """Return the body as an object. Raises Refused."""
        check_size(self._services.settings.max_frame_bytes, self._raw)
        try:
            return _OBJECT.validate_json(self._raw or b"{}")
        except ValidationError as error:
            raise CommandError(explain(error, tagged=False)) from None


def check_size(limit: int, body: bytes) -> None:
    """Refuse a body beyond the limit, in bytes. Raises CommandError."""
    if len(body) > limit:
        raise CommandError(
            wire.ErrorInfo(
                code="frame_too_large",
                message=f"The request is larger than {limit} bytes.",
                hint="Send a shorter message.",
            )
        )


def json_response(**values: Any) -> bytes:
    """Write a JSON object; fields that are null are left out, as on the socket."""
    return to_json({name: value for name, value in values.items() if value is not None}, exclude_none=True)
