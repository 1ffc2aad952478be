"""The conversation as the model is sent it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from jupyter_stream_chat.chats.tree import Turn
from jupyter_stream_chat.protocol import AttachmentPart, ReasoningPart, Role, TextPart
from jupyter_stream_chat.runs.prompt import prompt_messages, within, without_attachments


def turn(role: Role, text: str) -> Turn:
    """Make a turn of one text."""
    return Turn(role, [TextPart(text=text)])


def test_turns_become_messages_after_the_system_prompt() -> None:
    turns = [turn("user", "hi"), turn("assistant", "hello"), turn("user", "why?")]
    assert prompt_messages(turns, "Be brief.") == [
        SystemMessage(content="Be brief."),
        HumanMessage(content="hi"),
        AIMessage(content="hello"),
        HumanMessage(content="why?"),
    ]


def test_without_a_system_prompt_there_is_none() -> None:
    assert prompt_messages([turn("user", "hi")], None) == [HumanMessage(content="hi")]


def test_text_is_sent_and_reasoning_is_not() -> None:
    first, second = ReasoningPart(text="First "), ReasoningPart(text="then ")
    parts = [first, TextPart(text="One, "), second, TextPart(text="two.")]
    turns = [turn("user", "count"), Turn("assistant", parts), Turn("assistant", [first])]
    question, answer = prompt_messages(turns, None)
    assert question == HumanMessage(content="count")
    # LangChain sends nothing of the metadata; a deployment that asks for the reasoning is sent it from there.
    assert answer == AIMessage(content="One, two.", response_metadata={"reasoning_content": "First then "})


def test_two_questions_in_a_row_become_one() -> None:
    turns = [turn("user", "one"), turn("assistant", " \n"), turn("user", "two"), turn("assistant", "2")]
    assert prompt_messages(turns, None) == [HumanMessage(content="one\n\ntwo"), AIMessage(content="2")]


def test_the_first_is_the_users_and_none_is_blank() -> None:
    turns = [turn("assistant", "hello"), turn("user", "  "), turn("user", "why?")]
    assert prompt_messages(turns, " ") == [HumanMessage(content="why?")]


STORED, LOST = "a" * 64, "b" * 64
TEXTS = st.text(st.sampled_from("ab \n\t`<"), max_size=6)
PARTS = st.one_of(
    st.builds(TextPart, text=TEXTS),
    st.builds(ReasoningPart, text=TEXTS),
    st.builds(
        AttachmentPart,
        kind=st.just("cell"),
        title=st.just("cell 1"),
        media_type=st.sampled_from(["text/plain", "image/png"]),
        sha256=st.sampled_from([STORED, LOST]),
        characters=st.just(1),
    ),
)
TURNS = st.lists(st.builds(Turn, st.sampled_from(["user", "assistant"]), st.lists(PARTS, max_size=4)))


def is_accepted(messages: list[BaseMessage]) -> bool:
    """Judge a prompt as the strictest server does: roles alternate from user to user, and none is blank."""
    conversation = messages[1:] if messages and messages[0].type == "system" else messages
    roles = [message.type for message in conversation]
    alternating = ["human", "ai"] * len(roles)
    parts = [part for message in messages for part in message.content if isinstance(part, dict)]
    return (
        roles == alternating[: len(roles)]
        and roles[-1:] == ["human"]
        and all(str(message.text).strip() for message in messages)
        and all(str(part["text"]).strip() for part in parts if part["type"] == "text")
    )


@given(TURNS, st.sampled_from([None, "", " \n", "Be brief."]), st.booleans(), st.integers(1, 400))
def test_any_history_is_sent_as_the_strictest_server_takes_it(
    turns: list[Turn], system_prompt: str | None, takes_pictures: bool, context_length: int
) -> None:
    asked = [*turns, turn("user", "now")]
    for history in (asked, without_attachments(asked)):
        messages = prompt_messages(history, system_prompt, {STORED: "QUJD"}, takes_pictures=takes_pictures)
        assert is_accepted(messages)
        assert str(messages[-1].text).endswith("now")
        fitting, left_out = within(messages, context_length)
        assert is_accepted(fitting)
        assert len(fitting) + left_out == len(messages)


@given(
    st.lists(st.builds(turn, st.sampled_from(["user", "assistant"]), st.sampled_from(["", " ", "a", "b\n"])))
)
def test_what_is_sent_alternates(turns: list[Turn]) -> None:
    roles = [message.type for message in prompt_messages([*turns, turn("user", "now")], "Be brief.")]
    assert roles[0] == "system"
    assert roles[1::2] == ["human"] * len(roles[1::2])
    assert roles[2::2] == ["ai"] * len(roles[2::2])
    assert roles[-1] == "human"
