"""Questions that people asked in public, each with the answer that the check of a run has to give.

The threads are named beside the rows; the numbers are theirs or have the form that they describe.
"""

from __future__ import annotations

import gzip
import io
import json
import math
import zipfile
from typing import Any

import pytest
from starlette.testclient import TestClient

P = "policy_chosen_logps,policy_rejected_logps,reference_chosen_logps,reference_rejected_logps"


def checked(client: TestClient, text: str, **settings: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/check_run", json={"text": text, **settings})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def finding(document: dict[str, Any], name: str) -> dict[str, Any]:
    [one] = [row for row in document["findings"] if row["name"] == name]
    return dict(one)


def found(document: dict[str, Any]) -> set[str]:
    return {row["name"] for row in document["findings"] if row["verdict"] == "found"}


# ---- numbers of the loss that was chosen ---------------------------------------------------------


def test_simpo_has_rewards_per_token(client: TestClient) -> None:
    """As TRL's CPO trainer, SimPO's own code and LLaMA-Factory compute them."""
    body = {
        "loss_type": "simpo",
        "beta": 2,
        "simpo_gamma": 0,
        "policy_chosen_logps": [-50],
        "policy_rejected_logps": [-60],
        "chosen_lengths": [10],
        "rejected_lengths": [20],
    }
    answer = client.post("/api/v1/preference_loss", json=body).json()
    assert answer["chosen_rewards"] == [-10]
    assert answer["rejected_rewards"] == [-6]
    assert answer["margins"] == [-4]
    assert answer["accuracy"] == 0
    assert answer["loss"] == pytest.approx(math.log1p(math.exp(4)))


def test_kto_starts_at_one_half_where_halves_are_averaged(client: TestClient) -> None:
    document = checked(client, f"{P},loss,step\n-50,-60,-50,-60,0.5,0\n", loss_type="kto")
    assert "other_loss" not in found(document)
    assert "step_zero" not in found(document)


def test_a_policy_that_has_not_moved_after_500_steps_is_found(client: TestClient) -> None:
    """huggingface/trl 1962, 2553 and 701."""
    document = checked(client, f"{P},loss,step\n-50,-60,-50,-60,0.6931,500\n")
    assert "not_moved" in found(document)
    assert "500" in finding(document, "not_moved")["evidence"]


def test_a_mean_loss_above_the_loss_at_the_means_may_be_that_of_a_batch(client: TestClient) -> None:
    """eric-mitchell/direct-preference-optimization 36."""
    text = (
        "chosen_logps,rejected_logps,ref_chosen_logps,ref_rejected_logps,loss\n"
        "-35.5719,-130.9591,-12.2961,-37.4255,0.3441\n"
    )
    said = finding(checked(client, text), "batch_means")
    assert said["verdict"] == "found" or "mean" in said["message"]


def test_the_loss_that_fits_is_named(client: TestClient) -> None:
    """huggingface/trl 1677."""
    text = f"{P},chosen_lengths,rejected_lengths,loss\n-40,-70,-50,-60,10,20,12.25\n"
    said = finding(checked(client, text, loss_type="ipo"), "other_loss")
    assert said["verdict"] == "found"
    assert "ipo_norm" in said["message"]


def test_pairs_with_equal_sides_are_counted(client: TestClient) -> None:
    """natolambert/rlhf-book 503, OpenRLHF 1311."""
    said = finding(checked(client, f"{P}\n-49,-49,-50,-50\n-81,-81,-80,-80\n"), "equal_sides")
    assert said["verdict"] == "found"
    assert "2" in said["evidence"]


def test_eight_wrong_pairs_of_eight_are_not_passed_over(client: TestClient) -> None:
    said = finding(checked(client, f"{P}\n" + "-52,-60,-50,-61\n" * 8), "swapped")
    assert said["verdict"] in ("found", "cannot_tell")


# ---- files ---------------------------------------------------------------------------------------


def test_a_loss_without_reference_needs_no_reference_columns(client: TestClient) -> None:
    text = "policy_chosen_logps,policy_rejected_logps,chosen_lengths,rejected_lengths\n-41.2,-57.9,31,40\n"
    assert checked(client, text, loss_type="simpo")["kind"] == "pairs"


def test_gamma_can_be_given(client: TestClient) -> None:
    """huggingface/trl 5071."""
    margin = 2 * (-41.2 / 31 + 57.9 / 40)
    loss = math.log1p(math.exp(-(margin - 1.375)))
    text = (
        "policy_chosen_logps,policy_rejected_logps,chosen_lengths,rejected_lengths,loss\n"
        f"-41.2,-57.9,31,40,{loss}\n"
    )
    settings = {"loss_type": "simpo", "beta": 2}
    right = checked(client, text, simpo_gamma=1.375, **settings)
    assert "other_loss" not in found(right)
    answer = client.post(
        "/api/v1/bring_your_logps", json={"text": text, "simpo_gamma": 1.375, **settings}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["loss"] == pytest.approx(loss)


ROWS = [
    {"loss": 0.6931, "rewards/chosen": 0.0, "rewards/rejected": 0.0, "rewards/margins": 0.0,
     "rewards/accuracies": 0.0, "logps/chosen": -250.0, "logps/rejected": -230.0, "step": 1},
    {"loss": 0.64, "rewards/chosen": 0.05, "rewards/rejected": -0.08, "rewards/margins": 0.13,
     "rewards/accuracies": 0.625, "logps/chosen": -249.5, "logps/rejected": -230.8, "step": 10},
    {"loss": 0.58, "rewards/chosen": 0.1, "rewards/rejected": -0.2, "rewards/margins": 0.3,
     "rewards/accuracies": 0.75, "logps/chosen": -249.0, "logps/rejected": -232.0, "step": 20},
]  # fmt: skip


def _as_csv(rows: list[dict[str, float]], names: dict[str, str]) -> str:
    header = ",".join(f'"{names.get(name, name)}"' for name in rows[0])
    return "\n".join([header, *(",".join(str(v) for v in row.values()) for row in rows)])


def _logs() -> dict[str, str]:
    lines = "\n".join(json.dumps(row) for row in ROWS)
    console = "\n".join(str({k: v for k, v in row.items() if k != "step"}) for row in ROWS)
    names = {name: f"train/{name}" for name in ROWS[0]} | {"step": "Step"}
    return {
        "trainer_state": json.dumps({"global_step": 20, "log_history": ROWS, "max_steps": 20}),
        "json_lines": lines,
        "console": console,
        "wandb": _as_csv(ROWS, names),
    }


@pytest.mark.parametrize("form", ["trainer_state", "json_lines", "console", "wandb"])
def test_a_trainers_log_is_read_as_such(client: TestClient, form: str) -> None:
    """huggingface/trl 570, 1236 and 3382."""
    document = checked(client, _logs()[form])
    assert document["kind"] == "log"
    assert {"loss", "rewards/chosen", "rewards/margins"} <= set(document["columns"])


TABLE = f"{P}\n-41.2,-57.9,-44.0,-52.3\n-18.6,-21.4,-18.1,-17.7\n"


@pytest.mark.parametrize(
    "data",
    [
        TABLE.encode("utf-16"),
        TABLE.encode("utf-16-le"),
        TABLE.replace("\n", ",größe\n", 1).replace("3\n", "3,1\n").replace("7\n", "7,2\n").encode("latin-1"),
        gzip.compress(TABLE.encode()),
        b"\xef\xbb\xbf" + TABLE.encode(),
    ],
    ids=["utf-16", "utf-16-le", "latin-1", "gzip", "bom"],
)  # fmt: skip
def test_files_are_read_in_the_encodings_that_programs_write(
    client: TestClient, data: bytes
) -> None:
    answer = client.post("/api/v1/check_run", files={"file": ("run.csv", data)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["kind"] == "pairs"


def _workbook() -> bytes:
    """What every xlsx file has in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "said", "remedy"),
    [(_workbook(), "xlsx", "CSV"), (b"PAR1\x15\x04\x15", "Parquet", "to_csv")],
)
def test_a_file_that_is_not_read_is_named_with_what_to_do(
    client: TestClient, data: bytes, said: str, remedy: str
) -> None:
    answer = client.post("/api/v1/check_run", files={"file": ("run", data)})
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert remedy in answer.json()["detail"]


def test_the_range_of_label_smoothing_is_told_once(client: TestClient) -> None:
    body = {
        "loss_type": "ipo",
        "label_smoothing": 0.1,
        "policy_chosen_logps": [-1],
        "policy_rejected_logps": [-1],
        "reference_chosen_logps": [-1],
        "reference_rejected_logps": [-1],
    }
    answer = client.post("/api/v1/preference_loss", json=body).json()
    [error] = answer["errors"]
    assert "must be 0" in error["message"]
    assert not error.get("allowed")


@pytest.mark.parametrize("name", ["rewards/chosen", "rewards/margins", "logps/chosen"])
def test_logged_names_are_explained(client: TestClient, name: str) -> None:
    """A comment below the blog on preference tuning, huggingface/blog 1362."""
    assert name in client.get("/symbols").text


def test_the_body_of_preference_loss_is_a_file_too(client: TestClient) -> None:
    body = {name: [-40.0 - n, -42.0 - n] for n, name in enumerate(P.split(","))}
    document = checked(client, json.dumps(body))
    assert document["kind"] == "pairs"
    assert "2 pairs" in document["read"]


def test_lists_of_tokens_are_summed_or_said_to_need_a_sum(client: TestClient) -> None:
    row = {name: [-0.5, -1.2, -0.3] for name in P.split(",")}
    answer = client.post("/api/v1/check_run", json={"text": json.dumps(row)})
    said = answer.json()
    assert "sum" in (said["read"] if answer.status_code == 200 else said["detail"])


def test_numbers_copied_from_a_page_and_rounded_above_0_are_read(client: TestClient) -> None:
    text = f"{P}\n\u221241.2,\u221257.9,\u221244.0,\u221252.3\n+2.4e-7,-3,-0.1,-3\n"
    assert "2 pairs" in checked(client, text)["read"]


# ---- embeds --------------------------------------------------------------------------------------


def test_the_quarto_snippet_keeps_its_address_in_a_document_of_one_file(client: TestClient) -> None:
    """quarto-dev/quarto-cli 718 and 7040."""
    snippets = client.get("/api/v1/embeds/dpo_loss").json()
    assert 'data-external="1"' in snippets["quarto"]


def test_the_myst_snippet_has_a_height(client: TestClient) -> None:
    snippets = client.get("/api/v1/embeds/dpo_loss").json()
    assert str(snippets["height"]) in snippets["myst"]
