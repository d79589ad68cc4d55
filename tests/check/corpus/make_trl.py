"""Logs of TRL's own DPOTrainer on a language model of two layers, for the corpus.

    python make_trl.py SCRATCH [NAME ...]

needs trl 1.16.0 with its dependencies, which are in none of the locks, and no network: model, tokenizer
and preferences are made here. Every run of ``RUNS`` takes some seconds on one core. What TRL writes is
kept as it is; where a run has a mistake, the mistake was made and not its symptom painted.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TOPICS, GOOD, BAD, NEUTRAL = 12, 16, 16, 48


@dataclass(frozen=True)
class Preferences:
    """How pairs are made: responses from one source, labeled by a Bradley-Terry coin."""

    pairs: int = 320
    shortest: int = 6
    longest: int = 40
    sharpness: float = 0.6
    """reward of a good word; a bad one has as much less"""
    prompt: int = 4
    """words of the prompt"""
    spoiled: bool = False
    """rejected responses are words in reverse order of frequency, as from a broken model"""
    alike: bool = False
    """the rejected response is the chosen one but for one word"""
    opening: int = 0
    """words with which both responses of a pair begin"""
    seed: int = 0


@dataclass(frozen=True)
class Run:
    """A run of DPOTrainer and the form in which its log is kept."""

    file: str
    form: str
    label: str
    """``healthy``, or the finding that it should lead to"""
    made: str
    settings: dict[str, Any] = field(default_factory=dict)
    """arguments of DPOConfig besides the usual ones"""
    preferences: Preferences = Preferences()
    sft_steps: int = 150
    """steps of the model that is both policy and reference"""
    policy_sft_steps: int = 0
    """further steps of the policy alone, on chosen responses"""
    dropout: float = 0.0
    reference: Callable[[float, float], tuple[float, float]] | None = None
    """what the precomputed reference log-probabilities are mistaken for"""
    says: dict[str, Any] = field(default_factory=dict)
    """what is said of the run when its log is handed in"""
    also: tuple[str, ...] = ()
    """findings that are honest consequences of the mistake"""


def swapped(chosen: float, rejected: float) -> tuple[float, float]:
    return rejected, chosen


def zero(_chosen: float, _rejected: float) -> tuple[float, float]:
    return 0.0, 0.0


RUNS = (
    Run(
        "trl_state_healthy.json",
        "trainer_state",
        "healthy",
        "evaluation every 20 steps",
        {"eval_strategy": "steps", "eval_steps": 20},
    ),
    Run(
        "trl_console_accumulation.txt",
        "console",
        "healthy",
        "four micro-batches a step",
        {"gradient_accumulation_steps": 4, "logging_steps": 2},
    ),
    Run(
        "trl_ipo.jsonl",
        "history_lines",
        "healthy",
        "ipo, which TRL takes over means of tokens",
        {"loss_type": ["ipo"], "beta": 0.3},
        Preferences(seed=5),
        says={"loss_type": "ipo", "beta": 0.3, "trainer": "trl"},
    ),
    Run(
        "trl_wandb_bf16.csv",
        "wandb_history",
        "healthy",
        "bfloat16 against a reference that was computed before in float32",
        {"bf16": True, "precompute_ref_log_probs": True},
    ),
    Run(
        "sealed/trl_hinge_state.json",
        "trainer_state",
        "healthy",
        "hinge",
        {"loss_type": ["hinge"], "beta": 0.05},
        says={"loss_type": "hinge", "beta": 0.05},
    ),
    Run(
        "sealed/trl_console_warmup.txt",
        "console",
        "healthy",
        "warm-up and a cosine",
        {"warmup_steps": 16, "logging_steps": 4, "beta": 0.05, "lr_scheduler_type": "cosine"},
        Preferences(pairs=640, seed=3),
        says={"beta": 0.05},
    ),
    Run(
        "trl_apo_zero.jsonl.gz",
        "history_lines in gzip",
        "healthy",
        "apo_zero",
        {"loss_type": ["apo_zero"], "logging_steps": 2, "beta": 0.2},
        Preferences(seed=4),
        says={"loss_type": "apo_zero", "beta": 0.2},
    ),
    Run(
        "trl_state_rate_far_too_high.json",
        "trainer_state",
        "diverging",
        "the rate grows to 0.3 and the gradient is not clipped",
        {
            "learning_rate": 3e-1,
            "lr_scheduler_type": "constant_with_warmup",
            "warmup_steps": 40,
            "max_grad_norm": 0.0,
            "logging_steps": 4,
        },
        also=("displacement", "suppression"),
    ),
    Run(
        "trl_frozen.jsonl",
        "history_lines",
        "not_moved",
        "a learning rate of 0",
        {"learning_rate": 0.0},
    ),
    Run(
        "trl_console_another_start.txt",
        "console",
        "step_zero",
        "the policy was fine-tuned further on chosen responses, ref_model was not",
        {"beta": 0.2},
        policy_sft_steps=250,
        says={"beta": 0.2},
        also=("saturated", "suppression"),
    ),
    Run(
        "trl_dropout.jsonl",
        "history_lines",
        "step_zero",
        "disable_dropout=False with a dropout of 0.3, every step logged",
        {"disable_dropout": False, "logging_steps": 1, "num_train_epochs": 1},
        dropout=0.3,
    ),
    Run(
        "trl_state_cut_to_opening.json",
        "trainer_state",
        "equal_sides",
        "max_length cuts both responses within the opening that they share",
        {"max_length": 28},
        Preferences(opening=30),
        also=("not_moved",),
    ),
    Run(
        "trl_wandb_reference_swapped.csv",
        "wandb_history",
        "swapped_in_one",
        "precomputed log-probabilities of the reference with their columns exchanged",
        {"precompute_ref_log_probs": True},
        reference=swapped,
        also=("step_zero",),
    ),
    Run(
        "trl_state_reference_zero.json",
        "trainer_state",
        "reference_missing",
        "precomputed log-probabilities of the reference that are zeros",
        {"precompute_ref_log_probs": True},
        reference=zero,
        also=("step_zero", "displacement"),
    ),
    Run(
        "trl_console_loss_said_sigmoid.txt",
        "console",
        "other_loss",
        "ipo, handed in as sigmoid",
        {"loss_type": ["ipo"], "beta": 0.1},
        says={"loss_type": "sigmoid", "beta": 0.1},
        also=("step_zero",),
    ),
    Run(
        "trl_state_overflow.json",
        "trainer_state",
        "not_finite",
        "a rate of 5e6: the weights overflow after the first step",
        {"learning_rate": 5e6, "max_grad_norm": 0.0, "logging_steps": 1, "num_train_epochs": 1},
        also=("diverging",),
    ),
    Run(
        "trl_state_too_easy.json",
        "trainer_state",
        "saturated",
        "rejected responses are those of a broken model",
        {"learning_rate": 3e-3, "logging_steps": 2, "num_train_epochs": 1},
        Preferences(spoiled=True, shortest=20),
        also=("suppression", "displacement"),
    ),
    Run(
        "sealed/trl_alike_tiny_beta.jsonl",
        "history_lines",
        "displacement",
        "pairs that differ by a word, a tiny beta, a high rate and four epochs",
        {"beta": 0.01, "learning_rate": 4e-3, "num_train_epochs": 4},
        Preferences(alike=True, sharpness=3.0, shortest=20),
        says={"beta": 0.01},
        also=("saturated", "suppression"),
    ),
)


def texts(preferences: Preferences) -> list[dict[str, str]]:
    """Prompts with a chosen and a rejected response."""
    rng = random.Random(preferences.seed)
    common = [f"word{n}" for n in range(NEUTRAL)]
    weights = [1 / (n + 1) for n in range(NEUTRAL)]

    def response(topic: int) -> list[str]:
        length = rng.randint(preferences.shortest, preferences.longest)
        rude = rng.random()
        words = []
        for _ in range(length):
            draw = rng.random()
            if draw < 0.25:
                pool, count = ("bad", BAD) if rng.random() < rude else ("good", GOOD)
                words.append(f"{pool}{rng.randrange(count)}")
            elif draw < 0.45:
                words.append(f"topic{topic}")
            else:
                words += rng.choices(common, weights)
        return words

    def reward(words: list[str]) -> float:
        return preferences.sharpness * sum(
            word.startswith("good") - word.startswith("bad") for word in words
        )

    def opening(topic: int) -> list[str]:
        return [f"topic{topic}", *common[: preferences.opening - 1]] if preferences.opening else []

    rows = []
    for _ in range(preferences.pairs):
        topic = rng.randrange(TOPICS)
        asked = " ".join(f"ask{rng.randrange(8)}" for _ in range(preferences.prompt - 1))
        first, second = response(topic), response(topic)
        if preferences.alike:
            second = list(first)
            place = rng.randrange(len(second))
            second[place] = f"bad{rng.randrange(BAD)}"
            first[place] = f"good{rng.randrange(GOOD)}"
        if preferences.spoiled:
            second = [f"word{NEUTRAL - 1 - rng.randrange(12)}" for _ in second]
        first, second = opening(topic) + first, opening(topic) + second
        gap = 1e6 if preferences.spoiled else reward(first) - reward(second)
        if rng.random() > 1 / (1 + 2.718281828 ** -max(-50, min(50, gap))):
            first, second = second, first
        rows.append(
            {
                "prompt": f"topic{topic} {asked} ",
                "chosen": " ".join(first),
                "rejected": " ".join(second),
            }
        )
    return rows


def make(run: Run, scratch: Path) -> None:
    """Train, and write what TRL logged. Its console goes to this process's."""
    import torch
    from datasets import Dataset
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast, set_seed
    from trl import DPOConfig, DPOTrainer

    torch.set_num_threads(1)
    rows = texts(run.preferences)
    words = ["<pad>", "<eos>", "<unk>"]
    words += [f"ask{n}" for n in range(8)] + [f"topic{n}" for n in range(TOPICS)]
    words += [f"good{n}" for n in range(GOOD)] + [f"bad{n}" for n in range(BAD)]
    words += [f"word{n}" for n in range(NEUTRAL)]
    plain = Tokenizer(models.WordLevel({w: n for n, w in enumerate(words)}, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )

    set_seed(run.preferences.seed)
    config = GPT2Config(
        vocab_size=len(words),
        n_positions=128,
        n_embd=48,
        n_layer=2,
        n_head=4,
        bos_token_id=1,
        eos_token_id=1,
        pad_token_id=0,
        resid_pdrop=run.dropout,
        embd_pdrop=run.dropout,
        attn_pdrop=run.dropout,
    )
    model = GPT2LMHeadModel(config)

    def sft(columns: list[str], steps: int, seed: int) -> None:
        rng, optimizer = random.Random(seed), torch.optim.AdamW(model.parameters(), lr=3e-3)
        model.eval()
        for _ in range(steps):
            batch = [row["prompt"] + row[rng.choice(columns)] for row in rng.sample(rows, 16)]
            ids = [tokenizer(text)["input_ids"] + [1] for text in batch]
            width = max(map(len, ids))
            inputs = torch.tensor([i + [0] * (width - len(i)) for i in ids])
            labels = torch.tensor([i + [-100] * (width - len(i)) for i in ids])
            mask = (labels != -100).long()
            optimizer.zero_grad()
            model(input_ids=inputs, attention_mask=mask, labels=labels).loss.backward()
            optimizer.step()

    sft(["chosen", "rejected"], run.sft_steps, 1)
    folder = scratch / Path(run.file).name.split(".")[0]
    model.save_pretrained(folder / "sft")
    tokenizer.save_pretrained(folder / "sft")
    if run.policy_sft_steps:
        sft(["chosen"], run.policy_sft_steps, 2)
    model.save_pretrained(folder / "policy")

    class Trainer(DPOTrainer):  # type: ignore[misc]
        def _precompute_ref_logps(self, dataset: Any, name: str, size: int) -> Any:
            dataset = super()._precompute_ref_logps(dataset, name, size)
            mistake = run.reference
            if mistake is None:
                return dataset
            columns = ("ref_chosen_logps", "ref_rejected_logps")
            return dataset.map(
                lambda row: dict(zip(columns, mistake(*(row[c] for c in columns)), strict=True))
            )

    usual: dict[str, Any] = {
        "per_device_train_batch_size": 8,
        "num_train_epochs": 2,
        "learning_rate": 1e-3,
        "logging_steps": 5,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
    }
    held_out = texts(Preferences(pairs=32, seed=99))
    arguments = DPOConfig(output_dir=str(folder / "out"), **{**usual, **run.settings})
    trainer = Trainer(
        model=GPT2LMHeadModel.from_pretrained(folder / "policy"),
        ref_model=GPT2LMHeadModel.from_pretrained(folder / "sft"),
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        eval_dataset=Dataset.from_list(held_out) if "eval_strategy" in run.settings else None,
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.save_state()
    (folder / "history.json").write_text(json.dumps(trainer.state.log_history))


def keep(run: Run, scratch: Path, console: str) -> None:
    """The log of a run in the form that its file's name asks for."""
    from transformers.integrations.integration_utils import rewrite_logs

    folder, target = scratch / Path(run.file).name.split(".")[0], HERE / run.file
    history = json.loads((folder / "history.json").read_text())
    lines = "".join(json.dumps(row) + "\n" for row in history)
    if run.file.endswith(".json"):
        target.write_text((folder / "out" / "trainer_state.json").read_text())
    elif run.file.endswith(".jsonl"):
        target.write_text(lines)
    elif run.file.endswith(".jsonl.gz"):
        target.write_bytes(gzip.compress(lines.encode(), mtime=0))
    elif run.file.endswith(".txt"):
        target.write_text(console, newline="")
    else:
        # As wandb.Api().run(...).history().to_csv() has what WandbCallback logs.
        rows = [
            {"_step": n, "train/global_step": row.pop("step"), **rewrite_logs(dict(row))}
            for n, row in enumerate(history)
        ]
        names = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["", *names])
        for n, row in enumerate(rows):
            table.writerow([n, *(row.get(name, "") for name in names)])
        target.write_text(text.getvalue())


def main() -> None:
    """Make the runs that are named, or all, each in a process whose console is captured."""
    scratch, names = Path(sys.argv[1]), sys.argv[2:]
    if names[:1] == ["--one"]:
        make(next(run for run in RUNS if run.file == names[1]), scratch)
        return
    scratch.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "HF_HOME": str(scratch / "hf"),
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "PYTHONWARNINGS": "ignore",
        "OMP_NUM_THREADS": "1",
    }
    for run in RUNS:
        if names and run.file not in names:
            continue
        done = subprocess.run(
            [sys.executable, __file__, str(scratch), "--one", run.file],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        console = done.stdout.decode()
        if done.returncode:
            print(f"{run.file} failed:\n{console[-2000:]}")
            continue
        with contextlib.suppress(FileNotFoundError):
            keep(run, scratch, console)
        print(run.file)


if __name__ == "__main__":
    main()
