"""What a logged name means, beyond the exact names of ``app.check.trainers``.

Exports prefix and respell names (run - train/rewards/chosen, Rewards Chosen, rewards_chosen), and
trainers that are not in that table have similar ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from app.check.reading.names import LONGEST_NAME, WORDS, pair_column
from app.check.reading.rows import DEEPEST
from app.check.tables import LOGGED, STEP
from app.check.trainer_table import trainer_table
from app.check.trainers import Split, recognize

TRAIN = frozenset({"train", "training"})
EVAL = frozenset({"eval", "evaluation", "val", "valid", "validation", "test", "dev"})

SPELLINGS: dict[str, tuple[str, ...]] = {
    STEP: ("optimizer_step", "steps", "iteration", "iter", "update"),
    "loss": ("losses", "preference_loss", "dpo_loss"),
    "rewards/chosen": ("chosen_rewards", "reward_chosen", "rewards_chosen_mean"),
    "rewards/rejected": (
        "rejected_rewards",
        "rejected_reward",
        "reward_rejected",
        "rewards_rejected_mean",
    ),
    "rewards/margins": ("reward_margin", "reward_margins", "margins", "margin"),
    "rewards/accuracies": ("reward_accuracy", "reward_accuracies", "accuracies"),
    "logps/chosen": ("chosen_logps", "policy_chosen_logps"),
    "logps/rejected": ("rejected_logps", "policy_rejected_logps", "reject_logps"),
    "logps/ref_chosen": (
        "logps_ref_chosen",
        "ref_chosen_logps",
        "ref_logps_chosen",
        "logps_reference_chosen",
        "reference_chosen_logps",
    ),
    "logps/ref_rejected": (
        "logps_ref_rejected",
        "ref_rejected_logps",
        "ref_logps_rejected",
        "logps_reference_rejected",
        "reference_rejected_logps",
    ),
    "kl": ("kl_divergence", "rewards_kl"),
    "grad_norm": ("gradient_norm",),
}
"""names that no trainer of the table writes, in lower case with _ between their words"""

GROUPS = frozenset({"actor", "policy", "dpo", "metrics"})
"""what some trainers write before all their metrics: actor/rewards/chosen"""

BREAK = re.compile(r"\s++-?")

SUMMARY = frozenset({"train_runtime", "train_samples_per_second", "total_flos"})
"""names in the row that ends a log of TRL"""

BAR_STEP = "optimizer_step"
"""name of the steps that only a progress bar tells; no trainer writes it"""

EXAMPLES = "examples"
"""what counts examples instead of steps"""


@dataclass(frozen=True)
class Metric:
    """What a column of a log is."""

    quantity: str
    """one of ``LOGGED``, ``STEP`` or ``EXAMPLES``"""
    split: Split
    rank: int
    """the lower, the better, where several columns are the same quantity"""
    run: str = ""
    """the run that W&B wrote before the metric"""


@lru_cache(maxsize=1)
def _spellings() -> dict[str, tuple[str, int]]:
    known: dict[str, tuple[str, int]] = {"counters_examples": (EXAMPLES, 0)}
    for trainer in trainer_table().trainers:
        for rank, name in enumerate(trainer.names):
            if name.quantity in LOGGED or name.quantity == STEP:
                kept, _ = _kept(name.written.replace("{split}", "train"))
                known.setdefault("_".join(kept), (name.quantity, rank))
    for quantity, names in SPELLINGS.items():
        for rank, written in enumerate(names):
            known.setdefault(written, (quantity, 100 + rank))
    return known


def _kept(name: str) -> tuple[list[str], Split]:
    """The words of a name without those that tell its split."""
    found = [word.lower() for word in WORDS.findall(name.replace("log_prob", "logp"))]
    split: Split = "eval" if EVAL & set(found) else "train"
    return [word for word in found if word not in TRAIN and word not in EVAL], split


@lru_cache(maxsize=4096)
def metric(name: str) -> Metric | None:
    """What a name in a log means, if it is of use."""
    if len(name) > LONGEST_NAME:
        return None
    run, _, of_metric = name.rpartition(" - ")
    if is_of_a_chart(name):
        return None
    # What was copied from a terminal has line breaks within names.
    forms = [of_metric, BREAK.sub("", of_metric)]
    return next((found for form in forms if (found := _within(form, run)) is not None), None)


def _within(name: str, run: str) -> Metric | None:
    """A metric that may be in an object of the row: metrics.loss, rewards.chosen."""
    first_, _, rest = name.partition("/")
    parts = (rest if first_.lower() in GROUPS else name).split(".")
    for first in range(min(len(parts), DEEPEST)):
        found = _metric(".".join(parts[first:]), run)
        if found is not None:
            return found
    return None


def _metric(name: str, run: str) -> Metric | None:
    kept, split = _kept(name)
    exact = recognize(name)
    if exact is not None and (exact.quantity in LOGGED or exact.quantity == STEP):
        assert exact.quantity is not None
        return Metric(exact.quantity, exact.split, exact.rank, run)
    if exact is not None and exact.quantity is not None:
        return None
    known = _spellings().get("_".join(kept))
    # An evaluation may name its data: eval_helpful_rewards/chosen.
    while known is None and split == "eval" and len(kept) > 2:
        kept = kept[1:]
        known = _spellings().get("_".join(kept))
    return None if known is None else Metric(known[0], split, known[1], run)


def is_of_logits(name: str) -> bool:
    """Whether a column is of the logits of training, which many trainers log and nothing here reads."""
    kept, split = _kept(name[:LONGEST_NAME])
    return split == "train" and "logits" in kept


def is_of_a_chart(name: str) -> bool:
    """Whether a column is the least or the greatest value of a point that W&B drew."""
    return name.lower().endswith(("__min", "__max"))


def metrics(names: list[str]) -> dict[str, Metric]:
    """The metrics among the names of a file."""
    return {name: known for name in names if (known := metric(name)) is not None}


def is_known(name: str) -> bool:
    """Whether a name is that of a metric or of a column of pairs."""
    return metric(name) is not None or pair_column(name) is not None


def is_summary(cells: Iterable[str]) -> bool:
    """Whether these are names of the row that sums up a whole run."""
    return any(name.rpartition("/")[2] in SUMMARY for name in cells)
