"""Plans for tests: a few states of each kind, and short runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.widgets.plan import Grid, Plan
from app.widgets.registry import WIDGETS

SMALL: dict[str, tuple[Grid, ...]] = {
    "win_rates": ({"benchmark": ("tldr", "hh")},),
}
"""the states that these tests look at; other widgets have only their default, or are computed"""


def reduced() -> Mapping[str, Plan]:
    """A plan for each widget that trains only what pages show at first."""
    return {
        name: replace(widget.export, grids=SMALL.get(name, ({},)), states=(), suggested=False)
        for name, widget in WIDGETS.items()
    }
