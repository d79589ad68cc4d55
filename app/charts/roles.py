"""Color roles of curves and bars."""

from __future__ import annotations

ROLES = {
    "reference": "#2f6fb7",
    "reward": "#2f6fb7",
    "true": "#b07a00",
    "optimised": "#1f8a4c",
    "rejected": "#c0392b",
    "kl": "#c0392b",
    "other": "#6b6b6b",
}
"""Colors of the article: blue reference and reward, gold true quality, green optimized or chosen,
red rejected or KL."""


def translucent(color: str, opacity: float = 0.2) -> str:
    """A #rrggbb color with an opacity."""
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
