"""A conversation becomes the ids of a prompt, through the model's own chat template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jinja2 import TemplateError

from .errors import EngineFailure
from .messages import ChatMessage

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def prompt_ids(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[ChatMessage], *, continue_final: bool = False
) -> list[int]:
    """Return the prompt's ids; ``continue_final`` leaves the last message open to go on with it.

    A template that refuses (some know no system role, some insist on turns) is asked again with a
    conversation that only alternates. Raises EngineFailure for what cannot be a prompt.
    """
    check_messages(messages)
    if not tokenizer.chat_template:
        raise EngineFailure(
            "no_chat_template",
            "This model has no chat template: it continues text, but holds no conversation.",
            'Choose a chat model; their names often end in "-Instruct" or "-Chat".',
        )
    try:
        return _render(tokenizer, messages, continue_final)
    except TemplateError as refusal:
        try:
            return _render(tokenizer, alternating(messages), continue_final)
        except TemplateError:
            raise EngineFailure(
                "template_refused",
                f"The model's chat template does not take this conversation: {refusal}",
                "Start a new chat, or take the system prompt out of the profile.",
            ) from refusal


def check_messages(messages: Sequence[ChatMessage]) -> None:
    """Raise EngineFailure when there is nothing to answer."""
    if not messages or not messages[-1]["content"].strip():
        raise EngineFailure("empty_message", "There is nothing to answer: the message is empty.")


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


def _render(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[ChatMessage], continue_final: bool
) -> list[int]:
    if continue_final:
        # Not by `continue_final_message`, which raises where a template changes the last message's text.
        begun = tokenizer.encode(messages[-1]["content"], add_special_tokens=False)
        return _render(tokenizer, messages[:-1], False) + [int(each) for each in begun]
    ids = tokenizer.apply_chat_template(
        [dict(message) for message in messages], add_generation_prompt=True, return_dict=False
    )
    return [int(each) for each in ids]
