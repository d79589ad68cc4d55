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
    lines = [[str(row[name]) for name in ("step", "loss", "loss", *names)] for row in rows]
    return "\n".join("\t".join(line) for line in (header, *lines))


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

# ---- pairs -------------------------------------------------------------------------------------

PAIRS: dict[str, list[float]] = {
    "policy_chosen_logps": [-41.25, -18.5, -33.125],
    "policy_rejected_logps": [-57.75, -21.5, -30.5],
    "reference_chosen_logps": [-44.0, -18.125, -35.5],
    "reference_rejected_logps": [-52.25, -17.75, -31.0],
    "chosen_lengths": [31, 12, 20],
    "rejected_lengths": [40, 15, 18],
}

NAMES: dict[str, tuple[str, ...]] = {
    "preference_loss": tuple(PAIRS),
    "TRL": (
        "chosen_logps",
        "rejected_logps",
        "ref_chosen_logps",
        "ref_rejected_logps",
        "chosen_length",
        "rejected_length",
    ),
    "TRL, long": (
        "chosen_logps",
        "rejected_logps",
        "reference_chosen_logps",
        "reference_rejected_logps",
        "chosen_len",
        "rejected_len",
    ),
    "one value": (
        "policy_chosen_logp",
        "policy_rejected_logp",
        "ref_chosen_logp",
        "ref_rejected_logp",
        "len_chosen",
        "len_rejected",
    ),
    "camel case": (
        "policyChosenLogps",
        "policyRejectedLogps",
        "referenceChosenLogps",
        "referenceRejectedLogps",
        "chosenLength",
        "rejectedLength",
    ),
    "words": (
        "Policy chosen log-prob",
        "Policy rejected log-prob",
        "Reference chosen log-prob",
        "Reference rejected log-prob",
        "Chosen tokens",
        "Rejected tokens",
    ),
    "prefixed": (
        "batch.policy_chosen_log_probs",
        "batch.policy_rejected_log_probs",
        "batch.ref_chosen_log_probs",
        "batch.ref_rejected_log_probs",
        "num_chosen_tokens",
        "num_rejected_tokens",
    ),
    "sides last": (
        "logprob_policy_chosen",
        "logprob_policy_rejected",
        "logprob_ref_chosen",
        "logprob_ref_rejected",
        "response_length_chosen",
        "response_length_rejected",
    ),
    "OpenRLHF": (
        "chosen_logps",
        "reject_logps",
        "reference_chosen_logps",
        "reference_reject_logps",
        "chosen_response_len",
        "reject_response_len",
    ),
    "papers": ("logp_pi_w", "logp_pi_l", "logp_ref_w", "logp_ref_l", "len_w", "len_l"),
}
"""how the columns of PAIRS are called"""


def pair_rows(names: Sequence[str] = tuple(PAIRS)) -> list[dict[str, float]]:
    return [dict(zip(names, row, strict=True)) for row in zip(*PAIRS.values(), strict=True)]


