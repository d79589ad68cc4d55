"""Runs of DPO in the browser's lab and in torch, from the same seed.

``make parity`` compares a hundred, both in float64, and prints the largest differences for each loss.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from app.lab.baselines import BASELINES
from app.lab.dpo import DPOConfig, DPOTrainer
from app.lab.draws import Draws, Stream
from app.lab.exact import exact_logps
from app.lab.losses import LOSSES, USES_LABEL_SMOOTHING
from app.lab.network.policy import Policy
from app.lab.preferences import Comparisons, sample_comparisons
from app.lab.trained import the_lab
from app.lab.world import PROMPTS, all_responses, the_world
from tests.node import answer_of, camel_case

ATTRIBUTES = ("helpful", "harmless", "honest", "flattering")

IN_FLOAT32 = ("simd", "float32")
"""arithmetics of tests/js/arithmetic.js, in WebAssembly and in plain JavaScript"""

PARITY_RUNS = 100
PARITY_SEED = 19


@dataclass(frozen=True)
class BrowserRun:
    """All that determines a run of DPO; its comparisons are drawn with the seed of its training."""

    prompt: int
    comparisons: int
    config: DPOConfig

    def asked(self) -> dict[str, Any]:
        """What tests/js/train_dpo.js takes."""
        return {
            "prompt": self.prompt,
            "attributes": attributes_of(self.prompt),
            "reward": the_lab().facts(self.prompt).learned_reward.tolist(),
            "count": self.comparisons,
            "config": {camel_case(n): value for n, value in asdict(self.config).items()},
        }

    def pairs(self, reference: Policy) -> Comparisons:
        """The comparisons that it trains on."""
        return comparisons_of(reference, self.prompt, self.comparisons, self.config.seed)

    def trained(self, reference: Policy) -> tuple[DPOTrainer, list[Any]]:
        """The same run in torch, with its rows."""
        trainer = DPOTrainer(reference, self.pairs(reference), self.config)
        return trainer, [trainer.step() for _ in range(self.config.steps)]


def comparisons_of(reference: Policy, prompt: int, count: int, seed: int) -> Comparisons:
    """Labeled pairs of the reference policy, as the lab draws them."""
    quality = the_lab().facts(prompt).true_quality
    return sample_comparisons(
        reference, prompt, quality, count, Draws(seed, Stream.COMPARISONS, prompt)
    )


def reference_in_float64() -> Policy:
    """The reference policy of the lab, to be trained in float64."""
    return copy.deepcopy(the_lab().reference_policy).double()


def attributes_of(prompt: int) -> dict[str, Any]:
    """What the true quality of a prompt's responses is made of."""
    return {name: the_world().attribute(name, prompt).tolist() for name in ATTRIBUTES}


def flat(policy: Policy) -> list[float]:
    """All its parameters."""
    return torch.cat([parameter.detach().flatten() for parameter in policy.parameters()]).tolist()


def in_the_browser(
    reference: Policy, runs: Sequence[BrowserRun], arithmetic: str = "float64"
) -> list[Any]:
    """What the browser's lab makes of some runs; see tests/js/train_dpo.js."""
    asked = {
        "weights": flat(reference),
        "runs": [run.asked() for run in runs],
        "arithmetic": arithmetic,
    }
    made: list[Any] = answer_of("train_dpo.js", asked)
    return made


def parity_runs() -> Iterator[BrowserRun]:
    """A hundred: every loss in turn, everything else drawn."""
    losses = [*LOSSES, *BASELINES]
    draws = Draws(PARITY_SEED, Stream.EXAMPLE)
    for number in range(PARITY_RUNS):
        loss = losses[number % len(losses)]
        prompt, comparisons, steps, smoothing, beta, seed = draws.uniform(6).tolist()
        yield BrowserRun(
            int(PROMPTS * prompt),
            100 + int(1900 * comparisons),
            DPOConfig(
                beta=round(0.05 * 40**beta, 3),
                steps=50 + int(150 * steps),
                loss_type=loss,
                label_smoothing=round(0.3 * smoothing, 2) if loss in USES_LABEL_SMOOTHING else 0.0,
                seed=int(2**32 * seed),
            ),
        )


def logps_apart(there: Any, logps: Tensor) -> float:
    """The largest difference of log-probabilities over all responses, nats."""
    return float((torch.tensor(there["logps"], dtype=torch.float64) - logps).abs().max())


def main() -> None:
    """Compare a hundred runs, one after the other."""
    reference = reference_in_float64()
    worst: dict[str, float] = {}
    other_text = 0
    for run in parity_runs():
        (there,) = in_the_browser(reference, [run])
        trainer, _ = run.trained(reference)
        logps = exact_logps(trainer.policy, run.prompt)
        apart = logps_apart(there, logps)
        other_text += there["measured"]["favorite"] != all_responses()[int(logps.argmax())].tolist()
        worst[run.config.loss_type] = max(apart, worst.get(run.config.loss_type, 0.0))
        print(
            f"{run.config.loss_type:>14} {run.config.steps:4} steps: {apart:.1e} nats", flush=True
        )
    print(
        f"\n{PARITY_RUNS} runs, {other_text} with another preferred text; largest difference, nats"
    )
    for loss, apart in sorted(worst.items(), key=lambda item: -item[1]):
        print(f"{loss:>14} {apart:.1e}")


if __name__ == "__main__":
    main()
