"""Networks of one shape, evaluated as one: the policy and the value model of PPO, say.

On networks this small, most of the time goes into calling an operation, not into its arithmetic:
for two networks at once it takes little longer than for one. These layers know both cases. Where
parameters have one dimension more than usual, the first one, it tells the networks apart, and so
does the first dimension of inputs and outputs.
"""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NetworkT = TypeVar("NetworkT", bound=nn.Module)


class StackedLinear(nn.Linear):
    """An affine layer. Shapes: (n, in) -> (n, out), or (networks, n, in) -> (networks, n, out)."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Each network's inputs through its own layer."""
        if self.weight.dim() == 2:
            return super().forward(inputs)
        return torch.baddbmm(self.bias.unsqueeze(1), inputs, self.weight.mT)


class StackedLayerNorm(nn.LayerNorm):
    """Layer normalization. Shapes: (n, width) or (networks, n, width), the same out."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Each network's inputs through its own layer."""
        if self.weight.dim() == 1:
            return super().forward(inputs)
        normalized = F.layer_norm(inputs, self.normalized_shape, eps=self.eps)
        return torch.addcmul(self.bias.unsqueeze(1), normalized, self.weight.unsqueeze(1))


class StackedEmbedding(nn.Embedding):
    """A lookup of the same rows for all. Shapes: (n,) -> (n, width) or (networks, n, width)."""

    def forward(self, rows: Tensor) -> Tensor:
        """Each network's own rows."""
        if self.weight.dim() == 2:
            return super().forward(rows)
        return self.weight.index_select(1, rows)


def stack(*networks: NetworkT) -> NetworkT:
    """Networks of one shape as one: its parameters are copies of theirs, stacked."""
    together = copy.deepcopy(networks[0])
    each = zip(*(network.parameters() for network in networks), strict=True)
    for stacked, parameters in zip(together.parameters(), each, strict=True):
        stacked.data = torch.stack([parameter.detach() for parameter in parameters])
    return together


def share_parameters(stacked: NetworkT, *networks: NetworkT) -> None:
    """Make the parameters of networks views of those in their stack: training it trains them.

    ``flatten`` moves the parameters of a stack; it has to come before.
    """
    for number, network in enumerate(networks):
        for parameter, together in zip(network.parameters(), stacked.parameters(), strict=True):
            parameter.data = together.detach()[number]
