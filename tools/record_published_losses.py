"""Record what the published code of TRL computes, for tests/lab/test_published_losses.py to hold ours to.

Runs functions of unpacked releases in float64, without importing them, so that TRL is no dependency:

    pip download --no-deps trl==1.16.0    # and 0.24.0; unzip both wheels
    python -m tools.record_published_losses NEW/trl OLD/trl
"""

from __future__ import annotations

import ast
import contextlib
import json
import math
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

OUTPUT = Path(__file__).parent.parent / "tests" / "lab" / "published_values.json"

SEED = 5
PAIRS = 6
BETA = 0.3
NEW, OLD = "TRL 1.16.0", "TRL 0.24.0"

SIDES = ("policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected")


def inputs() -> dict[str, Any]:
    """Token log-probabilities of pairs whose responses differ in length, and the weights of WPO."""
    generator = torch.Generator().manual_seed(SEED)
    lengths = torch.randint(3, 9, (2, PAIRS), generator=generator)

    def tokens(size: int, level: float) -> list[float]:
        drawn = torch.rand(size, generator=generator, dtype=torch.float64)
        return [round(value, 4) for value in (-0.05 - level * drawn).tolist()]

    columns = {
        side: [tokens(int(size), 1.6 + 0.4 * number) for size in lengths[number % 2]]
        for number, side in enumerate(SIDES)
    }
    squares = {side: [tokens(len(row), 1.0) for row in columns[side]] for side in SIDES[:2]}
    return {"seed": SEED, "beta": BETA, **columns, "log_sum_sq_probs": squares}


