"""Exact quantities of a policy over all 7,776 responses, never by sampling, in float64."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from app.lab.network.policy import Policy
from app.lab.network.prefixes import every_prefix
from app.lab.world import PHRASES, SLOTS, response_number

NetworkT = TypeVar("NetworkT", bound=nn.Module)


@torch.no_grad()
def exact_logps(policy: Policy, prompt: int) -> Tensor:
    """log pi(y|x) in nats of every response.

    Each prefix is evaluated once.

    Returns:
        Shape: (7776,), float64.
    """
    return sum_along_prefixes(in_float64(policy)(prompt, every_prefix()))


def sum_along_prefixes(next_values: Tensor) -> Tensor:
    """Sum, for every response, a value of each phrase given the phrases before it.

    Args:
        next_values: of the six phrases that can follow each prefix, shape: (prefixes, 6)

    Returns:
        Shape: (7776,); children of a prefix are neighbors, so the order is lexicographic.
    """
    total = torch.zeros(1, dtype=next_values.dtype)
    for of_length in torch.split(next_values, [PHRASES**length for length in range(SLOTS)]):
        total = (total.unsqueeze(1) + of_length).flatten()
    return total


def in_float64(network: NetworkT) -> NetworkT:
    """A network like this one in float64, to evaluate only.

    Modules are copied, and of what they hold the parameters alone: a deep copy takes five times as
    long, which counts beside the evaluation. ``torch.func.functional_call`` would put the float64
    parameters into the network itself for a moment, and other threads may be using it.
    """
    twin = copy.copy(network)
    twin._parameters = {name: value.double() for name, value in network._parameters.items()}  # type: ignore[union-attr,misc]
    twin._modules = {name: in_float64(child) for name, child in network.named_children()}
    return twin


def kl_divergence(logps: Tensor, reference_logps: Tensor) -> Tensor:
    """KL(p || q) = sum_y p (log p - log q), in nats. Shapes: (7776,), (7776,) -> ().

    Written as sum_y p (log p - log q) - p + q, which is the same for distributions and has no
    negative term, so that rounding cannot make the result negative.
    """
    difference = reference_logps - logps
    # p (exp(d) - 1 - d) with d = log q - log p; where p underflows, the term is q itself.
    terms = logps.exp() * (torch.expm1(difference) - difference)
    terms = torch.where(torch.isfinite(terms), terms, reference_logps.exp())
    return terms.sum()


def expectation(logps: Tensor, values: Tensor) -> Tensor:
    """E_{y ~ p} [ values(y) ]. Shapes: (7776,), (7776,) -> ()."""
    return (logps.exp() * values).sum()


def entropy(logps: Tensor) -> Tensor:
    """-sum_y p log p in nats. Shapes: (7776,) -> ()."""
    return -(logps.exp() * torch.where(logps > -torch.inf, logps, 0.0)).sum()


def phrase_marginals(logps: Tensor) -> Tensor:
    """How often each phrase is said in its slot. Shapes: (7776,) -> (5, 6), each row sums to 1."""
    joint = logps.exp().view([PHRASES] * SLOTS)
    return torch.stack(
        [joint.sum([other for other in range(SLOTS) if other != slot]) for slot in range(SLOTS)]
    )


def conditional_logps(logps: Tensor, responses: Tensor) -> Tensor:
    """log p of each phrase given the phrases before it, for any distribution over responses.

    Shapes: (7776,), (batch, 5) -> (batch, 5); a row sums to the log-probability of its response.
    """
    numbers = response_number(responses)
    prefixes = [
        # log-probability of all prefixes of this length: (6^length, rest) -> (6^length,)
        logps.view(PHRASES**length, -1).logsumexp(1)[numbers // PHRASES ** (SLOTS - length)]
        for length in range(SLOTS + 1)
    ]
    return torch.stack(prefixes, 1).diff(dim=1)


def phrase_logps(logps: Tensor, responses: Sequence[Sequence[int]]) -> list[list[float]]:
    """``conditional_logps`` as numbers, of responses given by their phrases. Shape of logps: (7776,)."""
    return conditional_logps(logps, torch.tensor(responses)).tolist()
