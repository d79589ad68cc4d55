"""What is found in pairs: nothing in healthy ones, and in others the mistake that was made."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import product

import pytest
import torch
from torch import Tensor

from app.check.batch import ReportedBatch, batch_of
from app.check.findings.chance import at_least, errors_from_0
from app.check.findings.optima import OPTIMUM_CHOSEN
from app.check.findings.pairs import PAIR_FINDINGS, pair_findings
from app.check.findings.pairs.explained import explanations
from app.check.report import Finding, Report
from app.check.run import check_run
from app.check.settings import RunSettings
from app.check.tables import LENGTHS, LOGPS, LogpsTable
from app.lab.dpo import DPOConfig, DPOTrainer
from app.lab.more_losses import ALL_LOSSES, OF_THE_BATCH
from app.lab.optimum import optimal_logps
from app.lab.trained import the_lab
from app.lab.world import PROMPTS, SLOTS, response_number
from tests.check.made_pairs import (
    FAULTS,
    RUN,
    Columns,
    Made,
    at_step,
    at_the_reference,
    blocks,
    made,
    table,
    with_losses,
)

HEADER = ",".join(LOGPS)


def batch(columns: Columns, settings: RunSettings = RUN) -> ReportedBatch:
    return batch_of(table(columns), settings)


def findings(columns: Columns, settings: RunSettings = RUN) -> dict[str, Finding]:
    return {one.name: one for one in pair_findings(batch(columns, settings))}


def found(columns: Columns, settings: RunSettings = RUN) -> list[str]:
    return [name for name, one in findings(columns, settings).items() if one.verdict == "found"]


def of_file(text: str, **settings: float | str) -> Report:
    return check_run(text, RunSettings(**settings))  # type: ignore[arg-type]


def one_of(report: Report, name: str) -> Finding:
    return next(one for one in report.findings if one.name == name)


# ---- mistakes that are known ---------------------------------------------------------------------


@cache
def of_fault(name: str, seed: int) -> dict[str, Finding]:
    return findings(FAULTS[name].make(seed))


SEEDS = range(3)


@pytest.mark.parametrize("name", FAULTS)
def test_a_mistake_that_was_made_is_found_and_its_cause_named(name: str) -> None:
    for seed in SEEDS:
        one = of_fault(name, seed)[FAULTS[name].finding]
        assert one.verdict == "found", (seed, one)
        assert FAULTS[name].says.lower() in one.message.lower(), one.message


@pytest.mark.parametrize("name", FAULTS)
def test_a_mistake_is_not_taken_for_many(name: str) -> None:
    # A loss that is another one from the start on is both, and suppression comes with displacement.
    for seed in SEEDS:
        assert sum(one.verdict == "found" for one in of_fault(name, seed).values()) <= 2


# ---- healthy pairs -------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def lab_runs() -> list[tuple[float, Tensor, Tensor]]:
    """Beta, and log-probabilities by token of policy and reference, (2, pairs, 5), of training runs."""
    lab, runs = the_lab(), []
    for prompt, beta in product(range(PROMPTS), (0.1, 0.3, 1.0)):
        pairs = lab.comparisons(prompt, 50 + prompt, 300)
        trainer = DPOTrainer(lab.reference_policy, pairs, DPOConfig(beta=beta, seed=prompt))
        for _ in range(100):
            trainer.step()
        with torch.no_grad():
            both = [
                network.phrase_logps(prompt, pairs.both()).double().view(2, -1, SLOTS)
                for network in (trainer.policy, lab.reference_policy)
            ]
        runs.append((beta, both[0], both[1]))
    return runs


def healthy_of_the_lab() -> Iterator[tuple[Columns, RunSettings]]:
    """Batches of all sizes, cut to different lengths or not, with reported losses or without."""
    draws = torch.Generator().manual_seed(1)
    for beta, policy, reference in lab_runs():
        for size, cut in product((8, 16, 64, 300), (False, True)):
            rows = torch.randperm(300, generator=draws)[:size]
            lengths = torch.randint(2, SLOTS + 1, (2, size), generator=draws)
            lengths = lengths if cut else torch.full_like(lengths, SLOTS)
            kept = torch.arange(SLOTS) < lengths.unsqueeze(-1)
            sums = [(logps[:, rows] * kept).sum(-1) for logps in (policy, reference)]
            columns = dict(
                zip((*LOGPS, *LENGTHS), (*sums[0], *sums[1], *lengths.double()), strict=True)
            )
            settings = RunSettings(beta=beta)
            yield columns, settings
            yield with_losses(columns, settings, mean=not cut), settings


def healthy_as_made() -> Iterator[tuple[Columns, RunSettings]]:
    """The sizes of real runs, at every stage of training."""
    for seed, (pairs, stage) in enumerate(product((8, 16, 64, 300), (0.05, 0.3, 1, 3))):
        for chosen in (-0.4, 0.3):
            how = Made(pairs, seed, chosen=chosen * 4 * stage, margin=4 * stage)
            columns = made(how)
            yield columns, RUN
            yield with_losses(columns, RUN), RUN
            yield at_step(with_losses(columns, RUN, mean=True), 1000), RUN
        start = at_step(at_the_reference(made(how)), 0)
        yield with_losses(start, RUN), RUN
        yield {name: torch.cat([start[name], at_step(columns, 200)[name]]) for name in start}, RUN


def test_in_healthy_pairs_hardly_anything_is_found() -> None:
    alarms, files = [], 0
    for columns, settings in (*healthy_of_the_lab(), *healthy_as_made()):
        files += 1
        if names := found(columns, settings):
            alarms.append((len(columns[LOGPS[0]]), settings.beta, names))
    assert files > 300
    assert len(alarms) <= 0.02 * files, alarms


@pytest.mark.parametrize("loss", [name for name in ALL_LOSSES if name not in OF_THE_BATCH])
def test_pairs_with_the_losses_of_their_settings_are_healthy_under_every_loss(loss: str) -> None:
    settings = RunSettings(loss_type=loss, beta=2.0 if loss in ("simpo", "alphapo") else 0.1)
    for mean in (False, True):
        told = findings(with_losses(made(Made()), settings, mean=mean), settings)
        assert told["other_loss"].verdict == "not_found"
        assert [one.name for one in told.values() if one.verdict == "found"] == []


# ---- what the verdicts rest on -------------------------------------------------------------------


def test_the_tail_of_the_binomial_is_exact() -> None:
    for successes, trials in ((8, 8), (7, 8), (33, 64), (510, 1000), (0, 5)):
        exact = sum(math.comb(trials, n) for n in range(successes, trials + 1)) / 2**trials
        assert at_least(successes, trials) == pytest.approx(exact, rel=1e-9)
    assert at_least(2, 8, 0.02) == pytest.approx(1 - 0.98**8 - 8 * 0.02 * 0.98**7, rel=1e-9)


def test_errors_of_a_correlation_grow_with_the_pairs() -> None:
    assert errors_from_0(0.5, 103) == pytest.approx(10 * math.atanh(0.5))
    assert errors_from_0(1.0, 3) == 0


def swapped_of(right: int, wrong: int) -> str:
    pairs = right + wrong
    sign = torch.tensor([1.0] * right + [-1.0] * wrong, dtype=torch.float64)
    size = 1 + torch.arange(pairs, dtype=torch.float64) / pairs
    rewards = sign * size
    columns = dict(
        zip(LOGPS, (rewards - 80 - size, -90 - size, -80 - size, -90 - size), strict=True)
    )
    return findings(columns)["swapped"].verdict


@pytest.mark.parametrize(
    ("right", "wrong", "verdict"),
    [
        (0, 8, "found"),
        (8, 0, "not_found"),
        (3, 5, "cannot_tell"),
        (5, 3, "cannot_tell"),
        (0, 4, "cannot_tell"),
        (4, 0, "cannot_tell"),
        (20, 44, "found"),
        (150, 150, "cannot_tell"),
    ],
)
def test_a_swap_is_denied_only_where_it_would_have_been_found(
    right: int, wrong: int, verdict: str
) -> None:
    assert swapped_of(right, wrong) == verdict


def test_a_swap_is_looked_for_in_the_rewards_of_the_loss() -> None:
    # The sums prefer the chosen responses, but SimPO's means over tokens do not.
    columns = {
        "policy_chosen_logps": torch.linspace(-50, -52, 8, dtype=torch.float64),
        "policy_rejected_logps": torch.linspace(-60, -62, 8, dtype=torch.float64),
        "chosen_lengths": torch.full((8,), 10.0, dtype=torch.float64),
        "rejected_lengths": torch.full((8,), 20.0, dtype=torch.float64),
    }
    simpo = findings(columns, RunSettings("simpo", beta=2, simpo_gamma=0))
    assert simpo["swapped"].verdict == "found"
    assert simpo["reference_missing"].verdict == "cannot_tell"
    assert findings(columns, RunSettings("cpo_sigmoid"))["swapped"].verdict != "found"


def test_a_swap_in_the_file_alone_is_told_by_the_reported_losses() -> None:
    columns = FAULTS["policy and reference swapped"].make(0)
    told = with_losses(made(Made()), RUN)["loss"]
    assert "only the file" in findings({**columns, "loss": told})["swapped"].message
    assert "only the file" not in findings(with_losses(columns, RUN))["swapped"].message


def test_rewards_at_an_optimum_of_the_lab_are_bounded_at_every_beta() -> None:
    lab, lowest = the_lab(), 0.0
    for prompt in range(PROMPTS):
        facts, pairs = lab.facts(prompt), lab.training_comparisons(prompt)
        chosen, quality = response_number(pairs.chosen), facts.true_quality
        # beta log Z is at most the best reward.
        bound = float(quality[chosen].mean() - quality.max())
        lowest = min(lowest, bound)
        for beta in (3.0, 1.0, 0.3, 0.1, 0.03):
            moved = optimal_logps(facts.reference_logps, quality, beta) - facts.reference_logps
            assert beta * float(moved[chosen].mean()) >= bound
    assert lowest == pytest.approx(OPTIMUM_CHOSEN, abs=0.06)


@pytest.mark.parametrize(("beta", "verdict"), [(0.1, "found"), (0.01, "not_found")])
def test_a_fall_is_measured_in_rewards(beta: float, verdict: str) -> None:
    # The same log-ratios: at a tenth of beta they are what the optimum itself may have.
    told = findings(made(Made(chosen=-80, margin=40)), RunSettings(beta=beta))
    assert told["displacement"].verdict == verdict


def test_a_mild_fall_of_chosen_responses_is_no_displacement() -> None:
    one = findings(made(Made(pairs=300, chosen=-15, margin=12)))["displacement"]
    assert one.verdict == "not_found"
    assert "lose some probability" in one.message


def test_without_lengths_the_column_that_would_tell_is_named() -> None:
    columns = {name: values for name, values in made(Made()).items() if name in LOGPS}
    told = findings(columns)
    for name in ("length", "implausible_sums"):
        assert told[name].verdict == "cannot_tell"
        assert "chosen_lengths" in told[name].message
    assert "loss" in told["other_loss"].evidence
    assert "step" in findings(at_the_reference(columns))["not_moved"].message


def test_what_rests_on_log_ratios_is_not_claimed_beside_a_mistake_in_the_columns() -> None:
    told = of_fault("a reference of 0", 0)
    assert told["displacement"].verdict == "cannot_tell"
    assert "no usable reference" in told["displacement"].message


def test_pairs_with_a_number_that_is_not_finite_are_left_out() -> None:
    columns = at_step(made(Made()), 7)
    columns[LOGPS[0]][10] = math.inf
    columns[LOGPS[3]][20] = math.nan
    one = findings(columns)["not_finite"]
    assert len(batch(columns)) == 62
    assert "line 12, step 7" in one.message
    losses = {**made(Made()), "loss": torch.full((64,), math.nan, dtype=torch.float64)}
    assert len(batch(losses)) == 64
    assert "loss broke" in findings(losses)["not_finite"].message
    nothing = {name: values * math.nan for name, values in made(Made()).items()}
    assert found(nothing) == ["not_finite"]


def test_means_over_batches_are_told_from_another_setting() -> None:
    smoothed = with_losses(made(Made(margin=20)), RunSettings(label_smoothing=0.1))
    assert found(smoothed) == ["other_loss"]
    means = blocks(made(Made(pairs=1024)), 64)
    assert "batch_means" in found({name: means[name] for name in LOGPS})


def test_a_parameter_is_solved_for() -> None:
    for settings, says in (
        (RunSettings(beta=0.37), "sigmoid with β = 0.37"),
        (RunSettings("simpo", beta=2.0, simpo_gamma=1.4), "simpo at β = 2 with γ = 1.4"),
        (RunSettings("kto", kto_reference_point=12.0), "kto at β = 0.1 with reference point = 12"),
    ):
        assumed = RunSettings(settings.loss_type, 2.0 if settings.loss_type == "simpo" else 0.1)
        told = with_losses(made(Made(margin=12)), settings)
        assert says in explanations(batch(told, assumed)), settings


# ---- what looks alike --------------------------------------------------------------------------------


def lowered(columns: Columns, nats: Tensor) -> Columns:
    """Columns whose policy has lost so many nats on both sides of each pair."""
    return columns | {name: columns[name] - nats for name in LOGPS[:2]}


def test_a_prompt_is_told_from_displacement_by_what_responses_cost() -> None:
    columns = made(Made(pairs=80, seed=3, margin=20))
    draws = torch.Generator().manual_seed(4)
    prompts = 90 * torch.exp(0.4 * torch.randn(80, generator=draws, dtype=torch.float64))
    assert found(lowered(columns, prompts)) == ["prompt_counted"]
    costs = -(columns[LOGPS[2]] + columns[LOGPS[3]]) / 2
    displaced = findings(lowered(columns, 0.8 * costs))
    assert displaced["displacement"].verdict == "found"
    assert displaced["prompt_counted"].verdict == "not_found"
    assert "in proportion" in displaced["prompt_counted"].message
    both = findings(lowered(columns, prompts + 0.3 * costs))["prompt_counted"]
    assert both.verdict == "found"
    assert "displacement" in both.message


def test_that_nothing_is_in_common_is_said_only_where_it_is_not() -> None:
    columns = made(Made(pairs=80, seed=3, margin=20))
    one_prompt = torch.full((80,), 120.0, dtype=torch.float64)
    told = findings(lowered(columns, one_prompt))["prompt_counted"]
    assert told.verdict == "cannot_tell"
    assert "all pairs share" in told.message
    assert "share is less" in findings(columns)["prompt_counted"].message


@pytest.mark.parametrize(
    ("times", "verdict"), [(1.0, "not_found"), (5.0, "cannot_tell"), (9.0, "found")]
)
def test_how_unlikely_tokens_are_leaves_room_for_doubt(times: float, verdict: str) -> None:
    columns = made(Made())
    scaled = columns | {name: times * columns[name] for name in LOGPS}
    one = findings(scaled)["implausible_sums"]
    assert one.verdict == verdict
    assert "even guess among" in one.evidence


def test_sums_of_short_answers_are_not_taken_for_means() -> None:
    draws = torch.Generator().manual_seed(5)
    tokens = torch.randint(1, 6, (2, 80), generator=draws)
    each = 2 * torch.rand(2, 80, generator=draws, dtype=torch.float64) ** 2
    costs = tokens * each + 0.05
    short = dict(zip(LOGPS, (*(0.95 * -costs), *-costs), strict=True))
    one = findings(short)["mean_not_sum"]
    assert one.verdict == "cannot_tell"
    assert "short answers" in one.message


@pytest.mark.parametrize(
    ("pairs", "added", "verdict"),
    [(200, 0.0, "not_found"), (200, 0.1, "found"), (24, 0.03, "cannot_tell")],
)
def test_length_is_found_by_its_share_of_the_variance(
    pairs: int, added: float, verdict: str
) -> None:
    one = findings(made(Made(pairs=pairs, seed=2, per_token=added, margin=10)))["length"]
    assert one.verdict == verdict, one
    if verdict != "found":
        assert "of the variance" in one.message


def test_a_policy_that_differs_by_rounding_is_not_said_to_have_moved() -> None:
    columns = made(Made(pairs=80))
    draws = torch.Generator().manual_seed(6)
    noise = 0.3 * torch.randn(2, 80, generator=draws, dtype=torch.float64)
    rounded = columns | {
        name: columns[reference] + noise[side]
        for side, (name, reference) in enumerate(zip(LOGPS[:2], LOGPS[2:], strict=True))
    }
    one = findings(at_step(rounded, 500))["not_moved"]
    assert one.verdict == "cannot_tell"
    assert "float32" in one.message
    learned = rounded | {LOGPS[0]: rounded[LOGPS[0]] + 0.3}
    assert findings(at_step(learned, 500))["not_moved"].verdict == "not_found"


@pytest.mark.parametrize("by", [1, -3])
def test_a_reference_of_other_rows_is_found_with_the_shift(by: int) -> None:
    columns = made(Made(pairs=80, seed=8))
    shifted = columns | {name: columns[name].roll(by) for name in LOGPS[2:]}
    for given in (shifted, {name: shifted[name] for name in LOGPS}):
        one = findings(given)["reference_missing"]
        assert one.verdict == "found"
        assert f"{abs(by)} row" in one.message
        assert f"too {'low' if by > 0 else 'high'}" in one.message


def test_a_shuffled_reference_is_found_by_lengths_and_named_without() -> None:
    columns = made(Made(pairs=120, seed=9))
    order = torch.randperm(120, generator=torch.Generator().manual_seed(9))
    shuffled = columns | {name: columns[name][order] for name in LOGPS[2:]}
    one = findings(shuffled)["reference_missing"]
    assert one.verdict == "found"
    assert "reference columns are not those" in one.message
    without = findings({name: shuffled[name] for name in LOGPS})
    assert without["reference_missing"].verdict == "not_found"
    assert without["swapped_in_one"].verdict == "cannot_tell"
    assert "different responses" in without["swapped_in_one"].message


def test_lengths_that_are_not_whole_are_those_of_batches() -> None:
    report = of_file(f"{HEADER},{','.join(LENGTHS)}\n-50.2,-60.1,-51,-59,102.5,98\n")
    assert "not whole numbers" in one_of(report, "batch_means").message


# ---- cases of people -----------------------------------------------------------------------------


def test_kto_that_starts_at_one_half_is_right() -> None:
    report = of_file(f"{HEADER},loss,step\n-50,-60,-50,-60,0.5,0\n", loss_type="kto")
    assert one_of(report, "step_zero").verdict == "not_found"
    loss = one_of(report, "other_loss")
    assert loss.verdict == "not_found"
    assert "averaged over single responses" in loss.message


def test_a_policy_that_equals_its_reference_at_step_500_is_found() -> None:
    report = of_file(f"{HEADER},loss,step\n-50,-60,-50,-60,0.6931,500\n")
    one = one_of(report, "not_moved")
    assert one.verdict == "found"
    assert "not be trained" in one.message
    assert "reference is the policy" in one.message


def test_a_mean_loss_above_the_loss_at_the_means_is_named() -> None:
    names = "chosen_logps,rejected_logps,ref_chosen_logps,ref_rejected_logps,loss"
    report = of_file(f"{names}\n-35.5719,-130.9591,-12.2961,-37.4255,0.3441\n")
    means, loss = one_of(report, "batch_means"), one_of(report, "other_loss")
    assert means.verdict == loss.verdict == "found"
    for one in (means, loss):
        assert "β = 0.0127" in one.message
        assert "label smoothing = 0.0489" in one.message
        assert "eans of batches" in one.message


def test_the_loss_that_fits_is_named() -> None:
    header = f"{HEADER},{','.join(LENGTHS)},loss"
    report = of_file(f"{header}\n-40,-70,-50,-60,10,20,12.25\n", loss_type="ipo")
    assert "ipo_norm at β = 0.1" in one_of(report, "other_loss").message


@pytest.mark.parametrize("rows", ["-49,-49,-50,-50\n", "-49,-49,-50,-50\n-81,-81,-80,-80\n"])
def test_pairs_of_equal_sides_are_counted(rows: str) -> None:
    one = one_of(of_file(f"{HEADER}\n{rows}"), "equal_sides")
    assert one.verdict == "found"
    pairs = rows.count("\n")
    assert f"{pairs} of {pairs} pairs" in one.message


def test_eight_pairs_of_eight_in_the_wrong_order_are_no_chance() -> None:
    one = one_of(of_file(f"{HEADER}\n" + "-52,-60,-50,-61\n" * 8), "swapped")
    assert one.verdict == "found"
    assert "3.9e−3" in one.evidence


# ---- all of them ---------------------------------------------------------------------------------


def test_words_of_findings_are_sentences() -> None:
    for told in (findings(made(Made())), *(of_fault(name, 0) for name in FAULTS)):
        for one in told.values():
            assert one.message[0].isupper() or one.message[0] in "β123456789"
            assert one.message.endswith(".")
            assert one.evidence.endswith(".") or "was found in them" in one.message
            assert "  " not in one.message + one.evidence


def test_many_pairs_take_no_longer_each_than_few() -> None:
    # The search for a setting looks at 500 pairs, however many there are.
    columns = with_losses(made(Made(pairs=10_000)), RunSettings(beta=0.5))
    assert "other_loss" in found(columns)


def test_a_table_without_a_pair_that_is_whole_has_every_finding() -> None:
    nothing = LogpsTable({name: [math.nan] for name in LOGPS}, [2], "CSV")
    told = pair_findings(batch_of(nothing, RUN))
    assert [one.name for one in told] == [look.name for look in PAIR_FINDINGS]


def test_noise_as_small_as_that_of_another_precision_is_not_called_another_start() -> None:
    generator = torch.Generator().manual_seed(2)
    logps = -200 + 20 * torch.randn(4, 64, generator=generator, dtype=torch.float64)
    reference = logps[:2]
    policy = reference + 0.3 * torch.randn(2, 64, generator=generator, dtype=torch.float64)
    columns = dict(zip(LOGPS, [*policy, *reference], strict=True))
    columns["step"] = torch.zeros(64, dtype=torch.float64)
    noisy = findings(columns)["step_zero"]
    assert noisy.verdict == "cannot_tell"
    assert "precision" in noisy.message
    columns[LOGPS[0]] = policy[0] + 3
    assert findings(columns)["step_zero"].verdict == "found"
