"""The client address of the current request, as uvicorn reports it.

Uvicorn trusts ``X-Forwarded-For`` only from the proxies in ``--forwarded-allow-ips`` (by default this machine
alone), so clients cannot forge their address.
"""

from __future__ import annotations

from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send

client: ContextVar[str] = ContextVar("client", default="")
"""the address; empty outside of a request"""


class ClientAddress:
    """Sets ``client`` for everything inside."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = client.set((scope.get("client") or ("", 0))[0])
        try:
            await self.app(scope, receive, send)
        finally:
            client.reset(token)
