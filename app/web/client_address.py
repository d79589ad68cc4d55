"""Whose request this is: the address of the other side, as uvicorn tells it.

Uvicorn believes a header ``X-Forwarded-For`` only of proxies that it was told to trust
(``--forwarded-allow-ips``, by default this machine alone), so nobody can pass for another.
"""

from __future__ import annotations

from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send

client: ContextVar[str] = ContextVar("client", default="")
"""of the request that is being answered; empty outside of one"""


class ClientAddress:
    """Tells everything below whose request it answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = client.set((scope.get("client") or ("", 0))[0])
        try:
            await self.app(scope, receive, send)
        finally:
            client.reset(token)
