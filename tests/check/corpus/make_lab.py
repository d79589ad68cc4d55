"""The files of the corpus that need no trainer, and the manifest.

    python -m tests.check.corpus.make_lab

writes all files but those of make_trl.py, and corpus.json for both. Logs and pairs of real size come from
simulation.py, others from policies of the lab; where a public thread had such a run, it is named. A faulty
file is of a run in which the mistake was made; all else of it is as in a healthy one. Takes some seconds.
"""

from __future__ import annotations

import torch

from tests.check.corpus import make_trl
from tests.check.corpus.entry import Entry, write_manifest
from tests.check.corpus.faulty_logs import faulty_logs
from tests.check.corpus.faulty_pairs import faulty_pairs
from tests.check.corpus.healthy_logs import healthy_logs
from tests.check.corpus.healthy_pairs import healthy_pairs
from tests.check.corpus.lab import lab_logs


def trl_entries() -> list[Entry]:
    """Those of make_trl.py, whose files are not made here."""
    return [
        Entry(run.file, "log", run.form, run.label, f"TRL 1.16.0: {run.made}", run.says, run.also)
        for run in make_trl.RUNS
    ]


def main() -> None:
    """Write everything."""
    torch.set_num_threads(1)
    entries = trl_entries()
    for group in (healthy_logs, faulty_logs, healthy_pairs, faulty_pairs, lab_logs):
        for entry, content in group():
            entry.path.write_bytes(content)
            entries.append(entry)
    write_manifest(entries)
    print(f"{len(entries)} files")


if __name__ == "__main__":
    main()
