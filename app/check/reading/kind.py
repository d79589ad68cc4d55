"""Whether a file holds pairs or a trainer's log; what it is otherwise."""

from __future__ import annotations

import re
from dataclasses import replace

from app.check.reading.metrics import metric, metrics
from app.check.reading.names import is_mean, is_negated, pair_column
from app.check.reading.rows import Row, Rows, short
from app.check.report import RunKind
from app.check.tables import LENGTHS, LOGGED, LOGPS, RunFileError

MOST_NAMED = 8
"""columns that a message names"""

A_SUMMARY = (
    "this sums up a whole run and has no steps; expected its log, which is in trainer_state.json "
    "beside it or in a checkpoint's folder"
)

EXPECTED = (
    f"expected a header that names {', '.join(LOGPS)}, or JSON Lines with these names; or the log of "
    "a trainer with loss or rewards/chosen"
)


OF_REINFORCEMENT = re.compile(
    r"(?:^|[/_ ])(?:reward_std|frac_reward_zero_std|completion_length|completions/\w*length|pg_loss"
    r"|approxkl(?:_avg)?|rlhf_reward|clip_ratio(?:/\w+)?)$"
)
"""names in logs of GRPO and PPO"""
OF_PREFERENCES = frozenset(name for name in LOGGED if name.startswith(("rewards/", "logps/")))

CURVE = frozenset({"step", "value"})
"""columns of one metric's curve as TensorBoard exports it"""


def named_by_file(rows: Rows, file_name: str | None) -> Rows:
    """Rows whose column Value is named after the file: TensorBoard calls the curve of train/loss
    run-dpo-tag-train_loss.csv."""
    if file_name is None or not _is_curve(rows):
        return rows
    stem = file_name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    tag = stem.rpartition("tag-")[2]
    if metric(tag) is None:
        return rows

    def renamed(row: Row) -> Row:
        return Row(
            row.line, {tag if n.lower() == "value" else n: cell for n, cell in row.cells.items()}
        )

    return replace(
        rows,
        rows=[renamed(row) for row in rows.rows],
        header=None if rows.header is None else renamed(rows.header),
    )


def _is_curve(rows: Rows) -> bool:
    return rows.header is not None and {name.lower() for name in rows.header.cells} >= CURVE


def kind_of(rows: Rows, text: str) -> RunKind:
    """What the columns are.

    Raises:
        RunFileError: neither; says what it seems to be
    """
    names = rows.names()
    columns = {column for name in names if (column := pair_column(name)) is not None}
    quantities = {known.quantity for known in metrics(names).values()}
    of_pairs = columns & {*LOGPS, *LENGTHS}
    trained = {name for name in quantities if name.startswith("rewards/")}
    trained |= quantities & {"epoch", "learning_rate", "grad_norm"}
    logged = trained | quantities & {"loss", "logps/chosen", "logps/rejected"}
    # Some trainers log the mean of a batch as chosen_logps beside rewards.
    rewarded = [name for name in names if OF_REINFORCEMENT.search(name.lower())]
    if rewarded and not of_pairs and not quantities & OF_PREFERENCES:
        raise RunFileError(None, None, _reinforcement(rewarded))
    own = of_pairs - set(LOGPS[:2])
    if of_pairs >= set(LOGPS[:2]) and (own or not trained):
        return "pairs"
    if logged - {"epoch", "learning_rate"} and (trained or not of_pairs):
        return "log"
    if of_pairs:
        return "pairs"
    if rows.broken is not None:
        raise rows.broken
    raise RunFileError(rows.header.line if rows.header else 1, None, _seems(rows, names, text))


def _reinforcement(names: list[str]) -> str:
    shown = ", ".join(short(name) for name in names[:MOST_NAMED])
    return (
        f"this seems to be the log of reinforcement learning, GRPO or PPO say, for it has {shown}; "
        "expected that of preference training, which has rewards/chosen and rewards/rejected"
    )


def _seems(rows: Rows, names: list[str], text: str) -> str:
    if means := [name for name in names if is_mean(name)]:
        return (
            f"{short(means[0])} is a mean over tokens by its name; expected sums over the tokens of "
            "a response: multiply by the lengths, and name the columns as in "
            f"{', '.join(LOGPS)}"
        )
    if losses := [name for name in names if is_negated(name)]:
        return (
            f"{short(losses[0])} is a loss, a negative log-likelihood, by its name; expected "
            "log-probabilities: give minus its values, summed over the tokens of a response, and "
            f"name the columns as in {', '.join(LOGPS)}"
        )
    if {name.lower() for name in names} >= {"chosen", "rejected"}:
        return (
            "this seems to be a data set of preferences, texts without log-probabilities; expected "
            f"what the policy and the reference give them: {', '.join(LOGPS)}"
        )
    if _is_curve(rows):
        return (
            "this seems to be the curve of one metric, exported from TensorBoard; keep the name of "
            "the file, which names the metric, or rename the column Value: loss, rewards/chosen, ..."
        )
    if "train_runtime" in text:
        return A_SUMMARY
    if names:
        shown = ", ".join(short(name) for name in names[:MOST_NAMED])
        more = " …" if len(names) > MOST_NAMED else ""
        return f"no column is known here; there are {shown}{more}; {EXPECTED}"
    return f"no table and no log was found; it begins with “{short(text.strip()[:80])}”; {EXPECTED}"
