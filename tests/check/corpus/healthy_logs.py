"""Logs of simulated runs with nothing wrong."""

from __future__ import annotations

from collections.abc import Iterator

from tests.check.corpus import forms
from tests.check.corpus.entry import HEALTHY
from tests.check.corpus.real_size import CLEAR, LONG, Made, log_file
from tests.check.corpus.simulation import Source, Training


def healthy_logs() -> Iterator[Made]:
    h = HEALTHY
    yield log_file(
        "state_7b_beta_0.1.json",
        forms.trainer_state,
        h,
        "simulated: 290 tokens, evaluation every 100 steps, bfloat16",
        Training(LONG, learning_rate=0.03, steps=400, eval_every=100, noise=0.4),
    )
    yield log_file(
        "wandb_charts_long.csv",
        forms.wandb_charts,
        h,
        "simulated: three epochs on clear preferences, margins of several nats",
        Training(CLEAR, learning_rate=0.1, steps=1000, every=25, noise=0.3),
        beta=0.1,
    )
    yield log_file(
        "console_beta_0.5.txt",
        forms.console,
        h,
        "simulated: 90 tokens",
        Training(Source(tokens=90), beta=0.5, learning_rate=0.02, steps=400),
        beta=0.5,
    )
    yield log_file(
        "sealed/llama_factory_trainer_log.jsonl",
        forms.llama_factory,
        h,
        "simulated, as LLaMA-Factory keeps it: no rewards but an accuracy",
        Training(LONG, learning_rate=0.05, steps=500, seed=2),
        trainer="llama_factory",
    )
    yield log_file(
        "llama_factory_beta_0.01.jsonl",
        forms.llama_factory,
        h,
        "simulated at a small beta: the loss moves little",
        Training(beta=0.01, learning_rate=0.08, steps=500, seed=3),
        beta=0.01,
    )
    yield log_file(
        "console_with_bars.txt",
        forms.console_with_bars,
        h,
        "simulated; a terminal copied with its progress bars",
        Training(Source(tokens=350), learning_rate=0.03, steps=300, seed=4),
    )
    yield log_file(
        "torchtune_lines.txt",
        forms.torchtune,
        h,
        "simulated",
        Training(Source(judge=1.2, tokens=120), learning_rate=0.04, steps=240, every=6, batch=32),
    )
    yield log_file(
        "sealed/openrlhf_lines.txt",
        forms.openrlhf,
        h,
        "simulated",
        Training(Source(judge=1.0, tokens=240, seed=5), learning_rate=0.03, steps=600, noise=0.2),
        beta=0.1,
    )
    yield log_file(
        "reference_code_lines.txt",
        forms.reference_code,
        h,
        "simulated; the reference code prints every update, here every fourth",
        Training(
            Source(tokens=60, seed=6),
            learning_rate=0.03,
            steps=240,
            every=8,
            eval_every=80,
            batch=32,
        ),
    )
    yield log_file(
        "reference_code_ipo.txt",
        forms.reference_code,
        h,
        "simulated: IPO on sums, as in the DPO authors' code",
        Training(Source(tokens=60, seed=7), loss_type="ipo", learning_rate=0.02, steps=300),
        loss_type="ipo",
        beta=0.1,
    )
    yield log_file(
        "kto_history.jsonl",
        forms.history_lines,
        h,
        "simulated: KTO as trainers average it, from 0.5",
        Training(Source(seed=8), loss_type="kto", learning_rate=0.05, steps=300),
        loss_type="kto",
        trainer="trl",
    )
    yield log_file(
        "simpo_state.json",
        forms.trainer_state,
        h,
        "simulated: SimPO in CPOTrainer, log-probabilities are means over tokens",
        Training(
            Source(judge=1.5, quality=3, seed=9),
            loss_type="simpo",
            beta=2.0,
            gamma=1.0,
            learning_rate=0.05,
            steps=400,
        ),
        loss_type="simpo",
        beta=2.0,
        simpo_gamma=1.0,
        trainer="trl",
    )
    yield log_file(
        "orpo_console.txt",
        forms.console,
        h,
        "simulated: ORPO, whose loss has the NLL in it",
        Training(
            Source(judge=1.5, quality=3, seed=10),
            loss_type="orpo",
            beta=0.1,
            learning_rate=0.1,
            steps=400,
        ),
        loss_type="orpo",
        beta=0.1,
    )
    yield log_file(
        "cdpo_strings.txt",
        forms.console_strings,
        h,
        "simulated: label smoothing of 0.1, said",
        Training(Source(judge=1.5, seed=11), label_smoothing=0.1, learning_rate=0.04, steps=300),
        label_smoothing=0.1,
    )
    yield log_file(
        "trackio_export.csv",
        forms.trackio,
        h,
        "simulated: beta 0.3, one epoch",
        Training(Source(judge=0.9, seed=12, pairs=4000), beta=0.3, learning_rate=0.02, steps=200),
        beta=0.3,
    )
    yield log_file(
        "sealed/wandb_history_epochs.csv",
        forms.wandb_history,
        h,
        "simulated: four epochs on few pairs, the loss falls in steps and the held-out one less",
        Training(
            Source(judge=0.8, pairs=480, seed=13),
            learning_rate=0.03,
            steps=360,
            eval_every=90,
            batch=8,
            noise=0.3,
        ),
    )
    yield log_file(
        "sealed/excel_unicode_text.txt",
        forms.excel,
        h,
        "simulated; W&B's export saved again by a spreadsheet with decimal commas",
        Training(Source(seed=14, judge=1.1), beta=0.2, learning_rate=0.03, steps=300),
        beta=0.2,
    )
    yield log_file(
        "history_chosen_falls_a_little.jsonl",
        forms.history_lines,
        h,
        "simulated: rewards/chosen falls by less than the margin grows",
        Training(Source(judge=1.5, seed=15), learning_rate=0.06, steps=500, noise=0.3),
    )
