"""DPO as code: what the section on the loss prints, and a test runs."""

import torch.nn.functional as F
from torch import Tensor


def sequence_logps(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    # (responses, length, vocabulary), (responses, length) twice
    logps = logits[:, :-1].log_softmax(-1)
    said = logps.gather(-1, tokens[:, 1:, None]).squeeze(-1)
    return (said * mask[:, 1:]).sum(-1)  # mask: 0 on prompt and padding


def dpo_loss(policy: Tensor, reference: Tensor, beta: float) -> Tensor:
    # log-probabilities of chosen and rejected responses: (2, pairs)
    chosen, rejected = beta * (policy - reference)  # implicit rewards
    return -F.logsigmoid(chosen - rejected).mean()
