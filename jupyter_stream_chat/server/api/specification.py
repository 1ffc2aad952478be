"""The operation that returns the OpenAPI document of the REST API (``rest-api.yml``).

The document is generated from the table of operations by ``make codegen`` (``openapi``) and lies beside this
module.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from .operation import Call, File, Operation, RestRequest, Route

DOCUMENT = Path(__file__).with_name("rest-api.yml")


class GetSpecification(RestRequest):
    """Return the OpenAPI document of this API."""


async def get_specification(call: Call, request: GetSpecification) -> File:
    """Return the OpenAPI document of this API."""
    return File("application/yaml", await asyncio.to_thread(DOCUMENT.read_bytes))


OPERATIONS = (
    Operation(GetSpecification, "read", "nothing", get_specification, Route("GET", "rest-api.yml")),
)
