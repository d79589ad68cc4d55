"""The forms in which people have logs and log-probabilities: each writes a file's bytes.

Logs are rows of ``simulation.Row``; pairs are columns of numbers.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.check.corpus.simulation import Row

Log = Sequence[Row]
Pairs = dict[str, list[float]]
TokenLists = dict[str, list[list[float]]]

REWARDS = ("rewards/chosen", "rewards/rejected", "rewards/accuracies", "rewards/margins")
LOGPS = ("logps/rejected", "logps/chosen")


def single(value: float) -> float:
    """A number as it comes out of a float32 tensor."""
    return float(np.float32(value))


def _trl(row: Row, *, digits: int = 4, names: Sequence[str] = (*REWARDS, *LOGPS)) -> dict[str, Any]:
    """A row of log_history, as transformers of 2024 has it: the loss rounded, the rest not."""
    values, split = row.values, "eval_" if row.evaluation else ""
    logged: dict[str, Any] = {f"{split}loss": round(values["loss"], digits)}
    if not row.evaluation:
        if "grad_norm" in values:
            logged["grad_norm"] = single(values["grad_norm"])
        logged["learning_rate"] = values["learning_rate"] * 5e-5
    else:
        logged |= {
            "eval_runtime": 41.5,
            "eval_samples_per_second": 4.82,
            "eval_steps_per_second": 0.6,
        }
    for name in (*names, *(n for n in ("kl", "nll_loss", "log_odds_ratio") if n in values)):
        if name in values:
            logged[split + name] = single(values[name])
    return {**logged, "epoch": round(row.epoch, 2)}


def trainer_state(log: Log) -> bytes:
    """trainer_state.json."""
    history = [{**_trl(row), "step": row.step} for row in log]
    last = log[-1]
    state = {
        "best_metric": None,
        "best_model_checkpoint": None,
        "epoch": round(last.epoch, 4),
        "eval_steps": 100,
        "global_step": last.step,
        "is_hyper_param_search": False,
        "is_local_process_zero": True,
        "is_world_process_zero": True,
        "log_history": history,
        "logging_steps": log[0].step,
        "max_steps": last.step,
        "num_input_tokens_seen": 0,
        "num_train_epochs": math.ceil(last.epoch),
        "save_steps": 500,
        "total_flos": 0.0,
        "train_batch_size": 4,
        "trial_name": None,
        "trial_params": None,
    }
    return json.dumps(state, indent=2).encode()


def history_lines(log: Log) -> bytes:
    """log_history as JSON Lines."""
    return "".join(json.dumps({**_trl(row), "step": row.step}) + "\n" for row in log).encode()


def console(log: Log) -> bytes:
    """What transformers of 2024 prints: dictionaries of Python."""
    return "".join(f"{_trl(row)}\n" for row in log).encode()


def console_with_bars(log: Log) -> bytes:
    """The same as it is copied from a terminal, between progress bars."""
    text, total = io.StringIO(), log[-1].step
    text.write("[INFO|trainer.py:2134] 2025-03-04 10:11:12,345 >> ***** Running training *****\n")
    text.write(
        f"[INFO|trainer.py:2143] 2025-03-04 10:11:12,346 >>   Total optimization steps = {total}\n"
    )
    for row in log:
        done = 100 * row.step // total
        bar = "█" * (done // 10) + " " * (10 - done // 10)
        time = f"0{row.step // 60}:{row.step % 60:02d}<07:13,  1.44s/it"
        text.write(f"\r {done:2d}%|{bar}| {row.step}/{total} [{time}]")
        text.write(f"\r{_trl(row)}\n")
    return text.getvalue().encode()


def console_strings(log: Log) -> bytes:
    """What transformers 5 prints: numbers of four digits as strings."""
    lines = [{name: f"{value:.4g}" for name, value in _trl(row, digits=9).items()} for row in log]
    return "".join(f"{line}\n" for line in lines).encode()


def _table(head: Sequence[Any], rows: Sequence[Sequence[Any]], delimiter: str = ",") -> str:
    text = io.StringIO()
    table = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    table.writerow(head)
    table.writerows(rows)
    return text.getvalue()


def _wandb(log: Log) -> tuple[list[str], list[dict[str, Any]]]:
    rows = []
    for number, row in enumerate(log):
        split = "eval" if row.evaluation else "train"
        renamed = {
            f"{split}/{name.removeprefix('eval_')}": value for name, value in _trl(row).items()
        }
        rows.append({"_step": number, "train/global_step": row.step, **renamed})
    return list(dict.fromkeys(name for row in rows for name in row)), rows


def wandb_history(log: Log) -> bytes:
    """history().to_csv() of a run in Weights & Biases."""
    names, rows = _wandb(log)
    return _table(
        ["", *names], [[n, *(row.get(name, "") for name in names)] for n, row in enumerate(rows)]
    ).encode()


def wandb_charts(log: Log) -> bytes:
    """The export of charts from the page of a run in Weights & Biases: everything in quotes."""
    names, rows = _wandb(log)
    shown = [name for name in names if name.startswith("train/") and name != "train/global_step"]
    head = ["train/global_step"]
    for name in shown:
        head += [f"mistral-7b-dpo - {name}{part}" for part in ("", "__MIN", "__MAX")]
    text = io.StringIO()
    table = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    table.writerow(head)
    for row in rows:
        if "train/loss" in row:
            values = [row[name] for name in shown for _ in range(3)]
            table.writerow([row["train/global_step"], *values])
    return text.getvalue().encode()


def trackio(log: Log) -> bytes:
    """A run's metrics exported from Trackio."""
    names, rows = _wandb(log)
    kept = [name for name in names if name.startswith("train/") and name != "train/global_step"]
    return _table(
        ["step", "timestamp", *kept],
        [
            [row["train/global_step"], f"2026-02-03T10:{n // 60:02d}:{n % 60:02d}+00:00"]
            + [row.get(name, "") for name in kept]
            for n, row in enumerate(rows)
        ],
    ).encode()


