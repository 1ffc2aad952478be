"""The floor of the load test: a WebSocket server that sends back what it is sent. Prints its URL."""

from __future__ import annotations

import asyncio

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler


class Echo(WebSocketHandler):
    """One connection."""

    def open(self) -> None:
        """Send small frames at once, as the product does."""
        self.set_nodelay(True)

    def on_message(self, message: str | bytes) -> None:
        """Send it back."""
        self.write_message(message)


async def main() -> None:
    """Serve until ended."""
    sockets = bind_sockets(0, "127.0.0.1")
    HTTPServer(Application([("/", Echo)])).add_sockets(sockets)
    print(f"http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
