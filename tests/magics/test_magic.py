"""``%chat`` in real kernels that a real server has started."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from .kernel import MIME_TYPE, Cell, Kernel
from .servers import Jupyter, question_of, wait_for


def numbered(count: int) -> str:
    """Return what the provider answers with ``tokens=count``."""
    return "".join(f"t{n} " for n in range(count))


def on_text(cell: Cell) -> bool:
    """Say whether some of the answer is on the page."""
    return any(bundle["text/markdown"] for bundle in cell.bundles)


def test_streams_into_one_output(kernel: Kernel) -> None:
    running = kernel.start("%chat tokens=400 rate=400 a long answer?")
    kernel.read(running, on_text)
    early = kernel.read(running, on_text).markdown
    cell = kernel.finish(running)
    assert cell.status == "ok"
    assert cell.displayed.count("display_data") == 1
    assert numbered(400).startswith(early)
    assert early != numbered(400) == cell.markdown
    assert "400 tokens" in cell.result


def test_traffic_grows_with_the_text(kernel: Kernel) -> None:
    cell = kernel.run("%chat tokens=4000")
    sent = sum(len(bundle["text/markdown"]) for bundle in cell.bundles)
    assert sent <= 3 * len(numbered(4000))
    assert cell.markdown == numbered(4000)


def test_the_panel_has_the_same_chat(kernel: Kernel, server: Jupyter) -> None:
    kernel.run("%chat tokens=3 first words")
    kernel.run("%chat tokens=4 more words")
    (chat,) = [chat for chat in server.chats() if chat["title"].startswith("tokens=3 first")]
    messages = server.rest("GET", f"stream-chat/api/chats/{chat['chat_id']}")["messages"]
    assert [m["content"][0]["text"] for m in messages] == [
        "tokens=3 first words",
        numbered(3),
        "tokens=4 more words",
        numbered(4),
    ]


def test_interrupt_stops_the_provider_and_keeps_what_was_shown(kernel: Kernel, server: Jupyter) -> None:
    running = kernel.start("%chat -v part tokens=9000 rate=50 stop me")
    kernel.read(running, on_text)
    kernel.interrupt()
    cell = kernel.finish(running)
    assert cell.status == "ok"
    assert "error" not in cell.displayed
    text, _, mark = cell.markdown.rpartition("\n\n")
    assert mark == "*Stopped.*"
    assert numbered(9000).startswith(text)
    request = wait_for(lambda: _disconnected(server, "stop me"))
    assert request["tokens_sent"] < 9000
    bound = kernel.run("print(repr(part.finish_reason), repr(part.text))").printed
    assert bound.strip() == f"'interrupted' {_as_kept(text)!r}"
    # It stays in the chat, for the next question.
    kernel.run("%chat tokens=2 after it")
    context = server.request("after it")["body"]["messages"]
    assert context[-2]["content"] == _as_kept(text)


def _as_kept(shown: str) -> str:
    """Return the part with the space at its end, which Markdown does not show."""
    return f"{shown} "


def _disconnected(server: Jupyter, question: str) -> dict[str, object] | None:
    request = server.request(question)
    return request if request["disconnected"] else None


def test_interrupt_before_the_first_token(kernel: Kernel, server: Jupyter) -> None:
    running = kernel.start("%chat hang=before-headers silent one")
    wait_for(lambda: [r for r in server.requests() if "silent one" in question_of(r)])
    kernel.interrupt()
    cell = kernel.finish(running)
    assert (cell.status, cell.markdown) == ("ok", "*Stopped.*")
    wait_for(lambda: _disconnected(server, "silent one"))
    assert kernel.run("%chat tokens=2").markdown == numbered(2)


def test_continue_goes_on_with_the_stopped_answer(kernel: Kernel, server: Jupyter) -> None:
    running = kernel.start("%chat tokens=90 hang=60 to be continued")
    kernel.read(running, on_text)
    kernel.interrupt()
    kernel.finish(running)
    cell = kernel.run("%chat --continue")
    assert cell.status == "ok"
    assert numbered(60) + cell.markdown == numbered(90)
    (chat,) = [chat for chat in server.chats() if "to be continued" in chat["title"]]
    _, answer = server.rest("GET", f"stream-chat/api/chats/{chat['chat_id']}")["messages"]
    assert [run["finish_reason"] for run in answer["runs"]] == ["interrupted", "stop"]
    kernel.run("%chat reset")
    assert "no answer here that could go on" in kernel.run("%chat --continue").error["evalue"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("%chat -p nobody hello", "There is no profile nobody. Choose another profile."),
        ("%chat --bogus hello", "%chat has no option --bogus. %chat help lists them; -- ends them."),
        ("%chat -t hot hello", "%chat: argument -t/--temperature: invalid float value: 'hot'."),
        ("%chat -t 9 hello", "parameters"),
        ("%chat", "There is no question. Write it behind %chat, or below %%chat."),
        ("%chat fail=401 hello", "key"),
    ],
)
def test_a_cell_that_fails_says_why_in_one_line(kernel: Kernel, code: str, said: str) -> None:
    cell = kernel.run(code)
    assert cell.status == "error"
    (line,) = cell.error["traceback"]
    assert said in line
    assert "\n" not in line


def test_the_trace_is_shown_on_request(kernel: Kernel) -> None:
    kernel.run("%chat fail=500 hello")
    assert "scripted failure 500" in kernel.run("%chat trace").printed


def test_an_answer_that_breaks_off_shows_its_part_and_fails(kernel: Kernel) -> None:
    cell = kernel.run("%chat tokens=50 fail-at=10")
    assert cell.status == "error"
    assert cell.markdown == numbered(10)


def test_a_repetition_is_said_below_the_answer(kernel: Kernel) -> None:
    text = "And then it goes on like this. " * 40
    cell = kernel.run(f"%chat echo={base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}")
    assert cell.status == "ok"
    note = "*The answer repeats itself; it was not stopped, because nobody could be asked.*"
    assert cell.markdown == f"{text.rstrip()}\n\n{note}"


def test_reasoning_without_an_answer_is_said(kernel: Kernel) -> None:
    cell = kernel.run("%chat tokens=0 reasoning=3")
    assert cell.status == "error"
    (line,) = cell.error["traceback"]
    assert "The model wrote its reasoning and no answer." in line


def test_options_reach_the_provider_for_this_question_alone(kernel: Kernel, server: Jupyter) -> None:
    kernel.run(
        '%chat -p other -t 0.5 --top-p 0.9 --max-tokens 77 --seed 3 --stop "t 9" --stop END '
        "--system 'Be brief.' tokens=3 with options"
    )
    kernel.run("%chat tokens=3 without options")
    body = server.request("with options")["body"]
    assert body["model"] == "other"
    assert (body["temperature"], body["top_p"], body["seed"]) == (0.5, 0.9, 3)
    assert body["stop"] == ["t 9", "END"]
    assert 77 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert body["stream"] is True
    body = server.request("without options")["body"]
    assert body["model"] == "scripted"
    assert not body.keys() & {"temperature", "top_p", "seed", "stop"}
    assert body["messages"][0]["role"] == "user"


def test_no_stream_asks_for_one_piece(kernel: Kernel, server: Jupyter) -> None:
    assert kernel.run("%chat --no-stream tokens=5 in one piece").markdown == numbered(5)
    assert not server.request("in one piece")["body"].get("stream")


def test_named_chats_are_threads_that_other_kernels_share(kernel: Kernel, server: Jupyter) -> None:
    kernel.run("%chat --chat plots tokens=2 about plots")
    kernel.run("%chat tokens=2 about something else")
    kernel.run("%reload_ext jupyter_stream_chat")
    kernel.run("%chat --chat plots tokens=2 plots again")
    asked = [m["content"] for m in server.request("plots again")["body"]["messages"]]
    assert asked == ["tokens=2 about plots", numbered(2), "tokens=2 plots again"]
    assert [c["title"] for c in server.chats()].count("plots") == 1


def test_a_chat_that_was_deleted_in_the_panel_is_begun_anew(kernel: Kernel, server: Jupyter) -> None:
    kernel.run("%chat tokens=2 soon deleted")
    (chat,) = [chat for chat in server.chats() if "soon deleted" in chat["title"]]
    server.rest("DELETE", f"stream-chat/api/chats/{chat['chat_id']}")
    assert "chat     a new one" in kernel.run("%chat status").printed
    assert kernel.run("%chat history").printed == "Nothing has been asked yet.\n"
    assert "no answer here that could go on" in kernel.run("%chat --continue").error["evalue"]
    assert kernel.run("%chat tokens=3 and again").markdown == numbered(3)


def test_values_of_names_are_put_in(kernel: Kernel, server: Jupyter) -> None:
    kernel.run("limit = 7\nxs = ['zero', 'one']\ndef boom(): raise SystemExit")
    kernel.run(
        "%%chat\ntokens=2 {limit}, {xs[1]}, {{limit}}, {unknown}, {boom()}, \\frac{limit}{2}, ${limit}"
    )
    assert question_of(server.request("{unknown}")) == (
        "tokens=2 7, one, {limit}, {unknown}, {boom()}, \\frac{limit}{2}, ${limit}"
    )


def test_a_question_mark_at_the_end_belongs_to_the_question(kernel: Kernel, server: Jupyter) -> None:
    assert kernel.run("%chat tokens=2 What is print?").markdown == numbered(2)
    kernel.run("answer = %chat tokens=2 What is len?")
    assert question_of(server.request("What is")) == "tokens=2 What is len?"
    assert "number of items" in str(kernel.run("len?").reply["content"]["payload"])


def test_quotes_and_dashes_of_a_question_are_taken_as_they_are(kernel: Kernel, server: Jupyter) -> None:
    kernel.run("""%chat -t 0 tokens=2 What's "this" -- and -p that?""")
    assert question_of(server.request("What's")) == """tokens=2 What's "this" -- and -p that?"""


