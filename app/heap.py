"""How the C library keeps memory. Both do nothing where it is another one than glibc."""

from __future__ import annotations

import contextlib
import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""of glibc's malloc.h"""

HEAPS = 2

KEPT_BYTES = 32 << 20
"""the most that may be told to be kept, and a few times what the largest tables of the lab take"""


def few_heaps() -> None:
    """Saves some 100 MB in a server with many threads, each of which would have a heap of its own."""
    _set(M_ARENA_MAX, HEAPS)


def keep_freed_memory() -> None:
    """Do not give a table's memory back to the system, to ask for it again in the next step.

    Between two steps of training all responses are evaluated: fetching those few MB anew each time can
    take as long as a third of the arithmetic.
    """
    _set(M_TRIM_THRESHOLD, KEPT_BYTES)
    _set(M_MMAP_THRESHOLD, KEPT_BYTES)


def _set(parameter: int, value: int) -> None:
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(parameter, value)
