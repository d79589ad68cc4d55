"""Logs of small real training runs, sound or with one mistake made on purpose.

The lab's policy is trained on its comparisons of one prompt, and each row has what TRL would log: means
over the batches since the row before. A mistake is made where a trainer would make it, so that all that is
logged follows from it.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from app.check.tables import TrainingLog
from app.lab.draws import Draws, Stream
from app.lab.losses import LossParams, PairLogps, preference_loss
from app.lab.network.adam import Adam
from app.lab.network.flat import flatten
from app.lab.network.policy import Policy
from app.lab.preferences import Comparisons
from app.lab.trained import the_lab

PROMPT_NATS = -40.0
"""log-probability of a prompt that the reference counts and the policy does not"""


@dataclass(frozen=True)
class Run:
    """How a policy is trained, and which mistake is made."""

    mistake: str = ""
    loss_type: str = "sigmoid"
    beta: float = 0.1
    label_smoothing: float = 0.0
    learning_rate: float = 2e-3
    steps: int = 160
    every: int = 4
    batch: int = 32
    seed: int = 0
    prompt: int = 0
    scale: float = 1.0
    """what logged losses are multiplied by"""


@lru_cache(maxsize=64)
def recorded(run: Run) -> TrainingLog:
    """Train, and log as TRL does."""
    pairs, policy = _pairs(run), _policy(run)
    optimizer = Adam([flatten(policy)], run.learning_rate)
    draws = Draws(run.seed, Stream.DPO)
    rows: list[dict[str, float]] = []
    since: list[dict[str, float]] = []
    for step in range(1, run.steps + 1):
        batch = pairs[draws.integers(len(pairs), run.batch)]
        logged, loss = _logged(run, policy, batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        rate = run.learning_rate * min(1.0, 10 * step / run.steps) * (1 - (step - 1) / run.steps)
        optimizer.learning_rate = rate
        optimizer.step()
        since.append(logged)
        if step == 1 or step % run.every == 0:
            means = {name: sum(row[name] for row in since) / len(since) for name in logged}
            rows.append({**means, "learning_rate": rate, "epoch": step * run.batch / len(pairs)})
            rows[-1]["step"] = step
            since = []
    return TrainingLog(
        columns={name: [row[name] for row in rows] for name in rows[0] if name != "step"},
        steps=[row["step"] for row in rows],
        lines=list(range(1, len(rows) + 1)),
        format="JSON",
        trainer="trl",
    )


def _pairs(run: Run) -> Comparisons:
    pairs = the_lab().training_comparisons(run.prompt)
    if run.mistake == "trivial_pairs":
        # The chosen response always opens with another phrase than the rejected one.
        return pairs[(pairs.chosen[:, 0] == 0) & (pairs.rejected[:, 0] != 0)]
    if run.mistake == "equal_sides":
        return replace(pairs, rejected=pairs.chosen)
    return pairs


def _policy(run: Run) -> Policy:
    lab = the_lab()
    other = run.mistake == "another_checkpoint"
    return copy.deepcopy(lab.dpo_policies[run.prompt] if other else lab.reference_policy)


def _logged(run: Run, policy: Policy, batch: Comparisons) -> tuple[dict[str, float], Tensor]:
    """What is logged of a batch, and the loss that is minimized."""
    trained, reference = _logps(run, policy, batch)
    if run.mistake == "mean_not_sum":
        trained, reference = trained / 5, reference / 5
    if run.mistake == "swapped_in_one":
        reference = reference.flip(0)
    if run.mistake == "prompt_counted":
        reference = reference + PROMPT_NATS
    if run.mistake == "reference_missing":
        reference = torch.zeros_like(reference)
    compared = (reference, trained) if run.mistake == "swapped" else (trained, reference)
    if run.mistake == "sides_swapped_in_log":
        compared = (compared[0].flip(0), compared[1].flip(0))
    rewards = run.beta * (compared[0] - compared[1])
    if run.mistake == "beta_twice":
        minimized = compared[0] * run.beta, compared[1] * run.beta
    elif run.mistake == "sides_swapped_in_log":
        minimized = compared[0].flip(0), compared[1].flip(0)
    else:
        minimized = compared
    lengths = torch.full_like(trained[0], 5.0)
    pairs = PairLogps(
        minimized[0][0],
        minimized[0][1],
        minimized[1][0],
        minimized[1][1],
        lengths,
        lengths,
        LossParams(label_smoothing=run.label_smoothing),
    )
    loss = preference_loss(run.loss_type, pairs, run.beta).mean()
    if run.loss_type == "simpo":
        rewards = run.beta * trained / 5
    if run.mistake == "nothing_counted":
        trained, rewards, loss = 0 * trained, 0 * rewards, 0 * loss + 0.6931
    rewards, trained = rewards.detach(), trained.detach()
    margins = rewards[0] - rewards[1]
    logged = {
        "loss": round(run.scale * (0.5 if run.loss_type == "kto" else 1) * float(loss.detach()), 4),
        "rewards/chosen": float(rewards[0].mean()),
        "rewards/rejected": float(rewards[1].mean()),
        "rewards/margins": float(margins.mean()),
        "rewards/accuracies": float((margins > 0).double().mean()),
        "logps/chosen": float(trained[0].mean()),
        "logps/rejected": float(trained[1].mean()),
    }
    return logged, loss


def _logps(run: Run, policy: Policy, batch: Comparisons) -> tuple[Tensor, Tensor]:
    """Log-probabilities under the policy and the reference. Shapes: (2, pairs), float64."""
    trained = policy.logps(batch.prompt, batch.both()).view(2, -1).double()
    frozen = policy if run.mistake == "reference_is_policy" else the_lab().reference_policy
    with torch.no_grad():
        reference = frozen.logps(batch.prompt, batch.both()).view(2, -1).double()
    return trained, reference
