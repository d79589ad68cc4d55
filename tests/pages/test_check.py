"""The page /check: the report of an example and of what is sent, without script."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.check.params import RunParams
from app.check.run import NAMES
from app.pages.check_examples import EXAMPLES
from app.pages.check_mistakes import MISTAKES
from tests.site import Elements

HEADER = "policy_chosen_logps,policy_rejected_logps,reference_chosen_logps,reference_rejected_logps"
PAIRS = f"{HEADER}\n-41.2,-57.9,-44.0,-52.3\n-18.6,-21.4,-18.1,-17.7\n"


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def posted(client: TestClient, path: str = "/check", **sent: Any) -> Any:
    answer = client.post(path, **sent)
    assert answer.headers["cache-control"] == "no-store"
    return answer


def test_the_form_has_a_field_for_every_parameter(client: TestClient) -> None:
    found = Elements(client.get("/check").text)
    (form,) = [a for a in found.all("form") if "data-check" in a]
    assert (form["method"], form["enctype"]) == ("post", "multipart/form-data")
    names = {
        a["name"] for tag, a in found.found if tag in ("input", "select", "textarea") and "id" in a
    }
    assert {"text", *RunParams.model_fields} <= names


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_has_an_address_and_its_report(client: TestClient, name: str) -> None:
    html = client.get(f"/check?run={name}").text
    checked = client.post(
        "/api/v1/check_run", json={"text": EXAMPLES[name].text(), **EXAMPLES[name].params}
    ).json()
    said = text_of(html)
    for finding in checked["findings"]:
        assert finding["title"] in unescape(html)
        assert " ".join(finding["message"].split()) in said
        if finding["verdict"] == "found":
            assert " ".join(finding["evidence"].split()) in said
    assert EXAMPLES[name].source in said


def test_an_unknown_example_is_refused_with_those_there_are(client: TestClient) -> None:
    answer = client.get("/check?run=none")
    assert answer.status_code == 422
    assert "one of: healthy" in answer.text
    assert client.get("/check?run=healthy&nothing=1").status_code == 422


def test_a_form_without_script_is_answered_with_the_page(client: TestClient) -> None:
    sent = {"text": PAIRS, "loss_type": "hinge", "beta": "0.3", "simpo_gamma": ""}
    answer = posted(client, files={"file": ("", b"")}, data=sent)
    assert answer.status_code == 200
    assert "2 pairs, CSV" in answer.text
    assert PAIRS.strip() in answer.text
    found = Elements(answer.text)
    assert found.one("input", name="beta", id="check-beta")["value"] == "0.3"
    assert "selected" in next(a for a in found.all("option") if a["value"] == "hinge")


def test_a_file_goes_before_a_text(client: TestClient) -> None:
    answer = posted(client, files={"file": ("run.csv", PAIRS)}, data={"text": "nothing of use"})
    assert answer.status_code == 200
    assert "2 pairs, CSV" in answer.text


def test_what_is_wrong_stands_in_the_form_that_keeps_what_was_sent(client: TestClient) -> None:
    bad = f"{PAIRS}-41.2,-57.9,x,-52.3\n"
    answer = posted(client, data={"text": bad, "beta": "0.3"})
    assert answer.status_code == 422
    assert "Your text : line 4, reference_chosen_logps" in text_of(answer.text)
    assert bad.strip() in answer.text


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"data": {"beta": "0", "text": PAIRS}}, "beta"),
        ({"data": {"simpo_gamma": "x", "text": PAIRS}}, "simpo_gamma"),
        ({"data": {"loss_type": "none", "text": PAIRS}}, "loss_type"),
        ({"data": {"text": ""}}, "text"),
        ({"files": {"file": ("run.csv", b"")}}, "file"),
    ],
)
def test_what_is_refused_leads_to_its_field(client: TestClient, sent: Any, field: str) -> None:
    answer = posted(client, **sent)
    assert answer.status_code == 422
    found = Elements(answer.text)
    assert [a for a in found.all("a") if a.get("href") == f"#check-{field}"]
    (control,) = [a for _, a in found.found if a.get("id") == f"check-{field}"]
    assert control["aria-invalid"] == "true"
    assert any(a.get("id") == control["aria-errormessage"] for _, a in found.found)


def test_the_script_gets_the_report_alone_or_a_problem(client: TestClient) -> None:
    answer = posted(client, "/check/report", data={"text": PAIRS})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert Elements(answer.text).found[0][0] == "h2"
    answer = client.post("/check/report", data={"text": "x"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_markup_in_a_run_stays_text(client: TestClient) -> None:
    text = f"{HEADER},<script>alert(1)</script>\n-41.2,-57.9,-44.0,-52.3,1\n"
    for path in ("/check", "/check/report"):
        assert "<script>alert" not in posted(client, path, data={"text": text}).text


def test_every_mistake_that_is_looked_for_is_explained_and_leads_to_a_figure(
    client: TestClient,
) -> None:
    assert {mistake.name for mistake in MISTAKES} == NAMES
    html = client.get("/check").text
    for mistake in MISTAKES:
        assert f'id="mistake-{mistake.name}"' in html
        assert mistake.see in unescape(html)
        assert client.head(mistake.see).status_code == 200, mistake.see
