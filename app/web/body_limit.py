"""A limit on the size of request bodies."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.errors import respond
from app.web.problem import FieldError, detail_of, problem_of


class BodyTooLarge(HTTPException):
    """A request body above the limit; ``errors`` go into its problem document."""

    def __init__(self, max_bytes: int) -> None:
        allowed = f"at most {max_bytes} bytes"
        self.errors = [FieldError(field="body", message="too large", allowed=allowed)]
        super().__init__(413, detail_of(self.errors))


class BodyLimit:
    """Refuses larger request bodies with 413, whether or not they declare their length."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.max_bytes:
                raise BodyTooLarge(self.max_bytes)
            return message

        declared = dict(scope.get("headers", [])).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self.max_bytes:
            refusal = BodyTooLarge(self.max_bytes)
            response = respond(Request(scope), problem_of(413, refusal.detail, refusal.errors))
            await response(scope, receive, send)
        else:
            await self.app(scope, counted, send)
