"""Errors as OpenAI's clients know them: an HTTP status and ``{"error": {message, type, param, code}}``."""

from __future__ import annotations

from typing import Any, Final

from ...protocol import ErrorInfo

_STATUS: Final = {
    "attachments_off": 403,
    "content_filter": 400,
    "context_too_long": 400,
    "forbidden": 403,
    "frame_too_large": 413,
    "internal_error": 500,
    "message_too_long": 413,
    "method_not_allowed": 405,
    "model_refused": 400,
    "not_found": 404,
    "out_of_memory": 503,
    "parameter_refused": 400,
    "invalid_parameter": 400,
    "invalid_request": 400,
    "profile_unusable": 400,
    "rate_limited": 429,
    "server_restarted": 503,
    "signed_out": 401,
    "too_many_queued_runs": 429,
    "too_many_runs": 429,
    "answer_too_slow": 504,
    "answer_stalled": 504,
    "no_first_token": 504,
    "timeout": 504,
    "unknown_profile": 404,
    "unsupported_parameter": 400,
}
"""HTTP status by the code of an error. Any other is the provider's fault: 502, never 401 or 403, which would
tell the client that its own token is wrong."""

_BAD_GATEWAY: Final = 502
_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    405: "invalid_request_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
}
_CODES: Final = {
    "context_too_long": "context_length_exceeded",
    "rate_limited": "rate_limit_exceeded",
    "signed_out": "invalid_api_key",
    "unknown_profile": "model_not_found",
}
"""Codes that clients know by another name."""


class Refusal(Exception):
    """A request that gets an error for its answer."""

    def __init__(self, error: ErrorInfo) -> None:
        """``error.field`` is the request's field."""
        super().__init__(error.message)
        self.error = error
        self.status = _STATUS.get(error.code, _BAD_GATEWAY)

    @property
    def body(self) -> dict[str, Any]:
        """What is written."""
        return {"error": shaped(self.error)}


def refused(code: str, message: str, param: str | None = None, hint: str | None = None) -> Refusal:
    """Return an error of the request itself."""
    return Refusal(ErrorInfo(code=code, message=message, field=param, hint=hint))


def shaped(error: ErrorInfo) -> dict[str, Any]:
    """Return an error as it stands in an answer, or in the middle of a stream."""
    status = _STATUS.get(error.code, _BAD_GATEWAY)
    param = "model" if error.code == "unknown_profile" else error.field
    return {
        "message": f"{error.message} {error.hint}" if error.hint else error.message,
        "type": _TYPES.get(status, "server_error"),
        "param": param,
        "code": _CODES.get(error.code, error.code),
    }
