"""A conversation becomes the ids of a prompt, through the model's own chat template."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError

from .detokenizer import special_tokens
from .errors import EngineFailure
from .messages import ChatMessage
from .reasoning import answer_begins, is_harmony, opened_by

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Form = Callable[[Sequence[ChatMessage]], list[dict[str, Any]]]
"""Writes a conversation as a template wants it."""

_FOR_OTHER_USES = {"tool_use", "rag"}
"""Names of templates that are not for a plain conversation."""


@dataclass(frozen=True)
class Prompt:
    """What the model reads, and what its end says of the answer's beginning."""

    ids: list[int]
    opening: str = ""
    """Marks that the prompt left open: the answer begins inside of them."""
    harmony: bool = False
    """Whether the answer comes in gpt-oss's channels."""


def make_prompt(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[ChatMessage], *, continue_final: bool = False
) -> Prompt:
    """Return the prompt; ``continue_final`` leaves the last message open to go on with it.

    A template that refuses (some know no system role, some insist on turns) or drops what was asked (some
    read content as a list of parts) is asked again with the conversation in another form. Raises
    EngineFailure for what cannot be a prompt.
    """
    check_messages(messages)
    if _is_blank_answer(messages[-1]):  # stopped before its first word: there is nothing to go on with
        messages, continue_final = messages[:-1], False
    if not tokenizer.chat_template:
        raise EngineFailure(
            "no_chat_template",
            "This model has no chat template: it continues text, but holds no conversation.",
            'Choose a chat model; their names often end in "-Instruct" or "-Chat".',
        )
    asked = messages[:-1] if continue_final else messages
    text = _render(tokenizer, asked)
    harmony = is_harmony(frozenset(special_tokens(tokenizer).values()))
    opening = opened_by(text)
    if continue_final:
        # Not by `continue_final_message`, which raises where a template changes the last message's text.
        begun = answer_begins(text, harmony)
        opening = begun if harmony else ""
        text += begun
    ids = _encode(tokenizer, text)
    if continue_final:
        ids += _encode(tokenizer, messages[-1]["content"])
    return Prompt(ids, opening, harmony)


def check_messages(messages: Sequence[ChatMessage]) -> None:
    """Raise EngineFailure when there is nothing to answer."""
    asked = messages[:-1] if messages and _is_blank_answer(messages[-1]) else messages
    if not asked or not asked[-1]["content"].strip():
        raise EngineFailure("empty_message", "There is nothing to answer: the message is empty.")


def _is_blank_answer(message: ChatMessage) -> bool:
    return message["role"] == "assistant" and not message["content"].strip()


def alternating(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Return the conversation with neighbours of one role joined, system messages as part of the user's."""
    joined: list[ChatMessage] = []
    for message in messages:
        role = "user" if message["role"] == "system" else message["role"]
        if joined and joined[-1]["role"] == role:
            joined[-1] = {"role": role, "content": f"{joined[-1]['content']}\n\n{message['content']}"}
        else:
            joined.append({"role": role, "content": message["content"]})
    return joined


def _render(tokenizer: PreTrainedTokenizerBase, messages: Sequence[ChatMessage]) -> str:
    """Return the prompt's text in the first form of the conversation that the template takes whole."""
    template = _template(tokenizer)
    errors: list[Exception] = []
    best: str | None = None
    for form in _forms(messages):
        render = partial(_rendered, tokenizer, template, form)
        try:
            text = render(messages)
            if not _holds(text, _question(messages), render, messages):
                continue
        except Exception as error:  # noqa: BLE001 - a template is a program: it may raise anything
            errors.append(error)
            continue
        if all(
            _squeezed(each["content"]) in _squeezed(text) for each in messages if each["role"] == "system"
        ):
            return text
        best = text if best is None else best  # it drops the system prompt: another form may keep it
    if best is not None:
        return best
    raise _refusal(errors)


def _rendered(
    tokenizer: PreTrainedTokenizerBase, template: str | None, form: Form, messages: Sequence[ChatMessage]
) -> str:
    return str(
        tokenizer.apply_chat_template(
            form(messages), chat_template=template, add_generation_prompt=True, tokenize=False
        )
    )


def _forms(messages: Sequence[ChatMessage]) -> Iterator[Form]:
    """Yield the forms in which templates want a conversation, the most usual first."""
    yield lambda conversation: [dict(message) for message in conversation]
    yield _in_parts
    if alternating(messages) != list(messages):
        yield lambda conversation: [dict(message) for message in alternating(conversation)]
        yield lambda conversation: _in_parts(alternating(conversation))


def _in_parts(messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
    return [
        {"role": each["role"], "content": [{"type": "text", "text": each["content"]}]} for each in messages
    ]


def _question(messages: Sequence[ChatMessage]) -> int | None:
    """Return the place of the last question."""
    return next((n for n in reversed(range(len(messages))) if messages[n]["role"] == "user"), None)


def _holds(
    text: str,
    place: int | None,
    render: Callable[[Sequence[ChatMessage]], str],
    messages: Sequence[ChatMessage],
) -> bool:
    """Tell whether the question is in the prompt: as it is, or in another spelling (JSON, say)."""
    if place is None or _squeezed(messages[place]["content"]) in _squeezed(text):
        return True
    # Letters alone, which no spelling changes.
    letters = "questionishere"
    other = [*messages]
    other[place] = ChatMessage(role="user", content=letters)
    return letters in _squeezed(render(other))


def _squeezed(text: str) -> str:
    """Return a text without white space and capitals: templates trim, indent and lower it."""
    return "".join(text.casefold().split())


def _template(tokenizer: PreTrainedTokenizerBase) -> str | None:
    """Return the template for a plain conversation among several by name; None: there is but one."""
    templates = tokenizer.chat_template
    if not isinstance(templates, dict):
        return None
    if "default" in templates:
        return str(templates["default"])
    return str(templates[min(templates, key=lambda name: name in _FOR_OTHER_USES)])


def _refusal(errors: Sequence[Exception]) -> EngineFailure:
    """Say why no form of the conversation became a prompt."""
    # `raise_exception` in a template raises the base class; what Jinja finds wrong is a class below it.
    refusal = next((error for error in errors if type(error) is TemplateError), None)
    if refusal is not None:
        failure = EngineFailure(
            "template_refused",
            f"The model's chat template refuses this conversation: {refusal}",
            "Start a new chat, or remove the system prompt from the profile.",
        )
    elif errors:
        line = getattr(errors[0], "lineno", None)
        where = f" (line {line})" if line else ""
        failure = EngineFailure(
            "broken_template",
            f"The model's chat template has a mistake{where}: {errors[0]}",
            "Correct chat_template.jinja (or chat_template in tokenizer_config.json) in the model's folder, "
            "or choose another model.",
        )
    else:
        failure = EngineFailure(
            "question_dropped",
            "The model's chat template leaves the question out of the prompt.",
            "Correct the template in the model's folder, or choose another model.",
        )
    failure.__cause__ = refusal or (errors[0] if errors else None)
    return failure


def _encode(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return [int(each) for each in tokenizer.encode(text, add_special_tokens=False)]
