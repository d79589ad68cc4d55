"""Files of log-probabilities: what is read, and what is refused with line, column and range."""

from __future__ import annotations

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.check.reading import read_logps, read_run
from app.check.reading.pairs import MAX_PAIRS
from app.check.reading.rows import MAX_COLUMNS
from app.check.tables import LENGTHS, LOGPS, LogpsTable, RunFileError
from app.check.writing import csv_text, json_lines_text

HEADER = ",".join(LOGPS)
ROW = dict(zip(LOGPS, (-1.5, -2.5, -3.5, -4.5), strict=True))
COLUMNS = {name: [value] for name, value in ROW.items()}


def line(**changes: object) -> str:
    return json.dumps(ROW | changes)


def others(count: int) -> dict[str, int]:
    """Columns that are ignored."""
    return {f"column {n}": n for n in range(count)}


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n-1.5,-2.5,-3.5,-4.5\n",
        f"\ufeff{HEADER}\r\n-1.5,-2.5,-3.5,-4.5\r\n",
        f"\n  \n{HEADER}\n\n -1.5 , -2.5,-3.5 ,-4.5\n\n",
        f'"{LOGPS[0]}", "{LOGPS[1]}", {LOGPS[2]}, {LOGPS[3]}\n"-1.5", -2.5, "-3.5", -4.5',
        f"{HEADER}\n-1.5,-2.5,-3.5,-4.5\n".replace(",", ";"),
        f"{HEADER}\n-1.5,-2.5,-3.5,-4.5\n".replace(",", "\t"),
        f"{HEADER.upper()}\n-1.5,-2.5,-3.5,-4.5\n",
        "chosen_logps,rejected_logps,ref_chosen_logps,ref_rejected_logps\n-1.5,-25e-1,-3.5,-4.5",
        "policy_rejected_logp,policy_chosen_logp,reference_rejected_logp,reference_chosen_logp\n"
        "-2.5,-1.5,-4.5,-3.5",
        f"{HEADER},loss,step,chosen_lengths\n-1.5,-2.5,-3.5,-4.5,,,\n",
        line(),
        f"\ufeff\r\n  {line()}  \r\n\r\n",
        line(chosen_lengths=None, rejected_lengths=None, loss=None),
        line().replace("-1.5", '"-1.5"'),
    ],
)
def test_the_same_pair_is_read_however_it_is_written(text: str) -> None:
    assert read_logps(text).columns == COLUMNS


def test_optional_columns_are_read_and_others_are_named() -> None:
    table = read_logps(
        line(chosen_length=3, rejected_length=4.0, reported_loss=0.25, step=0, prompt="a\u2028b")
    )
    assert table.columns == COLUMNS | {
        "chosen_lengths": [3.0],
        "rejected_lengths": [4.0],
        "loss": [0.25],
        "step": [0.0],
    }
    assert table.ignored == ("prompt",)


def test_pairs_know_their_lines_blank_ones_counted() -> None:
    assert read_logps(f"{HEADER}\n-1,-1,-1,-1\n\n-2,-2,-2,-2").lines == [2, 4]
    assert read_logps(f"\n{line()}\n\n{line()}").lines == [2, 4]


