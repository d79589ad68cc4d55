from __future__ import annotations

import json
from urllib.parse import parse_qsl

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from app.lab.annotation import align, held_back
from app.lab.exact import exact_logps
from app.lab.trained import the_lab
from app.lab.world import response_number, sum_over_slots, the_world
from app.widgets.annotator import LEAST, MOST, Params, compute, json_lines, pairs_of
from app.widgets.base import PROMPT_TEXTS
from tests.judges import JUDGES

DOWNLOAD = "/api/v1/annotator/labels.jsonl"


def labels_by_flattery(prompt: str, sign: int, count: int) -> str:
    """Labels of a judge who likes flattery (+1) or dislikes it (-1); true quality breaks ties."""
    number = the_world().prompt_number(prompt)
    flattering = sum_over_slots(the_world().attribute("flattering", number))
    score = sign * 1000 * flattering + the_lab().facts(number).true_quality
    pairs = pairs_of(number, 0)
    wins = score[response_number(pairs.first)] > score[response_number(pairs.second)]
    return "".join("a" if win else "b" for win in wins[:count].tolist())


def test_the_suggestions_are_the_judges_that_they_say() -> None:
    for suggested, sign in zip(JUDGES.values(), (1, -1), strict=True):
        query = dict(parse_qsl(suggested))
        labels = query["labels"]
        assert labels == labels_by_flattery(query["prompt"], sign, len(labels))
        result = compute(Params(**query))
        assert result.aligned is not None
        chosen = result.flattery_pairs if sign > 0 else 0
        assert result.flattery_chosen == chosen
        assert sign * (result.aligned.after.flatters - result.aligned.before.flatters) > 0.1
        more, often = (
            ("more flattery", "more often") if sign > 0 else ("less flattery", "less often")
        )
        assert f"asked for {more}" in result.finding
        assert f"flatter you {often}" in result.finding


@pytest.mark.parametrize("prompt", sorted(PROMPT_TEXTS))
def test_a_judge_of_flattery_is_recognized_for_every_prompt(prompt: str) -> None:
    for sign in (1, -1):
        labels = labels_by_flattery(prompt, sign, MOST)
        result = compute(Params(prompt=prompt, labels=labels, align="yes"))
        assert result.aligned is not None
        assert sign * result.weights[-1].mean > result.weights[-1].sd
        assert sign * (result.aligned.after.flattering - result.aligned.before.flattering) > 0


def test_the_next_pair_is_the_first_without_a_label() -> None:
    world, pairs = the_world(), pairs_of(the_world().prompt_number("gravity"), 3)
    for count in (0, 7, MOST - 1):
        result = compute(Params(prompt="gravity", sampling_seed=3, labels="a" * count))
        assert result.labelled == count
        assert result.next_pair is not None
        assert result.next_pair.number == count + 1
        assert result.next_pair.first == world.text(pairs.prompt, pairs.first[count].tolist())
        assert result.next_pair.second == world.text(pairs.prompt, pairs.second[count].tolist())
    assert compute(Params(prompt="gravity", labels="a" * MOST)).next_pair is None


def test_without_labels_nothing_is_known() -> None:
    result = compute(Params())
    assert result.next_pair is not None
    assert result.next_pair.first_probability == pytest.approx(0.5)
    assert [(w.mean, w.sd) for w in result.weights] == [(0.0, 1.0)] * 4
    assert result.aligned is None
    assert "No labels yet" in result.finding


def test_a_held_back_label_changes_no_model_but_the_agreement() -> None:
    labels = labels_by_flattery("poem", 1, 16)
    flipped = "".join(
        {"a": "b", "b": "a"}[label] if kept else label
        for label, kept in zip(labels, held_back(16).tolist(), strict=True)
    )
    one, other = (compute(Params(prompt="poem", labels=x, align="yes")) for x in (labels, flipped))
    assert one.weights == other.weights
    assert one.aligned is not None
    assert other.aligned is not None
    assert one.aligned.after == other.aligned.after
    assert one.held_back == one.aligned.agreement.of == 4
    assert one.trained_on == 12
    for first, second in ((one, other), (one.aligned, other.aligned)):
        assert first.agreement.ranked_alike + second.agreement.ranked_alike == 4


