"""From a conversation to a prompt, through templates that are liberal and templates that are not."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream_chat.engine.errors import EngineFailure
from jupyter_stream_chat.engine.messages import ChatMessage
from jupyter_stream_chat.engine.prompt import make_prompt
from tests.tiny_model import make_tokenizer

STRICT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}"
    "{% endif %}[{{ message.role }}]{{ message.content }}"
    "{% endfor %}"
)


def prompt_ids(tokenizer: Any, messages: list[ChatMessage], *, continue_final: bool = False) -> list[int]:
    """Return the ids of a prompt alone."""
    return make_prompt(tokenizer, messages, continue_final=continue_final).ids


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


# --- templates that want something else -------------------------------------------------------------

IN_PARTS = (
    "{% for m in messages %}[{{ m.role }}]{% for part in m.content %}"
    "{% if part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}{% endfor %}"
)
SYSTEM_UNKNOWN = (
    "{% for m in messages %}{% if m.role != 'system' %}[{{ m.role }}]{{ m.content }}{% endif %}{% endfor %}"
)


def refusal(template: object, messages: list[ChatMessage]) -> EngineFailure:
    tokenizer = make_tokenizer()
    tokenizer.chat_template = template
    with pytest.raises(EngineFailure) as refused:
        prompt_ids(tokenizer, messages)
    assert refused.value.hint
    return refused.value


@pytest.mark.parametrize(
    "template", [IN_PARTS, "{% for m in messages %}[{{ m.role }}]{{ m.content[0].text }}{% endfor %}"]
)
def test_a_template_that_reads_parts_gets_the_question(template: str) -> None:
    tokenizer = make_tokenizer(chat_template=template)
    ids = prompt_ids(tokenizer, [ChatMessage(role="system", content="Be brief."), user("今天? " * 80)])
    assert tokenizer.decode(ids) == "[system]Be brief.[user]" + "今天? " * 80


@pytest.mark.parametrize(
    "template",
    [
        "{% for m in messages %}{{ m.content | trim | upper }}{% endfor %}",
        "{% for m in messages %}{{ m.content | tojson }}{% endfor %}",
        "{% for m in messages %}{{ m.content | replace('\\n', '  ') }}{% endfor %}",
    ],
)
def test_a_template_may_spell_the_question_in_its_way(template: str) -> None:
    tokenizer = make_tokenizer(chat_template=template)
    assert prompt_ids(tokenizer, [user('  Is "<a>" right?\n今天 ')])


def test_a_system_prompt_that_the_template_drops_goes_to_the_user() -> None:
    tokenizer = make_tokenizer(chat_template=SYSTEM_UNKNOWN)
    ids = prompt_ids(tokenizer, [ChatMessage(role="system", content="Be brief."), user("Why?")])
    assert tokenizer.decode(ids) == "[user]Be brief.\n\nWhy?"


@pytest.mark.parametrize(
    "template", ["fixed", "{% for m in messages %}[{{ m.role }}]{{ m.text }}{% endfor %}"]
)
def test_a_template_that_drops_the_question_is_named(template: str) -> None:
    assert refusal(template, [user("Why?")]).code == "question_dropped"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("line one\n{% for m in messages %}{{ m.content }}", "line 2"),
        ("{{ messages[0].content | no_such_filter }}", "no_such_filter"),
        ("{{ nothing.at.all }}{{ messages[0].content }}", "nothing"),
        ("{{ messages[0].content + 1 }}", "str"),
    ],
)
def test_a_mistake_in_a_template_is_named(template: str, words: str) -> None:
    error = refusal(template, [user("Why?")])
    assert error.code == "broken_template"
    assert words in error.message


@pytest.mark.parametrize(
    "names", [["default", "tool_use"], ["tool_use", "default"], ["tool_use", "chat", "rag"], ["rag"]]
)
def test_of_named_templates_one_for_conversations_is_used(names: list[str]) -> None:
    tokenizer = make_tokenizer()
    tokenizer.chat_template = {name: f"{name}: {{{{ messages[0].content }}}}" for name in names}
    chosen = next((name for name in ("default", "chat") if name in names), names[0])
    assert tokenizer.decode(prompt_ids(tokenizer, [user("Why?")])) == f"{chosen}: Why?"
