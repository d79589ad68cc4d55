"""Answers to GET requests, kept as they go out: most of what is asked for has been asked for before.

Everything here is a function of its address, so an answer carries an ETag, a copy of it may be kept by
browsers and by whatever stands between, and the next one who asks gets the same bytes again.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus

from starlette._utils import get_route_path
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 2_000_000
"""bytes of an answer that is kept; a longer one is passed on as it comes"""

DATA_FRESH = "public, max-age=300"
"""JSON and pictures: the same until the server is a newer one"""

PAGE_FRESH = "no-cache"
"""A page names statics by their hash: a copy is shown only if the server says that it is still the same."""

NEVER = ("/healthz", "/readyz", "/metrics", "/static/")
"""what tells of the moment, and files, which need no second copy in memory"""


@dataclass(frozen=True)
class Answer:
    """One that was sent whole."""

    headers: list[tuple[bytes, bytes]]
    body: bytes
    etag: str
    route: object
    """that made it, for those who count requests"""


class KeptAnswers:
    """Keep answers up to so many bytes in all; what was asked for longest ago goes first."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self._answers: OrderedDict[tuple[object, ...], Answer] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] != "GET" or _passed_on(scope):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        # All that an answer depends on.
        key = (
            scope["scheme"],
            headers.get("host"),
            scope.get("root_path", ""),
            scope["path"],
            scope["query_string"],
            headers.get("accept-encoding"),
        )
        answer = self._answers.get(key)
        if answer is None:
            answer = await self._ask(scope, receive, send)
            if answer is None:
                return
            self._keep(key, answer)
            scope["kept"] = "miss"
        else:
            self._answers.move_to_end(key)
            scope["kept"], scope["route"] = "hit", answer.route
        await _give(answer, headers.get("if-none-match"), send)

    async def _ask(self, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        """The application's answer, or None if it was passed on because it can not be kept."""
        start: Message | None = None
        parts: list[bytes] | None = []
        answer: Answer | None = None

        async def collect(message: Message) -> None:
            nonlocal start, parts, answer
            if parts is None:
                await send(message)
            elif message["type"] == "http.response.start":
                start = message
                if not _may_be_kept(message):
                    parts = None
                    await send(message)
            elif start is None or message["type"] != "http.response.body":
                await send(message)  # an extension, such as a test client's
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    answer = _answer(start, b"".join(parts), scope.get("route"))
                elif sum(map(len, parts)) > LARGEST:
                    await send(start)
                    await send({**message, "body": b"".join(parts)})
                    parts = None

        await self.app(scope, receive, collect)
        return answer

    def _keep(self, key: tuple[object, ...], answer: Answer) -> None:
        if len(answer.body) > LARGEST:
            return
        replaced = self._answers.pop(key, None)
        self._answers[key] = answer
        self._bytes += len(answer.body) - (len(replaced.body) if replaced else 0)
        while self._bytes > self.max_bytes:
            self._bytes -= len(self._answers.popitem(last=False)[1].body)


def _passed_on(scope: Scope) -> bool:
    return get_route_path(scope).startswith(NEVER)


def _may_be_kept(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return (
        start["status"] == HTTPStatus.OK
        and not headers.get("content-type", "").startswith("text/event-stream")
        and "no-store" not in headers.get("cache-control", "")
        and "set-cookie" not in headers
    )


def _answer(start: Message, body: bytes, route: object) -> Answer:
    headers = MutableHeaders(raw=list(start["headers"]))
    page = headers.get("content-type", "").startswith("text/html")
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers["etag"] = etag
    headers.setdefault("cache-control", PAGE_FRESH if page else DATA_FRESH)
    headers["content-length"] = str(len(body))
    return Answer(headers.raw, body, etag, route)


async def _give(answer: Answer, known: str | None, send: Send) -> None:
    """The answer, or that the copy which the other side has is the same."""
    if known is not None and _matches(known, answer.etag):
        left_out = (b"content-length", b"content-type", b"content-encoding")
        headers = [pair for pair in answer.headers if pair[0] not in left_out]
        status, body = HTTPStatus.NOT_MODIFIED, b""
    else:
        headers, status, body = answer.headers, HTTPStatus.OK, answer.body
    # A copy, for whoever adds headers on the way out.
    await send({"type": "http.response.start", "status": int(status), "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


def _matches(known: str, etag: str) -> bool:
    """If-None-Match, RFC 9110 13.1.2: compared weakly."""
    return known.strip() == "*" or etag in (
        tag.strip().removeprefix("W/") for tag in known.split(",")
    )
