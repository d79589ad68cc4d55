"""Formulas as Python for snippets, written independently of app/lab, so that each checks the other.

In losses, c and r are log-ratios of the chosen and rejected response, pc and pr their log-probabilities
under the policy, nc and nr their lengths in tokens, and e is label smoothing.
"""

from __future__ import annotations

LOSS_FORMULAS = {
    "sigmoid": "-(1 - e) * F.logsigmoid(beta * (c - r)) - e * F.logsigmoid(beta * (r - c))",
    "robust": "(-(1 - e) * F.logsigmoid(beta * (c - r)) + e * F.logsigmoid(beta * (r - c))) / (1 - 2 * e)",
    "hinge": "F.relu(1 - beta * (c - r))",
    "ipo": "(c - r - 1 / (2 * beta)) ** 2",
    "ipo_norm": "(c / nc - r / nr - 1 / (2 * beta)) ** 2",
    "exo_pair": "sum(F.logsigmoid(z).exp() * (F.logsigmoid(z) - math.log(q)) "
    "for z, q in ((beta * (c - r), 1 - (e or 0.001)), (beta * (r - c), e or 0.001)))",
    "nca_pair": "-F.logsigmoid(beta * c) - F.logsigmoid(-beta * c) / 2 - F.logsigmoid(-beta * r) / 2",
    "bco_pair": "-F.logsigmoid(beta * c) - F.logsigmoid(-beta * r)",
    "sppo_hard": "(c - 1 / (2 * beta)) ** 2 + (r + 1 / (2 * beta)) ** 2",
    "apo_zero": "1 - torch.sigmoid(beta * c) + torch.sigmoid(beta * r)",
    "apo_down": "torch.sigmoid(beta * c) + torch.sigmoid(beta * (r - c))",
    "discopop": "-torch.sigmoid(beta * (r - c) / 0.05) * F.logsigmoid(beta * (c - r)) "
    "+ (F.logsigmoid(beta * (c - r) / 0.05) - beta * (c - r)).exp()",
    "sigmoid_norm": "-F.logsigmoid(beta * (c / nc - r / nr))",
    "simpo": "-F.logsigmoid(beta * (pc / nc - pr / nr) - 0.5)",
    "orpo": "-pc / nc - beta * F.logsigmoid((pc / nc - (-(pc / nc).expm1()).log()) "
    "- (pr / nr - (-(pr / nr).expm1()).log()))",
    "kto": "torch.sigmoid(-beta * c) + torch.sigmoid(beta * r)",
}
"""expressions by loss_type; they keep the shape of c and r"""

REWARD_FORMULAS = {
    **dict.fromkeys(LOSS_FORMULAS, "beta * c, beta * r"),
    **dict.fromkeys(("ipo_norm", "sigmoid_norm"), "beta * c / nc, beta * r / nr"),
    **dict.fromkeys(("simpo", "orpo"), "beta * pc / nc, beta * pr / nr"),
}
"""rewards of the chosen and the rejected response, by loss_type"""
