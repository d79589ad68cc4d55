"""Fixtures of tests that train."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(scope="module")
def float64() -> Iterator[None]:
    """New networks of torch have numbers of this kind while these tests run."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)
