"""Pictures: which contents are pictures, and how they stand in a prompt."""

from __future__ import annotations

import base64
import hashlib

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from jupyter_stream_chat.attachments.pictures import names_pictures, problem_of
from jupyter_stream_chat.chats.tree import Turn
from jupyter_stream_chat.protocol import AttachmentPart, Part, TextPart
from jupyter_stream_chat.runs.prompt import has_pictures, prompt_messages, within

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 8).decode()
HASH = hashlib.sha256(PNG.encode()).hexdigest()
BLOCK = {"type": "image", "base64": PNG, "mime_type": "image/png"}


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("media_type", "text", "is_good"),
    [
        ("image/png", PNG, True),
        ("image/jpeg", encoded(b"\xff\xd8\xff\xe0"), True),
        ("image/gif", encoded(b"GIF89a"), True),
        ("image/webp", encoded(b"RIFF\0\0\0\0WEBP"), True),
        ("image/jpeg", PNG, False),
        ("image/png", "not base64!", False),
        ("image/png", "", False),
        ("image/svg+xml", encoded(b"<svg/>"), False),
        ("image/png", "\u4f60", False),
    ],
)
def test_a_content_is_a_picture_by_its_first_bytes(media_type: str, text: str, is_good: bool) -> None:
    assert (problem_of(media_type, text) is None) == is_good


def picture(**fields: object) -> AttachmentPart:
    values = {"kind": "picture", "title": "Plot", "sha256": HASH, "characters": len(PNG), **fields}
    return AttachmentPart.model_validate({"media_type": "image/png"} | values)


def asked(*parts: Part, message_id: str = "question-1") -> Turn:
    return Turn("user", parts, message_id)


def test_a_picture_follows_the_text_that_refers_to_it() -> None:
    turn = asked(picture(), TextPart(text="What is it?"))
    (sent,) = prompt_messages([turn], None, {HASH: PNG})
    assert isinstance(sent.content, list)
    text, *pictures = sent.content
    assert pictures == [BLOCK]
    assert isinstance(text, dict)
    assert 'kind="picture" title="Plot">\n[picture 1, sent as an image]\n</attachment' in text["text"]
    assert text["text"].endswith("What is it?")
    assert PNG not in text["text"]
    assert has_pictures([sent])


def test_a_model_that_takes_no_pictures_is_told_of_them() -> None:
    turn = asked(picture(), TextPart(text="What is it?"))
    (sent,) = prompt_messages([turn], None, {HASH: PNG}, takes_pictures=False)
    assert "[The picture is not sent: this model takes no pictures.]" in sent.content
    assert PNG not in sent.content
    assert not has_pictures([sent])


def test_a_picture_whose_content_is_gone_is_said() -> None:
    (sent,) = prompt_messages([asked(picture(), TextPart(text="What is it?"))], None, {})
    assert "[The content of this attachment is not on the server any more.]" in sent.content


def test_questions_without_an_answer_between_them_keep_their_pictures() -> None:
    turns = [
        asked(picture(), TextPart(text="One")),
        asked(picture(), TextPart(text="Two"), message_id="question-2"),
    ]
    (sent,) = prompt_messages(turns, None, {HASH: PNG})
    assert sent.content[1:] == [BLOCK, BLOCK]


def test_pictures_count_in_the_budget() -> None:
    messages = [
        HumanMessage(content=[{"type": "text", "text": "a"}, BLOCK]),
        AIMessage(content="b"),
        HumanMessage(content="c"),
    ]
    assert within(messages, 900, 100)[1] == 2
    assert within(messages, 2000, 100)[1] == 0


@pytest.mark.parametrize(
    ("words", "is_about_pictures"),
    [
        ("invalid content type. image_url is only supported by certain models.", True),
        ("unknown variant `image_url`, expected `text`", True),
        ("this model does not support image input", True),
        ("no endpoints found that support image input", True),
        ("at most 0 image(s) may be provided in one request", True),
        ("messages.0.content: input should be a valid string", True),
        ("gemma is not a multimodal model", True),
        ("temperature must be at most 1", False),
        ("the revision is unknown", False),
    ],
)
def test_a_refusal_of_pictures_is_told_by_its_words(words: str, is_about_pictures: bool) -> None:
    assert names_pictures(words) == is_about_pictures
