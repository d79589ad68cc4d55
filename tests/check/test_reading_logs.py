"""A trainer's log reads the same in every form."""

from __future__ import annotations

import gzip
import json
import math

import pytest

from app.check.reading import read_logps, read_run
from app.check.run import check_run
from app.check.settings import RunSettings
from app.check.tables import LOGGED, RunFileError, TrainingLog
from tests.check.run_forms import (
    LOGS,
    ROWS,
    STEPLESS,
    SUMMARY,
    json_lines,
    notebook,
    printed,
    state,
    table,
    wandb,
    with_eval,
)

STEPS = [row["step"] for row in ROWS]


def log_of(data: str | bytes, name: str | None = None) -> TrainingLog:
    log = read_run(data, name)
    assert isinstance(log, TrainingLog)
    return log


def expected(name: str) -> object:
    return pytest.approx([row[name] for row in ROWS], rel=1e-4)


@pytest.mark.parametrize("form", LOGS)
def test_a_log_reads_the_same_in_every_form(form: str) -> None:
    log = log_of(LOGS[form](ROWS))
    assert log.steps == STEPS
    assert not log.numbered
    assert {"loss"} <= set(log.columns) <= set(LOGGED)
    for name, values in log.columns.items():
        assert values == expected(name), name


@pytest.mark.parametrize("form", STEPLESS)
def test_rows_without_steps_are_numbered(form: str) -> None:
    log = log_of(STEPLESS[form](ROWS))
    assert log.numbered
    assert log.steps == [1, 2, 3, 4, 5, 6, 7, 8]
    assert set(log.columns) == set(ROWS[0]) - {"step"}
    for name, values in log.columns.items():
        assert values == expected(name), name


