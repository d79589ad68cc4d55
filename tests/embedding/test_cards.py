"""Cards: images of the right size that show the requested state, with text."""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter

import pytest
from fontTools.ttLib import TTFont
from starlette.testclient import TestClient

from app.charts.letters import width_of
from app.content.sections import CHAPTERS
from app.embedding.cards import render
from app.embedding.cards.colors import light
from app.embedding.cards.drawing import Card, card_svg
from app.embedding.cards.lines import shortened, title_width, wrapped
from app.embedding.cards.sizes import FULL, SIZES, Size
from app.paths import STATIC
from app.widgets.registry import WIDGETS
from tests.site import trains

PATHS = {name: f"/widgets/{name}" for name in WIDGETS} | {c.path[1:]: c.path for c in CHAPTERS}
CARDS = [*PATHS]
OF_RUNS = [name for name, path in PATHS.items() if trains(path)]

all_cards = pytest.mark.parametrize(
    "names",
    [
        pytest.param(["home", *(name for name in CARDS if name not in OF_RUNS)], id="quick"),
        pytest.param(OF_RUNS, id="training", marks=pytest.mark.slow),
    ],
)
SMALL = SIZES[-1]
Pixel = tuple[int, ...]


def size_of(image: bytes) -> Size:
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    return Size(*struct.unpack(">II", image[16:24]))


def pixels_of(image: bytes) -> list[list[Pixel]]:
    """The rows of a non-interlaced PNG with 8 bits per channel, decoded by the specification."""
    size = size_of(image)
    depth, kind, _, _, interlaced = image[24:29]
    assert (depth, interlaced) == (8, 0)
    channels = {2: 3, 6: 4}[kind]
    at, data = 8, b""
    while at < len(image):
        (length,) = struct.unpack(">I", image[at : at + 4])
        if image[at + 4 : at + 8] == b"IDAT":
            data += image[at + 8 : at + 8 + length]
        at += 12 + length
    raw, stride = zlib.decompress(data), size.width * channels
    above, rows = bytearray(stride), []
    for number in range(size.height):
        start = number * (stride + 1)
        row = bytearray(raw[start + 1 : start + 1 + stride])
        for x in range(stride):
            left = row[x - channels] if x >= channels else 0
            corner = above[x - channels] if x >= channels else 0
            row[x] = (row[x] + _predicted(raw[start], left, above[x], corner)) % 256
        rows.append([tuple(row[x : x + 3]) for x in range(0, stride, channels)])
        above = row
    return rows


def _predicted(method: int, left: int, up: int, corner: int) -> int:
    if method == 4:
        guess = left + up - corner
        return min((left, up, corner), key=lambda value: abs(guess - value))
    return (0, left, up, (left + up) // 2)[method]


def rgb(token: str) -> Pixel:
    return tuple(bytes.fromhex(light(token)[1:]))


def near(one: Pixel, other: Pixel) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < 40


@all_cards
def test_a_card_has_its_size_and_may_be_kept(client: TestClient, names: list[str]) -> None:
    for name in names:
        answer = client.get(f"/cards/{name}.png")
        assert answer.status_code == 200, name
        assert answer.headers["content-type"] == "image/png"
        assert re.fullmatch(r"public, max-age=\d{4,}", answer.headers["cache-control"])
        assert size_of(answer.content) == FULL
        # Large enough to be sharp, small enough to be fetched with every link.
        assert 10_000 < len(answer.content) < 200_000, name


@all_cards
def test_a_card_is_not_blank_and_has_words_left_of_its_figure(
    client: TestClient, names: list[str]
) -> None:
    for name in names:
        rows = pixels_of(client.get(f"/cards/{SMALL.width}/{name}.png").content)
        colors = Counter(pixel for row in rows for pixel in row)
        assert len(colors) > 40, name
        assert colors.most_common(2)[0][0] in (rgb("paper"), rgb("surface")), name
        text = [pixel for row in rows for pixel in row[: SMALL.width * 2 // 5]]
        assert sum(sum(pixel) < 450 for pixel in text) > 300, name


@pytest.mark.parametrize("size", SIZES)
def test_a_card_comes_in_smaller_sizes(client: TestClient, size: Size) -> None:
    path = f"/cards/{size.width}/dpo_loss.png?beta=0.2"
    assert size_of(client.get(path).content) == size


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("reward_separation", "reward_chosen=3", "reward_chosen=1"),
        ("dpo_loss", "", "loss_type=ipo&beta=0.1"),
        ("dpo_derivation", "step=1", "step=4"),
        ("sections/reward-modeling", "", "reward_chosen=-2"),
        ("sections/bigger-picture", "", "loss_type=hinge"),
    ],
)
def test_another_state_is_another_image_and_the_same_state_the_same(
    client: TestClient, name: str, one: str, other: str
) -> None:
    first = client.get(f"/cards/{name}.png?{one}").content
    assert client.get(f"/cards/{name}.png?{one}").content == first
    assert client.get(f"/cards/{name}.png?{other}").content != first


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/cards/no_such_widget.png", 404),
        ("/cards/sections/no-such-section.png", 404),
        ("/cards/sections/dpo_loss.png", 404),
        ("/cards/widgets/dpo_loss.png", 404),
        ("/cards/601/dpo_loss.png", 404),
        ("/cards/600/nothing.png", 404),
        ("/cards/dpo_loss.png?beta=1000", 422),
        ("/cards/dpo_loss.png?nothing=1", 422),
        ("/cards/home.png?beta=1", 422),
    ],
)
def test_a_card_is_as_strict_as_its_page(client: TestClient, path: str, status: int) -> None:
    assert client.get(path).status_code == status


