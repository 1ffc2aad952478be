"""The engine as a LangChain model: tokens through callbacks, the same answer in one piece, errors by name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from jupyter_stream_chat.engine.messages import LoadOptions
from jupyter_stream_chat.providers.local.engine_client import EngineClient
from jupyter_stream_chat.providers.local.engine_llm import EngineChatModel, EngineError
from tests.tiny_model import CHAT_TEMPLATE, make_reciting_model, make_tiny_model, plain_answer

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncIterator[EngineClient]:
    client = EngineClient(threads=1)
    yield client
    await client.close()


def chat_model(client: EngineClient, model: Path, **fields: Any) -> EngineChatModel:
    parameters = {"max_tokens": 40, **fields.pop("parameters", {})}
    return EngineChatModel(
        client=client, model=str(model), parameters=parameters, load=LoadOptions(device="cpu"), **fields
    )


class Tokens(AsyncCallbackHandler):
    """Notes every token that LangChain tells."""

    run_inline = True

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.chunks: list[Any] = []

    async def on_llm_new_token(self, token: str, *, chunk: Any = None, **kwargs: Any) -> None:
        self.texts.append(token)
        self.chunks.append(chunk)


async def test_every_token_goes_through_the_callback_and_the_stream(
    client: EngineClient, model: Path
) -> None:
    tokens = Tokens()
    llm = chat_model(client, model)
    chunks = [chunk async for chunk in llm.astream("Hello", config={"callbacks": [tokens]})]
    expected = plain_answer(model, [{"role": "user", "content": "Hello"}], max_new_tokens=40, do_sample=False)
    assert "".join(chunk.text for chunk in chunks) == expected
    assert [text for text in tokens.texts if text] == [chunk.text for chunk in chunks if chunk.text]
    assert len(tokens.texts) > 10
    assert all(chunk is not None for chunk in tokens.chunks)


async def test_the_end_carries_usage_and_reason(client: EngineClient, model: Path) -> None:
    last = None
    async for chunk in chat_model(client, model).astream("Hello"):
        last = chunk if last is None else last + chunk
    assert last is not None
    assert last.usage_metadata["output_tokens"] == 40
    assert last.response_metadata["finish_reason"] == "length"
    assert last.response_metadata["model_name"] == str(model)


async def test_in_one_piece_it_is_the_same_and_no_token_is_told(client: EngineClient, model: Path) -> None:
    tokens = Tokens()
    llm = chat_model(client, model)
    whole = await llm.ainvoke("Hello", config={"callbacks": [tokens]})
    assert isinstance(whole, AIMessage)
    assert whole.text == "".join([chunk.text async for chunk in llm.astream("Hello")])
    assert whole.response_metadata["finish_reason"] == "length"
    assert tokens.texts == []


async def test_roles_reach_the_template(client: EngineClient, model: Path) -> None:
    conversation = [
        SystemMessage("Be brief."),
        HumanMessage([{"type": "text", "text": "今天?"}]),
        AIMessage("Yes."),
        HumanMessage("Why?"),
    ]
    plain = [
        {"role": role, "content": content}
        for role, content in (
            ("system", "Be brief."),
            ("user", "今天?"),
            ("assistant", "Yes."),
            ("user", "Why?"),
        )
    ]
    answer = await chat_model(client, model).ainvoke(conversation)
    assert answer.text == plain_answer(model, plain, max_new_tokens=40, do_sample=False)


async def test_stop_strings_of_a_call_are_heeded(client: EngineClient, model: Path) -> None:
    llm = chat_model(client, model)
    whole = (await llm.ainvoke("Hello")).text
    stopped = await llm.ainvoke("Hello", stop=[whole[8:11]])
    assert stopped.text == whole[: whole.index(whole[8:11])]
    assert stopped.response_metadata["finish_reason"] == "stop"


async def test_progress_is_told(client: EngineClient, tmp_path: Path) -> None:
    told: list[tuple[str, float | None, int | None]] = []
    folder = make_tiny_model(tmp_path, seed=5)
    llm = chat_model(client, folder, on_progress=lambda *progress: told.append(progress))
    await llm.ainvoke("Hello")
    assert ("loading", 1.0, None) in told


async def test_a_place_in_the_queue_is_told(model: Path) -> None:
    client = EngineClient(threads=1, most_chats=1)
    told: list[tuple[str, float | None, int | None]] = []
    first = chat_model(client, model, parameters={"max_tokens": 1000}).astream("Hello")
    await anext(first)
    await chat_model(client, model, on_progress=lambda *progress: told.append(progress)).ainvoke("Hello")
    assert ("queued", None, 1) in told
    await client.close()


async def test_a_cancelled_run_frees_the_engine(client: EngineClient, model: Path) -> None:
    streaming = asyncio.Event()

    async def read() -> None:
        async for chunk in chat_model(client, model, parameters={"max_tokens": 4000}).astream("Hello"):
            if chunk.text:
                streaming.set()

    task = asyncio.create_task(read())
    await streaming.wait()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    async with asyncio.timeout(2):
        await chat_model(client, model, parameters={"max_tokens": 1}).ainvoke("Hello")


async def test_failures_are_raised_by_name(client: EngineClient, tmp_path: Path) -> None:
    with pytest.raises(EngineError) as raised:
        await chat_model(client, tmp_path / "nothing").ainvoke("Hello")
    assert raised.value.code == "unknown_model"
    assert raised.value.message
    assert raised.value.hint


@pytest.mark.parametrize(("name", "word"), [("num_beams", "Beam search"), ("sparkle", "sparkle")])
async def test_unknown_parameters_are_refused(
    client: EngineClient, model: Path, name: str, word: str
) -> None:
    with pytest.raises(EngineError, match=word) as raised:
        await chat_model(client, model, parameters={name: 4}).ainvoke("Hello")
    assert raised.value.code == "invalid_parameter"


async def test_synchronous_calls_say_what_to_use(model: Path) -> None:
    with pytest.raises(NotImplementedError, match="ainvoke"):
        chat_model(EngineClient(), model).invoke("Hello")


# --- reasoning --------------------------------------------------------------------------------------


async def written(llm: EngineChatModel, *messages: Any) -> tuple[str, str]:
    """Return reasoning and content of an answer, as LangChain gives them."""
    last = None
    async for chunk in llm.astream(list(messages) or "Why?"):
        last = chunk if last is None else last + chunk
    assert last is not None
    return last.additional_kwargs.get("reasoning_content", ""), last.text


async def test_marks_of_reasoning_are_told_as_text_special_tokens_or_not(
    client: EngineClient, tmp_path: Path
) -> None:
    tokens = ["[THINK]", "Let me see.", "[/THINK]", "It is 4."]
    for special in (frozenset(), frozenset({"[THINK]", "[/THINK]"})):
        folder = make_reciting_model(tmp_path / str(len(special)), tokens, special=special)
        assert await written(chat_model(client, folder)) == ("", "[THINK]Let me see.[/THINK]It is 4.")


async def test_reasoning_that_the_template_opened_begins_with_its_mark(
    client: EngineClient, tmp_path: Path
) -> None:
    opens = CHAT_TEMPLATE.replace("assistant\n{% endif %}", "assistant\n<think>\n{% endif %}")
    folder = make_reciting_model(tmp_path, ["Let me see.", "</think>", "It is 4."], chat_template=opens)
    assert await written(chat_model(client, folder)) == ("", "<think>Let me see.</think>It is 4.")
    going_on = chat_model(client, folder, continue_final=True)
    _, content = await written(going_on, HumanMessage("Why?"), AIMessage("Let me see."))
    assert content == "</think>It is 4.", "the kept text was answer already: no mark opens reasoning"


async def test_channels_of_gpt_oss_are_told_apart(client: EngineClient, tmp_path: Path) -> None:
    template = (
        "{% for m in messages %}<|start|>{{ m.role }}<|message|>{{ m.content }}<|end|>{% endfor %}"
        "<|start|>assistant"
    )
    tokens = ["<|channel|>", "analysis", "<|message|>", "Let me see.", "<|end|>"]
    tokens += ["<|start|>assistant<|channel|>final<|message|>", "It is 4.", "<|start|>"]
    special = frozenset({"<|channel|>", "<|message|>", "<|end|>", "<|start|>"})
    folder = make_reciting_model(tmp_path, tokens, special=special, chat_template=template)
    reasoning, content = await written(chat_model(client, folder))
    assert reasoning == "Let me see."
    assert content == "It is 4."


async def test_channels_of_gpt_oss_without_their_tokens_stay_text_for_the_run(
    client: EngineClient, tmp_path: Path
) -> None:
    folder = make_reciting_model(tmp_path, ["analysis", "Let me see.", "assistantfinal", "It is 4."])
    assert await written(chat_model(client, folder)) == ("", "analysisLet me see.assistantfinalIt is 4.")
