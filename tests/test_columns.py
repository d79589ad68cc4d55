from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.columns import pack, unpack

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(VALUES, min_size=1, max_size=6))
def test_what_is_packed_comes_out_as_it_was(values: list[Any]) -> None:
    packed = json.loads(json.dumps(pack(values)))
    found = [unpack(packed, place) for place in range(len(values))]
    assert json.dumps(found, sort_keys=True) == json.dumps(values, sort_keys=True)


def test_what_is_the_same_everywhere_is_written_once() -> None:
    packed = pack([{"x": [1, 2, 3], "y": n} for n in range(100)])
    assert packed == {"o": {"x": {"s": [1, 2, 3]}, "y": {"v": list(range(100))}}}


def test_one_of_a_few_is_written_once() -> None:
    row, other = [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]
    packed = pack(
        [{"x": other if n == 7 else row, "word": "long" * (1 + n % 2)} for n in range(20)]
    )
    places = [int(n == 7) for n in range(20)]
    assert packed["o"]["x"] == {"u": [row, other], "i": places}
    assert packed["o"]["word"] == {"u": ["long", "longlong"], "i": [n % 2 for n in range(20)]}


def test_values_of_several_shapes_are_packed_in_parts() -> None:
    values = [[1, [2.5]], [3], [4, [2.5]]]
    packed = pack(values)
    assert packed["p"][0] == {"a": [{"v": [1, 4]}, {"s": [2.5]}]}
    assert [unpack(packed, place) for place in range(3)] == values
