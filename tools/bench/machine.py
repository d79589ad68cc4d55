"""What the table was measured on."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import torch


def header() -> str:
    """Cores, processor, memory, versions of what decides the numbers, and how busy the machine is."""
    return (
        f"{len(os.sched_getaffinity(0))} cores of {cpu_model(_read('/proc/cpuinfo'))}, "
        f"{memory_gb(_read('/proc/meminfo')):.0f} GB; Python {platform.python_version()}, "
        f"torch {torch.__version__}, {chromium_version()}; "
        f"load average {os.getloadavg()[1]:.1f} over the last five minutes"
    )


def cpu_model(cpuinfo: str) -> str:
    """The processor's name in the text of /proc/cpuinfo, or the architecture where it has none."""
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return found.group(1).strip() if found else platform.machine()


def memory_gb(meminfo: str) -> float:
    """All memory, in 10^9 bytes, from the text of /proc/meminfo. Raises ValueError without it."""
    found = re.search(r"^MemTotal:\s+(\d+) kB$", meminfo, re.MULTILINE)
    if found is None:
        raise ValueError("no MemTotal")
    return int(found.group(1)) * 1024 / 1e9


def chromium_version() -> str:
    """Such as "Chromium 140.0.7339.80"; says so where it is missing."""
    path = shutil.which("chromium")
    if path is None:
        return "no chromium"
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\w+ [\d.]+", said)
    return found.group(0) if found else said.strip()


def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8") if Path(path).exists() else ""
