"""The scripted provider, with ``text=document``: Markdown of any length. Prints its URL."""

from __future__ import annotations

import asyncio

from tests.bench.document import tokens
from tests.scripted_provider import TEXTS, ScriptedProvider

LONGEST = 20_000


async def main() -> None:
    """Serve until ended."""
    TEXTS["document"] = tokens(LONGEST)
    async with ScriptedProvider() as provider:
        print(provider.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
