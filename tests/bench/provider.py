"""The scripted provider, with Markdown of any length (``text=document``, ``text=words``). Prints its URL."""

from __future__ import annotations

import asyncio

from tests.bench.document import tokens
from tests.scripted_provider import TEXTS, ScriptedProvider

LONGEST = 20_000


async def main() -> None:
    """Serve until ended."""
    TEXTS["document"] = tokens(LONGEST)
    # Tokens as those of today's models: 8 to 10 characters.
    TEXTS["words"] = tokens(LONGEST, "words")
    async with ScriptedProvider() as provider:
        print(provider.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
