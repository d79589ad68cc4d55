"""The lab as data for browsers: the world, and the weights of the policies and of the reward models.

static/lab/named/trained.js makes a lab of it.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WEIGHTS = Path(__file__).parent / "data"

LAYERS = (
    "attention_norm",
    "query_key_value",
    "project",
    "mlp_norm",
    "widen",
    "narrow",
    "final_norm",
)
AFTER_TOKENS = (
    "trunk.places.weight",
    *(f"trunk.{layer}.{part}" for layer in LAYERS for part in ("weight", "bias")),
)
"""the parameters of a trunk that follow the embedding of tokens, in the order of ``named_parameters``"""


@dataclass(frozen=True)
class Array:
    """Numbers of a safetensors file, as it has them: float32, the least significant byte first."""

    shape: tuple[int, ...]
    content: bytes

    def rows(self, first: int, count: int) -> bytes:
        """Some rows of a matrix."""
        size = len(self.content) // self.shape[0]
        return self.content[first * size : (first + count) * size]


def lab_data(folder: Path = WEIGHTS) -> dict[str, Any]:
    """All that a browser needs of a lab; weights are float32 in base64.

    Of the reference policy and of additive reward models all parameters, in the order of
    ``named_parameters``. Of a DPO policy and of a network reward model the output vectors and the 25 token
    embeddings of its prompt, and what follows the embedding of tokens: the others are never read, and no
    training moves them.
    """
    reference = _arrays(folder, "reference_policy")
    additive, network = _arrays(folder, "additive_reward"), _arrays(folder, "network_reward")
    aligned = _arrays(folder, "dpo_policy")
    prompts = range(len(additive))
    return {
        "world": _json(folder, "world.json"),
        "seed": _json(folder, "training.json")["seed"],
        "reference": _packed(
            reference[name].content for name in ("head", "trunk.tokens.weight", *AFTER_TOKENS)
        ),
        "rewards": {
            "additive": [_packed([additive[f"{prompt}.scores"].content]) for prompt in prompts],
            "network": [_packed(_read_by(network, prompt, len(prompts))) for prompt in prompts],
        },
        "dpo": [_packed(_read_by(aligned, prompt, len(prompts))) for prompt in prompts],
    }


def _read_by(networks: Mapping[str, Array], prompt: int, prompts: int) -> list[bytes]:
    """The parameters that its prompt reads of a network: a reward model, or a policy with output vectors for
    all prompts."""
    head, tokens = networks[f"{prompt}.head"], networks[f"{prompt}.trunk.tokens.weight"]
    *of_prompts, slots, phrases, _ = head.shape
    return [
        head.rows(prompt, 1) if of_prompts else head.content,
        tokens.rows(prompts * slots * phrases + prompt, 1),
        # The phrases of the last slot are not read by anything.
        tokens.rows(prompt * slots * phrases, (slots - 1) * phrases),
        *(networks[f"{prompt}.{name}"].content for name in AFTER_TOKENS),
    ]


def _arrays(folder: Path, name: str) -> dict[str, Array]:
    """What a safetensors file holds: the length of a header, the header in JSON, and the numbers."""
    content = (folder / f"{name}.safetensors").read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    numbers = content[8 + length :]
    header = json.loads(content[8 : 8 + length])
    return {
        name: Array(tuple(entry["shape"]), numbers[slice(*entry["data_offsets"])])
        for name, entry in header.items()
        if name != "__metadata__"
    }


def _json(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def _packed(parts: Iterable[bytes]) -> str:
    return base64.b64encode(b"".join(parts)).decode("ascii")
