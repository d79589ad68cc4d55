"""Cancels requests whose client has disconnected, so that they stop waiting for what nobody will receive."""

from __future__ import annotations

import asyncio

import anyio
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CLIENT_CLOSED_REQUEST = 499
"""the status in the log; nobody receives it"""


class CancelOnDisconnect:
    """Cancels a GET whose client disconnects before the response starts.

    Once it has started, the response is notified itself. The body, which a GET should not have, is discarded.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        requested, started, disconnected = False, False, asyncio.Event()

        async def listen() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            disconnected.set()
            if not started:
                waiting.cancel()

        async def received() -> Message:
            nonlocal requested
            if requested:
                await disconnected.wait()
                return {"type": "http.disconnect"}
            requested = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def observed_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        listening = asyncio.create_task(listen())
        try:
            with anyio.CancelScope() as waiting:
                await self.app(scope, received, observed_send)
        finally:
            listening.cancel()
        if waiting.cancelled_caught:
            await Response(status_code=CLIENT_CLOSED_REQUEST)(scope, receive, send)