def test_rows_know_their_lines() -> None:
    text = json_lines(ROWS)
    assert log_of(text).lines == [1, 2, 3, 4, 5, 6, 7, 8]
    assert log_of(f"\n{json.dumps(ROWS, indent=1)}").lines == [3 + 13 * n for n in range(8)]
    assert log_of(f"warming up\n{printed(ROWS)}").lines == [2, 3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("form", [state, json_lines, printed, "console"])
def test_evaluation_stands_apart(form: object) -> None:
    write = LOGS["on a bar"] if form == "console" else form
    log = log_of(write(with_eval(ROWS)))  # type: ignore[operator]
    assert log.columns["loss"] == expected("loss")
    assert log.evaluation is not None
    assert log.evaluation.columns["loss"] == [ROWS[3]["loss"], ROWS[7]["loss"]]
    assert log.evaluation.columns["rewards/margins"] == [0.5, 1.0]
    assert log.evaluation.columns["epoch"] == [0.5, 1.0]
    if not log.evaluation.numbered:
        assert log.evaluation.steps == [40, 80]


def test_a_table_of_a_notebook_has_rewards_of_the_evaluation() -> None:
    log = log_of(notebook(ROWS))
    assert set(log.columns) == {"loss"}
    assert log.evaluation is not None
    assert log.evaluation.columns["rewards/chosen"] == expected("rewards/chosen")
    assert log.evaluation.steps == log.steps == STEPS


def test_the_last_row_sums_up_and_is_no_step() -> None:
    log = log_of(state(ROWS))
    assert log.columns["loss"] == expected("loss")
    assert log.settings["train_loss"] == 0.651
    assert log.settings["max_steps"] == 80
    assert log.settings["logging_steps"] == 10


@pytest.mark.parametrize("kept", range(1, 8))
def test_a_log_that_was_cut_off_is_read_up_to_there(kept: int) -> None:
    text = state(ROWS)
    cut = text[: text.index('"step": ' + str(10 * (kept + 1)))]
    log = log_of(cut)
    assert log.steps == STEPS[:kept]
    assert log.columns["rewards/margins"] == [row["rewards/margins"] for row in ROWS[:kept]]
    assert any("cut off" in note for note in log.notes)


@pytest.mark.parametrize("written", ["NaN", "nan", "Infinity", "inf", "-inf"])
def test_what_is_not_finite_is_kept(written: str) -> None:
    rows = [row | {"loss": float(written)} if row["step"] == 50 else row for row in ROWS]
    for write in (json_lines, state, LOGS["CSV of pandas"], LOGS["on a bar"], LOGS["torchtune"]):
        values = log_of(write(rows)).columns["loss"]
        assert [n for n, value in enumerate(values) if not math.isfinite(value or 0)] == [4]


def test_a_value_that_is_missing_is_none() -> None:
    rows = [
        row if n % 2 else {"step": row["step"], "loss": row["loss"]} for n, row in enumerate(ROWS)
    ]
    for write in (json_lines, lambda rows: table(rows)):
        chosen = log_of(write(rows)).columns["rewards/chosen"]
        assert [value is None for value in chosen] == [True, False] * 4


def test_rows_of_one_step_are_one_row() -> None:
    parts = [
        {"step": row["step"], name: row[name]} for row in ROWS for name in row if name != "step"
    ]
    log = log_of(json_lines(parts))
    assert log.steps == STEPS
    assert not log.notes
    for name, values in log.columns.items():
        assert values == expected(name)


def test_a_resumed_run_repeats_steps_and_the_last_value_counts() -> None:
    again = [row | {"loss": 0.5} for row in ROWS[2:4]]
    log = log_of(json_lines([*ROWS[:4], *again, *ROWS[4:]]))
    assert log.steps == STEPS
    assert (log.columns["loss"][2], log.columns["loss"][4]) == (0.5, ROWS[4]["loss"])
    assert any("2 steps were logged more than once" in note for note in log.notes)
    assert any("order of their steps" in note for note in log.notes)


def test_what_two_processes_print_is_read_once() -> None:
    text = "".join(f"{line}\n{line}\n" for line in printed(ROWS).splitlines())
    log = log_of(text)
    assert log.columns["loss"] == expected("loss")
    assert any("read once" in note for note in log.notes)


def test_of_several_runs_one_is_read() -> None:
    both = [
        {"Step": row["step"], "a - train/loss": row["loss"], "a - train/rewards/chosen": 1.0}
        | {"b - train/loss": 2.0}
        for row in ROWS
    ]
    log = log_of(table(both))
    assert log.columns["loss"] == expected("loss")
    assert any("2 runs" in note and "only a " in note for note in log.notes)


def test_least_and_greatest_values_of_a_chart_are_no_values() -> None:
    log = log_of(wandb(ROWS))
    assert log.names["loss"] == "zephyr-7b - lr 5e-7 - train/loss"
    assert log.ignored == ()


def test_the_curve_of_one_metric_is_named_by_its_file() -> None:
    text = table([{"Wall time": 1.7e9, "Step": row["step"], "Value": row["loss"]} for row in ROWS])
    log = log_of(text, "downloads/run-dpo-tag-train_loss.csv")
    assert (log.steps, log.columns["loss"]) == (STEPS, [row["loss"] for row in ROWS])
    margins = log_of(text, "run-.-tag-train_rewards_margins.csv")
    assert list(margins.columns) == ["rewards/margins"]
    with pytest.raises(RunFileError, match="curve of one metric"):
        read_run(text, "export.csv")


def test_settings_that_a_log_mentions_are_kept() -> None:
    text = (
        "[INFO] >>   Gradient Accumulation steps = 8\n  Total optimization steps = 80\n"
        f"DPOConfig(adam_beta1=0.9, beta=0.05, loss_type='ipo')\n{printed(ROWS)}"
    )
    settings = log_of(text).settings
    assert settings["gradient_accumulation_steps"] == 8
    assert settings["max_steps"] == 80
    assert (settings["beta"], settings["loss_type"]) == (0.05, "ipo")


def test_the_trainer_is_told_where_its_names_are_its_own() -> None:
    assert log_of(LOGS["torchtune"](ROWS)).trainer == "torchtune"
    assert log_of(LOGS["OpenRLHF"](ROWS)).trainer == "openrlhf"
    assert log_of(json_lines([{"step": 1, "loss": 0.7}])).trainer is None


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"]
)
def test_the_encoding_of_a_log_does_not_matter(encoding: str) -> None:
    text = f"Gerät: é\n{printed(ROWS)}"
    for data in (text.encode(encoding), gzip.compress(text.encode(encoding))):
        assert log_of(data).columns["loss"] == expected("loss")


def test_a_log_is_no_file_of_pairs() -> None:
    with pytest.raises(RunFileError, match="check_run"):
        read_logps(json_lines(ROWS))


