"""A few threads in which everything is computed and drawn that needs no training, off the event loop.

Each thread that multiplies matrices keeps working memory of torch's (some 5 MB), and more threads than cores
would only take the cores from one another.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="computing")


async def computed(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function gives, called in one of these threads. One cancelled before its turn takes none."""
    call = partial(copy_context().run, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_threads, call)
