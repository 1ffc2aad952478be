"""The operations on contents of attachments: uploaded once by their hash, read by whoever uploaded them.

Owns the checks of hash and size. Which message uses a content, the command that sends the message says.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

from pydantic import StringConstraints

from ... import protocol as wire
from ...attachments.pictures import is_picture, problem_of
from ...chats.attachments import StoredAttachment
from ...chats.command_error import CommandError
from .operation import Answer, Call, File, Operation, RestRequest, Route

TEXT = "text/plain; charset=utf-8"
"""Of every content that is read: a browser that shows one must not run it."""


class PutAttachment(RestRequest):
    """Upload the content of an attachment; the same one again changes nothing."""

    sha256: wire.Sha256
    """Of the text's UTF-8 bytes."""
    text: str
    """Of a picture: its bytes in base64."""
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}$")] = (
        "text/plain"
    )


class GetAttachment(RestRequest):
    """Return the content of an attachment, exactly as a model is sent it."""

    sha256: wire.Sha256


class AttachmentStored(Answer):
    """The content is on the server."""

    sha256: str
    characters: int
    """Code points."""


async def put_attachment(call: Call, request: PutAttachment) -> AttachmentStored:
    """Store a content for the user."""
    if call.services.settings.attachments == "off":
        raise _refused("attachments_off", "This server takes no attachments.", "Remove the attachments.")
    try:
        content = request.text.encode()
    except UnicodeEncodeError:
        raise _refused("attachment_damaged", "The text of the attachment is not valid Unicode.") from None
    limit = call.services.settings.max_attachment_bytes
    if len(content) > limit:
        message = f"The attachment has {len(content)} bytes; {limit} are allowed."
        raise _refused("attachment_too_large", message, "Attach less: selected lines, or a single cell.")
    if hashlib.sha256(content).hexdigest() != request.sha256:
        raise _refused("attachment_damaged", "The content of the attachment is not what its hash says.")
    if is_picture(request.media_type) and (problem := problem_of(request.media_type, request.text)):
        raise _refused("attachment_damaged", problem)
    stored = StoredAttachment(request.media_type, request.text)
    await call.services.chat_service.put_attachment(call.access.owner, request.sha256, stored)
    return AttachmentStored(sha256=request.sha256, characters=len(request.text))


async def get_attachment(call: Call, request: GetAttachment) -> File:
    """Return a content of the user's. Raises UnknownAttachment."""
    stored = await call.services.chat_service.attachment(call.access.owner, request.sha256)
    return File(TEXT, stored.text.encode())


def _refused(code: str, message: str, hint: str = "Attach it again.") -> CommandError:
    return CommandError(wire.ErrorInfo(code=code, message=message, hint=hint, field="text"))


_ATTACHMENT = "attachments/{sha256}"
OPERATIONS = (
    Operation(PutAttachment, "write", "nothing", put_attachment, Route("PUT", _ATTACHMENT)),
    Operation(GetAttachment, "read", "nothing", get_attachment, Route("GET", _ATTACHMENT)),
)
