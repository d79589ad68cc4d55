"""Log-probabilities of runs with one mistake each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from app.lab.losses import LossParams
from tests.check.corpus import forms
from tests.check.corpus.forms import Pairs
from tests.check.corpus.lab import lab_pairs, lab_wordy_pairs
from tests.check.corpus.mistakes import (
    batch_means,
    columns,
    equal_in_some,
    loss_of,
    mapped,
    models_swapped,
    not_shifted,
    per_token,
    per_width,
    sides_swapped,
    some,
    with_prompt,
)
from tests.check.corpus.real_size import DISPLACED, REFUSALS, WORDY, Made, pairs_file, run
from tests.check.corpus.simulation import Source, Training


def faulty_pairs() -> Iterator[Made]:
    plain = run(Training(Source(tokens=200, seed=60), learning_rate=0.04, steps=400))
    other = run(
        Training(Source(tokens=140, seed=61, judge=1.2), learning_rate=0.04, steps=400, noise=0.3)
    )
    strong = run(
        Training(Source(tokens=180, seed=62, judge=2.0, quality=4.0), learning_rate=0.08, steps=500)
    )
    sft = run(Training(Source(tokens=200, seed=63, gap=2.0), sft=2.0, learning_rate=0.02, steps=20))
    started = sft.pairs(80, at=sft.start)
    yield pairs_file(
        "step_0_of_another_checkpoint.csv",
        forms.pairs_csv,
        "step_zero",
        "simulated: before the first step of a policy that is not its reference",
        columns(started, loss=loss_of(started, "sigmoid", 0.1), step=0),
    )
    same = plain.pairs(48, at=plain.start)
    yield pairs_file(
        "step_500_equal_models.csv",
        forms.pairs_csv,
        "not_moved",
        "simulated: policy and reference are one at step 500; after trl#1962",
        columns(same, loss=loss_of(same, "sigmoid", 0.1), step=500),
    )
    yield pairs_file(
        "reference_constant.jsonl",
        forms.pairs_lines,
        "reference_missing",
        "simulated: the reference has one number for all",
        columns(mapped(plain.pairs(64), lambda logps: 0 * logps - 100.0, "reference")),
        "length",
        "displacement",
    )
    yield pairs_file(
        "reference_zero.csv",
        forms.pairs_csv,
        "reference_missing",
        "simulated: the reference is all zeros",
        columns(mapped(plain.pairs(64), lambda logps: 0 * logps, "reference"), lengths=True),
        "length",
        "displacement",
    )
    yield pairs_file(
        "models_swapped.csv",
        forms.pairs_csv,
        "swapped",
        "simulated: policy and reference exchanged",
        columns(models_swapped(strong.pairs(120)), lengths=True),
    )
    yield pairs_file(
        "sealed/sides_swapped.json",
        forms.pairs_array,
        "swapped",
        "simulated: chosen and rejected exchanged in both models",
        columns(sides_swapped(strong.pairs(100), "policy", "reference")),
        "displacement",
    )
    yield pairs_file(
        "lab_models_swapped.jsonl",
        forms.pairs_lines,
        "swapped",
        "the lab's: policy and reference exchanged",
        forms.dialect(columns(models_swapped(lab_pairs(1, 0.2))), "trl"),
        beta=0.2,
    )
    yield pairs_file(
        "reference_sides_swapped.csv",
        forms.pairs_csv,
        "swapped_in_one",
        "simulated: chosen and rejected exchanged in the reference",
        columns(sides_swapped(plain.pairs(100), "reference"), lengths=True),
        "length",
    )
    yield pairs_file(
        "sealed/policy_sides_swapped.jsonl",
        forms.pairs_lines,
        "swapped_in_one",
        "simulated: chosen and rejected exchanged in the policy",
        forms.dialect(columns(sides_swapped(other.pairs(80), "policy"), single=True), "openrlhf"),
        "length",
    )
    means = per_token(strong.pairs(100))
    yield pairs_file(
        "mean_over_tokens.csv",
        forms.pairs_csv,
        "mean_not_sum",
        "simulated: means over tokens in the place of sums",
        columns(means, lengths=True, loss=loss_of(means, "sigmoid", 0.1)),
    )
    yield pairs_file(
        "mean_over_width.jsonl",
        forms.pairs_lines,
        "mean_not_sum",
        "simulated: means over the padded width of batches of eight",
        columns(per_width(strong.pairs(96)), lengths=True, digits=7),
    )
    yield pairs_file(
        "mean_no_lengths.csv",
        forms.pairs_csv,
        "mean_not_sum",
        "simulated: means over tokens, and lengths were not kept",
        forms.dialect(columns(per_token(other.pairs(120)), digits=7), "trl"),
    )
    twice = strong.pairs(80)
    yield pairs_file(
        "beta_twice.csv",
        forms.pairs_csv,
        "beta_twice",
        "simulated: the loss has beta twice",
        columns(twice, loss=loss_of(twice, "sigmoid", 0.01)),
        "other_loss",
        beta=0.1,
    )
    lab = lab_pairs(2, 0.3)
    yield pairs_file(
        "sealed/lab_beta_twice.csv",
        forms.pairs_csv,
        "beta_twice",
        "the lab's: the loss has beta twice",
        columns(lab, lengths=True, loss=loss_of(lab, "sigmoid", 0.09)),
        "other_loss",
        beta=0.3,
    )
    yield pairs_file(
        "ipo_said_sigmoid.csv",
        forms.pairs_csv,
        "other_loss",
        "simulated: losses of IPO on means over tokens, said to be sigmoid",
        columns(other.pairs(64), lengths=True, loss=loss_of(other.pairs(64), "ipo_norm", 0.1)),
        loss_type="sigmoid",
        beta=0.1,
    )
    yield pairs_file(
        "smoothing_unsaid.jsonl",
        forms.pairs_lines,
        "other_loss",
        "simulated: label smoothing of 0.1 that the settings do not have",
        columns(
            strong.pairs(64),
            loss=loss_of(
                replace(strong.pairs(64), params=LossParams(label_smoothing=0.1)), "sigmoid", 0.1
            ),
        ),
        loss_type="sigmoid",
        beta=0.1,
    )
    yield pairs_file(
        "truncated_to_the_same.csv",
        forms.pairs_csv,
        "equal_sides",
        "simulated: in a third of the pairs truncation left both sides the same; after OpenRLHF#1311",
        columns(equal_in_some(other.pairs(60)), lengths=True),
    )
    yield pairs_file(
        "duplicates.csv",
        forms.pairs_csv,
        "equal_sides",
        "simulated: nearly half of the pairs have one response twice; after rlhf-book#503",
        forms.dialect(columns(equal_in_some(plain.pairs(80), every=2)), "trl"),
    )
    displaced = run(Training(DISPLACED, beta=0.05, learning_rate=0.3, steps=500))
    yield pairs_file(
        "chosen_collapsed.csv",
        forms.pairs_csv,
        "displacement",
        "simulated: the chosen have lost 200 nats",
        columns(displaced.pairs(120), lengths=True),
        "suppression",
        beta=0.05,
    )
    suppressed = run(Training(REFUSALS, learning_rate=0.08, steps=400))
    yield pairs_file(
        "rejected_pushed_down.jsonl",
        forms.pairs_lines,
        "suppression",
        "simulated: rejected responses go down alone",
        columns(suppressed.pairs(100)),
        "saturated",
    )
    wordy = run(Training(WORDY, learning_rate=0.06, steps=500))
    yield pairs_file(
        "length_driven.csv",
        forms.pairs_csv,
        "length",
        "simulated: the judge likes tokens and little else",
        columns(wordy.pairs(160), lengths=True),
    )
    yield pairs_file(
        "sealed/lab_length_driven.csv",
        forms.pairs_csv,
        "length",
        "the lab's, with labels of a judge with a taste for words; lengths are words",
        columns(lab_wordy_pairs(), lengths=True, digits=4),
        "displacement",
        "suppression",
        beta=0.1,
    )
    infinite = columns(other.pairs(64))
    infinite["policy_rejected_logps"][17] = -math.inf
    infinite["policy_rejected_logps"][41] = -math.inf
    yield pairs_file(
        "minus_infinity.csv",
        forms.pairs_csv,
        "not_finite",
        "simulated: a token that the policy was masked from has probability 0",
        infinite,
    )
    nans = columns(plain.pairs(64), lengths=True)
    for name in forms.NAMES[:2]:
        nans[name][40:] = [math.nan] * 24
    yield pairs_file(
        "nan_from_a_row_on.jsonl",
        forms.pairs_lines,
        "not_finite",
        "simulated: the policy is NaN from a step on",
        nans,
    )
    rows = strong.pairs(320)
    yield pairs_file(
        "batch_means.csv",
        forms.pairs_csv,
        "batch_means",
        "simulated: a row is the mean of eight pairs, its loss too; after eric-mitchell#36",
        columns(batch_means(rows), loss=loss_of(rows, "sigmoid", 0.1).view(-1, 8).mean(1)),
        "other_loss",
        "saturated",
    )
    yield pairs_file(
        "thread_batch_means.csv",
        forms.pairs_csv,
        "batch_means",
        "numbers of eric-mitchell#36 in the first row, the others simulated likewise at their size",
        _rows_of_thread_36(),
        "other_loss",
        "few_pairs",
        "saturated",
        "suppression",
    )
    shifted = run(
        Training(
            Source(tokens=150, seed=64),
            learning_rate=0.02,
            steps=200,
            policy=not_shifted,
            reference=not_shifted,
        )
    )
    yield pairs_file(
        "labels_not_shifted.csv",
        forms.pairs_csv,
        "implausible_sums",
        "simulated: each position is asked for its own token",
        columns(shifted.pairs(80), lengths=True, digits=3),
    )
    yield pairs_file(
        "sealed/labels_not_shifted.jsonl",
        forms.pairs_lines,
        "implausible_sums",
        "simulated: the same, before the first step",
        forms.dialect(
            columns(shifted.pairs(64, at=shifted.start), lengths=True, single=True), "trl"
        ),
        "not_moved",
    )
    prompted = run(
        Training(
            Source(tokens=160, seed=65, judge=1.2),
            learning_rate=0.03,
            steps=300,
            reference=with_prompt,
        )
    )
    yield pairs_file(
        "prompt_in_reference_only.csv",
        forms.pairs_csv,
        "prompt_counted",
        "simulated: the reference's sum has the prompt in it",
        columns(prompted.pairs(100), lengths=True),
    )
    yield pairs_file(
        "four_pairs.csv",
        forms.pairs_csv,
        "few_pairs",
        "simulated: four pairs, nothing else wrong",
        columns(plain.pairs(4), lengths=True),
    )
    yield pairs_file(
        "three_pairs.json",
        forms.pairs_columns,
        "few_pairs",
        "the lab's: three pairs, nothing else wrong",
        columns(some(lab_pairs(0, 0.3), slice(0, 3))),
        beta=0.3,
    )


def _rows_of_thread_36() -> Pairs:
    """Batch means with a loss above that at the means, by the names of the thread."""
    given = Training(
        Source(tokens=60, nats=0.35, refusals=14, gap=3, seed=66), learning_rate=0.05, steps=200
    )
    rows = run(given).pairs(88)
    table = columns(
        batch_means(rows), loss=loss_of(rows, "sigmoid", 0.1).view(-1, 8).mean(1), digits=4
    )
    first = (-35.5719, -130.9591, -12.2961, -37.4255, 0.3441)
    for values, value in zip(table.values(), first, strict=True):
        values[0] = value
    names = ("chosen_logps", "rejected_logps", "ref_chosen_logps", "ref_rejected_logps", "loss")
    return dict(zip(names, table.values(), strict=True))
