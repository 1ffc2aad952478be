"""Write ``rest-api.yml``, the OpenAPI 3.1 document of the REST API, from the table of operations.

``make codegen`` runs ``python -m jupyter_stream_chat.server.api.openapi``. Owns the way from rows to the
document and no shape of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ...protocol import ErrorInfo
from .operation import Answer, File, Operation, Route, Stream
from .operations import OPERATIONS
from .rest import body_model, has_body
from .specification import DOCUMENT

_REFERENCE = "#/components/schemas/{model}"
_REFUSED = "The request is refused; `code` says why."


class Refusal(Answer):
    """Why a request is refused."""

    error: ErrorInfo


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    rows = [(row, row.route) for row in OPERATIONS if row.route is not None]
    schemas = _Schemas(rows)
    paths: dict[str, dict[str, Any]] = {}
    for row, route in rows:
        paths.setdefault(f"/{route.path}", {})[route.method.lower()] = _operation(row, route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jupyter-stream-chat",
            "version": "1",
            "description": "The REST API of the chat panel. The server makes the ids that a body leaves out.",
        },
        "servers": [{"url": "/stream-chat/api", "description": "Below the base URL of a Jupyter server."}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "Jupyter's token, as `token <value>` or `Bearer <value>`.",
                }
            },
            "schemas": schemas.definitions,
        },
    }


class _Schemas:
    """The schemas of all bodies, requests and answers, under the names of their models."""

    def __init__(self, rows: Sequence[tuple[Operation, Route]]) -> None:
        models: dict[tuple[type[BaseModel], Any], None] = {(Refusal, "serialization"): None}
        for row, route in rows:
            models[body_model(row, route), "validation"] = None
            if issubclass(row.result, Answer):
                models[row.result, "serialization"] = None
        found, schema = models_json_schema(list(models), ref_template=_REFERENCE)
        self._found = found
        self.definitions: dict[str, Any] = schema.get("$defs", {})
        for definition in self.definitions.values():
            _leave_out_null(definition)
        queries = {body_model(row, route) for row, route in rows if not has_body(route)}
        self._queries = {model: self.definitions[self._name(model)] for model in queries}
        for model in queries:  # parameters, not bodies
            self.definitions.pop(self._name(model), None)

    def _name(self, model: type[BaseModel]) -> str:
        return str(self._found[model, "validation"]["$ref"].rpartition("/")[2])

    def reference(self, model: type[BaseModel], mode: Any) -> Any:
        """Return a reference to a model's schema."""
        return self._found[model, mode]

    def fields(self, query: type[BaseModel]) -> dict[str, Any]:
        """Return the schemas of a query's fields."""
        properties: dict[str, Any] = self._queries[query].get("properties", {})
        return properties


def _leave_out_null(definition: dict[str, Any]) -> None:
    """Let the fields that can be null be absent: answers leave them out."""
    properties = definition.get("properties", {})
    required = [
        name
        for name in definition.get("required", [])
        if {"type": "null"} not in properties[name].get("anyOf", [])
    ]
    definition.pop("required", None)
    if required:
        definition["required"] = required


def _operation(row: Operation, route: Route, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": row.name,
        "summary": (row.run.__doc__ or "").partition("\n")[0],
        "description": f"Jupyter's authoriser is asked for `{row.action}` on `stream-chat`.",
        "parameters": _parameters(row, route, schemas),
    }
    if has_body(route):
        reference = schemas.reference(body_model(row, route), "validation")
        described["requestBody"] = {"content": {"application/json": {"schema": reference}}}
    described["responses"] = {
        str(route.status): _response(row, schemas),
        "default": {"description": _REFUSED, "content": _json(schemas.reference(Refusal, "serialization"))},
    }
    return described


def _parameters(row: Operation, route: Route, schemas: _Schemas) -> list[dict[str, Any]]:
    in_path = re.findall(r"\{(\w+)\}", route.path)
    found = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path]
    if not has_body(route):
        fields = schemas.fields(body_model(row, route))
        found += [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]
    return found


def _response(row: Operation, schemas: _Schemas) -> dict[str, Any]:
    summary = (row.result.__doc__ or "").partition("\n")[0]
    if issubclass(row.result, Answer):
        return {"description": summary, "content": _json(schemas.reference(row.result, "serialization"))}
    if issubclass(row.result, Stream):
        return {"description": summary, "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    assert issubclass(row.result, File)
    return {"description": "A JSON object or a file.", "content": {"*/*": {}}}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def text() -> str:
    """Return the document as it is committed."""
    head = "# Generated from the table of operations by `make codegen`; do not edit.\n"
    body: str = yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=100)
    return head + body


if __name__ == "__main__":
    DOCUMENT.write_text(text(), encoding="utf-8")
