"""All circular shifts of two columns at once."""

from __future__ import annotations

import torch
from torch import Tensor


def at_every_shift(one: Tensor, other: Tensor) -> Tensor:
    """The sum of one[i] other[i + shift] over all rows, by shift; by the convolution theorem.

    Shapes: (rows,), (rows,) -> (rows,).
    """
    spectra = torch.fft.rfft(one).conj() * torch.fft.rfft(other)
    sums: Tensor = torch.fft.irfft(spectra, n=len(one))
    return sums
