"""Findings on logs: each mistake made in a small training run is found, and sound runs show none."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
import torch

from app.check.drawn_log import log_drawing
from app.check.findings.logs import LOG_FINDINGS, log_findings
from app.check.known import known_settings
from app.check.report import Finding
from app.check.settings import RunSettings
from app.check.tables import LOGGED, TrainingLog
from app.lab.more_losses import ALL_LOSSES
from app.lab.optimum import optimal_logps
from app.lab.trained import the_lab
from app.lab.world import PROMPTS, response_number
from tests.check.recorded import Run, recorded


def findings(log: TrainingLog, settings: RunSettings | None = None) -> dict[str, Finding]:
    known = known_settings(settings or RunSettings(), log)
    return {finding.name: finding for finding in log_findings(log, known)}


def found(log: TrainingLog, settings: RunSettings | None = None) -> set[str]:
    return {name for name, one in findings(log, settings).items() if one.verdict == "found"}


def settings_of(run: Run) -> RunSettings:
    return RunSettings(run.loss_type, run.beta, label_smoothing=run.label_smoothing)


def log_of(*rows: dict[str, float], numbered: bool = False, **about: object) -> TrainingLog:
    """Rows as a log; "step" is their step."""
    names = list(dict.fromkeys(name for row in rows for name in row if name != "step"))
    return TrainingLog(
        {name: [row.get(name) for row in rows] for name in names},
        [row.get("step", place) for place, row in enumerate(rows, 1)],
        list(range(1, len(rows) + 1)),
        "JSON",
        numbered=numbered,
        **about,  # type: ignore[arg-type]
    )


def row(step: int, loss: float, chosen: float, rejected: float, **more: float) -> dict[str, float]:
    return {
        "step": step,
        "loss": loss,
        "rewards/chosen": chosen,
        "rewards/rejected": rejected,
        "rewards/margins": chosen - rejected,
        **more,
    }


SOUND = [
    Run(),
    Run(beta=0.3, prompt=1, seed=1),
    Run(beta=1.0, prompt=2),
    Run(batch=8, prompt=3, seed=2),
    Run(every=20, prompt=4),
    Run(learning_rate=2e-4, prompt=5),
    Run(label_smoothing=0.1),
    *(
        Run(loss_type=loss, prompt=number % PROMPTS)
        for number, loss in enumerate(
            ("hinge", "ipo", "kto", "nca_pair", "bco_pair", "apo_zero", "apo_down", "sppo_hard")
        )
    ),
    Run(loss_type="exo_pair", label_smoothing=0.01),
    Run(loss_type="robust", label_smoothing=0.1),
    Run(loss_type="simpo", beta=2.0),
    Run(loss_type="sigmoid_norm", beta=2.0),
]


@pytest.mark.parametrize("run", SOUND, ids=lambda run: f"{run.loss_type}-{run.beta}-{run.prompt}")
@pytest.mark.parametrize("numbered", [False, True])
def test_nothing_is_found_in_a_sound_run(run: Run, numbered: bool) -> None:
    log = recorded(run)
    if numbered:
        log = replace(log, steps=[float(n + 1) for n in range(len(log))], numbered=True)
    assert found(log, settings_of(run)) == set()


@pytest.mark.parametrize("name", sorted(recorded(Run()).columns))
def test_a_missing_column_is_never_a_mistake(name: str) -> None:
    log = recorded(Run())
    columns = {key: values for key, values in log.columns.items() if key != name}
    assert found(replace(log, columns=columns)) == set()


def test_what_cannot_be_told_names_the_columns_that_are_missing() -> None:
    log = recorded(Run())
    told = findings(replace(log, columns={"loss": log.columns["loss"]}))
    for name, column in (
        ("reference_missing", "rewards/chosen"),
        ("reference_missing", "logps/chosen"),
        ("swapped", "rewards/margins"),
        ("mean_not_sum", "logps/chosen"),
        ("displacement", "rewards/chosen"),
    ):
        assert told[name].verdict == "cannot_tell"
        assert column in told[name].message


MISTAKES = {
    "another_checkpoint": "step_zero",
    "swapped": "swapped",
    "sides_swapped_in_log": "swapped",
    "swapped_in_one": "swapped_in_one",
    "mean_not_sum": "mean_not_sum",
    "prompt_counted": "prompt_counted",
    "reference_missing": "reference_missing",
    "beta_twice": "beta_twice",
    "reference_is_policy": "not_moved",
    "nothing_counted": "not_moved",
    "equal_sides": "equal_sides",
}


@pytest.mark.parametrize(("mistake", "name"), MISTAKES.items())
@pytest.mark.parametrize("prompt", [0, 4])
def test_a_mistake_made_in_training_is_found(mistake: str, name: str, prompt: int) -> None:
    assert name in found(recorded(Run(mistake, prompt=prompt)))


@pytest.mark.parametrize(
    ("run", "settings", "name"),
    [
        (Run(learning_rate=0.0), RunSettings(), "not_moved"),
        (Run(scale=8), RunSettings(), "step_zero"),
        (Run(scale=0.5), RunSettings(), "step_zero"),
        (Run(loss_type="hinge"), RunSettings(), "step_zero"),
        (Run(loss_type="hinge"), RunSettings(), "other_loss"),
        (Run(loss_type="ipo"), RunSettings(), "other_loss"),
        (Run(loss_type="kto"), RunSettings(), "other_loss"),
        (Run(), RunSettings("ipo"), "other_loss"),
        (Run(label_smoothing=0.3), RunSettings(), "other_loss"),
        (Run(beta=0.3), RunSettings(beta=0.1), "other_loss"),
        (Run(learning_rate=3.0), RunSettings(), "diverging"),
        (Run(learning_rate=0.3), RunSettings(), "displacement"),
        (Run("trivial_pairs", learning_rate=0.02, steps=300), RunSettings(), "saturated"),
        (Run("trivial_pairs", learning_rate=0.02, steps=300), RunSettings(), "suppression"),
    ],
)
def test_settings_that_do_not_suit_a_run_are_found(
    run: Run, settings: RunSettings, name: str
) -> None:
    assert name in found(recorded(run), settings)


@pytest.mark.parametrize(
    ("run", "settings", "named"),
    [
        (Run(scale=8), RunSettings(), "8 × ln 2"),
        (Run(loss_type="hinge"), RunSettings(), "hinge (1.000)"),
        (Run(loss_type="ipo"), RunSettings(), "ipo (25.000)"),
        (Run(loss_type="kto"), RunSettings(), "kto (0.500)"),
        (Run("another_checkpoint"), RunSettings(), "another checkpoint"),
        (Run(loss_type="bco_pair"), RunSettings(), "2 × ln 2"),
        (Run(loss_type="bco_pair"), RunSettings(), "bco_pair (1.386)"),
    ],
)
def test_a_wrong_start_names_every_cause_that_fits(
    run: Run, settings: RunSettings, named: str
) -> None:
    assert named in findings(recorded(run), settings)["step_zero"].message


@pytest.mark.parametrize(
    ("run", "named"),
    [
        (Run(loss_type="hinge"), "hinge"),
        (Run(loss_type="ipo"), "ipo"),
        (Run(label_smoothing=0.3), "label smoothing of 0.3"),
        (Run(beta=0.3), "0.3"),
        (Run(scale=8), "times 8"),
    ],
)
def test_a_loss_that_fits_is_named(run: Run, named: str) -> None:
    assert named in findings(recorded(run))["other_loss"].message.replace("0.295", "0.3")


def test_a_loss_that_was_only_assumed_is_no_mistake() -> None:
    settings = RunSettings(assumed=frozenset({"loss_type", "beta", "simpo_gamma"}))
    for run in (Run(loss_type="hinge"), Run(loss_type="kto"), Run(loss_type="simpo", beta=2.0)):
        assert found(recorded(run), settings) == set()
    assert found(recorded(Run(beta=0.5)), settings) == set()


def test_what_the_log_says_of_its_settings_is_taken_where_nothing_is_given() -> None:
    log = replace(recorded(Run(loss_type="hinge")), settings={"loss_type": "hinge", "beta": 0.1})
    told = findings(log, RunSettings(assumed=frozenset({"loss_type", "beta"})))
    assert told["step_zero"].verdict == "not_found"


@pytest.mark.parametrize("name", ["loss", "rewards/chosen", "logps/rejected", "grad_norm"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_found_with_its_first_step(name: str, value: float) -> None:
    log = recorded(Run())
    values: list[float | None] = list(log.columns.get(name, [1.0] * len(log)))
    values[20:] = [value] * len(values[20:])
    one = findings(replace(log, columns={**log.columns, name: values}))["not_finite"]
    assert one.verdict == "found"
    assert f"step {log.steps[20]:g}" in one.evidence


def test_infinite_gradients_of_the_first_steps_are_a_search_for_the_loss_scale() -> None:
    log = recorded(Run())
    norms: list[float | None] = [math.inf, math.inf, *[3.0] * (len(log) - 2)]
    told = findings(replace(log, columns={**log.columns, "grad_norm": norms}))
    assert told["not_finite"].verdict == "not_found"


def test_losses_of_0_without_a_margin_are_found_as_hidden_nan() -> None:
    rows = [row(1, 0.6931, 0, 0), *(row(10 * n, 0.0, 0, 0) for n in range(1, 9))]
    assert "not_finite" in found(log_of(*rows))


def test_a_policy_that_is_its_reference_at_step_500_is_found_in_a_single_row() -> None:
    assert "not_moved" in found(log_of(row(500, 0.6931, 0, 0)))
    assert "not_moved" in found(log_of(*({"loss": 0.6931, "step": 10 * n} for n in range(1, 9))))


def test_a_first_row_late_in_the_run_tells_nothing_of_its_start() -> None:
    log = log_of(*(row(500 * n, 0.4 - 0.01 * n, -2, -6 - n) for n in range(1, 9)))
    assert findings(log)["step_zero"].verdict == "cannot_tell"


def test_a_warm_up_shows_the_start_of_a_log_without_steps() -> None:
    rows = [
        row(n, 2.0, 9.0 + n % 2, 8.0 + n % 3, learning_rate=min(1e-4, 3e-6 * n))
        for n in range(1, 41)
    ]
    assert "step_zero" in found(log_of(*rows, numbered=True))


def test_a_mean_loss_above_the_loss_at_the_mean_is_no_other_loss() -> None:
    # Batch means: half of the pairs far right, some far wrong.
    generator = torch.Generator().manual_seed(0)
    rows = []
    for n in range(1, 31):
        margins = n / 6 + n / 5 * torch.randn(64, generator=generator, dtype=torch.float64)
        loss = float(torch.nn.functional.softplus(-margins).mean())
        accuracy = float((margins > 0).double().mean())
        mean = float(margins.mean())
        rows.append(row(10 * n, loss, -mean / 2, -1.5 * mean, **{"rewards/accuracies": accuracy}))
    assert {"other_loss", "beta_twice"}.isdisjoint(found(log_of(*rows)))


def test_a_loss_below_what_the_margins_allow_is_found() -> None:
    rows = [row(10 * n, 0.2, 0.01 * n, -0.01 * n) for n in range(1, 20)]
    assert "other_loss" in found(log_of(*rows))


def test_sides_swapped_in_one_model_are_found_in_batches_of_other_lengths() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = []
    for n in range(1, 41):
        chosen, rejected = (-200 - 60 * torch.randn(2, generator=generator)).tolist()
        rewards = 0.1 * (chosen - rejected)
        logps = {"logps/chosen": chosen, "logps/rejected": rejected}
        rows.append(row(10 * n, 4.0, rewards - 0.02 * n, -rewards - 0.05 * n, **logps))
    assert "swapped_in_one" in found(log_of(*rows))


def test_a_constant_in_the_place_of_the_reference_is_found() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = []
    for n in range(1, 31):
        chosen, rejected = (-200 - 60 * torch.randn(2, generator=generator)).tolist()
        logps = {"logps/chosen": chosen, "logps/rejected": rejected}
        rows.append(row(n, 2.0, 0.1 * (chosen + 120), 0.1 * (rejected + 120), **logps))
    assert "reference_missing" in found(log_of(*rows))


def test_beta_is_read_from_the_rows_of_evaluation() -> None:
    evaluation = log_of(
        *(
            row(
                n,
                0.6,
                -n,
                -2 * n,
                **{"logps/chosen": -200 - 5 * n, "logps/rejected": -220 - 10 * n},
            )
            for n in range(5)
        )
    )
    log = replace(recorded(Run()), evaluation=evaluation, columns={"loss": [0.69] * 41})
    told = findings(log, RunSettings(beta=0.1))["other_loss"]
    assert told.verdict == "found"
    assert "0.2" in told.message


def test_a_usual_fall_of_both_sides_is_neither_displacement_nor_suppression() -> None:
    rows = [row(1, 0.6931, 0, 0)]
    rows += [row(10 * n, 0.69 - 0.004 * n, -0.04 * n, -0.1 * n) for n in range(1, 51)]
    assert {"displacement", "suppression"}.isdisjoint(found(log_of(*rows)))


def test_short_logs_deny_no_mistake_that_needs_a_course() -> None:
    told = findings(log_of(row(200, 0.5, -1, -3), row(300, 0.45, -1.1, -3.5)))
    assert told["few_pairs"].verdict == "cannot_tell"
    for name in ("displacement", "suppression", "saturated", "diverging", "swapped", "other_loss"):
        assert told[name].verdict == "cannot_tell", name


def test_limits_of_displacement_and_suppression_lie_beyond_every_optimum_of_the_lab() -> None:
    lab = the_lab()
    lowest = [math.inf, math.inf]
    for beta in (0.001, 0.01, 0.1, 1.0):
        for prompt in range(PROMPTS):
            facts, pairs = lab.facts(prompt), lab.training_comparisons(prompt)
            optimum = optimal_logps(facts.reference_logps, facts.true_quality, beta)
            rewards = beta * (optimum - facts.reference_logps)
            for side, responses in enumerate((pairs.chosen, pairs.rejected)):
                mean = float(rewards[response_number(responses)].mean())
                lowest[side] = min(lowest[side], mean)
    assert lowest == pytest.approx([-3.1, -4.5], abs=0.06)


def test_words_of_findings_are_sentences() -> None:
    for run in (Run(), *(Run(mistake) for mistake in MISTAKES)):
        for one in log_findings(recorded(run), RunSettings()):
            assert one.message[0].isupper() or one.message.startswith("β")
            assert one.message.endswith((".", "?"))
            assert "nan" not in one.evidence.split()


def test_a_policy_and_reference_swapped_show_where_batches_differ_in_length() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = []
    for n in range(1, 31):
        chosen, rejected = (-220 - 8 * torch.randn(2, generator=generator)).tolist()
        moved = 0.06 * n
        logps = {"logps/chosen": chosen - 10 * moved, "logps/rejected": rejected - 4 * moved}
        rows.append(row(10 * n, 0.69 - 0.008 * n, moved, 0.4 * moved, **logps))
    assert "swapped" in found(log_of(*rows))


def test_a_first_row_that_is_as_far_as_the_next_ones_did_not_start_at_0() -> None:
    rows = [row(10 * n, 0.6, -0.7 + 0.01 * n, -1.8 + 0.01 * n) for n in range(1, 21)]
    assert "step_zero" in found(log_of(*rows))
    later = [row(10 * n, 0.6, -0.7 + 0.01 * n, -1.8 + 0.01 * n) for n in range(40, 60)]
    assert "step_zero" not in found(log_of(*later))


def test_a_loss_is_named_by_its_start_where_rewards_do_not_tell_the_rest() -> None:
    # TRL's ipo takes means over tokens, and logs rewards of sums.
    rows = [
        row(10 * n, (5 - 0.005 * n) ** 2, 0.02 * n, -0.03 * n, **{"rewards/accuracies": 0.6})
        for n in range(1, 17)
    ]
    assert "ipo_norm" in findings(log_of(*rows))["other_loss"].message


def test_rates_that_were_printed_as_0_are_no_mistake_where_the_policy_moves() -> None:
    log = recorded(Run())
    zeros: list[float | None] = [0.0] * len(log)
    assert found(replace(log, columns={**log.columns, "learning_rate": zeros})) == set()
    assert found(replace(log, columns={**log.columns, "grad_norm": zeros})) == set()


def test_a_single_infinite_gradient_is_a_step_that_the_loss_scaler_skips() -> None:
    log = recorded(Run())
    norms: list[float | None] = [3.0] * len(log)
    norms[25] = math.inf
    told = findings(replace(log, columns={**log.columns, "grad_norm": norms}))
    assert told["not_finite"].verdict == "not_found"


def test_accuracy_below_one_half_beside_a_margin_above_0_shows_ties() -> None:
    rows = [
        row(10 * n, 0.6, 0.01 * n, -0.03 * n, **{"rewards/accuracies": 0.38 + 0.01 * (n % 3)})
        for n in range(1, 31)
    ]
    assert "equal_sides" in found(log_of(*rows))


@pytest.mark.parametrize(("nll", "verdict"), [(1.4, "not_found"), (16.0, "found")])
def test_tokens_less_likely_than_by_chance_are_found_by_their_nll(nll: float, verdict: str) -> None:
    logps = {"logps/chosen": -300.0, "logps/rejected": -310.0, "nll_loss": nll}
    rows = [row(10 * n, 2.0, -1, -2, **logps) for n in range(1, 11)]
    assert findings(log_of(*rows))["implausible_sums"].verdict == verdict


def test_a_fast_run_that_is_logged_rarely_did_not_start_elsewhere() -> None:
    rows = [row(200 * n, 0.4, -1.0 - 0.01 * n, -3.0 - 0.01 * n) for n in range(1, 21)]
    assert findings(log_of(*rows))["step_zero"].verdict == "cannot_tell"


def test_batches_of_any_length_hide_which_way_a_policy_goes() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = []
    for n in range(1, 31):
        chosen, rejected = (-220 - 90 * torch.randn(2, generator=generator)).tolist()
        logps = {"logps/chosen": chosen, "logps/rejected": rejected}
        rows.append(row(10 * n, 0.69 - 0.008 * n, 0.02 * n, -0.02 * n, **logps))
    assert findings(log_of(*rows))["swapped"].verdict == "cannot_tell"


@pytest.mark.parametrize("seed", range(60))
def test_no_numbers_make_a_finding_or_the_drawing_fail(seed: int) -> None:
    chance = random.Random(seed)
    strange = (None, math.nan, math.inf, -math.inf, 0.0, 1e308, -1e308, 1e-300, 0.6931, -100.0)
    rows = chance.choice((1, 2, 5, 12, 40))
    columns: dict[str, list[float | None]] = {
        name: [chance.choice((*strange, chance.gauss(0, 1))) for _ in range(rows)]
        for name in LOGGED
        if chance.random() < 0.7
    }
    steps = [float(n) for n in range(rows)] if seed % 3 else [0.0] * rows
    log = TrainingLog(columns, steps, list(range(rows)), "JSON", numbered=seed % 2 == 0)
    settings = RunSettings(list(ALL_LOSSES)[seed % len(ALL_LOSSES)], chance.choice((0.01, 2.0)))
    assert len(findings(log, settings)) == len(LOG_FINDINGS)
    log_drawing(log, settings)


def _swapped_in_one_while_it_trains(beta: float) -> list[dict[str, float]]:
    """Batches of other lengths; the policy soon gives less to both, and less to the rejected one."""
    generator = torch.Generator().manual_seed(0)
    rows = []
    for n in range(1, 41):
        reference = -200 - 10 * torch.randn(2, generator=generator)
        policy = reference - torch.tensor([15.0, 25.0]) * min(1.0, n / 4)
        chosen, rejected = (beta * (policy - reference.flip(0))).tolist()
        logps = dict(zip(("logps/chosen", "logps/rejected"), policy.tolist(), strict=True))
        rows.append(row(10 * n, 4.0, chosen, rejected, **logps))
    return rows


@pytest.mark.parametrize("beta", [0.02, 0.1, 0.5])
def test_sides_swapped_in_one_model_show_from_batch_to_batch_however_far_training_went(
    beta: float,
) -> None:
    log = log_of(*_swapped_in_one_while_it_trains(beta))
    assert "swapped_in_one" in found(log, RunSettings(beta=beta))


@pytest.mark.parametrize("told", [0.05, 0.1, 0.2])
def test_a_constant_for_a_reference_is_not_taken_for_swapped_sides_at_any_beta(
    told: float,
) -> None:
    generator = torch.Generator().manual_seed(0)
    rows = []
    for n in range(1, 41):
        chosen, rejected = (-200 - 10 * torch.randn(2, generator=generator)).tolist()
        logps = {"logps/chosen": chosen, "logps/rejected": rejected}
        rows.append(row(10 * n, 0.7, 0.1 * (chosen + 190), 0.1 * (rejected + 190), **logps))
    said = found(log_of(*rows), RunSettings(beta=told))
    assert "reference_missing" in said
    assert "swapped_in_one" not in said


def test_a_policy_that_explodes_has_its_reference_all_the_same() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = []
    for n in range(1, 41):
        references = -200 - 10 * torch.randn(2, generator=generator)
        moved = -3000 * torch.rand(2, generator=generator)
        chosen, rejected = (references + moved).tolist()
        logps = {"logps/chosen": chosen, "logps/rejected": rejected}
        rows.append(row(10 * n, 50.0, *(0.1 * moved).tolist(), **logps))
    assert "reference_missing" not in found(log_of(*rows))


def test_swapped_sides_show_in_a_run_that_is_at_its_end_soon_after_the_first_row() -> None:
    generator = torch.Generator().manual_seed(0)
    noise = (0.1 * torch.randn(100, generator=generator)).tolist()
    rows = [row(1, math.log(2), 0.0, 0.0, **{"rewards/accuracies": 0.5})]
    rows += [
        row(n, 0.6, -0.8 + noise[n], -0.4, **{"rewards/accuracies": 0.32}) for n in range(2, 100)
    ]
    assert "swapped" in found(log_of(*rows))


def test_chosen_responses_that_are_low_from_the_first_row_on_are_not_said_to_rise() -> None:
    rows = [row(n, 0.6, -3.0 + 0.01 * n, -4.0, **{"rewards/accuracies": 0.7}) for n in range(1, 30)]
    assert findings(log_of(*rows))["displacement"].verdict == "cannot_tell"


def test_a_loss_that_comes_back_is_not_said_to_have_diverged_for_good() -> None:
    climb = [0.69, 0.9, 3.0, 5.0, 6.0, 5.0, 3.0, 0.9]
    rows = [row(10 * n, loss, 0.1, -0.1) for n, loss in enumerate(climb + [0.6] * 12, 1)]
    assert "comes back" in findings(log_of(*rows))["diverging"].message
