"""Memory of a server and its child processes."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Memory:
    """In 10^6 bytes. A page shared by n processes counts 1/n for each in Pss, and in full in Rss."""

    rss: float
    """of the server process"""
    files: float
    """the part of it that maps files, such as libraries: shared by all processes, and may be dropped"""
    pss: float
    """of the server process"""
    children_pss: float
    """of all child processes together"""
    children: int

    @property
    def all_pss(self) -> float:
        """Of the server and its child processes together."""
        return self.pss + self.children_pss


def memory_of(pid: int) -> Memory:
    """Read /proc/<pid>/smaps_rollup. A child process that ends meanwhile does not count."""
    process = psutil.Process(pid)
    own = process.memory_full_info()
    children = []
    for child in process.children(recursive=True):
        try:
            children.append(child.memory_full_info().pss / 1e6)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return Memory(own.rss / 1e6, own.shared / 1e6, own.pss / 1e6, sum(children), len(children))
