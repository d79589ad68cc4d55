"""Answers to GET requests, kept as they go out: most of what is asked for has been asked for before.

Everything here is a function of its address, so an answer carries an ETag, a copy of it may be kept by
browsers and by whatever stands between, and the next one who asks gets the same bytes again.

Addresses and hosts are whatever a client writes. Each has answers of its own, so none gets what was made for
another, and all that is kept counts against the bound: a thousand hosts drive out answers, and no more.
"""

from __future__ import annotations

import hashlib
import sys
from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.request_paths import is_file, path_of
from app.web.static_files import accepts

LARGEST = 2_000_000
"""bytes of an answer that is kept, with its address and headers; a longer one is passed on as it comes"""

OVERHEAD = 600
"""bytes that keeping an answer takes beside its texts: objects, and its place in the store"""

ENCODINGS = ("zstd", "br", "gzip")
"""that answers are compressed by, the best first"""

DATA_FRESH = "public, max-age=300"
"""JSON and pictures: the same until the server is a newer one"""

PAGE_FRESH = "no-cache"
"""A page names statics by their hash: a copy is shown only if the server says that it is still the same."""

NEVER = ("/healthz", "/readyz", "/metrics")
"""what tells of the moment"""

Key = tuple[str, str, str, str, bytes, str]
"""all that an answer depends on: scheme, host, the paths of the site and of the page, query, encoding"""


@dataclass(frozen=True)
class Answer:
    """One that was sent whole."""

    key: Key
    headers: list[tuple[bytes, bytes]]
    body: bytes
    etag: str
    route: object
    """that made it, for those who count requests"""

    @property
    def size(self) -> int:
        """Bytes of memory that it takes."""
        texts = [*self.key, *(text for pair in self.headers for text in pair), self.body, self.etag]
        return OVERHEAD + sum(map(sys.getsizeof, [*texts, *self.headers]))


class KeptAnswers:
    """Keep answers up to so many bytes in all; what was asked for longest ago goes first."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] != "GET" or _passed_on(scope):
            await self.app(scope, receive, send)
            return
        key = _normalised(scope)
        answer = self._answers.get(key)
        if answer is None:
            answer = await self._ask(key, scope, receive, send)
            if answer is None:
                return
            self._keep(answer)
            scope["kept"] = "miss"
        else:
            self._answers.move_to_end(key)
            scope["kept"], scope["route"] = "hit", answer.route
        await _give(answer, Headers(scope=scope).get("if-none-match"), send)

    async def _ask(self, key: Key, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        """The application's answer, or None if it was passed on because it can not be kept."""
        start: Message | None = None
        parts: list[bytes] | None = []
        answer: Answer | None = None
        length = 0

        async def collect(message: Message) -> None:
            nonlocal start, parts, answer, length
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
                length += len(parts[-1])
                if not message.get("more_body", False):
                    answer = _answer(key, start, b"".join(parts), scope.get("route"))
                elif length > LARGEST:
                    await send(start)
                    await send({**message, "body": b"".join(parts)})
                    parts = None

        await self.app(scope, receive, collect)
        return answer

    def _keep(self, answer: Answer) -> None:
        if answer.size > LARGEST:
            return
        replaced = self._answers.pop(answer.key, None)
        self._answers[answer.key] = answer
        self._bytes += answer.size - (replaced.size if replaced else 0)
        while self._bytes > self.max_bytes:
            self._bytes -= self._answers.popitem(last=False)[1].size


def _passed_on(scope: Scope) -> bool:
    return is_file(scope) or path_of(scope) in NEVER


def _normalised(scope: Scope) -> Key:
    """What an answer depends on. The application is asked with the host and the encoding that are kept."""
    headers = MutableHeaders(scope=scope)
    host = headers.get("host", "").lower()
    wanted = ", ".join(headers.getlist("accept-encoding"))
    encoding = next((name for name in ENCODINGS if accepts(wanted, name)), "identity")
    headers["accept-encoding"] = encoding
    if host:
        headers["host"] = host
    return (
        scope["scheme"],
        host,
        scope.get("root_path", ""),
        scope["path"],
        scope["query_string"],
        encoding,
    )


def _may_be_kept(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return (
        start["status"] == HTTPStatus.OK
        and not headers.get("content-type", "").startswith("text/event-stream")
        and "no-store" not in headers.get("cache-control", "")
        and "set-cookie" not in headers
    )


def _answer(key: Key, start: Message, body: bytes, route: object) -> Answer:
    headers = MutableHeaders(raw=list(start["headers"]))
    page = headers.get("content-type", "").startswith("text/html")
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers["etag"] = etag
    headers.setdefault("cache-control", PAGE_FRESH if page else DATA_FRESH)
    headers["content-length"] = str(len(body))
    return Answer(key, headers.raw, body, etag, route)


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