def markdown(rows: Sequence[Mapping[str, object]]) -> str:
    names = list(rows[0])
    lines = [names, ["---:"] * len(names), *([str(row[name]) for name in names] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def spaced(rows: Sequence[Mapping[str, object]]) -> str:
    """What printing a DataFrame shows, its numbered rows included."""
    lines = [f"   {'  '.join(rows[0])}"]
    lines += [
        f"{n}  {'   '.join(str(cell) for cell in row.values())}" for n, row in enumerate(rows)
    ]
    return "\n".join(lines)


def split(total: float, parts: int) -> list[float]:
    """So many values with that sum."""
    return [-0.125] * (parts - 1) + [total + 0.125 * (parts - 1)]


def by_token(names: Sequence[str], *, lengths: bool) -> list[dict[str, object]]:
    """Rows of lists over tokens; the names are those of the four columns of log-probabilities."""
    rows: list[dict[str, object]] = []
    for row in pair_rows():
        *logps, chosen, rejected = row.values()
        sizes = (chosen, rejected) * 2
        cells: dict[str, object] = {
            name: split(logp, round(size))
            for name, logp, size in zip(names, logps, sizes, strict=True)
        }
        if lengths:
            cells |= {"chosen_lengths": chosen, "rejected_lengths": rejected}
        rows.append(cells)
    return rows


def tensors() -> str:
    """A batch as Python prints it."""
    written = ", ".join(
        f"'{name}': tensor({values}, device='cuda:0', grad_fn=<SumBackward1>)"
        for name, values in PAIRS.items()
    )
    return f"step 0\n{{{written}}}\n"


def nested() -> str:
    return json_lines(
        [
            {
                "prompt": 'a {b} " c',
                "policy": {"chosen": {"logp": row["policy_chosen_logps"]}}
                | {"rejected": {"logp": row["policy_rejected_logps"]}},
                "reference": {"chosen_logp": row["reference_chosen_logps"]}
                | {"rejected_logp": row["reference_rejected_logps"]},
                "lengths": {"chosen": row["chosen_lengths"], "rejected": row["rejected_lengths"]},
            }
            for row in pair_rows()
        ]
    )


FILES: dict[str, Callable[[], str]] = {
    "CSV": lambda: table(pair_rows()),
    "CSV with quotes": lambda: (
        '"' + table(pair_rows()).replace(",", '","').replace("\r\n", '"\r\n"')[:-1]
    ),
    "CSV with an index": lambda: table([{"": n, **row} for n, row in enumerate(pair_rows())]),
    "CSV with row names": lambda: "\n".join(
        line if n == 0 else f"{n},{line}" for n, line in enumerate(table(pair_rows()).splitlines())
    ),
    "CSV with a trailing delimiter": lambda: table(pair_rows()).replace("\r\n", ",\r\n"),
    "CSV whose values end with a delimiter": lambda: "".join(
        f"{line}{',' * (n > 0)}\n" for n, line in enumerate(table(pair_rows()).splitlines())
    ),
    "CSV with comments": lambda: f"# beta 0.1\n{table(pair_rows())}# end\n",
    "CSV of NumPy": lambda: f"# {table(pair_rows())}",
    "CSV with a preamble": lambda: f"Report,of,Monday\n\n{table(pair_rows())}",
    "CSV for Excel": lambda: f"sep=;\r\n{table(pair_rows(), ';')}",
    "decimal commas": lambda: table(pair_rows(), ";").replace(".", ","),
    "tabs with decimal commas": lambda: table(pair_rows(), "\t").replace(".", ","),
    "quoted decimal commas": lambda: table(
        [{name: str(cell).replace(".", ",") for name, cell in row.items()} for row in pair_rows()]
    ),
    "tabs": lambda: table(pair_rows(), "\t"),
    "pipes": lambda: table(pair_rows(), "|"),
    "Markdown": lambda: markdown(pair_rows()),
    "spaces": lambda: spaced(pair_rows()),
    "JSON Lines": lambda: json_lines(pair_rows()),
    "JSON Lines with strings": lambda: json_lines(
        [{name: str(cell) for name, cell in row.items()} for row in pair_rows()]
    ),
    "a JSON array": lambda: json.dumps(pair_rows()),
    "an indented JSON array": lambda: json.dumps(pair_rows(), indent=2),
    "rows under a key": lambda: json.dumps({"beta": 0.1, "pairs": pair_rows()}),
    "the body of preference_loss": lambda: json.dumps(
        {"loss_type": "sigmoid", "beta": 0.1, **PAIRS}
    ),
    "columns under a key": lambda: json.dumps({"results": {"logps": PAIRS}}),
    "columns of pandas": lambda: json.dumps({n: dict(enumerate(v)) for n, v in PAIRS.items()}),
    "batches": lambda: json_lines(
        [{n: v[:2] for n, v in PAIRS.items()}, {n: v[2:] for n, v in PAIRS.items()}]
    ),
    "batches of columns": lambda: json.dumps({n: [[v] for v in vs] for n, vs in PAIRS.items()}),
    "tensors": tensors,
    "printed tensors": lambda: "".join(
        f"{name}: tensor([{values[0]},\n   {values[1]}, {values[2]}], device='cuda:0')\n"
        for name, values in PAIRS.items()
    ),
    "one tensor each": lambda: json_lines(
        [{name: f"tensor({cell})" for name, cell in row.items()} for row in pair_rows()]
    ),
    "Python": lambda: "".join(f"{row}\n" for row in pair_rows()),
    "a list in Python": lambda: str(pair_rows()),
    "nested": nested,
    "minus signs": lambda: table(pair_rows()).replace("-", "\u2212"),
    "thin spaces": lambda: table(pair_rows()).replace("-", "\u2009-\u202f"),
    "exponents": lambda: table(
        [{name: f"{cell:e}" for name, cell in row.items()} for row in pair_rows()]
    ),
    "token lists": lambda: json_lines(
        by_token([name.replace("logps", "token_logps") for name in list(PAIRS)[:4]], lengths=False)
    ),
    "token lists with lengths": lambda: json_lines(by_token(list(PAIRS)[:4], lengths=True)),
}
"""PAIRS in every form"""
