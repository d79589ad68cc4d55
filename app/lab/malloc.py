"""How the C library keeps memory. Nothing here does anything where it is another one than glibc.

What training wants of it and what a server wants are opposite. Importing the lab sets what is good for
training; a server, which imports the lab too, then sets what is good for itself.
"""

from __future__ import annotations

import contextlib
import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""of glibc's malloc.h"""

KIB, MIB = 1 << 10, 1 << 20


def keep_freed_memory() -> None:
    """Do not give a table's memory back to the system, to ask for it again in the next step.

    Between two steps of training all responses are evaluated: fetching those few MB anew each time can
    take as long as a third of the arithmetic.
    """
    _set(M_TRIM_THRESHOLD, 32 * MIB)
    _set(M_MMAP_THRESHOLD, 32 * MIB)


def return_freed_memory() -> None:
    """What is large and was freed goes back to the system, and threads share a few heaps.

    A server has answers of many sizes in its memory at once, which come and go: left to itself its heap
    frays, and grows by a tenth with each few hundred readers. Many threads would have a heap each.
    """
    _set(M_ARENA_MAX, 2)
    _set(M_TRIM_THRESHOLD, 256 * KIB)
    _set(M_MMAP_THRESHOLD, 128 * KIB)


def _set(parameter: int, value: int) -> None:
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(parameter, value)
