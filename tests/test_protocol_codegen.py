"""What the front end knows of the wire is what protocol.py says."""

from __future__ import annotations

import pytest

from jupyter_stream_chat import protocol, protocol_codegen

CURE = "src/protocol is not what protocol.py says: run `make codegen` and commit the result"


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return {path.name: text for path, text in protocol_codegen.files().items()}


@pytest.mark.parametrize("name", ["schema.json", "generated.ts", "parameters.ts", "version.ts"])
def test_committed_file_is_current(files: dict[str, str], name: str) -> None:
    assert (protocol_codegen.FOLDER / name).read_text(encoding="utf-8") == files[name], CURE


def test_every_command_and_event_has_a_type_that_its_name_selects(files: dict[str, str]) -> None:
    types = files["generated.ts"]
    definitions = protocol.schema()["$defs"]
    for union in ("AnyCommand", "AnyEvent"):
        for name, reference in definitions[union]["discriminator"]["mapping"].items():
            body = types.split(f"export interface {reference.rpartition('/')[2]} {{")[1].split("\n}")[0]
            assert f"type: '{name}';" in body


def test_type_aliases_keep_their_names(files: dict[str, str]) -> None:
    assert "export type StreamingMode = 'auto' | 'on' | 'off';" in files["generated.ts"]
    assert "status: RunStatus;" in files["generated.ts"]
    assert "finish_reason?: FinishReason | null;" in files["generated.ts"]


def test_field_docs_reach_the_types(files: dict[str, str]) -> None:
    assert "Code points of that part before this text." in files["generated.ts"]


def test_the_form_knows_each_parameter_and_its_range(files: dict[str, str]) -> None:
    rows = " ".join(files["parameters.ts"].split())
    for name in protocol.Parameters.model_fields:
        assert f" {name}: {{ kind: '" in rows
    assert "temperature: { kind: 'number', minimum: 0, maximum: 2, label" in rows
    assert "top_p: { kind: 'number', above: 0, maximum: 1, label" in rows
    assert "top_k: { kind: 'integer', minimum: 1, label" in rows
    assert "system_prompt: { kind: 'text', label" in rows
    assert "stop: { kind: 'lines', label" in rows


def test_null_fields_may_be_absent_as_encode_leaves_them_out(files: dict[str, str]) -> None:
    assert "parent_id?: Id | null;" in files["generated.ts"]
