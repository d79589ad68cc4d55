"""A request whose reader has left ends, and gives up the place in the queue of runs that it waits in."""

from __future__ import annotations

import asyncio

import anyio
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEFT = 499
"""the status in the log of a request whose reader has left; nobody gets it"""


class EndsWithItsReader:
    """Cancels a GET whose reader closes the connection before the answer begins.

    From then on the answer hears of it itself. A body, which no GET has, is read and left out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        asked, begun, left = False, False, asyncio.Event()

        async def listen() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            left.set()
            if not begun:
                waiting.cancel()

        async def received() -> Message:
            nonlocal asked
            if asked:
                await left.wait()
                return {"type": "http.disconnect"}
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        listening = asyncio.create_task(listen())
        try:
            with anyio.CancelScope() as waiting:
                await self.app(scope, received, noted)
        finally:
            listening.cancel()
        if waiting.cancelled_caught:
            await Response(status_code=LEFT)(scope, receive, send)
