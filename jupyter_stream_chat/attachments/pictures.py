"""Pictures among attachments: the kinds that providers take, and how a model is given one. Pure.

The content of a picture is its bytes in base64, so it is stored, hashed and bounded as texts are.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

ESTIMATED_TOKENS: Final = 1000
"""Of a picture of usual size; providers count differently."""

_BEGINNINGS: Final[Mapping[str, Callable[[bytes], bool]]] = MappingProxyType(
    {
        "image/png": lambda content: content.startswith(b"\x89PNG\r\n\x1a\n"),
        "image/jpeg": lambda content: content.startswith(b"\xff\xd8\xff"),
        "image/gif": lambda content: content.startswith((b"GIF87a", b"GIF89a")),
        "image/webp": lambda content: content[:4] == b"RIFF" and content[8:12] == b"WEBP",
    }
)
_REFUSAL: Final = re.compile(
    r"\bimages?\b|image_url|multi-?modal|\bvision\b|\bpictures?\b"
    r"|content must be a string|should be a valid string|expected a string"
)
"""What providers say that take no pictures, in lower case."""


@dataclass(frozen=True)
class Picture:
    """A picture as a question has it."""

    media_type: str
    base64: str

    def as_block(self) -> dict[str, str]:
        """Return it as LangChain's standard content block, which each provider's class converts."""
        return {"type": "image", "base64": self.base64, "mime_type": self.media_type}


def is_picture(media_type: str) -> bool:
    """Tell whether a media type is that of a picture."""
    return media_type.startswith("image/")


def problem_of(media_type: str, text: str) -> str | None:
    """Return what is wrong with a picture's content, as a sentence; None: nothing."""
    begins = _BEGINNINGS.get(media_type)
    if begins is None:
        return "A picture must be a PNG, a JPEG, a GIF or a WebP."
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return "The picture is not valid base64."
    return None if begins(content) else f"The picture is no {media_type.removeprefix('image/').upper()}."


def names_pictures(words: str) -> bool:
    """Tell whether a provider's refusal, in lower case, is about pictures."""
    return _REFUSAL.search(words) is not None
