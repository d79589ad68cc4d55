"""The process that makes runs: ``python -m app.runs.worker``, fed by ``processes.py``.

In come lines of JSON, a job each, or the word stop. Out go lines of an event's name, a tab and its data;
the last line of a job is ``end``, or ``failed`` with what went wrong. It ends when its input does, which
is also when the server that started it has died.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from queue import SimpleQueue
from typing import TextIO

from app.runs.failures import tell

LAST = ("end", "failed")
"""names of the line after the last event"""

STOP = "stop"

PATIENCE = 19
"""how much a run lets other processes go first, as the system's nice value: pages come first"""


def main() -> None:
    """Do jobs until the input ends."""
    os.nice(PATIENCE)
    # Whatever is printed by accident must not come between the events.
    out, sys.stdout = sys.stdout, sys.stderr
    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    while True:
        line = lines.get()
        if line != STOP:  # else the job that was to stop had just ended
            with contextlib.suppress(BrokenPipeError):
                _do(line, lines, out)


def _read(lines: SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line.rstrip("\n"))
    os._exit(0)


def _do(line: str, lines: SimpleQueue[str], out: TextIO) -> None:
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
            if not lines.empty():  # nothing but a stop can come before the job has ended
                lines.get()
                break
        say("end", "")
    except BrokenPipeError:
        raise
    except Exception as error:
        say("failed", tell(error))


if __name__ == "__main__":
    main()
