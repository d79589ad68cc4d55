"""Rows of the lab: training and exact measuring, on one torch thread of this process."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from app.lab.dpo import DPOConfig, train_dpo
from app.lab.exact import exact_logps
from app.lab.ppo import PPOConfig
from app.lab.reward_model import RewardModelConfig, train_reward_model
from app.lab.runs import ppo_rows
from app.lab.trained import the_lab
from tools.bench import bare
from tools.bench.samples import in_turn, seconds
from tools.bench.table import Row, Subject, Target

RUNS = 5
PROMPT = 0
MANY = 20
"""Calls in one measurement of what takes milliseconds."""

PPO = Subject(
    "PPO, 150 iterations of 128 rollouts, measured exactly after each",
    "s",
    "forward, backward and optimizer steps of the same networks on the same shapes",
    (Target(2.5),),
)
DPO = Subject(
    "DPO, 400 steps of 128 pairs",
    "s",
    "forward, backward and optimizer step of the same network on as many pairs, 400 times",
    (Target(1.0), Target(1.25, of="ratio")),
)
EXACT = Subject(
    "exact log pi of all 7,776 responses to a prompt",
    "ms",
    "one float64 pass of the network's layers, without attention, over the 1,555 prefixes",
    (Target(3.0),),
)
REWARD_MODEL = Subject(
    "reward model, 150 full-batch steps on 2,000 comparisons",
    "s",
    "forward, backward and optimizer step of the same model on the same pairs, 150 times",
    (Target(0.1),),
)
SUBJECTS = (PPO, DPO, EXACT, REWARD_MODEL)


def rows() -> Iterator[Row]:
    """Measure all of them."""
    lab = the_lab()
    reference = lab.reference_policy
    pairs = lab.training_comparisons(PROMPT)
    config, dpo_config, reward_config = PPOConfig(), DPOConfig(), RewardModelConfig()
    # A run that was made before is not made again: each gets a seed of its own.
    seeds = itertools.count(500_000)
    size = dpo_config.batch_size
    starts = (step * size % (len(pairs) - size) for step in range(dpo_config.steps))
    batches = [pairs[start : start + size].both() for start in starts]

    yield _row(
        PPO,
        lambda: list(ppo_rows(PROMPT, PPOConfig(seed=next(seeds)))),
        bare.ppo_iterations(reference, PROMPT, config),
    )
    yield _row(
        DPO,
        lambda: train_dpo(reference, [pairs], dpo_config),
        bare.dpo_steps(reference, PROMPT, batches),
    )
    yield _row(
        EXACT,
        lambda: exact_logps(reference, PROMPT),
        bare.prefix_layers(reference, PROMPT),
        calls=MANY,
    )
    yield _row(
        REWARD_MODEL,
        lambda: train_reward_model([pairs], reward_config),
        bare.reward_model_steps(pairs, reward_config),
    )


def _row(
    subject: Subject, measured: Callable[[], object], floor: Callable[[], object], calls: int = 1
) -> Row:
    """Both once to warm up, then in turn."""
    factor = (1000 if subject.unit == "ms" else 1) / calls

    def timed(call: Callable[[], object]) -> Callable[[], float]:
        return lambda: factor * seconds(lambda: [call() for _ in range(calls)])

    measured(), floor()
    return Row(subject, *in_turn(timed(measured), timed(floor), RUNS))
