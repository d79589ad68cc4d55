"""Numbers of this server that browsers compare with their own: receipts of widgets, and short training runs.

``python -m app.receipts.recorded`` computes them with torch. They ship as data, which is part of the worker
that compares (static/lab/checks/worker.js), and a test computes them again.
"""

from __future__ import annotations

import platform
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import torch

from app.paths import DATA, Strict
from app.studies.short_runs import RUNS, ShortRunNumbers, trained
from app.widgets.registry import WIDGETS

FILE = DATA / "recorded_numbers.json"
COMMAND = "python -m app.receipts.recorded"

NUMBERS = {
    "reward_separation": [
        *("margin", "probability", "loss"),
        *("gradient.reward_chosen", "gradient.reward_rejected"),
    ],
    "dpo_loss": [
        *("margin", "probability", "loss"),
        *("gradient.logratio_chosen", "gradient.logratio_rejected"),
    ],
    "beta_effect": [
        *("kl", "expected_reward", "true_quality"),
        *("log_partition", "effective_responses"),
    ],
    "preference_pairs": [
        *(
            f"{response}.{score}"
            for response in ("chosen", "rejected")
            for score in ("number", "true_quality", "learned_reward", "reference_logp")
        ),
        "probability",
    ],
    "dpo_derivation": ["response_number", "opponent_number", "check.left", "check.right"],
    "length_bias": ["mean_words", "reference_words", "true_quality", "kl"],
    "frontier": [
        f"ceiling.{place}.{part}" for place in range(0, 61, 6) for part in ("kl", "true_quality")
    ],
    "rlhf_pipeline": ["quantities.5.value", "quantities.6.value"],
}
"""what is compared of each widget, by its path in the response"""

REQUESTS = (
    ("reward_separation", "reward_chosen=0.7&reward_rejected=-1.1"),
    ("dpo_loss", "beta=0.3&label_smoothing=0.1&logratio_chosen=2.5&logratio_rejected=0.5"),
    ("dpo_loss", "loss_type=simpo&beta=2&chosen_length=7&rejected_length=11"),
    ("beta_effect", "prompt=poem&beta=0.2"),
    ("beta_effect", "beta=0.5&reward=learned&reward_model=network"),
    ("preference_pairs", "pair=25"),
    ("dpo_derivation", "step=6&prompt=poem&beta=0.3&seed=3"),
    ("length_bias", "beta=0.5&length_taste=0.2&length_price=0.05"),
    ("frontier", "prompt=poem"),
    ("rlhf_pipeline", "stage=reward_model"),
)
"""widgets and queries; none takes training"""


class RecordedReceipt(Strict):
    """Numbers of the response to a request."""

    request: str
    """its path below /api/v1/, and query"""
    widget: str
    params: dict[str, Any]
    """all, defaults included"""
    numbers: dict[str, float]
    """by their path in the response"""


class RecordedNumbers(Strict):
    """All numbers, and what computed them."""

    command: str
    versions: dict[str, str]
    receipts: list[RecordedReceipt]
    runs: list[ShortRunNumbers]


def record() -> RecordedNumbers:
    """Compute all. Takes some seconds on one core."""
    return RecordedNumbers(
        command=COMMAND,
        versions={"python": platform.python_version(), "torch": torch.__version__},
        receipts=[_receipt(*request) for request in REQUESTS],
        runs=[trained(run) for run in RUNS],
    )


def _receipt(name: str, query: str) -> RecordedReceipt:
    widget = WIDGETS[name]
    params = widget.params.model_validate_strings(dict(parse_qsl(query)))
    result = widget.compute(params).model_dump(mode="json")
    return RecordedReceipt(
        request=f"{name}?{query}",
        widget=name,
        params=params.model_dump(mode="json"),
        numbers={path: at(result, path) for path in NUMBERS[name]},
    )


def at(result: Any, path: str) -> float:
    """The number at a path such as rows.0.kl. Raises KeyError or IndexError if there is none."""
    for part in path.split("."):
        result = result[int(part)] if isinstance(result, list) else result[part]
    return float(result)


@lru_cache(maxsize=1)
def recorded_numbers() -> RecordedNumbers:
    """The numbers that ship. Raises pydantic.ValidationError if the file is wrong."""
    return RecordedNumbers.model_validate_json(FILE.read_text(encoding="utf-8"))


def save(numbers: RecordedNumbers, file: Path = FILE) -> None:
    """Write the numbers as JSON."""
    file.write_text(numbers.model_dump_json(indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    save(record())
