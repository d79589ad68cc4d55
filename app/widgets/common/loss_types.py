"""The preference losses as an enumeration with labels, and the validation of their settings."""

from __future__ import annotations

from enum import StrEnum

from pydantic import ValidationInfo

from app.lab.losses import LOSSES, check_label_smoothing

LossType = StrEnum("LossType", {name: name for name in LOSSES})  # type: ignore[misc]
"""Names of ``app.lab.losses.LOSSES``, so that OpenAPI lists them."""

LOSS_LABELS = {
    "sigmoid": "sigmoid: DPO (cDPO if smoothed)",
    "robust": "robust: rDPO, for noisy labels",
    "hinge": "hinge: SLiC-HF, RSO",
    "ipo": "ipo: IPO on summed log-ratios",
    "ipo_norm": "ipo_norm: IPO averaged over tokens (TRL’s ipo)",
    "exo_pair": "exo_pair: EXO",
    "nca_pair": "nca_pair: NCA",
    "bco_pair": "bco_pair: BCO",
    "sppo_hard": "sppo_hard: SPPO with hard labels",
    "apo_zero": "apo_zero: APO-zero",
    "apo_down": "apo_down: APO-down",
    "discopop": "discopop: DiscoPOP",
    "sigmoid_norm": "sigmoid_norm: length-normalized DPO",
    "simpo": "simpo: SimPO, γ = 0.5 unless given",
    "orpo": "orpo: ORPO",
    "kto": "kto: KTO on both halves of a pair, z₀ = 0 unless given",
}

LOSS_NAMES = {
    "sigmoid": "DPO",
    "robust": "rDPO",
    "hinge": "hinge",
    "ipo": "IPO",
    "ipo_norm": "token-averaged IPO",
    "exo_pair": "EXO",
    "nca_pair": "NCA",
    "bco_pair": "BCO",
    "sppo_hard": "SPPO",
    "apo_zero": "APO-zero",
    "apo_down": "APO-down",
    "discopop": "DiscoPOP",
    "sigmoid_norm": "token-averaged DPO",
    "simpo": "SimPO",
    "orpo": "ORPO",
    "kto": "KTO",
}
"""short names, for the words of figures"""


def smoothing_suits_the_loss(value: float, info: ValidationInfo) -> float:
    """Validate a field ``label_smoothing`` that comes after ``loss_type``."""
    if "loss_type" in info.data:
        check_label_smoothing(info.data["loss_type"], value)
    return value
