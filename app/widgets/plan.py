"""What an offline copy holds of a widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["live", "suggested"]


@dataclass(frozen=True)
class Plan:
    """By default a copy holds the results of the first state, the example and the states that are suggested."""

    says: str = "The states that are suggested above are here. Others need a server."
    """shown to readers in the widget"""
    every: tuple[str, ...] = ()
    """parameters whose values are all there, in all combinations; others have their defaults"""
    split: str = ""
    """the one of these with a file for each of its values, so that a page loads only what it shows"""
    computed: bool = False
    """whether the reader's browser computes it (tools/to_javascript); then the copy holds no results"""

    @property
    def kind(self) -> Kind:
        """live: everything that the controls can say; suggested: some states."""
        return "live" if self.computed or self.every else "suggested"


COMPUTED = Plan(
    "Everything is computed on your machine, with the same algorithms and random draws as on a server with PyTorch.",
    computed=True,
)
