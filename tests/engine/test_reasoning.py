"""What a prompt's end says of the answer, and which special tokens are told as text."""

from __future__ import annotations

import pytest

from jupyter_stream_chat.engine.detokenizer import detokenizer
from jupyter_stream_chat.engine.messages import ChatMessage
from jupyter_stream_chat.engine.prompt import make_prompt
from jupyter_stream_chat.engine.reasoning import REASONING_MARKS, shown_marks
from tests.tiny_model import CHAT_TEMPLATE, make_tokenizer

OPENS = CHAT_TEMPLATE.replace("assistant\n{% endif %}", "assistant\n{{ mark }}\n{% endif %}")
HARMONY = (
    "{% for m in messages %}<|start|>{{ m.role }}{% if m.role == 'assistant' %}<|channel|>final{% endif %}"
    "<|message|>{{ m.content }}<|end|>{% endfor %}<|start|>assistant"
)
HARMONY_TOKENS = ["<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|return|>"]
QUESTION = ChatMessage(role="user", content="Why?")
BEGUN = ChatMessage(role="assistant", content="Because")


@pytest.mark.parametrize("mark", REASONING_MARKS)
def test_a_template_that_opens_the_reasoning_is_noticed(mark: str) -> None:
    tokenizer = make_tokenizer(chat_template=OPENS.replace("{{ mark }}", mark))
    assert make_prompt(tokenizer, [QUESTION]).opening == mark


@pytest.mark.parametrize("mark", REASONING_MARKS)
def test_kept_text_never_goes_into_the_reasoning(mark: str) -> None:
    tokenizer = make_tokenizer(chat_template=OPENS.replace("{{ mark }}", mark))
    prompt = make_prompt(tokenizer, [QUESTION, BEGUN], continue_final=True)
    assert tokenizer.decode(prompt.ids).endswith(f"{mark}\n\n{REASONING_MARKS[mark]}\n\nBecause")
    assert prompt.opening == ""


def test_a_template_that_opens_nothing() -> None:
    prompt = make_prompt(make_tokenizer(), [QUESTION, BEGUN], continue_final=True)
    assert (prompt.opening, prompt.harmony) == ("", False)


def test_an_answer_stopped_before_its_first_word_is_asked_again() -> None:
    tokenizer = make_tokenizer()
    blank = ChatMessage(role="assistant", content="")
    assert make_prompt(tokenizer, [QUESTION, blank], continue_final=True) == make_prompt(
        tokenizer, [QUESTION]
    )


def test_kept_text_of_gpt_oss_is_gone_on_with_in_the_final_channel() -> None:
    tokenizer = make_tokenizer(chat_template=HARMONY)
    tokenizer.add_special_tokens({"additional_special_tokens": HARMONY_TOKENS})
    assert make_prompt(tokenizer, [QUESTION]).harmony
    prompt = make_prompt(tokenizer, [QUESTION, BEGUN], continue_final=True)
    assert tokenizer.decode(prompt.ids).endswith("<|start|>assistant<|channel|>final<|message|>Because")
    assert prompt.opening == "<|channel|>final<|message|>"


@pytest.mark.parametrize("mark", [mark for pair in REASONING_MARKS.items() for mark in pair])
def test_reasoning_marks_that_are_special_tokens_are_told(mark: str) -> None:
    tokenizer = make_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": [mark, "<|im_end|>"]})
    stream = detokenizer(tokenizer)
    ids = tokenizer.encode(f"今{mark}天<|im_end|>")
    assert "".join([*map(stream.add, ids), stream.flush()]) == f"今{mark}天"


def test_other_special_tokens_are_not_told() -> None:
    assert shown_marks(frozenset({"<|im_end|>", "<s>", "[INST]", "<|start_header_id|>"})) == frozenset()
    assert shown_marks(frozenset({*HARMONY_TOKENS, "<|endoftext|>"})) == frozenset(HARMONY_TOKENS)
