"""Another server on the same store, as a process: ``python -m tests.chats.other_server DATA_DIR NUMBER``.

It writes run NUMBER in the chat that it makes, one line on stdout per word that the spool has. A line on
stdin ends the run.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from jupyter_stream_chat.chats.chat_service import ChatService

from .made import Writing, answer, chat, question, run


async def main(data_dir: Path, number: int) -> None:
    """Write until told to end."""
    chat_service = await ChatService.open(data_dir)
    chat_id = f"chat-{number:04}"
    await chat_service.create_chat("", chat(chat_id))
    writing = Writing(run(number, chat_id))
    spool = await chat_service.begin_run(
        question(number, chat_id=chat_id), answer(number, chat_id), writing.info
    )
    assert spool is not None
    chat_service.feed(chat_id).live[writing.run_id] = writing
    told = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    count = 0
    while not told.done():
        count += 1
        word = f"wörd{count} "
        writing.text.append("text", word)
        spool.append(0, "text", word)
        print(word, flush=True)
        await asyncio.sleep(0.0005)
    await chat_service.end_run(writing.ended(), writing.text)
    spool.remove()
    await chat_service.close()
    print("ended", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
