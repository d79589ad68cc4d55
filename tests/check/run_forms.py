"""One run in the form of every trainer and export, so that each can be read back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence

Logged = dict[str, float]
"""a row of a log, by TRL's names"""

ROWS: list[Logged] = [
    {
        "loss": 0.69 - 0.01 * n,
        "rewards/chosen": -0.125 * n,
        "rewards/rejected": -0.25 * n,
        "rewards/margins": 0.125 * n,
        "rewards/accuracies": 0.5 + n / 64,
        "logps/chosen": -210.5 - n,
        "logps/rejected": -180.25 - 2 * n,
        "grad_norm": 1.5 + n,
        "learning_rate": 5e-07 * n,
        "epoch": n / 8,
        "step": 10 * n,
    }
    for n in range(1, 9)
]

SUMMARY = {
    "train_runtime": 12.5,
    "train_samples_per_second": 8.1,
    "train_loss": 0.651,
    "epoch": 1.0,
}


def with_eval(rows: list[Logged]) -> list[Logged]:
    """The same with a row of evaluation after every fourth."""
    history: list[Logged] = []
    for place, row in enumerate(rows, 1):
        history.append(row)
        if place % 4 == 0:
            kept = ("loss", "rewards/chosen", "rewards/margins")
            history.append(
                {f"eval_{name}": row[name] for name in kept}
                | {"eval_runtime": 1.5, "epoch": row["epoch"], "step": row["step"]}
            )
    return history


def without(rows: list[Logged], *names: str) -> list[Logged]:
    return [{name: row[name] for name in row if name not in names} for row in rows]


def state(rows: list[Logged], *, indent: int | None = 2) -> str:
    """trainer_state.json."""
    return json.dumps(
        {
            "best_metric": None,
            "epoch": 1.0,
            "global_step": 80,
            "log_history": [*rows, SUMMARY | {"step": 80}],
            "logging_steps": 10,
            "max_steps": 80,
            "num_train_epochs": 1,
            "stateful_callbacks": {"TrainerControl": {"args": {"should_log": False}}},
        },
        indent=indent,
    )


