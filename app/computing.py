"""A few threads in which everything is computed that needs no training.

Requests are answered in many threads, as some of them wait for a run. If each of those computed, each
would keep working memory of torch's (some 5 MB), and they would only take the cores from one another.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="computing")


def in_few_threads(function: Callable[P, T]) -> Callable[P, T]:
    """The same function, called in one of these threads while the caller waits.

    A function must not wait for another one that is made so: there might be no thread left for it.
    """

    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        return _threads.submit(function, *args, **kwargs).result()

    return called
