from __future__ import annotations

import gzip
import json
import math
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.preference_loss import PairBatch, pair_losses
from app.check.tables import LENGTHS, LOGPS, LogpsTable
from app.check.writing import csv_text, json_lines_text
from app.widgets.bring_your_logps.examples import EXAMPLES
from app.widgets.bring_your_logps.widget import (
    WIDGET,
    OwnLogps,
    Params,
    Result,
    compute,
    compute_own,
    examine,
    example_of,
)
from app.widgets.common.loss_types import LOSS_LABELS

FOUND = {
    "right": [],
    "mean": ["mean_not_sum"],
    "swapped": ["swapped"],
    "beta_twice": ["beta_twice"],
    "step_zero": ["step_zero"],
    "start": [],
    "no_reference": ["reference_missing"],
    "one_swapped": ["swapped_in_one"],
    "frozen": ["not_moved"],
    "prompt_counted": ["prompt_counted"],
    "not_shifted": ["implausible_sums"],
    "truncated": ["equal_sides"],
    "batch_means": ["batch_means"],
    "few_pairs": ["few_pairs"],
}


def settings_of(loss: str) -> list[dict[str, Any]]:
    smoothing = 0.001 if loss == "exo_pair" else 0.0
    return [
        {"loss_type": loss, "beta": beta, "label_smoothing": smoothing}
        for beta in (0.01, 0.1, 0.3, 1, 10)
    ]


def kinds(result: Result) -> list[str]:
    return [warning.kind for warning in result.warnings]


def outcomes(result: Result) -> dict[str, str]:
    return {check.kind: check.outcome for check in result.checks}


def changed(params: Params, **columns: list[float] | None) -> LogpsTable:
    """A batch from the lab with some columns replaced or left out."""
    table = example_of(params)
    merged = {**table.columns, **columns}
    given = {name: values for name, values in merged.items() if values is not None}
    return LogpsTable(given, table.lines, table.format)


# ---- the numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSS_LABELS)
def test_numbers_are_those_of_preference_loss(loss: str) -> None:
    for settings in settings_of(loss):
        params = Params(**settings)
        columns = example_of(params).columns
        names = (*LOGPS, *LENGTHS)
        oracle = pair_losses(PairBatch(**settings, **{name: columns[name] for name in names}))
        result = compute(params)
        assert result.loss == pytest.approx(oracle.logged_loss, rel=1e-12)
        assert result.accuracy == oracle.accuracy
        assert result.margin == pytest.approx(sum(oracle.margins) / result.pairs, rel=1e-12)
        rewards = (
            sum(oracle.chosen_rewards) / result.pairs,
            sum(oracle.rejected_rewards) / result.pairs,
        )
        assert (result.chosen_reward, result.rejected_reward) == pytest.approx(rewards, rel=1e-12)
        row = next(row for row in result.losses if row.loss_type == loss)
        assert row.loss == pytest.approx(oracle.logged_loss, rel=1e-12)
        halves = oracle.loss / oracle.logged_loss
        lowest = sorted(range(result.pairs), key=lambda n: oracle.margins[n])[:5]
        assert [pair.line - 2 for pair in result.worst] == lowest
        assert [pair.loss for pair in result.worst] == pytest.approx(
            [oracle.losses[n] / halves for n in lowest], rel=1e-12
        )


def test_a_policy_that_equals_the_reference_starts_at_ln_2() -> None:
    rows = {row.loss_type: row for row in compute(Params()).losses}
    assert rows["sigmoid"].at_start == pytest.approx(math.log(2), abs=1e-15)
    assert rows["hinge"].at_start == 1
    for row in rows.values():
        assert row.loss is not None
        assert row.at_start is not None
        assert row.change == row.loss - row.at_start
    assert set(rows) == set(LOSS_LABELS)


def test_the_histogram_counts_every_pair_once_on_its_side_of_0() -> None:
    result = compute(Params())
    traces: list[Any] = result.figure["data"]  # type: ignore[assignment]
    wrong, right = (sum(trace["y"]) for trace in traces)
    assert wrong + right == result.pairs
    assert right / result.pairs == result.accuracy
    assert traces[0]["x"][-1] == -traces[1]["x"][0] < 0
    middles = [x for trace in traces for x in trace["x"]]
    assert len(set(middles)) == len(middles)