def test_code_goes_into_a_new_cell(kernel: Kernel, server: Jupyter) -> None:
    cell = kernel.run("%chat -f code text=code tokens=8 write code")
    assert cell.next_inputs == ["value_0 = compute"]
    assert "one fenced code block" in question_of(server.request("write code"))


def test_quiet_shows_nothing_and_binds(kernel: Kernel) -> None:
    cell = kernel.run("%chat -q -v answer tokens=4")
    assert cell.displayed == []
    said = kernel.run("print(answer.text, answer.usage.output_tokens, answer.finish_reason)").printed
    assert said == f"{numbered(4)} 4 stop\n"


def test_the_answer_tells_how_it_came_about(kernel: Kernel) -> None:
    kernel.run("answer = %chat tokens=20 rate=100")
    said = kernel.run(
        "assert 0 < answer.time_to_first_token < answer.seconds\n"
        "assert answer.tokens_per_second == 20 / (answer.seconds - answer.time_to_first_token)\n"
        "assert str(answer) == answer.text and answer.text not in repr(answer)\n"
        "print(answer.chat_id)"
    )
    assert said.status == "ok"
    assert len(said.printed) > 8


def test_as_a_function(kernel: Kernel) -> None:
    cell = kernel.run(
        "from jupyter_stream_chat import chat\nanswer = chat('tokens=3 {limit}', temperature=0)"
    )
    assert cell.markdown == numbered(3)
    assert kernel.run("print(answer.text)").printed.strip() == numbered(3).strip()
    assert kernel.run("chat('x', bogus=1)").error["ename"] == "TypeError"


