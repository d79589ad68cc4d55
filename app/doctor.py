"""``dpo-explained doctor``: what ``/readyz`` says of this installation, then ``pip check``."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys


async def ready() -> None:
    """Start the site, without its address. Raises RuntimeError with what keeps it from being ready."""
    # A part that is missing fails here, as it is imported.
    from app.main import create_app
    from app.ops.health import LOADING, not_ready
    from app.settings import Settings

    app = create_app(Settings(warm=False))
    async with app.router.lifespan_context(app):
        while app.state.lab.problem == LOADING:
            await asyncio.sleep(0.05)
        if reasons := not_ready(app.state):
            raise RuntimeError(" ".join(reasons))


def report(host: str, port: int) -> bool:
    """Say in a line for each part how this installation is. Whether all is well."""
    well = True
    try:
        asyncio.run(ready())
        print("The site is ready.")
    except Exception as error:
        well = False
        print(f"NOT WELL: {type(error).__name__}: {error}")
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        well = False
        print(f"NOT WELL: {host}:{port} cannot be taken, unless our server has it: {error}")
    sys.stdout.flush()
    packages = subprocess.run([sys.executable, "-m", "pip", "check"], check=False)
    return well and packages.returncode == 0