def excel(log: Log) -> bytes:
    """Saved as Unicode text by a spreadsheet with decimal commas: UTF-16 with tabs."""
    names, rows = _wandb(log)
    kept = [name for name in names if name.startswith("train/")]
    cells = [[str(row.get(name, "")).replace(".", ",") for name in kept] for row in rows]
    return _table(kept, cells, "\t").replace("\n", "\r\n").encode("utf-16")


def llama_factory(log: Log) -> bytes:
    """trainer_log.jsonl of LLaMA-Factory: loss, accuracy and the rest of a progress bar."""
    total, lines = log[-1].step, []
    for row in log:
        line = {
            "current_steps": row.step,
            "total_steps": total,
            ("eval_loss" if row.evaluation else "loss"): round(row.values["loss"], 4),
            "accuracy": single(row.values["rewards/accuracies"]),
            "lr": row.values.get("learning_rate", 0) * 5e-5,
            "epoch": round(row.epoch, 4),
            "percentage": round(100 * row.step / total, 2),
            "elapsed_time": f"0:{row.step // 60:02d}:{row.step % 60:02d}",
            "remaining_time": f"0:{(total - row.step) // 60:02d}:{(total - row.step) % 60:02d}",
        }
        lines.append(json.dumps(line) + "\n")
    return "".join(lines).encode()


def torchtune(log: Log) -> bytes:
    """Lines of torchtune's DiskLogger."""
    lines = []
    for row in log:
        v = row.values
        shown: dict[str, Any] = {"loss": single(v["loss"]), "lr": v["learning_rate"] * 5e-5}
        shown["tokens_per_second_per_gpu"] = 1210.4 + row.step % 7
        shown |= {name: single(v[name]) for name in REWARDS}
        shown |= {name.replace("logps", "log_probs"): single(v[name]) for name in LOGPS}
        fields = "".join(f"{name}:{value} " for name, value in shown.items())
        lines.append(f"Step {row.step} | {fields}\n")
    return "".join(lines).encode()


