"""What a column is, by its name: trainers, logs and spreadsheets name the same thing differently."""

from __future__ import annotations

import re
from functools import lru_cache

from app.check.tables import LOGPS

LONGEST_NAME = 200
"""characters; a longer name is that of no column here"""


def _any_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


CHOSEN = _any_of("chosen win winner winning preferred accepted positive pos w yw")
REJECTED = _any_of("rejected reject lose loser losing dispreferred negative neg l yl")
POLICY = _any_of("policy pi theta actor trained model")
REFERENCE = _any_of("reference ref refs sft base initial")
LOGP = _any_of("logp logps logprob logprobs lp")
LENGTH = _any_of("length lengths len lens")
TOKENS = _any_of("token tokens per")
MEANS = _any_of("mean avg average averaged normalized norm")
LOSSES = _any_of("nll nlls loss losses ce xent")
IDLE = _any_of(
    "train training batch data sum summed sums total all of the sequence seq response responses "
    "completion completions answer answers num number n count y x"
)
"""words that change nothing"""

LOSS = frozenset({"loss", "losses", "reported_loss", "dpo_loss"})
STEP = frozenset({"step", "steps", "global_step", "training_step"})

LOG_WHAT = _any_of("p ps prob probs probability probabilities likelihood")

WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
OF_A_LOG = re.compile(
    r"(?:^|[/_ ])(?:logps|log_probs|logprobs)/(?:ref_|reference_)?(?:chosen|rejected)$"
)
"""batch means that trainers log, and not the log-probabilities of a pair"""


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: policyChosenLogps, policy.chosen_logps."""
    if len(name) > LONGEST_NAME:
        return ()
    found: list[str] = []
    for written in WORDS.findall(name):
        word = written.lower()
        if found and found[-1] == "log" and word in LOG_WHAT:
            found[-1] = "logps"
        else:
            found.append(word)
    return tuple(found)


@lru_cache(maxsize=4096)
def pair_column(name: str) -> str | None:
    """The column of ``COLUMNS`` that a name stands for, if any."""
    if OF_A_LOG.search(name.lower()):
        return None
    known = words(name)
    joined = "_".join(word for word in known if word not in ("train", "training"))
    if "_".join(known) in LOSS or joined in LOSS:
        return "loss"
    if "_".join(known) in STEP:
        return "step"
    found = set(known)
    sides = [side for side, meant in (("chosen", CHOSEN), ("rejected", REJECTED)) if found & meant]
    models = [
        model for model, meant in (("policy", POLICY), ("reference", REFERENCE)) if found & meant
    ]
    if len(sides) != 1 or len(models) > 1:
        return None
    rest = found - CHOSEN - REJECTED - POLICY - REFERENCE - IDLE - TOKENS - LOGP - LENGTH
    if rest:
        return None
    if found & LENGTH:
        return None if models else f"{sides[0]}_lengths"
    if found & LOGP or (models and not found & TOKENS):
        return f"{models[0] if models else 'policy'}_{sides[0]}_logps"
    return f"{sides[0]}_lengths" if found & TOKENS and not models else None


def is_per_token(name: str) -> bool:
    """Whether a column of log-probabilities says that it holds those of tokens."""
    return bool(set(words(name)) & TOKENS)


def is_mean(name: str) -> bool:
    """Whether a name would be that of log-probabilities if it did not say that they are means."""
    found = words(name)
    rest = " ".join(word for word in found if word not in MEANS)
    return len(rest) < len(" ".join(found)) and pair_column(rest) in LOGPS


def is_negated(name: str) -> bool:
    """Whether a name would be that of log-probabilities if it did not say that they are losses."""
    found = words(name)
    rest = " ".join("logps" if word in LOSSES else word for word in found)
    return bool(LOSSES & set(found)) and pair_column(name) is None and pair_column(rest) in LOGPS
