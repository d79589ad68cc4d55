"""Thread pool for everything that is computed or drawn without training, off the event loop.

One thread per core: more would compete for the cores, and each that multiplies matrices keeps some 5 MB of
torch's working memory.
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


async def run_in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in one of these threads, in the caller's context. Can be canceled before it starts."""
    call = partial(copy_context().run, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_threads, call)
