"""The check of pairs that browsers compute: all mistakes, under every loss, are told as Python tells them."""

from __future__ import annotations

from typing import Any

import pytest

from app.check.writing import csv_text, json_lines_text
from app.lab.losses import LOSSES
from app.stages import figures, page_values
from app.widgets.bring_your_logps.examples import EXAMPLES, example_table
from app.widgets.bring_your_logps.widget import WIDGET, Own, compute_own
from tests.lab.named_lab import answer_with_lab
from tests.widgets.test_compiled import ROUNDED, apart


def _own(example: str, loss_type: str = "sigmoid", label_smoothing: float = 0.0) -> Own:
    """A file of an example, whose reported loss is that of the settings."""
    settings: dict[str, Any] = {
        "loss_type": loss_type,
        "beta": 0.2,
        "label_smoothing": label_smoothing,
    }
    table = example_table(example, **settings)
    text = csv_text(table) if loss_type == "sigmoid" else json_lines_text(table)
    return Own.model_validate({**settings, "text": text})


FILES = {
    "examples": [_own(name) for name in EXAMPLES],
    "losses": [_own("right", name) for name in LOSSES if name != "exo_pair"],
    "smoothed": [_own("right", name, 0.1) for name in ("sigmoid", "robust", "exo_pair")],
}


@pytest.mark.parametrize("kind", FILES)
def test_every_file_is_told_alike(kind: str) -> None:
    made = answer_with_lab(
        "compiled_widget.js",
        name=WIDGET.name,
        states=[own.model_dump(mode="json") for own in FILES[kind]],
    )
    for own, there in zip(FILES[kind], made, strict=True):
        result = compute_own(own)
        here = page_values(WIDGET, own, result) | figures(result)
        assert apart(there, here, ROUNDED) == []
