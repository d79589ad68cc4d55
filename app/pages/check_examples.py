"""Runs that a visitor of /check can load who has none at hand: real ones, of the lab or of a trainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.check.writing import json_lines_text
from app.paths import DATA
from app.widgets.bring_your_logps.examples import example_table


@dataclass(frozen=True)
class ExampleRun:
    """A run with the parameters that it was trained with."""

    name: str
    title: str
    """what it is, in a few words"""
    source: str
    """who made it"""
    text: Callable[[], str]
    params: Mapping[str, str] = field(default_factory=dict)


def _pairs(example: str) -> Callable[[], str]:
    return lambda: json_lines_text(
        example_table(example, loss_type="sigmoid", beta=0.3, label_smoothing=0.0)
    )


def _file(name: str) -> Callable[[], str]:
    return lambda: (DATA / "example_runs" / name).read_text("utf-8")


_OF_TRL = "Logged by TRL 1.16 with a small model"
_OF_THE_LAB = "240 pairs of the lab, trained with β = 0.3"

EXAMPLES = {
    example.name: example
    for example in (
        ExampleRun("healthy", "A healthy log", f"{_OF_TRL}", _file("healthy.json")),
        ExampleRun(
            "frozen",
            "A log with a learning rate of 0",
            f"{_OF_TRL}, whose learning rate was 0",
            _file("frozen.jsonl"),
        ),
        ExampleRun(
            "diverged",
            "A log with a learning rate far too high",
            f"{_OF_TRL}, whose learning rate grew to 0.3 and whose gradient was not clipped",
            _file("diverged.json"),
        ),
        ExampleRun(
            "overflow",
            "A log with NaN",
            f"{_OF_TRL}, whose weights overflowed after the first step, at a learning rate of 5 million",
            _file("overflow.json"),
        ),
        ExampleRun(
            "reference_swapped",
            "A log whose reference has its columns exchanged",
            f"{_OF_TRL}, whose reference had been computed before, with its two columns exchanged",
            _file("reference_swapped.csv"),
        ),
        ExampleRun(
            "swapped",
            "Pairs with policy and reference swapped",
            _OF_THE_LAB,
            _pairs("swapped"),
            {"beta": "0.3"},
        ),
    )
}
