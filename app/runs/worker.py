"""The process that makes runs: ``python -m app.runs.worker``, fed by ``processes.py``.

In come lines of JSON, a job each. Out go lines of an event's name, a tab and its data; the last line of a
job is ``end``, or ``failed`` with what went wrong. It ends when its input does, or when nobody takes what it
makes: the server that started it has died.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TextIO

from app.runs.failures import tell

LAST = ("end", "failed")
"""names of the line after the last event"""

PATIENCE = 19
"""how much a run lets other processes go first, as the system's nice value: pages come first"""


def main() -> None:
    """Do jobs until the input ends."""
    os.nice(PATIENCE)
    # Whatever is printed by accident must not come between the events.
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        try:
            _do(line, out)
        except BrokenPipeError:
            os._exit(0)


def _do(line: str, out: TextIO) -> None:
    def say(name: str, data: str) -> None:
        out.write(f"{name}\t{data}\n")
        out.flush()

    try:
        # Torch is imported with the first job, so that a process that has none is small.
        import torch

        from app.runs.job import Job, events

        torch.set_num_threads(1)
        for event in events(Job(**json.loads(line))):
            say(*event)
        say("end", "")
    except BrokenPipeError:
        raise
    except Exception as error:
        say("failed", tell(error))


if __name__ == "__main__":
    main()