def test_where_nobody_watches_there_is_one_output(kernel: Kernel) -> None:
    cell = kernel.run("%chat tokens=600 rate=2000", watched=False)
    assert cell.displayed == ["display_data", "execute_result"]
    assert MIME_TYPE not in cell.bundles[0]
    assert cell.markdown == numbered(600)


def test_commands(kernel: Kernel) -> None:
    assert "* scripted" in kernel.run("%chat profiles").printed
    assert kernel.run("%chat use other").status == "ok"
    assert "* other" in kernel.run("%chat profiles").printed
    assert "scripted, other" in kernel.run("%chat use nobody").error["evalue"]
    kernel.run("%chat tokens=2 remember me")
    assert kernel.run("%chat history").printed == f"You: tokens=2 remember me\n\nOther: {numbered(2)}\n\n"
    assert "the server that started this kernel" in kernel.run("%chat status").printed
    kernel.run("%chat reset")
    assert kernel.run("%chat history").printed == "Nothing has been asked yet.\n"
    assert "--max-tokens" in kernel.run("%chat help").printed


@pytest.mark.parametrize("code", ["%chat?", "?%chat", "%%chat?"])
def test_a_question_mark_alone_shows_the_help(kernel: Kernel, code: str) -> None:
    (page,) = kernel.run(code).reply["content"]["payload"]
    assert "--temperature" in page["data"]["text/plain"]


