"""The worker process: ``python -m app.runs.worker``, started by ``processes.py``.

It reads jobs from stdin, one JSON object per line, and writes their events to stdout as name, tab, data; the
last line of a job is ``end``, or ``failed`` with the exception. It exits when stdin or stdout is closed, as
when the server has died.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TextIO

from app.runs.failures import failure_json

FINAL_LINES = ("end", "failed")
"""names that end a job"""

NICENESS = 19
"""the lowest priority: pages come first"""


def main() -> None:
    """Run jobs until stdin is closed."""
    os.nice(NICENESS)
    # Anything printed by accident must not mix with the events.
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        try:
            _run_job(line, out)
        except BrokenPipeError:
            os._exit(0)


def _run_job(line: str, out: TextIO) -> None:
    def say(name: str, data: str) -> None:
        out.write(f"{name}\t{data}\n")
        out.flush()

    try:
        # Torch is imported with the first job, so that an unused worker stays small.
        import torch

        from app.runs.job import Job, events

        torch.set_num_threads(1)
        for event in events(Job(**json.loads(line))):
            say(*event)
        say("end", "")
    except BrokenPipeError:
        raise
    except Exception as error:
        say("failed", failure_json(error))


if __name__ == "__main__":
    main()
