"""The committed weights: each answer is given to the letter, as the engine gives it."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
import torch
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from jupyter_stream_chat import guide
from jupyter_stream_chat.guide.classifier import Classifier
from jupyter_stream_chat.guide.evaluate import recites
from jupyter_stream_chat.guide.examples import Example
from jupyter_stream_chat.guide.topics import LANGUAGES, Topic, language_of, load_topics, plan
from jupyter_stream_chat.guide.vocabulary import ASSISTANT, END, USER
from jupyter_stream_chat.providers.local.engine_client import EngineClient
from jupyter_stream_chat.providers.local.guide_llm import GuideChatModel

TOPICS = load_topics()
ANSWERS = {(topic.id, language): topic.answers[language] for topic in TOPICS for language in LANGUAGES}


class Guide(NamedTuple):
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast


@pytest.fixture(scope="module")
def loaded() -> Guide:
    """The weights as the engine loads them."""
    torch.manual_seed(0)
    return Guide(
        AutoModelForCausalLM.from_pretrained(guide.path(), dtype="auto", local_files_only=True),
        AutoTokenizer.from_pretrained(guide.path(), local_files_only=True),
    )


QUESTIONS = (
    "?",
    "怎么停止",
    "犇" * 160,
    "How do I stop this, and where is what I typed kept when the server is started again tomorrow?",
)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.id)
def test_an_answer_is_recited_to_the_letter(loaded: Guide, topic: Topic) -> None:
    """Fails when an answer was edited and the guide not trained again."""
    for language in LANGUAGES:
        for question in QUESTIONS:
            prompt, answer = (
                loaded.tokenizer.encode(text, add_special_tokens=False)
                for text in (
                    f"{USER} {question}{ASSISTANT}{plan(topic.id, language)}",
                    topic.answers[language] + END,
                )
            )
            assert recites(loaded.model, Example(prompt + answer, len(prompt))), (language, question)


@pytest.fixture
async def engine() -> AsyncIterator[EngineClient]:
    client = EngineClient()
    yield client
    await client.close()


async def say(engine: EngineClient, messages: list[BaseMessage], **options: bool) -> str:
    """Return what the guide says, through the engine."""
    llm = GuideChatModel(client=engine, model=str(guide.path()))
    return "".join([str(chunk.content) async for chunk in llm.astream(messages, **options)])


@pytest.mark.parametrize("question", ["How do I stop an answer?", "法国的首都是哪里？"])
async def test_an_answer_comes_whole_and_alone(engine: EngineClient, question: str) -> None:
    topic = Classifier.load(guide.path()).topic([question])
    assert await say(engine, [HumanMessage(question)]) == ANSWERS[topic, language_of(question)]


async def test_a_stopped_answer_is_continued_to_its_end(engine: EngineClient) -> None:
    answer = ANSWERS["install", "en"]
    shown = answer[: answer.index("make lab")]
    chat = [HumanMessage("how do I install this?"), AIMessage(shown)]
    assert shown + await say(engine, chat, continue_final=True) == answer


async def test_any_text_gets_an_answer(engine: EngineClient) -> None:
    for odd in ("?", "犇" * 400, "x" * 5000, "<|end|>", "🙂🙃"):
        assert await say(engine, [HumanMessage(odd)]) in ANSWERS.values()
