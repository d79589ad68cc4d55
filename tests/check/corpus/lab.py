"""Logs and pairs of policies that the lab trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import torch

from app.lab.dpo import DPOConfig, DPOTrainer, pair_logps, reference_logps
from app.lab.draws import Draws, Stream
from app.lab.length import word_counts
from app.lab.losses import PairLogps
from app.lab.preferences import sample_comparisons
from app.lab.trained import the_lab
from app.lab.world import response_number
from tests.check.corpus import forms
from tests.check.corpus.entry import HEALTHY, Entry
from tests.check.corpus.mistakes import mapped
from tests.check.corpus.real_size import Made
from tests.check.corpus.simulation import Row

LAB_PAIRS = 17_000


def _lab_trainer(prompt: int, config: DPOConfig, count: int = LAB_PAIRS) -> DPOTrainer:
    lab = the_lab()
    trained_on = lab.comparisons(prompt, config.seed, count)
    return DPOTrainer(lab.reference_policy, trained_on, config)


@cache
def lab_pairs(seed: int, beta: float) -> PairLogps:
    """Pairs of three prompts under policies of the lab, responses cut to between two and five phrases."""
    lab, found = the_lab(), []
    for prompt in (seed % 6, (seed + 2) % 6, (seed + 4) % 6):
        trainer = _lab_trainer(prompt, DPOConfig(beta=beta, seed=seed, steps=300))
        for _ in range(300):
            trainer.step()
        both = lab.comparisons(prompt, seed)[:40].both()
        cuts = 2 + Draws(seed, Stream.EXAMPLE, prompt).integers(4, 2, 40)
        kept = torch.arange(5) < cuts.unsqueeze(-1)
        with torch.no_grad():
            policy, reference = (
                (model.phrase_logps(prompt, both).double().view(2, 40, 5) * kept).sum(-1)
                for model in (trainer.policy, lab.reference_policy)
            )
        found.append(torch.cat([policy, reference, cuts.double()]))
    return PairLogps(*torch.cat(found, 1))


def lab_token_lists() -> dict[str, list[list[float]]]:
    """Log-probabilities of each phrase, a list a response, by what they are of."""
    lab, prompt, seed = the_lab(), 4, 6
    trainer = _lab_trainer(prompt, DPOConfig(beta=0.3, seed=seed, steps=300))
    for _ in range(300):
        trainer.step()
    both = lab.comparisons(prompt, seed)[:48].both()
    table = {}
    for name, model in (("policy", trainer.policy), ("reference", lab.reference_policy)):
        with torch.no_grad():
            chosen, rejected = model.phrase_logps(prompt, both).double().view(2, 48, 5)
        for side, logps in (("chosen", chosen), ("rejected", rejected)):
            table[f"{name}_{side}_token_logps"] = [
                [round(value, 4) for value in response] for response in logps.tolist()
            ]
    return table


def lab_wordy_pairs() -> PairLogps:
    """Pairs labeled by a judge with a taste for length, with the words of each response."""
    lab, prompt, seed = the_lab(), 2, 5
    words = word_counts(lab.world, prompt)
    reward = 0.2 * lab.facts(prompt).true_quality + 0.5 * words
    draws = Draws(seed, Stream.COMPARISONS, prompt)
    labeled = sample_comparisons(lab.reference_policy, prompt, reward, LAB_PAIRS, draws)
    trainer = DPOTrainer(lab.reference_policy, labeled, DPOConfig(beta=0.1, seed=seed))
    for _ in range(400):
        trainer.step()
    shown = labeled[:150]
    with torch.no_grad():
        table = pair_logps(trainer.policy, shown, reference_logps(lab.reference_policy, shown))
    return replace(
        mapped(table, lambda logps: logps.double(), "policy", "reference"),
        chosen_lengths=words[response_number(shown.chosen)],
        rejected_lengths=words[response_number(shown.rejected)],
    )


def _lab_log(trainer: DPOTrainer, every: int) -> list[Row]:
    """What a trainer would log of a run of the lab."""
    config, kept, rows = trainer.config, [], []
    per_epoch = LAB_PAIRS / config.batch_size
    for step in range(1, config.steps + 1):
        done = trainer.step()
        assert trainer.batch is not None
        chosen = config.beta * float(trainer.batch.chosen.mean().detach())
        kept.append(
            {
                "loss": done.loss,
                "rewards/chosen": chosen,
                "rewards/rejected": chosen - done.margin,
                "rewards/accuracies": done.accuracy,
                "rewards/margins": done.margin,
                "logps/chosen": done.chosen_logps,
                "logps/rejected": done.rejected_logps,
                "learning_rate": config.learning_rate * (1 - (step - 1) / config.steps),
            }
        )
        if step % every == 0:
            means = {name: sum(k[name] for k in kept) / len(kept) for name in kept[0]}
            rows.append(Row(step, step / per_epoch, means))
            kept = []
    return rows


def lab_logs() -> Iterator[Made]:
    def made(
        file: str,
        form: Callable[[Any], bytes],
        label: str,
        how: str,
        trainer: DPOTrainer,
        *also: str,
        **settings: Any,
    ) -> Made:
        settings = {"beta": trainer.config.beta, **settings}
        rows = _lab_log(trainer, trainer.config.steps // 40)
        entry = Entry(file, "log", form.__name__, label, how, settings, also)
        return entry, form(rows)

    yield made(
        "lab_log.csv",
        forms.wandb_history,
        HEALTHY,
        "a run of the lab on 17,000 pairs",
        _lab_trainer(3, DPOConfig(beta=0.3, seed=71)),
    )
    yield made(
        "lab_log_ipo.jsonl",
        forms.history_lines,
        HEALTHY,
        "a run of the lab with IPO on sums",
        _lab_trainer(4, DPOConfig(beta=0.1, seed=72, loss_type="ipo")),
        loss_type="ipo",
    )
    yield made(
        "lab_log_few_pairs_tiny_beta.jsonl",
        forms.history_lines,
        "displacement",
        "a run of the lab: 25 epochs on 500 pairs at a tiny beta and a high rate",
        _lab_trainer(0, DPOConfig(beta=0.01, seed=73, learning_rate=6e-3), 500),
        "suppression",
    )