def test_help_is_also_asked_for_by_a_sign(kernel: Kernel) -> None:
    assert "--temperature" in kernel.run("%chat ?").printed


def test_a_chat_is_named_by_the_question_as_it_was_typed(kernel: Kernel, server: Jupyter) -> None:
    kernel.run("%chat reset")
    kernel.run("many = list(range(90))")
    kernel.run("%chat tokens=1 how long is {many}? And why?")
    assert "tokens=1 how long is {many}?" in [chat["title"] for chat in server.chats()]


def test_what_a_command_prints_acts_on_no_terminal(kernel: Kernel) -> None:
    hostile = base64.urlsafe_b64encode(b"before \x1b]0;title\x07 after").decode()
    kernel.run(f"%chat echo={hostile}")
    history = kernel.run("%chat history").printed
    assert "before" in history
    assert "\x1b" not in history
    (line,) = kernel.run("%chat use \x1b[31mred").error["traceback"]
    assert "red" in line
    assert "\x1b" not in line


def test_what_only_begins_like_a_command_is_a_question(kernel: Kernel, server: Jupyter) -> None:
    for question in ("history of tokens=2", "use pandas to sort tokens=2", "reset tokens=2"):
        assert kernel.run(f"%chat {question}").markdown == numbered(2)
        assert question_of(server.requests()[-1]) == question


def test_fix_asks_about_the_last_error_and_offers_the_mended_cell(kernel: Kernel, server: Jupyter) -> None:
    hook = kernel.run("import sys; print(sys.excepthook, get_ipython().custom_exceptions)").printed
    kernel.run("width = 3\nwidth / 0  # text=code tokens=8")
    cell = kernel.run("%chat fix")
    assert cell.next_inputs == ["value_0 = compute"]
    question = question_of(server.requests()[-1])
    assert "width / 0" in question
    assert "ZeroDivisionError: division by zero" in question
    assert kernel.run("print(sys.excepthook, get_ipython().custom_exceptions)").printed == hook


