"""``dpo-explained doctor``: what ``/readyz`` says, whether the address is free, and ``pip check``."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from http.client import HTTPConnection, HTTPException

PATIENCE_S = 10
"""seconds that whoever listens at the address gets to answer"""


async def ready() -> None:
    """Start the site without listening. Raises RuntimeError with the reasons if it is not ready."""
    # Missing parts fail here, on import.
    from app.main import create_app
    from app.ops.health import LOADING, readiness_problems
    from app.settings import Settings

    app = create_app(Settings(warm=False))
    async with app.router.lifespan_context(app):
        while app.state.lab.problem == LOADING:
            await asyncio.sleep(0.05)
        if reasons := readiness_problems(app.state):
            raise RuntimeError(" ".join(reasons))


def _is_ours(host: str, port: int) -> bool:
    """Whether a server of this site answers at an address."""
    connection = HTTPConnection(host, port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/openapi.json")
        found = json.load(connection.getresponse())
        return bool(found["info"]["title"] == "DPO Explained")
    except (OSError, HTTPException, ValueError, LookupError, TypeError):
        return False
    finally:
        connection.close()


def report(host: str, port: int) -> bool:
    """Print one line per check. Returns whether there is no problem."""
    healthy = True
    try:
        asyncio.run(ready())
        print("The site is ready.")
    except Exception as error:
        healthy = False
        print(f"PROBLEM: {type(error).__name__}: {error}")
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        if _is_ours(host, port):
            print(f"This site is served at {host}:{port}.")
        else:
            healthy = False
            print(f"PROBLEM: {host}:{port} is not free: {error}")
    sys.stdout.flush()
    packages = subprocess.run([sys.executable, "-m", "pip", "check"], check=False)
    return healthy and packages.returncode == 0
