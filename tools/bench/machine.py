"""The machine that the table was measured on."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import psutil
import torch


def header() -> str:
    """Cores, processor, memory, the versions that matter, and how busy the machine is."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text("utf-8"))
    chromium = "no chromium"
    if path := shutil.which("chromium"):
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
        chromium = " ".join(done.stdout.split()[:2])
    return (
        f"{len(os.sched_getaffinity(0))} cores of {found[1] if found else platform.machine()}, "
        f"{psutil.virtual_memory().total / 1e9:.0f} GB; Python {platform.python_version()}, "
        f"torch {torch.__version__}, {chromium}; "
        f"load average {os.getloadavg()[1]:.1f} over the last five minutes"
    )