def test_lengths_are_compared_over_all_pairs() -> None:
    result, text = compute(Params()), csv_text(example_of(Params()))
    drawn: list[Any] = result.by_length["data"]  # type: ignore[assignment]
    assert result.points_shown == sum(len(t["x"]) for t in drawn)
    large = compute_own(OwnLogps(text=text + 10 * text.partition("\n")[2]))
    assert large.pairs == 11 * result.pairs
    assert 0 < large.points_shown <= 240
    assert large.length_correlation == pytest.approx(result.length_correlation, rel=1e-9)


def test_without_lengths_what_needs_them_is_left_out() -> None:
    table = changed(Params(), chosen_lengths=None, rejected_lengths=None)
    result = examine(table, Params(loss_type="simpo"))
    assert result.loss is None
    assert "simpo needs lengths" in result.finding
    assert result.length_correlation is None
    assert result.points_shown == 0
    missing = {row.loss_type for row in result.losses if row.loss is None}
    assert missing == {"ipo_norm", "sigmoid_norm", "simpo", "orpo"}
    assert outcomes(result)["beta_twice"] == "cannot tell"


def test_a_loss_that_overflows_is_left_out_and_said() -> None:
    # ORPO uses the odds of a probability, and those of 1 are infinite.
    text = f"{','.join((*LOGPS, *LENGTHS))}\n-1,0,-1,-1,5,5\n"
    result = compute_own(OwnLogps(text=text, loss_type="orpo"))
    assert result.loss is None
    assert "overflows" in result.finding
    assert [row.loss_type for row in result.losses if row.loss is None] == ["orpo"]
    json.dumps(result.model_dump(mode="json"), allow_nan=False)


# ---- the mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_mistake_made_with_the_lab_is_found_and_no_other(name: str) -> None:
    result = compute(Params(example=name))
    assert kinds(result) == FOUND[name]
    for warning in result.warnings:
        assert warning.message in result.finding
        assert any(character.isdigit() for character in warning.evidence)


@pytest.mark.parametrize("loss", LOSS_LABELS)
def test_there_is_no_false_alarm_under_any_loss_and_beta(loss: str) -> None:
    for settings, (name, found) in product(settings_of(loss), FOUND.items()):
        # A beta that was applied twice cannot be seen where both losses are nearly the same.
        expected = ([found], [[], found])[name == "beta_twice"]
        assert kinds(compute(Params(example=name, **settings))) in expected, (name, settings)


@pytest.mark.parametrize("factor", [1, 30])
def test_a_sum_is_told_from_a_mean_also_where_all_are_equally_long(factor: int) -> None:
    def table(name: str) -> LogpsTable:
        # With 5 tokens or with 150: the sum grows with the number.
        columns = example_of(Params(example=name)).columns
        equal = [n for n, length in enumerate(columns["chosen_lengths"]) if length == 5]
        scale = 1 if name == "mean" else factor
        kept = {c: [scale * columns[c][n] for n in equal] for c in LOGPS}
        kept["policy_rejected_logps"] = kept["policy_chosen_logps"]
        kept["reference_rejected_logps"] = kept["reference_chosen_logps"]
        lengths = dict.fromkeys(LENGTHS, [5.0 * factor] * len(equal))
        return LogpsTable(kept | lengths, equal, "CSV")

    assert "mean_not_sum" in kinds(examine(table("mean"), Params()))
    assert "mean_not_sum" not in kinds(examine(table("right"), Params()))


def test_responses_of_one_token_tell_nothing_of_means() -> None:
    ones = [1.0] * 240
    table = changed(Params(example="mean"), chosen_lengths=ones, rejected_lengths=ones)
    assert outcomes(examine(table, Params()))["mean_not_sum"] == "cannot tell"


def test_chosen_and_rejected_swapped_is_told_from_policy_and_reference() -> None:
    columns = example_of(Params()).columns
    flipped = changed(
        Params(),
        **dict(zip(LOGPS, (columns[LOGPS[n]] for n in (1, 0, 3, 2)), strict=True)),
        loss=None,
    )
    result = examine(flipped, Params())
    assert kinds(result) == ["swapped"]
    assert "Chosen and rejected may be swapped" in result.finding
    assert "Policy and reference may be swapped" in compute(Params(example="swapped")).finding


def test_checks_are_told_in_the_order_of_their_outcomes() -> None:
    told = [check.outcome for check in compute(Params(example="swapped")).checks]
    assert told == sorted(told, key=["found", "cannot tell", "not found"].index)
    assert len(set(told)) == 3