def test_what_the_aligned_model_says_is_exact() -> None:
    params = Params(prompt="bleach", labels="abbabaabbb", align="yes")
    result = compute(params)
    assert result.aligned is not None
    number = the_world().prompt_number("bleach")
    pairs = pairs_of(number, 0).labeled([x == "a" for x in params.labels])
    policy = align(the_lab().reference_policy, pairs[~held_back(10)])
    logps, facts = exact_logps(policy, number), the_lab().facts(number)
    flattering = sum_over_slots(the_world().attribute("flattering", number))
    for speaker, law in (
        (result.aligned.before, facts.reference_logps.exp()),
        (result.aligned.after, logps.exp()),
    ):
        assert speaker.flattering == pytest.approx(float(law @ flattering), abs=1e-9)
        assert speaker.flatters == pytest.approx(1 - float(law[flattering == 0].sum()), abs=1e-9)
        assert speaker.true_quality == pytest.approx(float(law @ facts.true_quality), abs=1e-9)
        assert speaker.kl == pytest.approx(
            float(law @ (law.log() - facts.reference_logps)), abs=1e-6
        )
        assert speaker.text == " ".join(phrase.text for phrase in speaker.phrases)
    total = sum(phrase.log_ratio for phrase in result.aligned.after.phrases)
    assert total == pytest.approx(float((logps - facts.reference_logps)[logps.argmax()]), abs=1e-6)


@pytest.mark.parametrize("labels", ["", "a" * (LEAST - 1)])
def test_with_too_few_labels_it_says_how_many_are_missing(labels: str) -> None:
    result = compute(Params(labels=labels, align="yes"))
    assert result.aligned is None
    assert f"at least {LEAST}: {LEAST - len(labels)} more" in result.finding
    assert compute(Params(labels="a" * LEAST, align="yes")).aligned is not None


@pytest.mark.parametrize("labels", ["c", "ab a", "A", "a\n", "a" * (MOST + 1)])
def test_what_is_no_label_is_refused(labels: str) -> None:
    with pytest.raises(ValidationError, match="labels"):
        Params(labels=labels)


def test_the_figure_shows_the_weights_and_their_spread() -> None:
    result = compute(Params(labels="abbabaabbbab"))
    bar = result.figure["data"][0]  # type: ignore[index]
    assert bar["y"] == [w.feature for w in result.weights]
    assert list(bar["x"]) == pytest.approx([w.mean for w in result.weights], rel=1e-4)
    assert list(bar["error_x"]["array"]) == pytest.approx([w.sd for w in result.weights], rel=1e-4)


# ---- the download ------------------------------------------------------------------------------


def test_the_file_has_a_line_for_each_label_in_the_form_that_trl_reads() -> None:
    params = Params(prompt="poem", labels="abba")
    pairs, text = pairs_of(the_world().prompt_number("poem"), 0), the_world().text
    rows = [json.loads(line) for line in json_lines(params).splitlines()]
    assert len(rows) == 4
    for place, (row, label) in enumerate(zip(rows, params.labels, strict=True)):
        assert list(row) == ["prompt", "chosen", "rejected"]
        both = [text(pairs.prompt, side[place].tolist()) for side in (pairs.first, pairs.second)]
        assert row["prompt"] == PROMPT_TEXTS["poem"]
        assert [row["chosen"], row["rejected"]] == (both if label == "a" else both[::-1])


def test_the_file_is_downloaded_under_a_name(client: TestClient) -> None:
    answer = client.get(DOWNLOAD, params={"prompt": "poem", "labels": "abba"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/jsonl")
    assert answer.headers["content-disposition"] == 'attachment; filename="labels.jsonl"'
    assert answer.text == json_lines(Params(prompt="poem", labels="abba"))
    assert client.get(DOWNLOAD).text == ""