def openrlhf(log: Log) -> bytes:
    """The progress bar of OpenRLHF's DPO trainer, a line per update."""
    total, lines = log[-1].step, []
    for row in log:
        v = row.values
        done = 100 * row.step // total
        bar = "█" * (done // 10)
        shown = {
            "loss": v["loss"],
            "acc": v["rewards/accuracies"],
            "chosen_reward": v["rewards/chosen"],
            "reject_reward": v["rewards/rejected"],
            "lr": v["learning_rate"] * 1e-5,
        }
        fields = ", ".join(f"{name}={value:.3g}" for name, value in shown.items())
        time = "12:04<1:02:33,  3.1s/it"
        lines.append(
            f"Train step of epoch:  {done}%|{bar}| {row.step}/{total} [{time}, {fields}]\n"
        )
    return "".join(lines).encode()


def reference_code(log: Log) -> bytes:
    """What the DPO authors' code prints, and HALOs after it."""
    lines = []
    for row in log:
        v, split = row.values, "eval" if row.evaluation else "train"
        stats = {
            f"rewards_{split}/{n}": v[f"rewards/{n}"]
            for n in ("chosen", "rejected", "accuracies", "margins")
        }
        stats |= {f"logps_{split}/{n}": v[f"logps/{n}"] for n in ("rejected", "chosen")}
        stats[f"loss/{split}"] = v["loss"]
        shown: dict[str, Any] = {name: f"{value:.5g}" for name, value in stats.items()}
        if row.evaluation:
            lines.append(f"eval after {row.step * 16}: {shown}\n")
            continue
        shown["examples_per_second"], shown["grad_norm"] = "5.4876", f"{v['grad_norm']:.5g}"
        shown["counters/examples"], shown["counters/updates"] = row.step * 16, row.step
        lines.append(f"train stats after {row.step * 16} examples: {shown}\n")
    return "".join(lines).encode()


# --- pairs

NAMES = (
    "policy_chosen_logps",
    "policy_rejected_logps",
    "reference_chosen_logps",
    "reference_rejected_logps",
)

DIALECTS: dict[str, dict[str, str]] = {
    "trl": dict(
        zip(
            NAMES,
            ("chosen_logps", "rejected_logps", "ref_chosen_logps", "ref_rejected_logps"),
            strict=True,
        )
    ),
    "openrlhf": dict(
        zip(
            NAMES,
            (
                "chosen_logps",
                "rejected_logps",
                "reference_chosen_logps",
                "reference_rejected_logps",
            ),
            strict=True,
        )
    ),
    "torchtune": dict(
        zip(
            NAMES,
            (
                "policy_chosen_log_probs",
                "policy_rejected_log_probs",
                "reference_chosen_log_probs",
                "reference_rejected_log_probs",
            ),
            strict=True,
        )
    ),
}


def dialect(pairs: Pairs, name: str) -> Pairs:
    """The columns by the names of a trainer."""
    return {DIALECTS[name].get(column, column): values for column, values in pairs.items()}


def _rows(pairs: Pairs | TokenLists) -> list[tuple[Any, ...]]:
    return list(zip(*pairs.values(), strict=True))


def pairs_csv(pairs: Pairs) -> bytes:
    """Comma-separated."""
    return _table(list(pairs), _rows(pairs)).encode()


def pairs_tabs(pairs: Pairs) -> bytes:
    """Separated by tabs."""
    return _table(list(pairs), _rows(pairs), "\t").encode()


def pairs_lines(pairs: Pairs | TokenLists) -> bytes:
    """A JSON object a pair."""
    return "".join(
        json.dumps(dict(zip(pairs, row, strict=True))) + "\n" for row in _rows(pairs)
    ).encode()


def pairs_array(pairs: Pairs) -> bytes:
    """An array of objects."""
    return json.dumps(
        [dict(zip(pairs, row, strict=True)) for row in _rows(pairs)], indent=1
    ).encode()


def pairs_columns(pairs: Pairs) -> bytes:
    """One object of columns: the body of POST /api/v1/preference_loss."""
    return json.dumps(pairs).encode()


def pairs_batches(pairs: Pairs) -> bytes:
    """A JSON object a batch of eight, with a list of each column."""
    count = len(next(iter(pairs.values())))
    return "".join(
        json.dumps({name: values[at : at + 8] for name, values in pairs.items()}) + "\n"
        for at in range(0, count, 8)
    ).encode()


def pairs_excel(pairs: Pairs) -> bytes:
    """A spreadsheet's CSV where the comma is decimal."""
    cells = [[str(value).replace(".", ",") for value in row] for row in _rows(pairs)]
    return b"\xef\xbb\xbf" + _table(list(pairs), cells, ";").replace("\n", "\r\n").encode()


def pairs_utf16(pairs: Pairs) -> bytes:
    """What PowerShell writes: UTF-16."""
    return pairs_csv(pairs).decode().replace("\n", "\r\n").encode("utf-16")


def pairs_minus(pairs: Pairs) -> bytes:
    """Copied from a page, with the minus sign U+2212."""
    return pairs_csv(pairs).decode().replace("-", "−").encode()


def zipped(form: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """The same through gzip."""

    def compressed(data: Any) -> bytes:
        return gzip.compress(form(data), mtime=0)

    compressed.__name__ = f"{form.__name__} in gzip"
    return compressed
