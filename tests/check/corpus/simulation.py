"""DPO runs of real size: a small policy over long responses, trained by real gradient steps.

A response y is T tokens long and has d features, sums over its tokens. Under the reference its features
are normal with variance T / T0, and it goes on after each token with probability 1 - 1 / T0. The policy
tilts both, as an exponential family does:

    log pi(y) = log pi_ref(y) + w . features(y) - |w|^2 T / (2 T0)
              + (T - 1) log((1 - h) / (1 - h0)) + log(h / h0),    logit h = logit h0 - l,    h0 = 1 / T0

Its parameters are w and l, and it stays a distribution: what raises some responses lowers others, and a
policy far from its reference gives less to nearly all that the reference would write. Responses are not
all the reference's own: one feature is their quality, which a Bradley-Terry judge likes, and other models
wrote some of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from app.lab.losses import LossParams, PairLogps, preference_loss
from app.lab.network.adam import Adam

FEATURES = 48
QUALITY, REFUSAL, VERBOSE = 0, 1, 2
"""numbers of three features"""


@dataclass(frozen=True)
class Source:
    """Where pairs come from."""

    pairs: int = 1600
    tokens: float = 170.0
    """median length"""
    spread: float = 0.55
    """of the logarithm of lengths"""
    nats: float = 1.05
    """per token, under the reference"""
    quality: float = 2.0
    """standard deviation of the quality of responses"""
    judge: float = 0.6
    """reward of a unit of quality"""
    taste: float = 0.004
    """reward of a token"""
    gap: float = 0.0
    """quality of the one response above that of the other, from a better model"""
    refusals: float = 0.0
    """of rejected responses, how far they are from what the reference writes"""
    verbose: float = 2.0
    """how much of a style of their own long responses have"""
    alike: float = 0.0
    """share of features that a pair has in common"""
    seed: int = 0


@dataclass(frozen=True)
class Responses:
    """Chosen and rejected responses of all pairs. Shapes: (2, pairs), features (2, pairs, d)."""

    tokens: Tensor
    reference: Tensor
    features: Tensor
    typical: float
    """T0"""

    def __getitem__(self, pairs: Tensor) -> Responses:
        """Some of the pairs."""
        return replace(
            self,
            tokens=self.tokens[:, pairs],
            reference=self.reference[:, pairs],
            features=self.features[:, pairs],
        )

    def ratios(self, parameters: Tensor) -> Tensor:
        """log pi - log pi_ref. Shape: (2, pairs)."""
        w, tilt = parameters[:-1], parameters[-1]
        h0 = torch.tensor(1 / self.typical, dtype=torch.float64)
        logit = torch.log(h0 / (1 - h0)) - tilt
        goes_on = torch.nn.functional.logsigmoid(-logit) - torch.log1p(-h0)
        ends = torch.nn.functional.logsigmoid(logit) - torch.log(h0)
        norm = (w @ w) / 2 * self.tokens / self.typical
        return self.features @ w - norm + (self.tokens - 1) * goes_on + ends


def responses(source: Source) -> Responses:
    """Draw the pairs and let the judge label them."""
    draw = torch.Generator().manual_seed(source.seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    shape = (2, source.pairs)
    lengths = source.tokens * (source.spread * normal(*shape)).exp()
    tokens = lengths.round().clamp(8, 6 * source.tokens)
    scale = (tokens / source.tokens).sqrt().unsqueeze(-1)
    features = normal(*shape, FEATURES)
    if source.alike:
        common = math.sqrt(source.alike) * normal(1, source.pairs, FEATURES)
        features = math.sqrt(1 - source.alike) * features + common
        tokens[1] = (tokens[0] + (3 * normal(source.pairs)).round()).clamp(min=8)
        scale = (tokens / source.tokens).sqrt().unsqueeze(-1)
    quality = source.quality * normal(*shape)
    quality[0] += source.gap
    features[..., QUALITY] += quality
    features[..., VERBOSE] += source.verbose * (tokens / source.tokens - 1)
    features = features * scale
    rate = source.nats * (0.14 * normal(*shape)).exp()
    reward = source.judge * features[..., QUALITY] + source.taste * tokens
    first = torch.rand(source.pairs, generator=draw, dtype=torch.float64) < torch.sigmoid(
        reward[0] - reward[1]
    )
    order = torch.stack([torch.where(first, 0, 1), torch.where(first, 1, 0)])
    if source.gap:  # labels come from which model wrote it
        order = torch.tensor([[0], [1]]).expand(2, source.pairs)
    rows = torch.arange(source.pairs)
    made = Responses(
        tokens[order, rows],
        -(tokens * rate)[order, rows],
        features[order, rows],
        source.tokens,
    )
    made.features[1, :, REFUSAL] += source.refusals * made.tokens[1].div(source.tokens).sqrt()
    return made


@dataclass(frozen=True)
class Training:
    """A run, as its owner meant it and with what went wrong; functions of a mistake get what was right."""

    source: Source = Source()
    loss_type: str = "sigmoid"
    beta: float = 0.1
    label_smoothing: float = 0.0
    gamma: float = 0.5
    learning_rate: float = 0.02
    warm_up: float = 0.1
    batch: int = 16
    steps: int = 300
    every: int = 0
    """steps between rows of the log; 0: 10, and 20 in a long run"""
    eval_every: int = 0
    noise: float = 0.0
    """of a sum of log-probabilities in bfloat16, from one forward pass to another, nats"""
    seed: int = 0
    sft: float = 0.0
    """how far the policy starts from its reference, toward chosen responses"""
    policy: Callable[[Tensor, Responses], Tensor] | None = None
    """of log pi, shape (2, pairs): what is computed in its stead"""
    reference: Callable[[Tensor, Responses], Tensor] | None = None
    """likewise of log pi_ref"""
    in_loss: Callable[[PairLogps], PairLogps] | None = None
    """arguments of the loss, where they are not what is logged"""
    logged_loss: Callable[[Tensor], Tensor] | None = None
    dropout: float = 0.0
    reference_follows: bool = False
    """policy and reference are one object"""


@dataclass(frozen=True)
class Row:
    """Means over the steps since the last row."""

    step: int
    epoch: float
    values: dict[str, float]
    evaluation: bool = False


@dataclass(frozen=True)
class Trained:
    """The log of a run, and its policy."""

    training: Training
    rows: list[Row]
    data: Responses
    held_out: Responses
    start: Tensor
    """parameters before the first step"""
    end: Tensor

    def pairs(self, count: int, *, at: Tensor | None = None, held_out: bool = False) -> PairLogps:
        """Log-probabilities of some pairs, as the run computes them; after it, or at ``at``."""
        data = (self.held_out if held_out else self.data)[torch.arange(count)]
        draw = torch.Generator().manual_seed(self.training.seed + 7)
        with torch.no_grad():
            return _pairs(self.training, data, self.end if at is None else at, draw)


def _pairs(
    training: Training, data: Responses, parameters: Tensor, draw: torch.Generator
) -> PairLogps:
    """Log-probabilities as the run computes them, mistakes and all."""
    given = data
    if training.dropout:
        kept = torch.rand(data.features.shape, generator=draw) >= training.dropout
        given = replace(data, features=data.features * kept / (1 - training.dropout))
        # Dropped units perturb what the policy has from its reference, too.
        lost = (
            2 * data.tokens.sqrt() * torch.randn(data.tokens.shape, generator=draw)
            - 0.15 * data.tokens
        )
        given = replace(given, reference=data.reference + training.dropout * lost)
    policy = given.reference + given.ratios(parameters)
    reference = data.reference.clone()
    if training.noise:
        moved = float((parameters.detach() != 0).any())
        policy = policy + moved * training.noise * torch.randn(
            policy.shape, generator=draw, dtype=torch.float64
        )
    if training.policy:
        policy = training.policy(policy, data)
    if training.reference:
        reference = training.reference(reference, data)
    if training.reference_follows:
        reference = policy.detach()
    return PairLogps(
        policy[0],
        policy[1],
        reference[0],
        reference[1],
        data.tokens[0],
        data.tokens[1],
        LossParams(label_smoothing=training.label_smoothing, simpo_gamma=training.gamma),
    )


def _loss(training: Training, pairs: PairLogps) -> Tensor:
    if training.loss_type == "kto":
        params = replace(pairs.params, kto_reference_point=_reference_point(pairs))
        return (
            preference_loss("kto", replace(pairs, params=params), training.beta) / 2
        )  # the mean of both halves
    return preference_loss(training.loss_type, pairs, training.beta)


def _reference_point(pairs: PairLogps) -> float:
    """KTO's z0, as trainers estimate it: the mean log-ratio of the batch, not below 0."""
    return float(torch.cat([pairs.chosen, pairs.rejected]).mean().detach().clamp(min=0))


