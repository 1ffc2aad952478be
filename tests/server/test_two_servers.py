"""Two servers on one store: what each says of the other's runs."""

from __future__ import annotations

from .page import new_id
from .process import StartProcess


async def test_stop_of_another_servers_run_says_that_it_is_another_servers(
    start_process: StartProcess,
) -> None:
    first, second = await start_process(), await start_process()
    async with first.page() as here, second.page() as there:
        chat_id = await here.new_chat()
        run_id = await here.ask(chat_id, "hang=3")
        await here.until_text(run_id, 9)
        assert (await there.command("open_chat", chat_id=chat_id))["type"] == "command_accepted"
        opened = await there.until_type("chat_opened", chat_id=chat_id)
        assert opened["read_only"]["code"] == "chat_read_only"
        for command in ("interrupt_run", "pause_run", "resume_run"):
            answer = await there.command(command, run_id=run_id)
            assert answer["error"]["code"] == "chat_read_only", answer
            assert str(first.process.pid) in answer["error"]["detail"]
        assert not here.of_type("run_finished"), "it goes on"
        assert (await here.command("interrupt_run", run_id=run_id))["type"] == "command_accepted"
        await here.finished(run_id)
        await there.until_type("run_finished", chat_id=chat_id)
        answer = await there.command("interrupt_run", run_id=run_id)
        assert (answer["type"], answer.get("note")) == ("command_accepted", "not_running")
        assert (await there.command("interrupt_run", run_id=new_id("run")))["type"] == "command_accepted"
