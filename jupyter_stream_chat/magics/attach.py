"""``--attach PATH`` and ``{figure}``: files and figures of the kernel as attachments of a question.

Owns what is read and its bounds. Files are read where the kernel runs; a figure is drawn by its own library.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from ..attachments.envelope import head_and_tail
from .client import Backend
from .errors import ChatError

CHARACTERS: Final = 60_000
"""Of one text: with four bytes each, within the server's limit."""
MOST_BYTES: Final = 20_000_000
_PICTURES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


@dataclass(frozen=True)
class Attachment:
    """A content that goes with a question."""

    kind: str
    title: str
    text: str
    """Of a picture: its bytes in base64."""
    media_type: str = "text/plain"
    omitted: Sequence[str] = ()
    source: dict[str, str] = field(default_factory=dict)

    def upload(self, backend: Backend) -> dict[str, Any]:
        """Bring it to the server, and return the part of the question. Raises ChatError."""
        sha256 = hashlib.sha256(self.text.encode()).hexdigest()
        content = {"text": self.text, "media_type": self.media_type}
        backend.call("PUT", f"attachments/{sha256}", content)
        return {
            "type": "attachment",
            "kind": self.kind,
            "title": self.title[:200],
            "source": self.source,
            "media_type": self.media_type,
            "sha256": sha256,
            "characters": len(self.text),
            "omitted": list(self.omitted),
        }


def read_file(name: str) -> Attachment:
    """Return a file of the kernel's machine as an attachment. Raises ChatError where it cannot be one."""
    path = Path(name).expanduser()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _refused(f"{name} is larger than {MOST_BYTES // 1_000_000} MB.")
        content = path.read_bytes()
    except OSError as error:
        raise _refused(f"{name} cannot be read: {error.strerror or error}.") from error
    if media_type := _PICTURES.get(path.suffix.lower()):
        return Attachment("picture", path.name, base64.b64encode(content).decode(), media_type)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise _refused(f"{name} is no text file.")
    if path.suffix.lower() == ".ipynb":
        return _shortened("notebook", path, _notebook(text, name))
    return _shortened("file", path, text)


def picture_of(figure: Any, title: str) -> Attachment:
    """Return a figure of matplotlib as a picture."""
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=100, bbox_inches="tight")
    return Attachment("picture", title, base64.b64encode(drawn.getvalue()).decode(), "image/png")


def _shortened(kind: str, path: Path, text: str) -> Attachment:
    kept, left_out = head_and_tail(text, CHARACTERS)
    omitted = [f"{left_out} characters left out"] if left_out else []
    return Attachment(kind, path.name, kept, omitted=omitted)


def _notebook(text: str, name: str) -> str:
    """Return the cells of a notebook as a model reads them."""
    try:
        cells = json.loads(text)["cells"]
        return "\n\n".join(_cell(cell, number) for number, cell in enumerate(cells, 1))
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise _refused(f"{name} is no notebook.") from error


def _cell(cell: dict[str, Any], number: int) -> str:
    source = _joined(cell["source"])
    if cell["cell_type"] != "code":
        return f"[{cell['cell_type']} cell {number}]\n{source}"
    count = cell.get("execution_count")
    ran = "not executed" if count is None else f"executed as {count}"
    outputs = [_joined(_text_of(output)).rstrip("\n") for output in cell.get("outputs", [])]
    said = "\n".join(output for output in outputs if output)
    shown = f"\n[output of cell {number}]\n{said}" if said else ""
    return f"[code cell {number}, {ran}]\n{source}{shown}"


def _text_of(output: dict[str, Any]) -> str | list[str]:
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}"
    found: str | list[str] = output.get("text") or output.get("data", {}).get("text/plain", "")
    return found


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _refused(message: str) -> ChatError:
    return ChatError(message, "Attach a text file, a notebook or a picture.", code="not_attached")