def test_a_few_pairs_in_the_wrong_order_are_no_alarm() -> None:
    text = f"{','.join(LOGPS)}\n" + "-30,-20,-20,-30\n" * 5
    assert kinds(compute_own(OwnLogps(text=text))) == ["few_pairs"]


def test_a_reported_loss_of_another_beta_is_found() -> None:
    # At 0.1 and 0.52 the means happen to be close; pair by pair they are not.
    table = example_of(Params(beta=0.1))
    means = compute(Params(beta=0.1)).loss, compute(Params(beta=0.52)).loss
    assert means[0] == pytest.approx(means[1], abs=0.005)
    assert kinds(examine(table, Params(beta=0.52))) == ["other_loss"]
    assert kinds(examine(table, Params(beta=0.1))) == []


@pytest.mark.parametrize(
    ("beta", "found"), [(0.3, []), (0.09, ["beta_twice"]), (5, ["other_loss"])]
)
def test_the_mean_loss_of_a_batch_serves_as_well(beta: float, found: list[str]) -> None:
    logged = compute(Params(beta=beta)).loss
    assert logged is not None
    batch = changed(Params(), loss=[round(logged, 4)] * 240)
    assert kinds(examine(batch, Params(beta=0.3))) == found


@pytest.mark.parametrize(
    ("reported", "found"), [(0.6931, []), (0.69, []), (0.0, ["step_zero"]), (1.3863, ["step_zero"])]
)
def test_at_step_0_the_reported_loss_has_to_be_ln_2(reported: float, found: list[str]) -> None:
    columns = example_of(Params()).columns
    table = changed(
        Params(),
        policy_chosen_logps=columns["reference_chosen_logps"],
        policy_rejected_logps=columns["reference_rejected_logps"],
        loss=[reported] * 240,
    )
    result = examine(table, Params())
    assert [kind for kind in kinds(result) if kind != "other_loss"] == found
    assert outcomes(result)["swapped"] == "cannot tell"


def test_the_pairs_to_draw_are_in_the_order_of_their_margins() -> None:
    result = compute(Params())
    assert len(result.drawn) == result.pairs == 240
    assert result.drawn[:5] == result.worst
    margins = [pair.margin for pair in result.drawn]
    assert margins == sorted(margins)


# ---- the routes ----------------------------------------------------------------------------------

API = f"/api/v1/{WIDGET.name}"
PAGE = f"/widgets/{WIDGET.name}"


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_an_example_can_be_downloaded_and_sent_back(
    client: TestClient, name: str, file_format: str
) -> None:
    query = {"example": name, "beta": "0.2"}
    download = client.get(f"{API}/example.{file_format}", params=query)
    assert download.status_code == 200
    assert f'filename="{name}.{file_format}"' in download.headers["content-disposition"]
    answer = client.post(API, json={"text": download.text, "beta": 0.2})
    assert answer.headers["cache-control"] == "no-store"
    told, expected = answer.json(), client.get(API, params=query).json()
    shift = 0 if file_format == "csv" else 1
    for listed in ("worst", "drawn"):
        lines = [pair.pop("line") for pair in told[listed]]
        assert lines == [pair.pop("line") - shift for pair in expected[listed]]
    assert told.pop("read").replace("JSON Lines", "CSV") == expected.pop("read")
    assert told == expected


def test_the_format_that_the_page_shows_is_right(client: TestClient) -> None:
    shown = re.search(r"<pre[^>]*><code>(policy_.*?)</code>", client.get(PAGE).text, re.DOTALL)
    assert shown is not None
    result = compute_own(OwnLogps(text=shown[1], beta=0.1))
    assert result.pairs == 2
    assert kinds(result) == ["few_pairs"]
    assert result.reported_loss == pytest.approx(result.loss, abs=5e-4)


def test_an_unknown_file_format_is_a_problem(client: TestClient) -> None:
    answer = client.get(f"{API}/example.xlsx")
    assert answer.status_code == 422
    assert "csv" in answer.json()["errors"][0]["allowed"]


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"text": "hello"}, "text", "line 1"),
        ({"text": ""}, "text", "empty"),
        ({}, "text", "required"),
        ({"text": "x", "beta": 0}, "beta", "greater"),
        ({"text": "x", "loss_type": "dpo"}, "loss_type", "sigmoid"),
        ({"text": "x", "loss_type": "ipo", "label_smoothing": 0.1}, "label_smoothing", "ipo"),
        ({"text": "x", "example": "right"}, "example", "unknown"),
    ],
)
def test_what_is_refused_is_named(
    client: TestClient, body: dict[str, Any], field: str, says: str
) -> None:
    answer = client.post(API, json=body)
    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert error["field"] == field
    assert says in error["message"]