def html_table(text: str) -> str:
    """The same table as a notebook draws it."""
    lines = [line.split("\t") for line in text.splitlines()]
    body = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in cells)}</tr>\n" for cells in lines[1:])
    head = "".join(f"<th>{cell}</th>\n" for cell in lines[0])
    return f'<div><table border="1">\n<thead>\n<tr style="x">\n{head}</tr>\n</thead>{body}</table></div>'


def test_a_notebook_is_read_by_its_outputs() -> None:
    table_ = html_table(notebook(ROWS))
    stream = {"output_type": "stream", "text": printed(ROWS[:4]).splitlines(keepends=True)}
    shown = {
        "output_type": "display_data",
        "data": {"text/html": [table_], "text/plain": ["<HTML>"]},
    }
    cells = [
        {"cell_type": "markdown", "source": "# loss, step"},
        {"cell_type": "code", "source": ["trainer.train()"], "outputs": [stream, shown]},
    ]
    for indent in (None, 1):
        whole = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}, indent=indent)
        log = log_of(whole)
        assert log.columns["loss"] == expected("loss")
        assert log.evaluation is not None
    assert log_of(table_).columns == log.columns
    empty = json.dumps({"cells": cells[:1], "metadata": {}, "nbformat": 4})
    with pytest.raises(RunFileError, match="with its outputs"):
        read_run(empty)


def test_a_table_of_a_notebook_may_have_lost_its_tabs() -> None:
    assert log_of(notebook(ROWS).replace("\t", " ")).columns["loss"] == expected("loss")


def test_what_sums_up_a_run_is_no_log() -> None:
    for text in (json.dumps(SUMMARY), json.dumps(SUMMARY, indent=1), str(SUMMARY)):
        with pytest.raises(RunFileError, match=r"trainer_state\.json"):
            read_run(text)


def test_prose_with_names_of_metrics_is_no_header() -> None:
    assert log_of(f"step, loss\n{printed(ROWS)}").columns["loss"] == expected("loss")


def test_a_logger_that_repeats_the_loss_adds_no_row() -> None:
    text = "".join(
        f"[INFO] >> {{'loss': {row['loss']:.4f}, 'epoch': {row['epoch']}}}\n{line}\n"
        for row, line in zip(ROWS, printed(ROWS).splitlines(), strict=True)
    )
    for name, values in log_of(text).columns.items():
        assert values == expected(name)


def test_metrics_in_groups_and_broken_names_are_known() -> None:
    text = "".join(
        f"step:{row['step']} - actor/dpo_loss:{row['loss']} - actor/rewards/chosen:{row['rewards/chosen']}\n"
        for row in ROWS
    )
    log = log_of(text)
    assert (log.steps, log.columns["rewards/chosen"]) == (STEPS, expected("rewards/chosen"))
    cut = LOGS["the authors"](ROWS).replace("counters/updates", "counters/up   -dates")
    assert log_of(cut).steps == STEPS
    plain = "".join(f"step {row['step']} loss {row['loss']} margin 0.1\n" for row in ROWS)
    assert log_of(plain).columns["loss"] == expected("loss")


def beside_bars(rows: list[dict[str, float]]) -> str:
    """A console where each row was printed behind the bar of its own step."""
    return "".join(
        f"\n {step}%|█▎  | {step}/80 [00:10<01:10,  1.44s/it]{row}"
        for step, row in zip(STEPS, printed(rows).splitlines(), strict=False)
    )


@pytest.mark.parametrize("kept", [0, 1, 5, 9, 30, 60, 150])
def test_a_last_line_that_was_cut_off_changes_no_row(kept: int) -> None:
    text = beside_bars(ROWS)
    last = text.rindex("{")
    log = log_of(text[: last + kept])
    assert log.steps == STEPS[:7]
    assert log.columns["loss"] == pytest.approx([row["loss"] for row in ROWS[:7]])


def test_what_is_left_of_a_damaged_row_is_no_row() -> None:
    lines = printed(ROWS).splitlines()
    lines[3] = lines[3].replace("'rewards/rejected'", "WARNING: out of memory\n'rewards/rejected'")
    log = log_of("\n".join(lines))
    assert log.columns["loss"] == [row["loss"] for row in ROWS[:3] + ROWS[4:]]
    assert any("line 4: an object is damaged" in note for note in log.notes)