def test_words_are_drawn_by_the_fonts_of_this_site_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    svg = str(card_svg(Card("VII. Beta", "π, β, Δ, σ, √, ±, −, ‖", "Words.")))
    with_fonts = render.png(svg, SMALL)
    monkeypatch.setattr(render, "FONTS", ())
    render.png.cache_clear()
    without = render.png(svg, SMALL)
    render.png.cache_clear()
    # With the system's fonts the words would have been there all the same.
    assert len({pixel for row in pixels_of(without) for pixel in row}) < 10
    assert len({pixel for row in pixels_of(with_fonts) for pixel in row}) > 50


def test_the_fonts_have_every_letter_that_cards_write() -> None:
    known: set[int] = set()
    for name in render.FONTS:
        known |= set(TTFont(STATIC / "vendor" / name).getBestCmap())
    texts = ["πβΔσ√±−‖θμ·×≤≥≈∞…“”‘’–—"]
    for widget in WIDGETS.values():
        texts += [widget.title, widget.caption]
    for chapter in CHAPTERS:
        texts += [chapter.kind, chapter.name, chapter.promise]
    result = WIDGETS["dpo_derivation"].compute(WIDGETS["dpo_derivation"].params())
    texts.append(result.finding)
    assert {letter for text in texts for letter in text if ord(letter) not in known} == set()


def test_what_a_card_says_can_not_become_markup() -> None:
    hostile = "</text><script>&\"'"
    svg = str(card_svg(Card(hostile, hostile, hostile)))
    assert "<script" not in svg
    assert size_of(render.png(svg, SMALL)) == SMALL


def test_lines_keep_all_words_and_their_width() -> None:
    text = "More comparisons do not repair a reward model that is too simple"
    lines = wrapped(text, 40, 400)
    assert " ".join(lines) == text
    assert all(width_of(one, 40) <= 400 for one in lines)
    assert all(title_width(one, 40) <= 400 for one in wrapped(text, 40, 400, title_width))


def test_a_title_is_no_wider_than_measured() -> None:
    font = TTFont(STATIC / "vendor" / "cards-serif.ttf")
    letters = font.getBestCmap()
    titles = [widget.title for widget in WIDGETS.values()]
    for title in [*titles, *(chapter.title for chapter in CHAPTERS)]:
        width = sum(font["hmtx"][letters[ord(letter)]][0] for letter in title) / 1000
        assert 0.9 * title_width(title, 1) < width <= title_width(title, 1)


def test_a_long_text_loses_whole_sentences_and_a_long_sentence_its_end() -> None:
    text = "The margin is 2.00. It pulls with weight 0.119. Nothing else counts here at all."
    assert " ".join(shortened(text, 20, 5000, 1)) == text
    assert (
        " ".join(shortened(text, 20, 480, 1)) == "The margin is 2.00. It pulls with weight 0.119."
    )
    assert " ".join(shortened("Which is it?", 20, 480, 1)) == "Which is it?"
    [cut] = shortened("A sentence " + "that goes on and on " * 9, 20, 300, 1)
    assert cut.endswith(" …")
    assert width_of(cut, 20) < 330
