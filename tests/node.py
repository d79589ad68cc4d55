"""Scripts of tests/js that take JSON and answer JSON, run by the node of the locks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent / "js"
NODE = Path(sys.executable).parent / "node"


def answer_of(script: str, asked: object) -> Any:
    """What a script of tests/js makes of something. Raises CalledProcessError if it fails."""
    done = subprocess.run(
        [NODE, SCRIPTS / script],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return json.loads(done.stdout)


def camel_case(name: str) -> str:
    """A name of Python as JavaScript has it."""
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)