@pytest.mark.parametrize(
    ("text", "line_number", "column", "says"),
    [
        (HEADER, 2, None, "no pair"),
        ("hello world", 1, None, "header that names policy_chosen_logps"),
        ("-1,-2,-3,-4\n-1,-2,-3,-4", 1, None, "header"),
        (f"{line()}\n{{", 2, None, "not JSON"),
        (f"{line()}\n3", 2, None, "expected a JSON object"),
        ('{"a":' + "[" * 200_000, 1, None, "not JSON"),
        ('{"a', 1, None, "(Unterminated string starting at character 2)"),
        ("policy_chosen_logps,reference_chosen_logps\n-1,-2", 1, LOGPS[1], "needed"),
        (f"{','.join(LOGPS[:3])}\n-1,-2,-3", 2, LOGPS[3], "belongs together"),
        (f"{HEADER},chosen_logps\n-1,-2,-3,-4,-5", 2, "chosen_logps", "only one of them"),
        (f"{HEADER},{LOGPS[0]}\n-1,-2,-3,-4,-5", 1, LOGPS[0], "twice"),
        (f"{HEADER}\n-1,-2,-3", 2, None, "3 values, but the header names 4"),
        (f'{HEADER}\n-1,-2,-3,"-4', 2, None, "not CSV"),
        (f"{HEADER}\n-1,-2,-3,-4\n-1,-2,,-4", 3, LOGPS[2], "no value"),
        (f"{HEADER}\n-1,-2,-3,x", 2, LOGPS[3], "x is given; expected a log-probability"),
        (f"{HEADER}\n-1,nan,-3,-4", 2, LOGPS[1], "nan is given"),
        (f"{HEADER}\n-1,-inf,-3,-4", 2, LOGPS[1], "-inf is given"),
        (f"{HEADER}\n-1,-1e999,-3,-4", 2, LOGPS[1], "-1e999 is given"),
        (f"{HEADER}\n-1,-1_0,-3,-4", 2, LOGPS[1], "-1_0 is given"),
        (f"{HEADER}\n-1,-2,-3,4", 2, LOGPS[3], "a probability is at most 1"),
        (f"{HEADER}\n-1,-2,-3,-1000001", 2, LOGPS[3], "from -1000000 to 0"),
        (line().replace("-1.5", "NaN"), 1, LOGPS[0], "nan is given"),
        (line().replace("-1.5", "-Infinity"), 1, LOGPS[0], "-inf is given"),
        (line().replace("-1.5", "true"), 1, LOGPS[0], "True is given"),
        (line().replace("-1.5", "[-1.5, -2]"), 1, LOGPS[1], "other columns hold lists"),
        (line().replace("-1.5", "-1" + "0" * 400), 1, LOGPS[0], "from -1000000 to 0"),
        (line(policy_chosen_logps=None), 1, LOGPS[0], "no value"),
        (line(chosen_length=0, rejected_length=1), 1, "chosen_length", "from 1 to 1000000"),
        (line(chosen_length=1), 1, LENGTHS[1], "belongs together"),
        (line(step=-1), 1, "step", "whole number from 0"),
        (line(loss="x"), 1, "loss", "finite number"),
        (f"{line(loss=1)}\n{line()}", 2, "loss", "all or none"),
        ("\n".join([line()] * (MAX_PAIRS + 1)), MAX_PAIRS + 1, None, "at most 10,000"),
        (",".join([HEADER, *others(MAX_COLUMNS)]), 1, None, "1,004 columns; at most 1,000"),
        (f"{line()}\n{line(**others(MAX_COLUMNS))}", 2, None, "1,004 columns; at most 1,000"),
    ],
)
def test_what_can_not_be_right_is_refused_where_it_stands(
    text: str, line_number: int, column: str | None, says: str
) -> None:
    with pytest.raises(RunFileError) as refused:
        read_logps(text)
    assert (refused.value.line, refused.value.column) == (line_number, column)
    assert says in refused.value.message
    assert str(refused.value).startswith(f"line {line_number}")


@pytest.mark.parametrize("data", ["", "\ufeff \r\n", b"", b"\xef\xbb\xbf\n"])
def test_an_empty_file_is_told_by_its_name(data: str | bytes) -> None:
    with pytest.raises(RunFileError, match=r"^run\.csv is empty; expected"):
        read_run(data, "run.csv")


def test_as_many_pairs_as_are_promised_are_read() -> None:
    assert len(read_logps("\n".join([line()] * MAX_PAIRS))) == MAX_PAIRS


def test_as_many_columns_as_are_promised_are_read() -> None:
    more = others(MAX_COLUMNS - len(LOGPS))
    of_csv = f"{','.join([HEADER, *more])}\n{','.join(['-1'] * MAX_COLUMNS)}"
    for text in (of_csv, line(**more)):
        assert read_logps(text).ignored == tuple(more)


LOGP = st.floats(-1e6, 0)


@given(st.lists(st.tuples(LOGP, LOGP, LOGP, LOGP, st.integers(1, 9), st.floats(-9, 9)), min_size=1))
def test_what_is_written_is_read_again(rows: list[tuple[float, ...]]) -> None:
    *logps, lengths, losses = (list(column) for column in zip(*rows, strict=True))
    columns = dict(zip(LOGPS, logps, strict=True)) | dict.fromkeys(LENGTHS, lengths)
    table = LogpsTable(columns | {"loss": losses}, list(range(len(rows))), "CSV")
    for write in (csv_text, json_lines_text):
        assert read_logps(write(table)).columns == table.columns


@given(st.text())
def test_no_text_makes_another_error(text: str) -> None:
    for whole in (text, f"{HEADER}\n{text}", f"{{{text}"):
        with suppress(RunFileError):
            assert len(read_logps(whole)) > 0


def test_a_loss_that_only_some_rows_have_is_left_out_and_one_that_ends_is_nan() -> None:
    rows = ["-4,-5,-4,-5,0.69", "-4,-5,-4,-5,"]
    header = f"{','.join(LOGPS)},loss"
    sparse = read_run("\n".join([header, *rows * 3]))
    assert isinstance(sparse, LogpsTable)
    assert "loss" not in sparse.columns
    assert "The losses were left out: only some rows have one." in sparse.notes
    ended = read_run("\n".join([header, rows[0], *rows[1:] * 3]))
    assert isinstance(ended, LogpsTable)
    assert [math.isfinite(loss) for loss in ended.columns["loss"]] == [True, False, False, False]
