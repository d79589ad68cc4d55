"""Parts of figures: thinned curves, steps of axes, figures in several states."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts.curves import interpolated, thinned
from app.charts.scales import nice_step

values = st.floats(-1e4, 1e4).filter(lambda value: value == 0 or abs(value) > 1e-3)


@pytest.mark.slow
def test_requests_do_not_load_plotly() -> None:
    script = "import sys, app.main; sys.exit('plotly' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


@given(st.lists(values, min_size=2, max_size=400))
def test_a_thinned_curve_stays_where_it_was(ys: list[float]) -> None:
    curve = [(float(x), y / 100) for x, y in enumerate(ys)]
    kept = thinned(curve, most=10**6)
    assert kept[0] == curve[0]
    assert kept[-1] == curve[-1]
    pieces = list(itertools.pairwise(kept))
    for x, y in curve:
        (x0, y0), (x1, y1) = next(piece for piece in pieces if piece[0][0] <= x <= piece[1][0])
        length = math.hypot(x1 - x0, y1 - y0)
        assert abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / length <= 0.7 + 1e-9


def test_a_curve_of_many_points_is_drawn_with_few() -> None:
    x = [number / 1000 for number in range(3000)]
    noisy = [(at, math.sin(1e4 * at)) for at in x]
    smooth = [(at, math.tanh(at)) for at in x]
    for curve, most in ((noisy, 120), (smooth, 40)):
        kept = thinned([(500 * a, 500 * b) for a, b in curve])
        assert 2 <= len(kept) <= most
        assert kept == sorted(kept)


@given(st.floats(1e-6, 1e9), st.integers(2, 12))
def test_steps_are_1_2_5_and_enough(span: float, most: int) -> None:
    step = nice_step(span, most)
    assert span / step <= most * (1 + 1e-6)
    digit = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert min(abs(digit - nice) for nice in (1, 2, 5, 10)) < 1e-6


@given(
    xs=st.lists(st.floats(-10, 10), min_size=1, max_size=8),
    ats=st.lists(st.floats(-12, 12), max_size=8),
)
def test_interpolation_is_that_of_numpy(xs: list[float], ats: list[float]) -> None:
    xs = sorted(xs)
    ys = [math.sin(3 * n) for n in range(len(xs))]
    found = [interpolated(at, xs, ys) for at in (*ats, *xs)]
    assert found == np.interp([*ats, *xs], xs, ys).tolist()
