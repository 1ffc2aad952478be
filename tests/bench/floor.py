"""The floor: the least that lies between a model and a page.

A bare page with one WebSocket, fed by ``ChatOpenAI.astream`` with a callback that does nothing. The page has
the panel's class names, so that both are driven and watched in one way. ``POST /loop`` consumes an answer
with no page at all and returns seconds of wall time. Prints its URL; takes the provider's as argument.
"""

from __future__ import annotations

import asyncio
import sys
import time
from uuid import UUID

import openai
from aiohttp import WSMsgType, web
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

PAGE = """<!doctype html><title>floor</title>
<main class="jp-StreamChat"><div id="log"></div>
<textarea class="jp-StreamChat-input"></textarea>
<button class="jp-StreamChat-send" data-action="send">Send</button></main>
<script>
const socket = new WebSocket(location.href.replace('http', 'ws') + 'ws');
const [log, input, button] = ['#log', 'textarea', 'button'].map(name => document.querySelector(name));
let message, content;
socket.onmessage = ({data}) => {
  if (data === '') {
    message.dataset.status = 'finished';
    button.dataset.action = 'send';
  } else {
    content.append(data);
  }
};
input.onkeydown = event => {
  if (event.key !== 'Enter') return;
  event.preventDefault();
  message = document.createElement('article');
  message.className = 'jp-StreamChat-message';
  message.dataset.role = 'assistant';
  message.dataset.status = 'streaming';
  content = document.createElement('div');
  content.className = 'jp-StreamChat-content';
  message.append(content);
  log.replaceChildren(message);
  button.dataset.action = 'stop';
  socket.send(input.value);
  input.value = '';
};
button.onclick = () => socket.send('');
</script>"""


class Nothing(AsyncCallbackHandler):
    """A callback that does nothing, in the cheapest way that LangChain offers."""

    run_inline = True

    async def on_chat_model_start(self, *args: object, **kwargs: object) -> None:
        """Do nothing."""

    async def on_llm_new_token(self, token: object, *, run_id: UUID, **kwargs: object) -> None:
        """Do nothing."""


class Floor:
    """The application."""

    def __init__(self, provider: str) -> None:
        """Ask the provider of this URL."""
        self.llm = ChatOpenAI(
            model="scripted",
            base_url=f"{provider}/v1",
            api_key=SecretStr("not-a-secret"),
            stream_chunk_timeout=0,
        )
        self.app = web.Application()
        self.app.router.add_get("/", self._page)
        self.app.router.add_get("/ws", self._socket)
        self.app.router.add_post("/loop", self._loop)

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        answering: asyncio.Task[None] | None = None
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                break
            if frame.data:
                answering = asyncio.create_task(self._answer(socket, frame.data))
            elif answering:
                answering.cancel()
        return socket

    async def _answer(self, socket: web.WebSocketResponse, question: str) -> None:
        try:
            async for chunk in self.llm.astream(question, {"callbacks": [Nothing()]}):
                if chunk.content:
                    await socket.send_str(str(chunk.content))
        except openai.OpenAIError as error:
            await socket.send_str(repr(error))
        finally:
            await socket.send_str("")

    async def _loop(self, request: web.Request) -> web.Response:
        question = await request.text()
        start = time.perf_counter()
        async for _ in self.llm.astream(question, {"callbacks": [Nothing()]}):
            pass
        return web.json_response(time.perf_counter() - start)


async def main(provider: str) -> None:
    """Serve until ended."""
    runner = web.AppRunner(Floor(provider).app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
