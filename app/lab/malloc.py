"""Memory settings of the C library. They have no effect unless it is glibc.

Training and a server need opposite settings. Importing the lab sets what is good for
training; a server, which imports the lab too, then sets what is good for itself.
"""

from __future__ import annotations

import contextlib
import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""of glibc's malloc.h"""

KIB, MIB = 1 << 10, 1 << 20


def keep_freed_memory() -> None:
    """Keep the memory of freed tables, which the next training step needs again.

    Between two steps of training all responses are evaluated: fetching those few MB anew each time can
    take as long as a third of the arithmetic.
    """
    _set(M_TRIM_THRESHOLD, 32 * MIB)
    _set(M_MMAP_THRESHOLD, 32 * MIB)


def return_freed_memory() -> None:
    """Return large freed blocks to the system, and share a few heaps among threads.

    A server holds responses of many sizes: untuned, its heap fragments and grows by a tenth with every few
    hundred clients. Many threads would have a heap each.
    """
    _set(M_ARENA_MAX, 2)
    _set(M_TRIM_THRESHOLD, 256 * KIB)
    _set(M_MMAP_THRESHOLD, 128 * KIB)


def _set(parameter: int, value: int) -> None:
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(parameter, value)