def test_ten_thousand_pairs_in_the_longest_form_fit_into_a_request(client: TestClient) -> None:
    lines = json_lines_text(example_of(Params(example="step_zero"))).splitlines(keepends=True)
    text = "".join((lines * 42)[:10_000])
    assert client.post(API, json={"text": text}).json()["pairs"] == 10_000
    page = client.post(PAGE, data={"text": ""}, files={"file": text.encode()})
    assert "10,000 pairs, JSON Lines" in page.text


def test_the_page_gets_the_answer_of_the_api_with_what_it_draws(client: TestClient) -> None:
    own = {"text": csv_text(example_of(Params(example="mean"))), "beta": 0.2}
    answer = client.post(f"{PAGE}/answer", json=own)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    told, expected = answer.json(), client.post(API, json=own).json()
    assert told["scene"]["more"]["own"].startswith("<b>Your data:</b> 240 pairs")
    assert told["scene"]["places"] == 240
    assert {key: value for key, value in expected.items() if key in told} == {
        key: value for key, value in told.items() if key != "scene"
    }
    assert {"figure", "by_length", "checks", "worst", "losses"} <= told.keys()


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"text": "policy_chosen_logps\n"}},
        {"json": {"text": "x", "beta": 0, "loss_type": "dpo"}},
        {"json": {"text": "x", "example": "right"}},
        {"json": {}},
        {"content": b"{", "headers": {"content-type": "application/json"}},
        {"content": b"{}", "headers": {"content-type": "text/plain"}},
        {"content": b" " * 4_100_000, "headers": {"content-type": "application/json"}},
    ],
)
def test_the_page_is_refused_what_the_api_refuses(client: TestClient, sent: dict[str, Any]) -> None:
    told, expected = (client.post(path, **sent) for path in (f"{PAGE}/answer", API))
    assert told.status_code == expected.status_code >= 400
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json() == expected.json()


def form(client: TestClient, **fields: str) -> Any:
    """Post the form as browsers do, as multipart."""
    parts = {name: (None, value) for name, value in fields.items()}
    return client.post(PAGE, files=parts, follow_redirects=False)


def test_the_form_works_as_browsers_send_it(client: TestClient) -> None:
    text = csv_text(example_of(Params(example="mean"))).replace("\n", "\r\n")
    page = form(client, text=text, file="", beta="0.3", loss_type="sigmoid", example="right")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert 'data-check="mean_not_sum" data-outcome="found"' in page.text
    assert "Your data:</b> 240 pairs" in page.text
    assert "Log-probabilities may be means over tokens</h1>" in page.text
    assert 'class="fig-links" hidden' in page.text
    urlencoded = client.post(PAGE, data={"text": text})
    assert 'data-check="mean_not_sum" data-outcome="found"' in urlencoded.text


def test_ones_own_data_are_shown_where_the_example_would_be_asked_about(client: TestClient) -> None:
    text = csv_text(example_of(Params(example="mean")))
    page = form(client, text=text, file="", example="swapped")
    assert "Log-probabilities may be means over tokens</h1>" in page.text
    assert re.search(r'<div class="ask" data-ask hidden>', page.text)


def test_the_form_without_data_leads_to_the_address_of_the_example(client: TestClient) -> None:
    page = form(client, text=" ", file="", example="swapped", beta="0.3", label_smoothing="0.0")
    assert page.status_code == 303
    assert page.headers["location"].endswith(f"{PAGE}?example=swapped")


