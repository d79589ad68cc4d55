"""Words, judges with a taste for them, and their optima in the browser's lab are those of torch."""

from __future__ import annotations

from typing import Any

import pytest

from app.lab.length import optimum, reference_words, tasted_labels
from app.lab.world import PROMPTS
from tests.lab.named_lab import answer_with_lab

BETA = 0.05
TASTES = (0.0, 0.03, 0.5, -0.5)
"""of two prompts the optimum of the third is farther out than any of true quality"""


def _same(there: dict[str, Any], here: object) -> bool:
    return all(there[name] == pytest.approx(value, abs=1e-9) for name, value in vars(here).items())


@pytest.mark.parametrize("prompt", range(PROMPTS))
def test_words_labels_and_optima_are_those_of_torch(prompt: int) -> None:
    found = answer_with_lab("length.js", prompt=prompt, beta=BETA, tastes=TASTES)
    assert _same(found["reference"], reference_words(prompt))
    for place, taste in enumerate(TASTES):
        assert _same(found["labels"][place], tasted_labels(prompt, taste))
        assert _same(found["optima"][place], optimum(prompt, BETA, taste))