@pytest.mark.parametrize("width", range(20, 30))
def test_a_terminal_may_break_lines_within_numbers(width: int) -> None:
    rows = [{name: value + 0.123456789 for name, value in row.items()} for row in ROWS]
    text = "\n".join(
        line[start : start + width]
        for line in printed(rows).splitlines()
        for start in range(0, len(line), width)
    )
    log = log_of(text)
    assert not any("damaged" in note for note in log.notes)
    for name, values in log.columns.items():
        assert values == [row[name] for row in rows]


@pytest.mark.parametrize("mark", ["# ", "#", "> ", "// "])
def test_a_log_may_be_commented_out(mark: str) -> None:
    text = printed(ROWS).replace(", 'rewards/chosen'", ",\n'rewards/chosen'")
    log = log_of("".join(f"{mark}{line}\n" for line in text.splitlines()))
    assert log.columns["rewards/chosen"] == expected("rewards/chosen")


@pytest.mark.parametrize(
    "prose", ["My loss looks like this, i.e. the train loss", "step, loss", "loss, step, epoch"]
)
def test_objects_win_over_a_header_of_prose(prose: str) -> None:
    text = printed([{"loss": row["loss"], "epoch": row["epoch"], "step": 0.0} for row in ROWS])
    for between in ("", "foo, bar\n", "foo, bar, baz\n"):
        assert log_of(f"{prose}\n{between}{text}").columns["loss"] == expected("loss")


def test_as_many_rows_as_steps_are_one_row_a_step() -> None:
    for rate, numbered in ((0.64, False), (0.72, True), (6.4, True)):
        text = f"{printed(ROWS)}{SUMMARY | {'train_steps_per_second': rate}}\n"
        log = log_of(text)
        assert log.numbered == numbered
        assert log.steps == [1, 2, 3, 4, 5, 6, 7, 8]
        assert log.settings.get("logging_steps") == (None if numbered else 1)


def test_a_step_may_stand_beside_the_last_one() -> None:
    rows = [{**row, "global_step/max_steps": f"{50 + n}/176"} for n, row in enumerate(ROWS)]
    log = log_of(
        "".join(f"{ {name: row[name] for name in row if name != 'step'} }\n" for row in rows)
    )
    assert log.steps == [50 + n for n in range(8)]
    assert log.settings["max_steps"] == 176


def test_a_report_names_the_columns_of_the_evaluation() -> None:
    report = check_run(notebook(ROWS), RunSettings())
    assert {"loss", "rewards/chosen"} <= set(report.columns)
    assert "of the evaluation: loss, rewards/chosen" in report.read


def test_logits_that_are_not_finite_beside_a_loss_that_is_are_kept_by_name() -> None:
    rows = [
        {"step": 1, "loss": 0.69, "logits/chosen": math.nan, "logits/rejected": -1.0},
        {"step": 2, "loss": math.nan, "logits/rejected": math.nan, "entropy": math.nan},
    ]
    log = log_of("\n".join(map(json.dumps, rows)))
    assert log.strange == ("logits/chosen",)
    assert {"logits/chosen", "logits/rejected", "entropy"} == set(log.ignored)


@pytest.mark.parametrize(
    "prose",
    [
        "Health guard: stop if margins > 5.0 or loss < 0.05",
        "stop if loss<=0.05, margins >= 5.0, accuracy \u2265 1.0",
        "it should end near a loss of 0.2 and a margin of 3.0: loss 0.2, margin 3.0",
    ],
)
def test_a_line_of_prose_among_objects_is_no_row(prose: str) -> None:
    for text in (f"{prose}\n{beside_bars(ROWS)}", f"{beside_bars(ROWS)}\n{prose}\n"):
        log = log_of(text)
        assert log.steps == STEPS
        assert log.columns["loss"] == expected("loss")


@pytest.mark.parametrize("delimiter", [",", "\t", " ", "|"])
@pytest.mark.parametrize("dots", ["..", "...", "\u2026", "\u22ee"])
def test_a_table_goes_on_after_a_line_of_dots(dots: str, delimiter: str) -> None:
    lines = [delimiter.join(map(str, line)) for line in (ROWS[0], *(row.values() for row in ROWS))]
    for cut in (dots, delimiter.join([dots] * len(ROWS[0]))):
        log = log_of("\n".join([*lines[:5], cut, *lines[5:]]))
        assert log.steps == STEPS
        assert log.columns["loss"] == expected("loss")
        assert any("dots" in note for note in log.notes)
        assert not any("could not be read" in note for note in log.notes)
