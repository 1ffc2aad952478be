"""The OpenAPI document: valid, current, served, and what the routes really answer."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from jupyter_stream_chat.server.api import openapi
from jupyter_stream_chat.server.api.operations import OPERATIONS
from jupyter_stream_chat.server.api.specification import DOCUMENT

from .conftest import Server
from .page import PATIENCE

CURE = "rest-api.yml is not what the table of operations says: run `make codegen` and commit the result"


@pytest.fixture(scope="module")
def document() -> Any:
    return yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))


def test_the_committed_document_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == openapi.text(), CURE


def test_it_is_an_openapi_document(document: Any) -> None:
    validate(document)


def test_every_route_is_in_it(document: Any) -> None:
    rows = {(r.route.method.lower(), f"/{r.route.path}", r.name) for r in OPERATIONS if r.route}
    described = {
        (method, path, operation["operationId"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert described == rows


async def test_it_is_served(server: Server, document: Any) -> None:
    response = await server.fetch("GET", "rest-api.yml")
    assert response.headers["Content-Type"] == "application/yaml"
    assert yaml.safe_load(response.body) == document


async def test_answers_are_as_it_says(server: Server, document: Any) -> None:
    async def check(method: str, path: str, body: Any = None, **names: str) -> Any:
        status, answer = await server.rest(method, path.format(**names), body)
        described = document["paths"][f"/{path}"][method.lower()]["responses"]
        schema = described.get(str(status), described["default"])["content"]["application/json"]["schema"]
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer)
        return answer

    chat_id = (await check("POST", "chats", {"title": "one"}))["chat"]["chat_id"]
    asked = await check("POST", "chats/{chat_id}/messages", {"text": "tokens=2"}, chat_id=chat_id)
    await server.fetch("GET", f"runs/{asked['run_id']}/events", request_timeout=PATIENCE)
    await check("GET", "chats")
    await check("GET", "chats/{chat_id}", chat_id=chat_id)
    await check("GET", "chats/{chat_id}/messages", chat_id=chat_id)
    await check("GET", "runs/{run_id}", run_id=asked["run_id"])
    await check("POST", "runs/{run_id}/interrupt", {}, run_id=asked["run_id"])
    await check("PATCH", "chats/{chat_id}", {"title": ""}, chat_id=chat_id)
    await check("GET", "runs/{run_id}", run_id="no-such-run")
    await check("GET", "deployments")
    await check("DELETE", "chats/{chat_id}", chat_id=chat_id)
