"""POST /api/v1/check_run: a run as JSON or as a file, and refusals that a person can act on."""

from __future__ import annotations

import dataclasses
import tempfile
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.check.params import RunParams
from app.check.settings import RunSettings

PATH = "/api/v1/check_run"
HEADER = "policy_chosen_logps,policy_rejected_logps,reference_chosen_logps,reference_rejected_logps"
PAIRS = f"{HEADER}\n-41.2,-57.9,-44.0,-52.3\n-18.6,-21.4,-18.1,-17.7\n"


def checked(client: TestClient, **sent: Any) -> Any:
    answer = client.post(PATH, **sent)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def refused(client: TestClient, **sent: Any) -> Any:
    answer = client.post(PATH, **sent)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


def test_a_file_and_its_text_have_the_same_findings(client: TestClient) -> None:
    as_text = checked(client, json={"text": PAIRS, "beta": 0.3})
    assert as_text["kind"] == "pairs"
    assert as_text["read"].startswith("2 pairs, CSV")
    assert as_text["columns"] == HEADER.split(",")
    assert {found["verdict"] for found in as_text["findings"]} <= {
        *("found", "not_found", "cannot_tell")
    }
    form = {"beta": "0.3", "trainer": "", "text": ""}
    assert checked(client, files={"file": ("run.csv", PAIRS.encode())}, data=form) == as_text
    assert checked(client, data={"text": PAIRS, "beta": "0.3"}) == as_text


def test_what_was_not_given_is_said_to_be_assumed(client: TestClient) -> None:
    answer = checked(client, json={"text": PAIRS, "loss_type": "ipo"})
    assert answer["settings"].items() >= {"loss_type": "ipo", "beta": 0.1}.items()
    assert "beta" in answer["assumed"]
    assert "loss_type" not in answer["assumed"]


def test_a_loss_may_be_named_as_its_trainer_names_it(client: TestClient) -> None:
    for trainer, name, here in (
        ("halos", "dpo", "sigmoid"),
        ("trl", "ipo", "ipo_norm"),
        ("openrlhf", "ipo", "ipo"),
        ("trl", "ipo_norm", "ipo_norm"),
    ):
        sent = {"text": PAIRS, "trainer": trainer, "loss_type": name}
        assert checked(client, json=sent)["settings"]["loss_type"] == here
    error = refused(client, json={"text": PAIRS, "loss_type": "dpo"})["errors"][0]
    assert error["message"] == "unknown choice 'dpo', which is called 'sigmoid' here"


def test_the_usual_beta_is_that_of_the_trainer(client: TestClient) -> None:
    sent = {"text": PAIRS, "trainer": "open_instruct"}
    assert checked(client, json=sent)["settings"]["beta"] == 5
    assert checked(client, json=sent | {"beta": 0.1})["settings"]["beta"] == 0.1


def test_figures_have_the_address_of_this_site(client: TestClient) -> None:
    text = f"{HEADER},loss,step\n-50,-60,-50,-60,0.9,0\n"
    seen = [found["see"] for found in checked(client, json={"text": text})["findings"]]
    assert all(address.startswith("http://testserver/") for address in seen if address)


def test_what_cannot_be_read_is_refused_with_its_place(client: TestClient) -> None:
    bad = f"{PAIRS}-41.2,-57.9,x,-52.3\n"
    for sent, name in (({"json": {"text": bad}}, "text"), ({"files": {"file": bad}}, "file")):
        answer = refused(client, **sent)
        assert answer["detail"].startswith(f"{name}: line 4, reference_chosen_logps: x is given")
        assert answer["errors"][0]["field"] == name


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        ({"json": {}}, "text: Field required"),
        ({"files": {"file": ("", b"")}, "data": {"text": ""}}, "text: required"),
        ({"files": {"file": ("run.csv", b"")}}, "file: run.csv is empty"),
        (
            {"files": {"file": ("run.csv", b"\n")}, "data": {"text": PAIRS}},
            "file: run.csv is empty",
        ),
        ({"json": {"text": " "}}, "text: the text is empty"),
        ({"data": {"text": PAIRS, "beta": ["1", "2"]}}, "beta: given twice: '1' and '2'"),
        (
            {"files": [("text", (None, PAIRS)), ("beta", (None, "1")), ("beta", (None, "2"))]},
            "beta: given twice: '1' and '2'",
        ),
        ({"json": {"text": PAIRS, "beta": 0}}, "above 0 and at most 100"),
        ({"json": {"text": PAIRS, "gamma": 1}}, "gamma: unknown parameter"),
        ({"files": {"file": PAIRS}, "data": {"gamma": "1"}}, "gamma: unknown parameter"),
        ({"files": {"file": PAIRS, "beta": PAIRS}}, "body: Too many files"),
        ({"files": {"beta": PAIRS}, "data": {"text": PAIRS}}, "beta: "),
        ({"files": {"file": PAIRS}, "data": {"beta": "x"}}, "beta: Input should be a valid number"),
        ({"content": PAIRS}, "multipart/form-data with file"),
        ({"content": "9" * 9_999, "headers": {"content-type": "application/json"}}, "not JSON"),
        ({"content": "[]", "headers": {"content-type": "application/json"}}, "not an object"),
    ],
)
def test_a_refusal_says_what_to_do(client: TestClient, sent: Any, detail: str) -> None:
    assert detail in refused(client, **sent)["detail"]


def test_a_larger_body_is_refused_with_the_limit(client: TestClient) -> None:
    for sent in ({"json": {"text": " " * 4_000_000}}, {"files": {"file": b" " * 4_000_000}}):
        answer = client.post(PATH, **sent)
        assert answer.status_code == 413
        assert "4000000" in answer.json()["detail"]


def test_nothing_is_written_to_disk(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a temporary file was made")

    for name in ("TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    checked(client, files={"file": PAIRS + " " * 2_000_000})


def test_parameters_are_those_of_a_check() -> None:
    settings = {field.name: field.default for field in dataclasses.fields(RunSettings)}
    del settings["assumed"]
    params = {name: field.default for name, field in RunParams.model_fields.items()}
    assert params == settings