def _logged(training: Training, pairs: PairLogps, loss: Tensor) -> dict[str, float]:
    beta = training.beta
    if training.loss_type in ("simpo", "orpo"):
        lengths = torch.stack(pairs.lengths())
        logps = torch.stack([pairs.policy_chosen, pairs.policy_rejected]) / lengths
        rewards = beta * logps
    else:
        logps = torch.stack([pairs.policy_chosen, pairs.policy_rejected])
        rewards = beta * torch.stack([pairs.chosen, pairs.rejected])
    margins = rewards[0] - rewards[1]
    values = {
        "loss": float(loss),
        "rewards/chosen": float(rewards[0].mean()),
        "rewards/rejected": float(rewards[1].mean()),
        "rewards/accuracies": float((margins > 0).double().mean()),
        "rewards/margins": float(margins.mean()),
        "logps/chosen": float(logps[0].mean()),
        "logps/rejected": float(logps[1].mean()),
    }
    if training.loss_type == "kto":
        # Its halves need not be pairs: trainers log no accuracy, but the reference point.
        del values["rewards/accuracies"]
        values["kl"] = _reference_point(pairs)
    return values


def train(training: Training) -> Trained:
    """Run it: shuffled epochs, Adam, linear warm-up and decay."""
    everything = responses(training.source)
    pairs = training.source.pairs
    data, held_out = (
        everything[torch.arange(pairs * 7 // 8)],
        everything[torch.arange(pairs * 7 // 8, pairs)],
    )
    count = pairs * 7 // 8
    start = torch.zeros(FEATURES + 1, dtype=torch.float64)
    if training.sft:
        start[:-1] = training.sft * data.features[0].mean(0)
        start[2:-1] += (
            0.1
            * training.sft
            * torch.randn(
                FEATURES - 2, generator=torch.Generator().manual_seed(5), dtype=torch.float64
            )
        )
    parameters = start.clone().requires_grad_()
    optimizer = Adam([parameters], training.learning_rate)
    draw = torch.Generator().manual_seed(training.seed)
    order = torch.randperm(count, generator=draw)
    every = training.every or (10 if training.steps <= 300 else 20)
    at, kept, rows = 0, [], []
    for step in range(1, training.steps + 1):
        if at + training.batch > count:
            order, at = torch.randperm(count, generator=draw), 0
        batch = data[order[at : at + training.batch]]
        at += training.batch
        logged = _pairs(training, batch, parameters, draw)
        pairs_of_loss = training.in_loss(logged) if training.in_loss else logged
        loss = _loss(training, pairs_of_loss).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        warm = max(1, round(training.warm_up * training.steps))
        decay = (training.steps - step + 1) / max(1, training.steps - warm)
        rate = training.learning_rate * min(step / warm, decay, 1.0)
        optimizer.learning_rate = rate
        assert parameters.grad is not None
        norm = float(parameters.grad.norm())
        optimizer.step()
        shown = training.logged_loss(loss.detach()) if training.logged_loss else loss.detach()
        with torch.no_grad():
            values = _logged(training, logged, shown)
        kept.append({**values, "grad_norm": norm, "learning_rate": rate})
        epoch = step * training.batch / count
        if step % every == 0:
            means = {name: sum(k[name] for k in kept) / len(kept) for name in kept[0]}
            means["learning_rate"], means["grad_norm"] = rate, norm
            rows.append(Row(step, epoch, means))
            kept = []
        if training.eval_every and step % training.eval_every == 0:
            with torch.no_grad():
                of_eval = _pairs(replace(training, dropout=0.0), held_out, parameters, draw)
                values = _logged(training, of_eval, _loss(training, of_eval).mean())
            rows.append(Row(step, epoch, values, evaluation=True))
    return Trained(training, rows, data, held_out, start, parameters.detach().clone())
