"""Requests that wait for a run delay no other request, and leave nothing behind when they are closed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import Message

from app.main import create_app
from app.settings import Settings
from tests.runs.test_runs import Scripted, for_ever, run
from tests.serving import PATIENCE

ROUTES = [
    "/api/v1/ppo_dynamics?seed={}",
    "/api/v1/ppo_dynamics/stream?seed={}",
    "/api/v1/ppo_dynamics/policies?seed={}",
    "/api/v1/receipts/ppo_dynamics?seed={}",
    "/api/v1/embeds/ppo_dynamics?seed={}",
    "/widgets/ppo_dynamics?seed={}",
    "/widgets/ppo_dynamics/receipt?seed={}",
    "/widgets/ppo_dynamics/share?seed={}",
    "/sections/ppo-problem?seed={}",
    "/cards/ppo_dynamics.png?seed={}",
    "/cards/sections/ppo-problem.png?seed={}",
    "/embed?widget=ppo_dynamics&seed={}",
]
"""routes that wait for a run of their own"""

READERS = 120
"""more than there are threads for requests"""


class Reader:
    """One request, whose connection can be closed."""

    def __init__(
        self, app: FastAPI, address: str, headers: Mapping[str, str] | None = None
    ) -> None:
        path, _, query = address.partition("?")
        self.status = 0
        self.body = b""
        self.whole = False
        self._left = asyncio.Event()
        self._asked = False
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                (name.encode(), value.encode())
                for name, value in {"host": "test", **(headers or {})}.items()
            ],
            "client": ("192.0.2.1", 1),
            "server": ("test", 80),
        }
        self.over = asyncio.create_task(app(scope, self._receive, self._send))

    def leave(self) -> None:
        """Close the connection."""
        self._left.set()

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.body += message.get("body", b"")
            self.whole = not message.get("more_body", False)


async def answered(
    app: FastAPI, path: str, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """The response to a request."""
    reader = Reader(app, path, headers)
    await reader.over
    return reader.status, reader.body


def among_readers(
    routes: Sequence[str],
    count: int,
    act: Callable[[FastAPI, list[Reader]], Awaitable[None]],
) -> None:
    """Do something while a number of readers of these routes wait, each for another run."""

    async def go() -> None:
        settings = Settings(warm=False, concurrent_runs=1)
        app = create_app(settings, lambda _: Scripted(for_ever))
        async with app.router.lifespan_context(app):
            first = Reader(app, "/api/v1/ppo_dynamics?seed=0")
            while not app.state.runs.running:
                await asyncio.sleep(0)
            readers = [Reader(app, routes[n % len(routes)].format(n + 1)) for n in range(count)]
            while app.state.runs.waiting < count:
                assert not any(reader.over.done() for reader in readers)
                await asyncio.sleep(0.01)
            await act(app, readers)
            for reader in (first, *readers):
                reader.leave()
            await asyncio.gather(*(reader.over for reader in (first, *readers)))

    # If the server did not notice that a reader has left, this would wait for ever.
    run(asyncio.wait_for(go(), PATIENCE))


def test_while_readers_wait_everything_else_is_answered() -> None:
    async def ask(app: FastAPI, _: list[Reader]) -> None:
        for path in ("/healthz", "/", "/api/v1/dpo_loss?beta=0.3", "/sections/beta"):
            status, _body = await answered(app, path)
            assert status == 200, path
        while not app.state.lab.loaded:
            await asyncio.sleep(0.01)
        status, body = await answered(app, "/readyz")
        ready: dict[str, Any] = json.loads(body)
        assert (status, ready["runs_waiting"], ready["runs_going"]) == (200, READERS, 1)

    among_readers(ROUTES, READERS, ask)


@pytest.mark.parametrize("route", ROUTES)
def test_the_run_of_a_reader_who_leaves_is_taken_from_the_queue(route: str) -> None:
    async def leave(app: FastAPI, readers: list[Reader]) -> None:
        going, staying = readers
        going.leave()
        await going.over
        while app.state.runs.waiting > 1:
            await asyncio.sleep(0)
        assert not staying.over.done()

    among_readers([route], 2, leave)
