"""No input takes a reader by surprise: every text is read or refused, in linear time and memory."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.check.reading import read_logps, read_run
from app.check.reading.decode import MOST_BYTES
from app.check.tables import LOGPS, LogpsTable, RunFileError
from tests.check.run_forms import FILES, LOGS, ROWS, STEPLESS

HEADER = ",".join(LOGPS)


def repeated(unit: str, before: str = "", after: str = "") -> Callable[[int], str]:
    return lambda size: before + unit * (size // len(unit)) + after


HOSTILE: dict[str, Callable[[int], str]] = {
    "opening braces": repeated("{"),
    "opening brackets": repeated("["),
    "objects in objects": repeated("{'a':"),
    "lists in objects in lists": repeated("{'a':[["),
    "a list without end": repeated("1,", "{'a':["),
    "lists that contain objects": repeated("1,1,1,1,1,1,1,1,1,1,1,{'a':[", "{'a':["),
    "quotes": repeated('{"'),
    "escaped quotes": repeated('\\"{', '{"'),
    "one quote each": repeated("{\"'"),
    "unclosed angles": repeated("<", "{'a': tensor(1, grad_fn="),
    "keys": repeated("'a':1,", "{'loss':0.5,"),
    "blanks": repeated(" ", "{", "loss"),
    "commas": repeated(","),
    "digits": repeated("1.", "loss: ", " step: 3"),
    "words": repeated("loss "),
    "colons": repeated("loss:"),
    "colors": repeated("0;", "\x1b["),
    "settings": repeated("beta = "),
    "blank settings": repeated(" ", "beta"),
    "bars": repeated(" 12%|x | 12/100 [00:01<]\r", "{'loss': 0.69, 'epoch': 0.1}"),
    "lines": repeated("\n", "x"),
    "rows of a log": repeated("{'loss': 0.69, 'rewards/chosen': 0.1, 'epoch': 0.1}\n"),
    "rows in one line": repeated("{'loss': 0.69, 'rewards/chosen': 0.1, 'epoch': 0.1} "),
    "broken rows": repeated('{"step":1,"loss":0.5}\n{"a\n'),
    "labels": repeated("Step 1 | loss:0.5 lr:0.1 \n"),
    "labels in one line": repeated("loss:1 step:2 "),
    "CSV": repeated("-1,-2,-3,-4\n", f"{HEADER}\n"),
    "a quoted cell": repeated("a", f'{HEADER}\n"'),
    "quotes in CSV": repeated('""', f"{HEADER}\n"),
    "rules of a table": repeated("|---|---|---|---|\n", f"|{HEADER.replace(',', '|')}|\n"),
    "a batch": repeated("-1,", '{"policy_chosen_logps":[-1],"policy_rejected_logps":[', "-1]}"),
    "tokens": repeated(
        "-1,", '{"policy_chosen_token_logps":[-1],"policy_rejected_token_logps":[', "-1]}"
    ),
    "curves of many runs": repeated("1,", f"Step,{','.join(f'{n} - loss' for n in range(50))}\n"),
    "prefixes": repeated(" - ", "", " loss, step\n"),
    "cells of a page": repeated("<td>1</td>", "<table><tr>"),
    "tags": repeated("<tr ", "<"),
    "blanks of a page": repeated(" ", "<table>"),
    "entities": repeated("&amp;", "<table>"),
    "outputs of a notebook": repeated(
        '{"outputs":[{"text":["loss: 1 step: 1"]}]},', '{"nbformat":4,"cells":[', "]}"
    ),
    "minus signs": repeated("\u2212", f"{HEADER}\n"),
}


def work(text: str) -> int:
    """How many lines and calls of the readers are run for a text."""
    done = 0

    def count(_frame: FrameType, _event: str, _argument: object) -> Any:
        nonlocal done
        done += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        with suppress(RunFileError):
            read_run(text)
    finally:
        sys.settrace(before)
    return done


def peak(text: str) -> int:
    """Most bytes that are held while a text is read."""
    tracemalloc.start()
    try:
        with suppress(RunFileError):
            read_run(text)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", HOSTILE)
def test_work_and_memory_grow_no_faster_than_the_text(kind: str) -> None:
    make = HOSTILE[kind]
    read_run(f"{HEADER}\n-1,-1,-1,-1")  # what is made once
    small, large = make(8_000), make(32_000)
    assert work(large) <= 5 * work(small)
    assert peak(large) <= 5 * peak(small) + 200_000


def test_what_is_larger_than_4_mb_is_refused_also_once_it_is_unpacked() -> None:
    text = f"{HEADER}\n" + "-1,-1,-1,-1\n" * (MOST_BYTES // 12)
    for data in (text, text.encode(), gzip.compress(text.encode())):
        with pytest.raises(RunFileError, match="more than 4 MB"):
            read_run(data)


def test_a_bomb_is_unpacked_no_further_than_that() -> None:
    bomb = gzip.compress(bytes(60 * MOST_BYTES))
    tracemalloc.start()
    with pytest.raises(RunFileError, match="more than 4 MB"):
        read_run(bomb)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held < 5 * MOST_BYTES


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PAR1\x15\x04", "Parquet file.*to_csv"),
        (b"PK\x03\x04\x14\x00xl/workbook.xml", "Excel workbook.*save it as CSV"),
        (b"PK\x03\x04\x14\x00archive/data.pkl", "PyTorch file"),
        (b"PK\x03\x04\x14\x00a.txt", "ZIP archive.*unpack"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel file"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n", "picture.*as text"),
        (b"\x80\x04\x95\x00", "pickle"),
        (b"SQLite format 3\x00", "SQLite.*CSV"),
        (b"\x93NUMPY\x01", "NumPy array"),
        (b"\x40\x00\x00\x00\x00\x00\x00\x00" + b'{"w":{"dtype":"F32"', "safetensors"),
        (
            b"\x18\x00\x00\x00\x00\x00\x00\x00\xa3\x7f\x4b\x22\x09\x00\x00\x1a\x0dbrain.Event:2",
            "TensorBoard event",
        ),
        (b":W&B\x00\x00", r"\.wandb file.*export"),
        (gzip.compress(gzip.compress(b"a", mtime=0), mtime=0), "within an archive"),
        (gzip.compress(b"a" * 5000, mtime=0)[:20], "damaged or was cut off"),
        (b"\x1f\x8b", "damaged or was cut off"),
        (bytes(range(256)) * 4, "binary file"),
    ],
)
def test_what_is_no_text_is_named_with_what_would_do(data: bytes, says: str) -> None:
    with pytest.raises(RunFileError, match=says):
        read_run(data)
    if data.startswith((b"PAR1", b"%PDF", b"PK")):
        with pytest.raises(RunFileError, match=says):
            read_run(data.decode("latin-1"))


def test_an_archive_is_told_apart_by_the_name_of_its_file() -> None:
    with pytest.raises(RunFileError, match=r"PyTorch file.*load it in Python"):
        read_run(b"PK\x03\x04\x14\x00a/b", "logps.pt")


def reads(data: str | bytes, name: str | None = None) -> None:
    """Read it, or refuse it with a line of it and a reason."""
    try:
        read = read_run(data, name)
    except RunFileError as error:
        refused = error
        read = None
    if read is None:
        assert refused.message
        assert refused.line is None or refused.line >= 1
        return
    assert len(read) > 0
    sizes = {len(values) for values in read.columns.values()} | {len(read.lines)}
    assert sizes == {len(read)}
    if not isinstance(read, LogpsTable):
        assert read.steps == sorted(set(read.steps))


PIECES = [
    *"{}[]()<>\"'\\:,;|\t\n\r =-_#%\u2212\u2009\u2028\x00\x1b",
    *("loss", "step", "rewards/chosen", "policy_chosen_logps", "rejected_logps", "epoch"),
    *("ref_chosen_logps", "chosen_len", "eval_loss", "train_loss", "token", " - ", "__MIN"),
    *("0.5", "-1.25", "1e5", "nan", "-inf", "1,5", "1.234,5", "True", "null", "tensor("),
    *("{'loss': 0.5}", '{"a": 1}', "1/9 [", "log_history", "Step 1 | loss:0.5 lr:1"),
    *("sep=;", "\x1b[0m", "after 8", "Infinity", "1" * 400, "1_0", "\ufeff", "[[1, 2], []]"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_any_mixture_of_what_occurs_in_files_is_read_or_refused(text: str) -> None:
    for whole in (text, f"{HEADER}\n{text}", f"{{{text}}}", f'{{"loss": 1, "step": {text}}}'):
        reads(whole)
        with suppress(RunFileError):
            read_logps(whole)


@given(st.binary(max_size=200), st.text(max_size=20))
def test_any_bytes_are_read_or_refused(data: bytes, name: str) -> None:
    for whole in (data, f"{HEADER}\n".encode() + data, gzip.compress(data)):
        reads(whole, name)


WHOLE = [form() for form in FILES.values()]
WHOLE += [write(ROWS) for write in (*LOGS.values(), *STEPLESS.values())]


@given(st.sampled_from(WHOLE), st.data())
def test_a_file_with_a_fault_anywhere_is_read_or_refused(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    until = data.draw(st.integers(place, min(len(text), place + 30)))
    piece = data.draw(st.sampled_from(PIECES))
    reads(text[:place] + piece + text[until:])
    reads(text[:place])
    reads((text[:place] + piece + text[until:]).encode("utf-16"))
