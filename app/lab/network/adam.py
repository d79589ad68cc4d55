"""Adam, step by step with torch's own function.

The class ``torch.optim.Adam`` loads torch's compiler when the first one is made: 75 MB of memory and one
and a half seconds of start in each process, for something that is not used here.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.optim.adam import adam

BETA1, BETA2 = 0.9, 0.999
EPS = 1e-8


class Adam:
    """Adam (Kingma and Ba, arXiv 1412.6980, Algorithm 1), with the defaults of ``torch.optim.Adam``.

    ``learning_rate`` may be set between steps.
    """

    def __init__(
        self, parameters: Iterable[Tensor], learning_rate: float, eps: float = EPS
    ) -> None:
        self.learning_rate = learning_rate
        self._eps = eps
        self._parameters = list(parameters)
        self._means = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._squares = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._steps = [torch.zeros(()) for _ in self._parameters]

    def zero_grad(self) -> None:
        """Set all gradients to zero, in place: whoever holds a view of one goes on seeing it."""
        for parameter in self._parameters:
            if parameter.grad is not None:
                parameter.grad.zero_()

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter against its gradient. Raises ValueError if one has no gradient."""
        gradients = [parameter.grad for parameter in self._parameters if parameter.grad is not None]
        if len(gradients) < len(self._parameters):
            raise ValueError("every parameter needs a gradient before a step")
        adam(
            self._parameters,
            gradients,
            self._means,
            self._squares,
            [],
            self._steps,
            fused=True,
            amsgrad=False,
            beta1=BETA1,
            beta2=BETA2,
            lr=self.learning_rate,
            weight_decay=0.0,
            eps=self._eps,
            maximize=False,
        )
