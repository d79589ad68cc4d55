"""What the manifest says of a file of the corpus."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).parent
MANIFEST = HERE / "corpus.json"

HEALTHY = "healthy"

FAULTS = (
    "step_zero",
    "not_moved",
    "reference_missing",
    "swapped",
    "swapped_in_one",
    "mean_not_sum",
    "beta_twice",
    "other_loss",
    "equal_sides",
    "displacement",
    "suppression",
    "saturated",
    "length",
    "not_finite",
    "batch_means",
    "implausible_sums",
    "prompt_counted",
    "few_pairs",
    "diverging",
)
"""names of findings"""


@dataclass(frozen=True)
class Entry:
    """A file, what is wrong with the run that it is of, and what its owner says of that run."""

    file: str
    """below this folder; in sealed/ if no detector may be written with a look at it"""
    kind: Literal["pairs", "log"]
    format: str
    label: str
    """``HEALTHY``, or the one of ``FAULTS`` that was made"""
    made: str
    """how, and after what"""
    settings: dict[str, Any] = field(default_factory=dict)
    """fields of a run's settings that are handed in with it; all else is not said"""
    also: tuple[str, ...] = ()
    """findings that are honest consequences of the fault"""

    @property
    def sealed(self) -> bool:
        """Whether it was kept from those who wrote the detectors."""
        return self.file.startswith("sealed/")

    @property
    def path(self) -> Path:
        """Where it lies."""
        return HERE / self.file


def manifest() -> list[Entry]:
    """All entries, in the order of the file."""
    rows = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return [Entry(**{**row, "also": tuple(row["also"])}) for row in rows]


def write_manifest(entries: list[Entry]) -> None:
    """Write them, an entry a line."""
    lines = ",\n".join(
        json.dumps(asdict(e), ensure_ascii=False) for e in sorted(entries, key=lambda e: e.file)
    )
    MANIFEST.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