def json_lines(rows: Sequence[Mapping[str, object]]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def printed(rows: list[Logged], *, strings: bool = False) -> str:
    """Lines of a console, as transformers prints them: without steps."""
    shown = without(rows, "step")
    if strings:
        return "".join(f"{ ({name: f'{v:.6g}' for name, v in row.items()}) }\n" for row in shown)
    return "".join(f"{row}\n" for row in shown)


def on_a_bar(rows: list[Logged]) -> str:
    """The same with the progress bar that is drawn again below each line, colors and warnings."""
    text = "\x1b[33mWARNING\x1b[0m: {padding} side\nMap: 100%|███| 500/500 [00:01<00:00]\r"
    text += "  0%|          | 0/80 [00:00<?, ?it/s]"
    for row in without(rows, "step"):
        step = round(row["epoch"] * 80)
        bar = f"{step}%|█▎   | {step}/80 [00:10<01:10,  1.44s/it]"
        text += f"\r{' ' * 40}\r\x1b[32m{row}\x1b[0m\n\r {bar}\r {bar}\x1b[A"
    return f"{text}\n{SUMMARY}\n"


def wrapped(rows: list[Logged], width: int = 72) -> str:
    """What was copied from a terminal whose lines are that wide."""
    lines = printed(rows).splitlines()
    return "\n".join(
        line[start : start + width] for line in lines for start in range(0, len(line), width)
    )


def table(rows: Sequence[Mapping[str, object]], delimiter: str = ",") -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, names, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def wandb(rows: list[Logged], run: str = "zephyr-7b - lr 5e-7") -> str:
    """A chart's export of W&B."""
    exported: list[dict[str, object]] = []
    for place, row in enumerate(rows):
        line: dict[str, object] = {"Step": place, f"{run} - train/global_step": row["step"]}
        for name in row:
            if name != "step":
                for suffix in ("", "__MIN", "__MAX"):
                    line[f"{run} - train/{name}{suffix}"] = row[name]
        exported.append(line)
    return table(exported)


def trackio(rows: list[Logged]) -> str:
    return table(
        [
            {
                "step": row["step"],
                "timestamp": "2026-02-03T10:00:00+00:00",
                **{f"train/{name}": row[name] for name in row if name != "step"},
            }
            for row in rows
        ]
    )


def torchtune(rows: list[Logged]) -> str:
    renamed = {"learning_rate": "lr", "logps/chosen": "log_probs/chosen"}
    renamed |= {"logps/rejected": "log_probs/rejected"}
    lines = []
    for row in without(rows, "grad_norm", "epoch"):
        values = " ".join(
            f"{renamed.get(name, name)}:{row[name]}" for name in row if name != "step"
        )
        lines.append(f"Step {row['step']} | {values} tokens_per_second_per_gpu:512.5 \n")
    return "".join(lines)


def openrlhf(rows: list[Logged]) -> str:
    names = {
        "loss": "loss",
        "rewards/accuracies": "acc",
        "rewards/chosen": "chosen_reward",
        "rewards/rejected": "reject_reward",
        "learning_rate": "lr",
        "grad_norm": "grad_norm",
    }
    text = ""
    for row in rows:
        postfix = ", ".join(f"{short}={row[name]:.6g}" for name, short in names.items())
        bar = (
            f"Train step of epoch 0:  12%|█▏  | {row['step']}/80 [00:12<01:10, 1.2s/it, {postfix}]"
        )
        text += f"\r{bar}\r{bar}"
    return text


def authors(rows: list[Logged]) -> str:
    """The lines of the reference implementation, and of HALOs."""
    lines = []
    for row in without(rows, "learning_rate", "epoch"):
        shown: dict[str, object] = {"loss/train": f"{row['loss']:.5g}"}
        for name in row:
            group, _, what = name.partition("/")
            if what:
                shown[f"{group}_train/{what}"] = f"{row[name]:.5g}"
        shown |= {"examples_per_second": "5.48", "grad_norm": f"{row['grad_norm']:.5g}"}
        shown |= {"counters/examples": int(row["step"]) * 32, "counters/updates": int(row["step"])}
        lines.append(f"train stats after {int(row['step']) * 32} examples: {shown}\n")
    return "".join(lines)


def open_instruct(rows: list[Logged]) -> str:
    return "".join(
        f"11/27/2026 12:00:0{n} - INFO - __main__ -   Step: {row['step']}, "
        f"LR: {row['learning_rate']}, Loss: {row['loss']}\n"
        for n, row in enumerate(rows)
    )


def llama_factory(rows: list[Logged]) -> str:
    """trainer_log.jsonl."""
    return "".join(
        json.dumps(
            {
                "current_steps": row["step"],
                "total_steps": 80,
                "loss": row["loss"],
                "accuracy": row["rewards/accuracies"],
                "lr": row["learning_rate"],
                "epoch": row["epoch"],
                "percentage": 12.5,
                "elapsed_time": "0:00:12",
            }
        )
        + "\n"
        for row in rows
    )


def mlx(rows: list[Logged]) -> str:
    return "".join(
        f"Iter {row['step']}: Train loss {row['loss']}, Chosen reward {row['rewards/chosen']}, "
        f"Rejected reward {row['rewards/rejected']}, Learning Rate {row['learning_rate']}, "
        "It/sec 1.133, Tokens/sec 601.667, Peak mem 2.334 GB\n"
        for row in rows
    )


def notebook(rows: list[Logged]) -> str:
    """The table that a notebook shows, as it is copied: evaluation beside the training loss."""
    names = ("rewards/chosen", "rewards/rejected", "rewards/margins")
    header = ["Step", "Training Loss", "Validation Loss", *(name.capitalize() for name in names)]
    lines = [
        [row["step"], row["loss"], row["loss"], *(row[name] for name in names)] for row in rows
    ]
    return "\n".join("\t".join(map(str, line)) for line in [header, *lines])


def pandas_columns(rows: list[Logged]) -> str:
    """DataFrame.to_json()."""
    return json.dumps({name: {n: row[name] for n, row in enumerate(rows)} for name in rows[0]})


def lists(rows: list[Logged]) -> str:
    return json.dumps({name: [row[name] for row in rows] for name in rows[0]})


LOGS: dict[str, Callable[[list[Logged]], str]] = {
    "trainer_state.json": state,
    "trainer_state.json in one line": lambda rows: state(rows, indent=None),
    "log_history as an array": lambda rows: json.dumps(rows, indent=1),
    "log_history as JSON Lines": json_lines,
    "log_history in Python": lambda rows: "".join(f"{row}\n" for row in rows),
    "log_history as a list in Python": str,
    "objects without commas": lambda rows: "\n".join(json.dumps(row, indent=2) for row in rows),
    "nested": lambda rows: json_lines(
        [
            {"step": row["step"], "metrics": {k: v for k, v in row.items() if k != "step"}}
            for row in rows
        ]
    ),
    "columns as lists": lists,
    "columns of pandas": pandas_columns,
    "CSV of pandas": lambda rows: table([{"": n, **row} for n, row in enumerate(rows)]),
    "semicolons": lambda rows: table(rows, ";").replace(".", ","),
    "on a bar": on_a_bar,
    "Trackio": trackio,
    "W&B": wandb,
    "torchtune": torchtune,
    "OpenRLHF": openrlhf,
    "the authors": authors,
    "open-instruct": open_instruct,
    "LLaMA-Factory": llama_factory,
    "MLX": mlx,
}
"""every form that tells the steps"""

STEPLESS: dict[str, Callable[[list[Logged]], str]] = {
    "console": printed,
    "console with strings": lambda rows: printed(rows, strings=True),
    "wrapped": wrapped,
    "with times": lambda rows: "".join(
        f"[2026-11-27 10:00:00,123][INFO] {line}\n" for line in printed(rows).splitlines()
    ),
}
