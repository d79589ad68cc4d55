"""A trainer's log: rows of metrics become a row a step."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from app.check.reading.kind import A_SUMMARY
from app.check.reading.metrics import (
    EXAMPLES,
    is_of_a_chart,
    is_of_logits,
    is_summary,
    metric,
    metrics,
)
from app.check.reading.numbers import finite, number
from app.check.reading.rows import Row, Rows, short
from app.check.tables import LOGGED, STEP, RunFileError, TrainingLog
from app.check.trainers import Split, trainers_of

SETTINGS = {
    "beta": "beta",
    "loss_type": "loss_type",
    "max_steps": "max_steps",
    "total_steps": "max_steps",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "logging_steps": "logging_steps",
    "train_batch_size": "train_batch_size",
    "per_device_train_batch_size": "train_batch_size",
    "num_train_epochs": "num_train_epochs",
    "label_smoothing": "label_smoothing",
    "train_runtime": "train_runtime",
    "train_steps_per_second": "train_steps_per_second",
    "train_loss": "train_loss",
}
"""what a file may say beside its rows, and its name here"""

STEPLESS = "The log has no steps: its rows are counted instead."

ROW_A_STEP = "The run had as many steps as the log has rows: each row is a step."

NOTHING_LOGGED = "no loss and no reward was logged in this file; expected the log of a trainer"
LAST = 1_000
"""rank of a loss that may be the mean of the whole run"""


@dataclass
class _LoggedRow:
    """The values of a step in one split."""

    line: int
    step: float | None = None
    values: dict[str, float] = field(default_factory=dict)

    def says_more(self) -> bool:
        """Whether it has more than what is logged beside everything."""
        return any(name not in ("epoch", "learning_rate") for name in self.values)


@dataclass
class _Read:
    """What is read of the rows, by split in the order of the file."""

    run: str
    train_loss: bool
    """whether train_loss is the loss of a step, for there is no other"""
    rows: dict[Split, list[_LoggedRow]] = field(default_factory=lambda: {"train": [], "eval": []})
    names: dict[Split, dict[str, str]] = field(default_factory=lambda: {"train": {}, "eval": {}})
    notebook: bool = False
    """whether it is the table of a notebook, where all but the training loss is of the evaluation"""
    settings: dict[str, str | float] = field(default_factory=dict)
    ignored: dict[str, None] = field(default_factory=dict)
    strange: dict[str, None] = field(default_factory=dict)
    """of the ignored ones those of logits that are not finite"""
    examples_of_a_step: float | None = None


def read_log(rows: Rows) -> TrainingLog:
    """A log of a file. Raises RunFileError if nothing was logged in it."""
    names = rows.names()
    notes = list(rows.notes)
    run, others = _one_run(names)
    if others:
        notes.append(
            f"The file holds {others + 1} runs; only {short(run)} is read. Export the others alone."
        )
    losses = [
        name
        for name, known in metrics(names).items()
        if known.quantity == "loss" and known.split == "train"
    ]
    read = _Read(run, all(map(_may_be_a_mean, losses)))
    read.notebook = {name.lower() for name in names} >= {"training loss", "validation loss"}
    _take_settings(rows.settings, read)
    for row in rows.rows:
        for single in _rows_of(row):
            _take(single, read)
    each = _is_a_row_a_step(read)
    train = _in_order(read, "train", rows.format, notes, each_is_a_step=each)
    evaluation = _in_order(read, "eval", rows.format, [])
    if rows.broken is not None:
        below = " What follows it was not read." if rows.header is not None else ""
        notes.append(f"One part could not be read: {rows.broken}.{below}")
    log = train or evaluation
    if log is None:
        raise RunFileError(
            rows.rows[0].line if rows.rows else None,
            None,
            A_SUMMARY if any(is_summary(row.cells) for row in rows.rows) else NOTHING_LOGGED,
        )
    if train is None:
        notes.append("Only rows of the evaluation were found.")
    writers = trainers_of(name.rpartition(" - ")[2] for name in names)
    return replace(
        log,
        trainer=writers[0] if len(writers) == 1 else None,
        settings=read.settings,
        evaluation=evaluation if train is not None else None,
        ignored=tuple(read.ignored),
        strange=tuple(read.strange),
        notes=tuple(notes),
    )


def _may_be_a_mean(name: str) -> bool:
    """Whether a loss may be the mean of a whole run, as the last row of TRL has it."""
    return name.rpartition("/")[2].lower() == "train_loss"


def _one_run(names: list[str]) -> tuple[str, int]:
    """The run of an export of W&B that is read, and how many others there are."""
    runs = Counter(known.run for known in metrics(names).values() if known.run)
    return (runs.most_common(1)[0][0], len(runs) - 1) if runs else ("", 0)


def _take_settings(given: Mapping[str, object], read: _Read) -> None:
    for name, value in given.items():
        known = SETTINGS.get(name.rpartition(".")[2].rpartition("/")[2])
        if isinstance(value, list) and len(value) == 1:
            (value,) = value
        if known == "loss_type":
            if isinstance(value, str):
                read.settings.setdefault(known, short(value))
        elif known is not None and (number_ := finite(value)) is not None:
            read.settings.setdefault(known, number_)


def _rows_of(row: Row) -> Iterator[Row]:
    """The rows of an object of columns; else the row itself."""
    lists = {
        name: cell for name, cell in row.cells.items() if isinstance(cell, list) and metric(name)
    }
    if not lists:
        yield row
        return
    for place in range(max(map(len, lists.values()))):
        yield Row(
            row.line,
            {name: cell[place] for name, cell in lists.items() if place < len(cell)},
        )


def _take(row: Row, read: _Read) -> None:
    """Add the values of a row."""
    sums_up = is_summary(row.cells)
    if sums_up:
        _take_settings(row.cells, read)
    step: tuple[int, float] | None = None
    examples: float | None = None
    ranks: dict[tuple[Split, str], int] = {}
    logged: dict[Split, _LoggedRow] = {}
    strange: list[str] = []
    for name, cell in row.cells.items():
        known = metric(name)
        if known is None or known.run not in ("", read.run):
            if name.rpartition(".")[2] in SETTINGS:
                _take_settings({name: cell}, read)
            elif name and not is_of_a_chart(name):
                read.ignored[short(name)] = None
                if is_of_logits(name) and not math.isfinite(number(cell) or 0.0):
                    strange.append(short(name))
            continue
        value = number(cell)
        if value is None:
            continue
        split = known.split
        if read.notebook and known.quantity not in ("loss", "epoch"):
            split = "eval"
        if known.quantity in (STEP, EXAMPLES):
            if not math.isfinite(value):
                continue
            if known.quantity == EXAMPLES:
                examples = value
            else:
                # The step of an export of W&B counts what was logged, beside the trainer's own.
                rank = 0 if "global" in name.lower() else 1 + known.rank
                if step is None or rank < step[0]:
                    step = rank, value
            continue
        rank = known.rank
        if known.quantity == "loss" and split == "train" and _may_be_a_mean(name):
            if sums_up or not read.train_loss:
                continue
            rank = LAST
        if ranks.get((split, known.quantity), LAST + 1) <= rank:
            continue
        ranks[split, known.quantity] = rank
        values = logged.setdefault(split, _LoggedRow(row.line)).values
        values[known.quantity] = value
        read.names[split].setdefault(known.quantity, name)
    if step is not None and examples and step[1] > 0:
        read.examples_of_a_step = examples / step[1]
    at = step[1] if step is not None else None
    if at is None and examples is not None:
        at = examples / (read.examples_of_a_step or 1)
    if "train" in logged and math.isfinite(logged["train"].values.get("loss", math.nan)):
        read.strange |= dict.fromkeys(strange)
    # The epoch of an evaluation is logged beside it without saying so.
    if "eval" in logged and "train" in logged and not logged["train"].says_more():
        logged["eval"].values = logged.pop("train").values | logged["eval"].values
        read.names["eval"] = read.names["train"] | read.names["eval"]
    for split, of_split in logged.items():
        if of_split.says_more():
            of_split.step = at
            read.rows[split].append(of_split)


def _is_a_row_a_step(read: _Read) -> bool:
    """Whether rows without steps are as many as the steps of the run: it is logged at each."""
    runtime, speed = (
        read.settings.get(name) for name in ("train_runtime", "train_steps_per_second")
    )
    if isinstance(runtime, float) and isinstance(speed, float):
        steps = runtime * speed
        # Both are printed in four digits, and the rate in three decimals at most.
        error = 1e-3 * steps + 5e-4 * runtime
        if abs(steps - round(steps)) <= error < 0.5:
            read.settings.setdefault("max_steps", float(round(steps)))
    rows = read.rows["train"]
    each = len(rows) > 1 and read.settings.get("max_steps") == len(rows)
    if each and all(row.step is None for row in rows):
        read.settings.setdefault("logging_steps", 1.0)
        return True
    return False


def _in_order(
    read: _Read, split: Split, format_: str, notes: list[str], *, each_is_a_step: bool = False
) -> TrainingLog | None:
    """The rows of a split in the order of steps, with one row a step."""
    rows = read.rows[split]
    if not rows:
        return None
    numbered = all(row.step is None for row in rows)
    if numbered:
        notes.append(ROW_A_STEP if each_is_a_step else STEPLESS)
        for place, row in enumerate(rows, 1):
            row.step = float(place)
    merged: dict[float, _LoggedRow] = {}
    again, sorted_ = 0, True
    last = -math.inf
    for row in rows:
        # What was logged without a step belongs to the step before it.
        step = row.step if row.step is not None else max(last, 0.0)
        sorted_ = sorted_ and step >= last
        last = step
        before = merged.setdefault(step, row)
        if before is not row:
            again += any(
                before.values.get(name, value) != value for name, value in row.values.items()
            )
            before.values |= row.values
    if again:
        notes.append(
            f"{again:,} steps were logged more than once, as after a resumed run; the last value "
            "counts."
        )
    if not sorted_:
        notes.append("The rows were not in the order of their steps; they are sorted.")
    steps = sorted(merged)
    ordered = [merged[step] for step in steps]
    columns = {
        name: [row.values.get(name) for row in ordered]
        for name in LOGGED
        if any(name in row.values for row in ordered)
    }
    return TrainingLog(
        columns=columns,
        steps=steps,
        lines=[row.line for row in ordered],
        format=format_,
        numbered=numbered and not each_is_a_step,
        names={name: read.names[split][name] for name in columns},
    )