def function(path: Path, name: str, **names: Any) -> Callable[..., Any]:
    """A function or method of a file, with the names that it reads."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    found = next(node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == name)
    found.decorator_list, found.returns = [], None
    for argument in found.args.args:
        argument.annotation = None
    space: dict[str, Any] = {"torch": torch, "F": F, "math": math, **names}
    exec(compile(ast.Module([found], []), str(path), "exec"), space)
    result: Callable[..., Any] = space[name]
    return result


class Recorder:
    """All cases, each with its source, version, settings and results."""

    def __init__(self, given: dict[str, Any], new: Path, old: Path) -> None:
        self.given, self.new, self.old = given, new, old
        self.cases: list[dict[str, Any]] = []
        self.sums = {
            side: torch.tensor([sum(row) for row in given[side]], dtype=torch.float64)
            for side in SIDES
        }
        self.lengths = [
            torch.tensor([len(row) for row in given[side]], dtype=torch.float64)
            for side in SIDES[:2]
        ]

    def logps(self, *, means: bool = False) -> list[Tensor]:
        """Sums or means over tokens; those of the policy take gradients."""
        columns = [self.sums[side].clone().requires_grad_() for side in SIDES[:2]]
        columns += [self.sums[side].clone() for side in SIDES[2:]]
        self.leaves = columns[:2]
        if means:
            return [column / self.lengths[n % 2] for n, column in enumerate(columns)]
        return columns

    def add(
        self,
        version: str,
        source: str,
        loss: Tensor,
        rewards: tuple[Tensor, Tensor] | None,
        settings: dict[str, Any],
    ) -> None:
        """Record a mean loss, with the mean rewards and the slopes by the sums of the policy."""
        slopes = torch.autograd.grad(loss.mean(), self.leaves, materialize_grads=True)
        self.cases.append(
            {
                "version": version,
                "source": source,
                "settings": settings,
                "loss": loss.mean().item(),
                "rewards": None if rewards is None else [r.mean().item() for r in rewards],
                "slopes": [slope.tolist() for slope in slopes],
            }
        )

    # ---- TRL 1.16 ------------------------------------------------------------------------------

    def dpo(self, here: str | None = None, **settings: Any) -> None:
        """A batch under DPOTrainer of TRL 1.16; ``here`` is our name of its loss, if it differs."""
        options = {
            "loss_types": ["sigmoid"],
            "loss_weights": None,
            "label_smoothing": 0.0,
            "f_divergence_type": "reverse_kl",
            "f_alpha_divergence_coef": 0.5,
            "use_weighting": False,
            "ld_alpha": None,
            "discopop_tau": 0.05,
            **settings,
        }
        options["loss_weights"] = options["loss_weights"] or [1.0] * len(options["loss_types"])
        columns = self.logps()
        width = 2 + max(int(lengths.max()) for lengths in self.lengths)
        mask = torch.zeros(2 * PAIRS, width, dtype=torch.long)
        policy = torch.zeros(2 * PAIRS, width - 1, dtype=torch.float64)
        reference, squares = policy.clone(), policy.clone()
        for half, (ours, theirs) in enumerate(zip(SIDES[:2], SIDES[2:], strict=True)):
            for pair in range(PAIRS):
                row, size = half * PAIRS + pair, len(self.given[ours][pair])
                mask[row, 2 : 2 + size] = 1
                for target, values in (
                    (policy, self.given[ours][pair]),
                    (reference, self.given[theirs][pair]),
                    (squares, self.given["log_sum_sq_probs"][ours][pair]),
                ):
                    target[row, 1 : 1 + size] = torch.tensor(values, dtype=torch.float64)
        # What is added to a first token is added to the sum, so slopes by it are those by the sum.
        moved = torch.cat([c - self.sums[s] for c, s in zip(columns, SIDES[:2], strict=False)])
        policy = policy + torch.nn.functional.one_hot(
            torch.ones(2 * PAIRS, dtype=torch.long), width - 1
        ) * moved.unsqueeze(1)
        outputs = [
            SimpleNamespace(
                log_probs=logps,
                log_sum_sq_probs=squares,
                entropy=policy.detach(),
                mean_logits=policy.detach(),
                is_top1=policy.detach() > 0,
            )
            for logps in (policy, reference)
        ]
        metrics: dict[str, dict[str, list[float]]] = {"train": defaultdict(list)}
        args = SimpleNamespace(
            gradient_checkpointing_kwargs=None, discopop_tau=options["discopop_tau"]
        )
        trainer = SimpleNamespace(
            model=SimpleNamespace(training=True),
            accelerator=SimpleNamespace(
                device="cpu", gather_for_metrics=lambda x: x, gather=lambda x: x
            ),
            args=args,
            ref_model=lambda **_: outputs[1],
            beta=BETA,
            precompute_ref_logps=False,
            aux_loss_enabled=False,
            _metrics=metrics,
            _total_train_tokens=0,
            _tp_size=1,
            **{name: value for name, value in options.items() if name != "discopop_tau"},
        )
        batch = {
            "input_ids": mask,
            "attention_mask": mask,
            "completion_mask": mask,
        }
        compute = function(
            self.new / "trainer" / "dpo_trainer.py",
            "_compute_loss",
            is_peft_model=lambda _: False,
            disable_gradient_checkpointing=lambda *_: contextlib.nullcontext(),
        )
        loss = compute(trainer, lambda **_: outputs[0], batch, False)
        logged = metrics["train"]
        rewards = tuple(
            torch.tensor(logged[f"rewards/{side}"], dtype=torch.float64)
            for side in ("chosen", "rejected")
        )
        told = dict(settings)
        if here is not None:
            told["loss_types"] = [here]
        self.add(NEW, "trl/trainer/dpo_trainer.py", loss, (rewards[0], rewards[1]), told)

    def cpo(self, here: str, loss_type: str, **settings: Any) -> None:
        """A batch under CPOTrainer of TRL 1.16."""
        columns = self.logps(means=loss_type in ("ipo", "simpo"))
        options = {"label_smoothing": 0.0, "simpo_gamma": 0.5, "alpha": 0.0, **settings}
        trainer = SimpleNamespace(
            beta=BETA,
            loss_type=loss_type,
            accelerator=SimpleNamespace(device="cpu"),
            **options,
        )
        path = self.new / "experimental" / "cpo" / "cpo_trainer.py"
        losses, *rewards = function(path, "cpo_loss")(trainer, *columns[:2])
        told = {"loss_types": [here], **settings}
        if "alpha" in told:
            told["alphapo_alpha"] = told.pop("alpha")
        self.add(NEW, "trl/experimental/cpo/cpo_trainer.py", losses, (rewards[0], rewards[1]), told)

    # ---- TRL 0.24 ------------------------------------------------------------------------------

    def old_dpo(self, here: str, loss_type: str, shift: float = 0.0, **settings: Any) -> None:
        """A batch under DPOTrainer of TRL 0.24, whose running mean of rewards stays at ``shift``."""
        options: dict[str, Any] = {
            "label_smoothing": 0.0,
            "divergence": "reverse_kl",
            "coefficient": 1.0,
        }
        options |= settings
        kinds = SimpleNamespace(ALPHA_DIVERGENCE="alpha_divergence", JS_DIVERGENCE="js_divergence")
        key = "alpha_divergence_coef"
        path = self.old / "trainer"
        cap = function(path / "utils.py", "get_exp_cap")
        trainer = SimpleNamespace(
            accelerator=SimpleNamespace(device="cpu"),
            reference_free=False,
            beta=BETA,
            label_smoothing=options["label_smoothing"],
            f_divergence_type=options["divergence"],
            f_divergence_params={key: options["coefficient"]},
            running=SimpleNamespace(update=lambda _: None, mean=shift),
            args=SimpleNamespace(discopop_tau=0.05),
        )
        compute = function(
            path / "dpo_trainer.py",
            "dpo_loss",
            FDivergenceType=kinds,
            FDivergenceConstants=SimpleNamespace(
                ALPHA_DIVERGENCE_COEF_DEFAULT=1.0, ALPHA_DIVERGENCE_COEF_KEY=key
            ),
            cap_exp=function(path / "utils.py", "cap_exp", get_exp_cap=cap),
        )
        losses, *rewards = compute(trainer, *self.logps(), loss_type)
        told: dict[str, Any] = {"loss_types": [here], "label_smoothing": options["label_smoothing"]}
        if shift:
            told["reward_shift"] = shift
        if options["divergence"] != "reverse_kl":
            told["f_divergence_type"] = options["divergence"]
            told["f_alpha_divergence_coef"] = 1 - options["coefficient"]
        self.add(OLD, "trl/trainer/dpo_trainer.py", losses, (rewards[0], rewards[1]), told)

    def old_kto(self, loss_type: str, point: float, desirable: float, undesirable: float) -> None:
        """Both halves of the pairs under KTOTrainer of TRL 0.24, which averages over all responses."""
        chosen, rejected, ref_chosen, ref_rejected = self.logps()
        mismatched = torch.full((PAIRS,), point, dtype=torch.float64)
        trainer = SimpleNamespace(
            beta=BETA,
            loss_type=loss_type,
            calculate_KL=True,
            accelerator=SimpleNamespace(device="cpu", gather_for_metrics=lambda x: x),
            desirable_weight=desirable,
            undesirable_weight=undesirable,
        )
        compute = function(self.old / "trainer" / "kto_trainer.py", "kto_loss")
        losses, *rewards, _ = compute(
            trainer, chosen, rejected, mismatched, ref_chosen, ref_rejected, 0 * mismatched
        )
        told = {
            "loss_types": [loss_type],
            "kto_reference_point": point,
            "desirable_weight": desirable,
            "undesirable_weight": undesirable,
        }
        self.add(OLD, "trl/trainer/kto_trainer.py", losses, (rewards[0], rewards[1]), told)


def record(new: Path, old: Path) -> dict[str, Any]:
    """All cases."""
    torch.set_default_dtype(torch.float64)  # of the tensors that the published code makes
    given = inputs()
    cases = Recorder(given, new, old)
    for name in ("sigmoid", "hinge", "nca_pair", "bco_pair", "sppo_hard", "apo_zero", "apo_down"):
        cases.dpo(loss_types=[name])
    for name in ("sft", "aot", "aot_unpaired", "discopop"):
        cases.dpo(loss_types=[name])
    for name in ("aot", "aot_unpaired", "robust", "exo_pair"):
        cases.dpo(loss_types=[name], label_smoothing=0.1)
    cases.dpo(loss_types=["discopop"], discopop_tau=0.3)
    cases.dpo("ipo_norm", loss_types=["ipo"])
    cases.dpo(loss_types=["sigmoid_norm"])
    cases.dpo(loss_types=["sigmoid", "bco_pair", "sft"], loss_weights=[0.8, 0.2, 1.0])
    for divergence in ("forward_kl", "js_divergence"):
        for name in ("sigmoid", "sigmoid_norm", "hinge", "discopop", "sft"):
            cases.dpo(loss_types=[name], f_divergence_type=divergence)
        cases.dpo("ipo_norm", loss_types=["ipo"], f_divergence_type=divergence)
        for name in ("robust", "exo_pair"):
            cases.dpo(loss_types=[name], f_divergence_type=divergence, label_smoothing=0.1)
    for name in ("sigmoid", "nca_pair", "aot"):
        cases.dpo(loss_types=[name], use_weighting=True)
    for share in (0.0, 0.4, 1.0):
        cases.dpo(loss_types=["sigmoid"], ld_alpha=share)
    for smoothing in (0.0, 0.1):
        cases.cpo("cpo_sigmoid", "sigmoid", label_smoothing=smoothing)
    cases.cpo("cpo_hinge", "hinge")
    cases.cpo("cpo_ipo", "ipo")
    for gamma in (0.5, 1.375):
        cases.cpo("simpo", "simpo", simpo_gamma=gamma)
        for alpha in (-0.4, 0.25):
            cases.cpo("alphapo", "simpo", simpo_gamma=gamma, alpha=alpha)
    for coefficient in (0.5, 0.2, 1.0, -0.5):
        for name in ("sigmoid", "ipo", "hinge"):
            cases.old_dpo(name, name, divergence="alpha_divergence", coefficient=coefficient)
    cases.old_dpo("sigmoid", "sigmoid", divergence="js_divergence")
    for smoothing in (0.0, 0.1):
        cases.old_dpo("sigmoid", "sigmoid", label_smoothing=smoothing)
        cases.old_dpo("exo_pair", "exo_pair", label_smoothing=smoothing)
        cases.old_dpo("aot", "aot", label_smoothing=smoothing)
        cases.old_dpo("aot_unpaired", "aot_pair", label_smoothing=smoothing)
    for shift in (0.35, -1.2):
        cases.old_dpo("bco_pair", "bco_pair", shift=shift)
    for name in ("kto", "apo_zero_unpaired"):
        cases.old_kto(name, 0.8, 1.0, 1.0)
        cases.old_kto(name, 0.0, 1.3, 0.7)
    return {"inputs": given, "cases": cases.cases}


if __name__ == "__main__":
    recorded = record(*map(Path, sys.argv[1:3]))
    rows = ",\n".join(f"    {json.dumps(case)}" for case in recorded["cases"])
    columns = ",\n".join(
        f"    {json.dumps(k)}: {json.dumps(v)}" for k, v in recorded["inputs"].items()
    )
    OUTPUT.write_text(
        f'{{\n  "inputs": {{\n{columns}\n  }},\n  "cases": [\n{rows}\n  ]\n}}\n', "utf-8"
    )
