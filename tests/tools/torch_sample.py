"""torch for the compiler's test: run here and in JavaScript, every function has to give the same lists."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

VALUES = (-31.0, -2.5, -0.5, 0.0, 0.1, 0.5, 1.5, 2.5, 2.5, 21.0)
COUNTS = (1.0, 2.0, 3.0, 7.5, 12.0, 400.0, 4096.0)
SHARES = (-0.998, -0.5, -1e-9, 0.0, 1e-3, 0.25, 0.9, 0.998)


def tensor(values: tuple[float, ...] = VALUES) -> Tensor:
    """The values."""
    return torch.tensor(values, dtype=torch.float64)


def numbers() -> list[list[float]]:
    """Functions of single numbers, as functions and as methods."""
    x, inside = tensor(), tensor() / 64 + 0.5
    return [
        x.abs().tolist(),
        torch.exp(x).tolist(),
        torch.expm1(x).tolist(),
        torch.sigmoid(x).tolist(),
        F.logsigmoid(x).tolist(),
        F.softplus(x).tolist(),
        torch.logit(inside).tolist(),
        torch.log(inside).tolist(),
        torch.log1p(inside).tolist(),
        inside.log10().tolist(),
        inside.sqrt().tolist(),
        x.square().tolist(),
        torch.relu(x).tolist(),
        torch.lgamma(tensor(COUNTS)).tolist(),
        torch.erfinv(tensor(SHARES)).tolist(),
        torch.round(x / 3, decimals=2).tolist(),
        x.clamp(min=-1, max=2).tolist(),
        [torch.sigmoid(x.mean()).item(), -F.logsigmoid(x.max()).item(), (-x.sum()).exp().item()],
    ]


def operators() -> list[list[float]]:
    """Operators between tensors, and with numbers on either side."""
    x, y = tensor(), tensor() * 0.25 + 9
    z = x + 1
    z -= y
    return [
        (x + y).tolist(),
        (2 - x).tolist(),
        (x * y - x / y).tolist(),
        (-x).tolist(),
        (1 / (x - 0.25)).tolist(),
        (x % 2).tolist(),
        (x**2).tolist(),
        (x / (x - x)).isfinite().tolist(),
        z.tolist(),
    ]


def masks() -> list[list[float]]:
    """Comparisons, and what they choose."""
    x = tensor()
    some = (x > 0) & (x != 2.5) | (x == -31)
    return [
        some.tolist(),
        (~some).tolist(),
        (x >= 0).tolist(),
        x[some].tolist(),
        x[~some].tolist(),
        torch.where(some, x, -x).tolist(),
        torch.where(x < 0, 0.0, x).tolist(),
        [bool(some.any()), bool(some.all()), bool((x == x).all()), int(some.sum())],
        [some.double().mean().item(), int((x == x[0]).sum()), len(x[x < -99])],
    ]


def places() -> list[list[float]]:
    """Order, and what is at some places."""
    x = tensor().sort().values
    shuffled = x[torch.tensor([3, 1, 9, 0, 2]).long()]
    return [
        shuffled.tolist(),
        torch.argsort(tensor() % 2, stable=True).tolist(),
        torch.unique(tensor()).tolist(),
        x[2:5].tolist(),
        x[::3].tolist(),
        [x[-1].item(), x[0].item(), int(x.argmax())],
        x.diff().tolist(),
        torch.bincount(torch.ceil(x.abs()).long(), minlength=33).tolist(),
        torch.bincount(torch.tensor([0, 2, 2]), weights=x[:3]).tolist(),
    ]


def reductions() -> list[list[float]]:
    """Tensors without dimensions."""
    x = tensor()
    return [
        [x.sum().item(), x.mean().item(), x.median().item(), x.max().item(), x.min().item()],
        [x.std().item(), x.std(correction=0).item(), x.var().item(), x[1:].median().item()],
        x.quantile(torch.tensor([0.0, 0.02, 0.5, 0.9], dtype=torch.float64)).tolist(),
        [torch.logsumexp(x, 0).item(), *torch.softmax(x / 8, 0).tolist()],
        torch.log_softmax(x, 0).tolist(),
        [float(x.sum() / x.std()), round(float(x.mean()), 3), max(x.max().item(), 3.0)],
    ]


def made() -> list[list[float]]:
    """New tensors."""
    x = tensor()
    return [
        torch.zeros_like(x).tolist(),
        torch.zeros(3, dtype=torch.float64).tolist(),
        torch.cat([x, x[:2]]).tolist(),
        torch.stack([x.mean(), x.max()]).tolist(),
        torch.arange(4).tolist(),
        torch.arange(2, 5, dtype=torch.float64).tolist(),
        torch.maximum(x, -x).tolist(),
        torch.minimum(x, -x).tolist(),
        [float(part.sum()) for parts in (1, 3, 7) for part in x.tensor_split(parts)],
        torch.where(x > 0, x, 0.5)[torch.ones_like(x > 0)].tolist(),
        x.mean().expand(3).tolist(),
        torch.linspace(-3, 7, 8, dtype=torch.float64).tolist(),
        torch.ones_like(x, dtype=torch.bool).tolist(),
        [value.item() for value in x],
    ]


def sums() -> list[list[float]]:
    """Of numbers that are no sums of powers of 2, so that the last digits depend on the order."""
    x = torch.arange(0, 5000, dtype=torch.float64) / 7
    return [[float((x[:size] % 1).sum()) for size in (*range(70), 255, 256, 257, 1100, 5000)]]