def test_fix_sends_what_led_to_the_error_and_names_the_cell(kernel: Kernel, server: Jupyter) -> None:
    kernel.run("widths = [1, 2]  # text=code tokens=8")
    failed = kernel.run("widths / 0")
    cell = kernel.run("%chat fix")
    question = question_of(server.requests()[-1])
    assert "widths = [1, 2]" in question
    assert "%chat" not in question
    assert "widths: list of length 2" in question
    bundles = [bundle[MIME_TYPE] for bundle in cell.bundles]
    number = failed.reply["content"]["execution_count"]
    assert {bundle["fixes"] for bundle in bundles} == {number}
    assert {"fixes"} & set(kernel.run("%chat tokens=2").bundles[-1][MIME_TYPE]) == set()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("x = (1", "SyntaxError"),
        ("def f():\n    return missing_name\nf()", "missing_name"),
        ('s = """\n```\n"""; missing_name', "````python"),
    ],
)
def test_fix_finds_the_cell_of_each_kind_of_error(
    kernel: Kernel, server: Jupyter, code: str, said: str
) -> None:
    failed = kernel.run(code)
    cell = kernel.run("%chat fix")
    question = question_of(server.requests()[-1])
    assert code in question
    assert said in question
    assert cell.bundles[-1][MIME_TYPE]["fixes"] == failed.reply["content"]["execution_count"]


def test_a_kernel_stays_light(kernel: Kernel) -> None:
    heavy = ("pydantic", "langchain_core", "openai", "jupyter_server", "jupyter_stream_chat.server")
    kernel.run("%chat tokens=2")
    loaded = kernel.run(f"import sys; print([name for name in {heavy} if name in sys.modules])").printed
    assert loaded == "[]\n"


def test_the_token_is_nowhere(kernel: Kernel, server: Jupyter) -> None:
    cells = [
        kernel.run(f"%chat {line}") for line in ("tokens=2", "status", "-p nobody x", "trace", "history")
    ]
    assert server.token not in str([(cell.messages, cell.reply) for cell in cells])


PNG = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR42mP8z8AARwzEcQCukw/x0F8jngAAAABJRU5ErkJggg=="


def test_files_go_with_the_question(kernel: Kernel, server: Jupyter, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("remember \u4f60")
    cell = {"cell_type": "code", "source": ["a = 1"], "execution_count": 2}
    outputs = [{"output_type": "stream", "text": ["said\n"]}]
    notebook = {"cells": [cell | {"outputs": outputs}]}
    (tmp_path / "work.ipynb").write_text(json.dumps(notebook))
    (tmp_path / "plot.png").write_bytes(base64.b64decode(PNG))
    paths = " ".join(f"--attach '{tmp_path / name}'" for name in ("notes.txt", "work.ipynb", "plot.png"))
    assert kernel.run(f"%chat {paths} tokens=1 with files").status == "ok"
    text, picture = server.request("with files")["body"]["messages"][-1]["content"]
    assert 'title="notes.txt">\nremember \u4f60\n</attachment' in text["text"]
    assert "[code cell 1, executed as 2]\na = 1\n[output of cell 1]\nsaid\n" in text["text"]
    assert picture["image_url"]["url"] == f"data:image/png;base64,{PNG}"


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "cannot be read"), (b"\x00\x01", "is no text file"), (b"\xff\xfe\x00", "is no text file")],
)
def test_a_file_that_cannot_go_with_the_question(
    kernel: Kernel, tmp_path: Path, content: bytes | None, why: str
) -> None:
    path = tmp_path / "it"
    if content is not None:
        path.write_bytes(content)
    cell = kernel.run(f"%chat --attach '{path}' tokens=1 with it")
    assert cell.status == "error"
    assert why in str(cell.error)


def test_a_figure_is_a_picture_where_the_model_takes_pictures(kernel: Kernel, server: Jupyter) -> None:
    kernel.run(
        "import matplotlib; matplotlib.use('agg')\n"
        "from matplotlib.figure import Figure\n"
        "drawing = Figure(); drawing.subplots().plot([1, 2])"
    )
    kernel.run("%chat tokens=1 what does {drawing} show")
    text, picture = server.request("show")["body"]["messages"][-1]["content"]
    assert "2 points, y from 1 to 2" in text["text"]
    assert picture["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
    assert kernel.run("%chat -p guide what does {drawing} show").status == "ok"
