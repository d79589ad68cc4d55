"""Log-probabilities of healthy runs, as people keep them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.check.corpus import forms
from tests.check.corpus.entry import HEALTHY
from tests.check.corpus.lab import lab_pairs, lab_token_lists
from tests.check.corpus.mistakes import columns, loss_of, some
from tests.check.corpus.real_size import CLEAR, Made, pairs_file, run
from tests.check.corpus.simulation import Source, Training


def healthy_pairs() -> Iterator[Made]:
    h = HEALTHY
    plain = run(Training(Source(tokens=200, seed=50), learning_rate=0.03, steps=400))
    at_start = plain.pairs(64, at=plain.start)
    yield pairs_file(
        "step_0_with_loss.csv",
        forms.pairs_csv,
        h,
        "simulated, before the first step",
        columns(at_start, loss=loss_of(at_start, "sigmoid", 0.1), step=0),
    )
    trained = plain.pairs(160)
    yield pairs_file(
        "trained_with_lengths.csv",
        forms.pairs_csv,
        h,
        "simulated, after a run",
        columns(trained, lengths=True, loss=loss_of(trained, "sigmoid", 0.1)),
        beta=0.1,
    )
    noisy = run(
        Training(Source(tokens=280, judge=1.2, seed=51), learning_rate=0.04, steps=400, noise=0.4)
    )
    yield pairs_file(
        "trl_names.jsonl",
        forms.pairs_lines,
        h,
        "simulated in bfloat16, by TRL's names",
        forms.dialect(columns(noisy.pairs(100), single=True), "trl"),
        trainer="trl",
    )
    yield pairs_file(
        "sealed/held_out.json",
        forms.pairs_array,
        h,
        "simulated, pairs that the run has not seen",
        forms.dialect(columns(noisy.pairs(96, held_out=True), lengths=True), "openrlhf"),
    )
    simpo = run(
        Training(
            Source(judge=1.5, quality=3, seed=52),
            loss_type="simpo",
            beta=2.0,
            learning_rate=0.05,
            steps=400,
        )
    ).pairs(60)
    table = columns(simpo, lengths=True, loss=loss_of(simpo, "simpo", 2.0))
    yield pairs_file(
        "simpo_no_reference.csv",
        forms.pairs_csv,
        h,
        "simulated: SimPO has no reference; after SimPO#4, LlamaFactory#7301",
        {name: values for name, values in table.items() if not name.startswith("reference")},
        loss_type="simpo",
        beta=2.0,
        simpo_gamma=0.5,
    )
    ipo = run(
        Training(Source(tokens=120, seed=53), loss_type="ipo_norm", learning_rate=0.02, steps=200)
    ).pairs(80)
    yield pairs_file(
        "sealed/ipo_of_trl.csv",
        forms.pairs_csv,
        h,
        "simulated: what TRL calls ipo, on means over tokens",
        columns(ipo, lengths=True, loss=loss_of(ipo, "ipo_norm", 0.1)),
        loss_type="ipo",
        trainer="trl",
    )
    kto_start = some(at_start, slice(0, 40))
    yield pairs_file(
        "kto_step_0.csv",
        forms.pairs_csv,
        h,
        "simulated: KTO before the first step, averaged over both halves; after trl's and HALOs' convention",
        columns(kto_start, loss=loss_of(kto_start, "kto", 0.1) / 2, step=0),
        loss_type="kto",
    )
    yield pairs_file(
        "body_of_preference_loss.json",
        forms.pairs_columns,
        h,
        "simulated; the body of POST /api/v1/preference_loss",
        columns(plain.pairs(48), lengths=True),
    )
    yield pairs_file(
        "batches.jsonl",
        forms.pairs_batches,
        h,
        "simulated; a line a batch, by torchtune's names",
        forms.dialect(columns(noisy.pairs(120), single=True), "torchtune"),
    )
    clear = run(Training(replace(CLEAR, seed=54), learning_rate=0.06, steps=500))
    yield pairs_file(
        "decimal_commas.csv",
        forms.pairs_excel,
        h,
        "simulated; a spreadsheet with decimal commas",
        columns(clear.pairs(90), lengths=True, digits=3),
    )
    yield pairs_file(
        "sealed/utf16.csv",
        forms.pairs_utf16,
        h,
        "simulated; UTF-16 with a byte order mark",
        columns(plain.pairs(72), digits=4),
    )
    lab = lab_pairs(0, 0.3)
    yield pairs_file(
        "minus_signs.csv",
        forms.pairs_minus,
        h,
        "the lab's, copied from a page with U+2212",
        columns(some(lab, slice(0, 60)), digits=3),
        beta=0.3,
    )
    yield pairs_file(
        "lab_prompts.csv.gz",
        forms.zipped(forms.pairs_csv),
        h,
        "the lab's, after DPO on three prompts",
        columns(lab, lengths=True, loss=loss_of(lab, "sigmoid", 0.3)),
        beta=0.3,
    )
    small = run(
        Training(Source(seed=55, judge=1.5, verbose=4), beta=0.02, learning_rate=0.025, steps=400)
    )
    kept = small.pairs(100)
    yield pairs_file(
        "sealed/beta_0.02.jsonl",
        forms.pairs_lines,
        h,
        "simulated at a small beta",
        columns(kept, lengths=True, loss=loss_of(kept, "sigmoid", 0.02), step=400),
        beta=0.02,
    )
    tokens = some(lab, slice(0, 24))
    yield pairs_file(
        "hinge_tabs.tsv",
        forms.pairs_tabs,
        h,
        "the lab's, with hinge losses",
        columns(tokens, loss=loss_of(tokens, "hinge", 0.3)),
        loss_type="hinge",
        beta=0.3,
    )
    yield pairs_file(
        "token_lists.jsonl",
        forms.pairs_lines,
        h,
        "the lab's: a list over the tokens of each response",
        lab_token_lists(),
        beta=0.3,
    )
