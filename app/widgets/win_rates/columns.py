"""The columns of a benchmark: its temperatures, judges, training steps, or distances from the reference."""

from __future__ import annotations

from pydantic import BaseModel, Field

from app.widgets.win_rates.data import Benchmark, BenchmarkRow
from app.widgets.win_rates.results import MethodComparison, MethodResult, compared_rows

DISTANCES = ("2", "5", "10", "any")
"""most nats of KL on the frontier"""

RIVALS: dict[str, str | None] = {
    "tldr": "PPO",
    "hh": "Best of 128",
    "cnn_dailymail": "PPO",
    "human": None,
}
"""whom DPO is compared with in each column; None for an even split"""


class Column(BaseModel):
    """One column of a benchmark."""

    name: str = Field(description="temperature, judge, training step, or most nats of KL")
    comparison: MethodComparison | None = Field(
        description="DPO against PPO, Best of 128 or an even split; null where nothing is compared"
    )


def column_of(row: BenchmarkRow | MethodResult) -> str:
    """The name of a row's column."""
    if row.judge is not None:
        return row.judge
    return f"{row.temperature:g}" if row.step is None else str(row.step)


def columns(benchmark: Benchmark) -> list[Column]:
    """The columns of a benchmark, each with its comparison."""
    if benchmark.frontier:
        return [Column(name=name, comparison=None) for name in DISTANCES]
    if benchmark.id not in RIVALS:
        names = dict.fromkeys(column_of(row) for row in benchmark.rows)
        return [Column(name=name, comparison=None) for name in names]
    rival = RIVALS[benchmark.id]
    rows = {(row.method, column_of(row)): row for row in benchmark.rows}
    return [
        Column(
            name=name,
            comparison=compared_rows(row, None if rival is None else rows[rival, name]),
        )
        for (method, name), row in rows.items()
        if method == "DPO"
    ]
