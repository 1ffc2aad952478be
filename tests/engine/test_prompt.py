"""From a conversation to a prompt, through templates that are liberal and templates that are not."""

from __future__ import annotations

import pytest

from jupyter_stream_chat.engine.errors import EngineFailure
from jupyter_stream_chat.engine.messages import ChatMessage
from jupyter_stream_chat.engine.prompt import prompt_ids
from tests.tiny_model import make_tokenizer

STRICT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}"
    "{% endif %}[{{ message.role }}]{{ message.content }}"
    "{% endfor %}"
)


def user(content: str) -> ChatMessage:
    return ChatMessage(role="user", content=content)


def test_the_models_own_template_is_used() -> None:
    tokenizer = make_tokenizer()
    ids = prompt_ids(tokenizer, [ChatMessage(role="system", content="Be brief."), user("今天?")])
    assert tokenizer.decode(ids) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n今天?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_a_final_message_can_be_left_open() -> None:
    tokenizer = make_tokenizer()
    conversation = [user("Count."), ChatMessage(role="assistant", content="One, two")]
    ids = prompt_ids(tokenizer, conversation, continue_final=True)
    assert tokenizer.decode(ids).endswith("<|im_start|>assistant\nOne, two")


def test_a_strict_template_gets_a_conversation_that_alternates() -> None:
    tokenizer = make_tokenizer(chat_template=STRICT_TEMPLATE)
    ids = prompt_ids(tokenizer, [ChatMessage(role="system", content="Be brief."), user("One?"), user("Two?")])
    assert tokenizer.decode(ids) == "[user]Be brief.\n\nOne?\n\nTwo?"


@pytest.mark.parametrize("messages", [[], [user("")], [user("  \n")]])
def test_nothing_to_answer_is_refused(messages: list[ChatMessage]) -> None:
    with pytest.raises(EngineFailure) as refused:
        prompt_ids(make_tokenizer(), messages)
    assert refused.value.code == "empty_message"


@pytest.mark.parametrize(
    ("template", "code"),
    [(None, "no_chat_template"), ("{{ raise_exception('never') }}", "template_refused")],
)
def test_a_model_that_holds_no_conversation_is_named(template: str | None, code: str) -> None:
    with pytest.raises(EngineFailure) as refused:
        prompt_ids(make_tokenizer(chat_template=template), [user("Hello")])
    assert refused.value.code == code
    assert refused.value.hint
