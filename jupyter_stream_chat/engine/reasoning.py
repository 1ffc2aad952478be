"""How models mark their reasoning in what they write, and how a prompt can end inside of it.

Data and pure functions of text; imports the standard library alone. The engine tells the marks to the server
as text, which tells reasoning from answer.
"""

from __future__ import annotations

REASONING_MARKS = {
    "<think>": "</think>",  # DeepSeek R1, Qwen3, GLM, MiniMax, SmolLM3, ...
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",  # EXAONE
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",  # Seed-OSS
    "<mm:think>": "</mm:think>",  # MiniMax M3
    "<longcat_think>": "</longcat_think>",
    "◁think▷": "◁/think▷",  # Kimi-VL
    "[THINK]": "[/THINK]",  # Magistral
    "<|START_THINKING|>": "<|END_THINKING|>",  # Cohere Command A
    "<|inner_prefix|>": "<|inner_suffix|>",  # Apertus
    "<|channel>thought": "<channel|>",  # Gemma 4
    "<|open|>think<|sep|>": "<|close|>think<|sep|>",  # Kimi K3
    "[unused16]": "[unused17]",  # Pangu
}
"""Opening and closing marks by model family, as their chat templates and model cards write them."""

_HARMONY_TOKENS = (
    "<|start|>",
    "<|channel|>",
    "<|message|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|constrain|>",
)
"""The structure of gpt-oss's answers: https://github.com/openai/harmony, docs/format.md."""


def opened_by(prompt: str) -> str:
    """Return the mark that a prompt leaves open, so that the answer begins as reasoning; "" for none."""
    end = prompt.rstrip()
    return next((mark for mark in REASONING_MARKS if end.endswith(mark)), "")


def is_harmony(tokens: frozenset[str]) -> bool:
    """Tell by a tokenizer's special tokens whether its model answers in channels."""
    return {"<|start|>", "<|channel|>", "<|message|>"} <= tokens


def answer_begins(prompt: str, harmony: bool) -> str:
    """Return what to write between a prompt and kept text, so that the text is no reasoning."""
    if harmony and prompt.endswith("<|start|>assistant"):
        return "<|channel|>final<|message|>"
    mark = opened_by(prompt)
    return f"\n{REASONING_MARKS[mark]}\n\n" if mark else ""


def shown_marks(tokens: frozenset[str]) -> frozenset[str]:
    """Return the special tokens that are the structure of an answer, and are told as text."""
    if is_harmony(tokens):
        return tokens & set(_HARMONY_TOKENS)
    marks = [*REASONING_MARKS, *REASONING_MARKS.values()]
    return frozenset(token for token in tokens if any(token in mark for mark in marks))
