"""A network's parameters as one tensor, so that an optimizer has one to update instead of twenty.

On networks this small, going from tensor to tensor is most of what an update costs.
"""

from __future__ import annotations

import torch
from torch import nn


def flatten(*networks: nn.Module) -> nn.Parameter:
    """Move all parameters of some networks into one tensor, and their gradients into another.

    The networks' own parameters become views of it: what is written to either is in both. Clear
    gradients with ``zero_grad(set_to_none=False)``, or the views part from what the optimizer sees.

    Returns:
        Shape: (parameters,), with ``grad`` set to zeros.
    """
    parameters = [parameter for network in networks for parameter in network.parameters()]
    flat = nn.Parameter(torch.cat([parameter.detach().flatten() for parameter in parameters]))
    flat.grad = torch.zeros_like(flat)
    sizes = [parameter.numel() for parameter in parameters]
    views = zip(
        parameters, torch.split(flat.detach(), sizes), torch.split(flat.grad, sizes), strict=True
    )
    for parameter, value, gradient in views:
        parameter.data = value.view_as(parameter)
        parameter.grad = gradient.view_as(parameter)
    return flat
