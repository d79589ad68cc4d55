from __future__ import annotations

import torch

from app.lab.prefixes import (
    ATTENTION_MASK,
    LAST_TOKEN,
    LENGTH,
    PREFIXES,
    TOKENS,
    child,
    distinct_prefixes,
    prefixes_of,
)
from app.lab.world import PHRASES, SLOTS, all_responses


def test_the_tree_has_every_beginning_once() -> None:
    """Beginnings as tuples, against the numbers given to them."""
    named: dict[int, set[tuple[int, ...]]] = {}
    for response, numbers in zip(
        all_responses().tolist(), prefixes_of(all_responses()).tolist(), strict=True
    ):
        for length, number in enumerate(numbers):
            named.setdefault(number, set()).add(tuple(response[:length]))
    assert sorted(named) == list(range(PREFIXES))
    assert all(len(beginnings) == 1 for beginnings in named.values())
    in_order = [beginnings.pop() for _, beginnings in sorted(named.items())]
    assert in_order == sorted(in_order, key=lambda beginning: (len(beginning), beginning))


def test_a_child_is_its_parent_with_one_phrase_more() -> None:
    numbers = prefixes_of(all_responses())
    assert torch.equal(child(numbers[:, :-1], all_responses()[:, :-1]), numbers[:, 1:])


def test_a_prefix_is_read_as_the_prompt_and_its_phrases() -> None:
    for response, numbers in zip(
        all_responses()[::41].tolist(), prefixes_of(all_responses()[::41]).tolist(), strict=True
    ):
        for length, number in enumerate(numbers):
            held = {0} | {1 + slot * PHRASES + response[slot] for slot in range(length)}
            seen = ATTENTION_MASK[:, number] == 0
            assert {int(token) for token in seen.nonzero()} == held
            assert int(LENGTH[number]) == length
            assert int(LAST_TOKEN[number]) == max(held)
    assert ATTENTION_MASK.shape == (TOKENS, PREFIXES)


def test_distinct_prefixes_are_those_of_the_responses_without_repeats() -> None:
    responses = all_responses()[torch.tensor([0, 1, 1, 7000])]
    prefixes, rows = distinct_prefixes(responses)
    assert torch.equal(prefixes[rows], prefixes_of(responses))
    assert len(set(prefixes.tolist())) == len(prefixes)
    # The first three share all their prefixes, and the fourth the empty one with them.
    assert len(prefixes) == SLOTS + SLOTS - 1