def test_a_bad_line_comes_back_with_the_text_and_what_is_wrong(client: TestClient) -> None:
    page = form(client, text="policy_chosen_logps\n<b>", file="")
    assert page.status_code == 422
    assert "line 1, policy_rejected_logps" in page.text
    assert "data-core data-stale" in page.text
    assert "data-settings open" in page.text
    assert "policy_chosen_logps\n&lt;b&gt;</textarea>" in page.text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_file_of_any_encoding_is_taken(client: TestClient, encoding: str) -> None:
    text = csv_text(example_of(Params(example="mean"))).replace(",", ";").replace(".", ",")
    for data in (text.encode(encoding), gzip.compress(text.encode(encoding))):
        page = client.post(PAGE, files={"file": data})
        assert 'data-check="mean_not_sum" data-outcome="found"' in page.text


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04xl/workbook.xml", "save it as CSV"),
        (b"PAR1", "this is a Parquet file"),
        (b'{"step": 1, "loss": 0.7, "rewards/chosen": 0.1}\n', "this is a trainer&#39;s log"),
    ],
)
def test_what_is_no_file_of_pairs_is_named(client: TestClient, data: bytes, says: str) -> None:
    page = client.post(PAGE, files={"file": data})
    assert page.status_code == 422
    assert says in page.text


PART = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n%s\r\n'
FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n%s\r\n'
MULTIPART = "multipart/form-data; boundary=x"


def posted(client: TestClient, content: bytes | Iterator[bytes], kind: str = MULTIPART) -> Any:
    headers = {"content-type": kind}
    return client.post(PAGE, content=content, headers=headers, follow_redirects=False)


@pytest.mark.parametrize(
    ("part", "kind", "says"),
    [
        (PART % b"a", MULTIPART, "at most 50 fields"),
        (FILE % b"", MULTIPART, "number of files is 1"),
        (b"text=a&", "application/x-www-form-urlencoded", "at most 50 fields"),
        (b"a" * 60, "application/x-www-form-urlencoded", "exceeded maximum size of 1000KB"),
    ],
)
def test_a_form_with_too_much_in_it_is_refused_with_the_limit(
    client: TestClient, part: bytes, kind: str, says: str
) -> None:
    page = posted(client, part * 50_000, kind)
    assert page.status_code == 422
    assert page.headers["content-type"].startswith("text/html")
    assert says in page.text


def test_too_large_a_form_is_refused_on_a_page_that_names_the_limit(client: TestClient) -> None:
    for body in (PART % (b"a" * 4_000_000), iter([PART % b"a", *[b"a" * 1_000_000] * 4])):
        page = posted(client, body)
        assert page.status_code == 413
        assert "<strong>body</strong>: too large. Allowed: at most 4000000 bytes" in page.text


def test_a_file_is_not_written_to_disk(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile.rollover", disk)
    monkeypatch.setattr("tempfile.TemporaryFile", disk)
    lines = csv_text(example_of(Params(example="right"))).splitlines(keepends=True)
    text = lines[0] + "".join((lines[1:] * 42)[:10_000]) + " \n" * 1_000_000
    page = posted(client, FILE % text.encode() + b"--x--")
    assert "10,000 pairs, CSV" in page.text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xfe", "text/plain"),
        (
            b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\r\n--x--',
            MULTIPART,
        ),
        (FILE % b"\xff" + b"--x--", MULTIPART),
        (b"nothing", MULTIPART),
        (b"nothing", "multipart/form-data"),
        (b"--x\r\n\r\nnameless\r\n--x--", MULTIPART),
        (b"text=%ff", "application/x-www-form-urlencoded"),
        (b"beta=x", "application/x-www-form-urlencoded"),
    ],
)
def test_no_form_makes_a_server_error(client: TestClient, content: bytes, kind: str) -> None:
    assert posted(client, content, kind).status_code in (422, 303)


def test_parameters_of_a_loss_are_settable() -> None:
    header = ",".join((*LOGPS, *LENGTHS))
    text = f"{header}\n-50,-60,-51,-58,10,20\n"
    at_zero, higher = (
        compute_own(OwnLogps(text=text, loss_type="simpo", beta=2, simpo_gamma=gamma))
        for gamma in (0, 1.375)
    )
    assert at_zero.loss == pytest.approx(4.018, abs=1e-3)
    assert (at_zero.chosen_reward, at_zero.rejected_reward, at_zero.accuracy) == (-10, -6, 0)
    assert higher.loss == pytest.approx(5.380, abs=1e-3)


def test_kto_is_that_of_trainers() -> None:
    text = f"{','.join(LOGPS)},loss,step\n-50,-60,-50,-60,0.5,0\n"
    result = compute_own(OwnLogps(text=text, loss_type="kto", beta=0.1))
    assert result.loss == 0.5
    assert "averaged over single responses" in result.finding
