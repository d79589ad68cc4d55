"""Pairs read the same in every form and by every name."""

from __future__ import annotations

import gzip
import json

import pytest

from app.check.reading import read_logps, read_run
from app.check.run import check_run
from app.check.settings import RunSettings
from app.check.tables import LENGTHS, LOGPS, LogpsTable, RunFileError
from tests.check.run_forms import FILES, NAMES, PAIRS, by_token, json_lines, pair_rows, table


def pairs_of(data: str | bytes) -> LogpsTable:
    read = read_run(data)
    assert isinstance(read, LogpsTable)
    return read


@pytest.mark.parametrize("form", FILES)
def test_pairs_read_the_same_in_every_form(form: str) -> None:
    assert pairs_of(FILES[form]()).columns == PAIRS


@pytest.mark.parametrize("names", NAMES)
def test_pairs_read_the_same_by_every_name(names: str) -> None:
    rows = pair_rows(NAMES[names])
    for written in (table(rows), table(rows).upper(), json_lines(rows), json.dumps(rows)):
        if names != "camel case" or not written.isupper():
            assert pairs_of(written).columns == PAIRS


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"]
)
def test_the_encoding_does_not_matter(encoding: str) -> None:
    rows = [{"prompt": "déjà vu", **row} for row in pair_rows()]
    for text in (table(rows), table(rows, ";"), json.dumps(rows, ensure_ascii=False)):
        for data in (text.encode(encoding), gzip.compress(text.encode(encoding))):
            assert pairs_of(data).columns == PAIRS


def test_the_reference_may_be_absent() -> None:
    own = {name: values for name, values in PAIRS.items() if not name.startswith("reference")}
    rows = [{name: row[name] for name in own} for row in pair_rows()]
    for written in (table(rows), json_lines(rows), json.dumps(own)):
        assert pairs_of(written).columns == own


def test_what_was_not_read_as_it_stands_is_told() -> None:
    assert pairs_of(FILES["CSV"]()).notes == ()
    assert "summed over tokens" in pairs_of(FILES["token lists"]()).notes[0]
    assert "decimal points" in pairs_of(FILES["decimal commas"]()).notes[0]
    assert "gzip" in pairs_of(gzip.compress(FILES["CSV"]().encode())).notes[0]


def test_a_rounding_error_above_0_is_0() -> None:
    header = ",".join(LOGPS)
    read = pairs_of(f"{header}\n2.4e-7,-2,+0.0004,-4\n-1,-2,-3,-4")
    assert [values[0] for values in read.columns.values()] == [0, -2, 0, -4]
    assert "2 values a rounding error above 0" in read.notes[0]
    with pytest.raises(RunFileError, match="at most 1"):
        read_run(f"{header}\n0.01,-2,-3,-4")


def test_lists_that_may_be_tokens_are_refused_with_what_would_do() -> None:
    with pytest.raises(RunFileError, match="sum, or name the columns") as refused:
        read_run(json_lines(by_token(LOGPS, lengths=False)))
    assert refused.value.line == 1


def test_values_that_are_not_finite_are_kept_for_the_check_and_refused_by_the_widget() -> None:
    rows = pair_rows()
    rows[1] |= {"policy_chosen_logps": float("nan"), "policy_rejected_logps": -float("inf")}
    for written in (table(rows), json_lines(rows)):
        read = pairs_of(written)
        assert str(read.columns[LOGPS[0]][1]) == "nan"
        assert str(read.columns[LOGPS[1]][1]) == "-inf"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("prompt,chosen,rejected\nHi,Hello,Go", "data set of preferences"),
        (json_lines([{"prompt": "a", "chosen": "b", "rejected": "c"}]), "data set of preferences"),
        ("policy_chosen_avg_logps,policy_rejected_avg_logps\n-1,-2", "mean over tokens"),
        ("policy_chosen_nll,policy_rejected_nll\n1,2", "chosen_nll is a loss.*give minus"),
        (",".join(LOGPS) + "\n41.5,57,42,56", "41.5 is given.*give minus"),
        (
            "{'loss': 0.01, 'reward': 0.7, 'reward_std': 0.5, 'kl': 0.003, 'epoch': 0.1}",
            "reinforcement learning.*reward_std",
        ),
        (json_lines([{"step": 1, "actor/pg_loss": 0.1, "loss": 1}]), "reinforcement learning"),
        (json_lines(pair_rows() * 4_000), "give a sample"),
        ("Wall time,Step,Value\n1,2,3", "curve of one metric"),
        (json.dumps({"model": "a", "lr_scheduler": "b"}), "there are model, lr_scheduler"),
        ("beta: 0.1\nloss_type: sigmoid\n", "it begins with “beta: 0.1"),
        ("a,b\n1,2", "expected a header"),
    ],
)
def test_what_is_neither_is_refused_with_what_it_seems_to_be(text: str, says: str) -> None:
    with pytest.raises(RunFileError, match=says):
        read_run(text)


def test_lengths_come_in_pairs_and_may_be_absent() -> None:
    rows = [{name: row[name] for name in LOGPS} for row in pair_rows()]
    assert not set(pairs_of(table(rows)).columns) & set(LENGTHS)


def with_holes(*columns: str, at: int) -> list[dict[str, float | None]]:
    """The pairs without some values in a row."""
    rows: list[dict[str, float | None]] = [dict(row) for row in pair_rows()]
    rows[at] |= dict.fromkeys(columns)
    return rows


@pytest.mark.parametrize("columns", [LOGPS[:1], LOGPS[2:], LOGPS])
def test_an_empty_cell_is_nan_as_pandas_writes_it(columns: tuple[str, ...]) -> None:
    rows = with_holes(*columns, at=1)
    turned = json.dumps({name: [row[name] for row in rows] for name in PAIRS})
    for written in (table(rows), json_lines(rows), json.dumps(rows, indent=1), turned):
        read = pairs_of(written)
        assert set(read.columns) == set(PAIRS)
        for name, values in read.columns.items():
            holes = [at for at, value in enumerate(values) if str(value) == "nan"]
            assert holes == ([1] if name in columns else [])
        assert any("read as NaN" in note for note in read.notes)
        found = {finding.name: finding for finding in check_run(written, RunSettings()).findings}
        assert found["not_finite"].verdict == "found"
        with pytest.raises(RunFileError, match="there is no value"):
            read_logps(written)


def test_losses_may_be_empty_and_lengths_may_not() -> None:
    rows = [row | {"loss": None if at == 2 else 0.5} for at, row in enumerate(with_holes(at=0))]
    assert str(pairs_of(json_lines(rows)).columns["loss"][2]) == "nan"
    with pytest.raises(RunFileError, match="all or none"):
        read_run(json_lines(with_holes(*LENGTHS, at=2)))


def test_a_column_without_any_value_is_absent() -> None:
    rows = [row | dict.fromkeys(LOGPS[2:]) for row in pair_rows()]
    assert set(pairs_of(json_lines(rows)).columns) == set(PAIRS) - set(LOGPS[2:])


def test_rows_that_are_never_whole_are_refused() -> None:
    own, other = LOGPS[::2], LOGPS[1::2]
    rows = [{name: row[name] for name in half} for row in pair_rows() for half in (own, other)]
    for written in (table(rows), json_lines(rows)):
        with pytest.raises(RunFileError, match="no line has a value in all columns"):
            read_run(written)
    with pytest.raises(RunFileError, match="no value") as refused:
        read_run(json_lines([{"model": 1}, *pair_rows()]))
    assert refused.value.line == 1
