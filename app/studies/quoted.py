"""Numbers of the lab that the prose quotes, by name, so that none can go stale.

A template writes ``{{ lab("flattering_share", ".0%") }}``: a name from here, and a format of Python's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from app.lab.exact import expectation
from app.lab.network.policy import parameter_count
from app.lab.overoptimization import SIZES
from app.lab.quality import FLATTERY, STANDARD_DEVIATION
from app.lab.reward_model import DECAY, RewardKind
from app.lab.trained import COMPARISONS, the_lab
from app.lab.world import PROMPTS, sum_over_slots
from app.studies.comparison import network_ahead as ahead_at
from app.studies.comparison import reached
from app.studies.sweep import COMPARED_STRENGTHS

QUOTED: dict[str, Callable[[], float | tuple[float, ...]]] = {}
"""what computes each number, by the name that templates use"""


def _quoted(compute: Callable[[], float | tuple[float, ...]]) -> None:
    QUOTED[compute.__name__] = cache(compute)


def quoted(name: str, spec: str) -> str:
    """A number of the lab as prose writes it, several with commas between them.

    Args:
        spec: a format specification of Python's, such as ``,`` or ``.1f``

    Raises:
        LookupError: no number has this name
    """
    if name not in QUOTED:
        raise LookupError(f"no number of the lab is called {name!r}; there are {', '.join(QUOTED)}")
    value = QUOTED[name]()
    values = value if isinstance(value, tuple) else (value,)
    return ", ".join(format(one, spec).replace("-", "−") for one in values)


@_quoted
def comparisons() -> int:
    """Pairs for each prompt that the shipped reward model and DPO policy were trained on."""
    return COMPARISONS


@_quoted
def fewest_comparisons() -> int:
    """Pairs behind the smallest fit of a reward model in the study of over-optimization."""
    return min(SIZES)


@_quoted
def most_comparisons() -> int:
    """Pairs behind the largest."""
    return max(SIZES)


@_quoted
def flattery() -> tuple[float, ...]:
    """What 0, 1, 2 ... flattering phrases add to raw quality."""
    return FLATTERY


@_quoted
def true_quality_sd() -> float:
    """Standard deviation of true quality under the reference, the same for each prompt."""
    return STANDARD_DEVIATION


@_quoted
def flattering_share() -> float:
    """Probability that the reference flatters at least once, averaged over prompts."""
    return _flatters(1)


@_quoted
def flattering_twice_share() -> float:
    """Probability that it flatters twice or more, averaged over prompts."""
    return _flatters(2)


@_quoted
def reward_decay() -> float:
    """What the sum of the squares of a pair's two rewards is multiplied by in every reward model's loss."""
    return DECAY


@_quoted
def additive_parameters() -> int:
    """Parameters of the additive reward model of a prompt."""
    return parameter_count(the_lab().reward_model(0))


@_quoted
def loose_additive_quality() -> float:
    """True quality of RLHF with the additive model at the lowest strength compared, over all prompts."""
    return reached("ppo", RewardKind.additive, LOOSE, None).true_quality


@_quoted
def loose_strength() -> float:
    """The lowest strength compared."""
    return LOOSE


@_quoted
def widest_gap() -> float:
    """Largest difference in true quality of RLHF with the network and DPO, over the strengths compared."""
    return max(
        abs(
            _over_prompts("ppo", RewardKind.network, s)
            - _over_prompts("dpo", RewardKind.additive, s)
        )
        for s in COMPARED_STRENGTHS
    )


@_quoted
def network_parameters() -> int:
    """Parameters of the network reward model of a prompt."""
    return parameter_count(the_lab().reward_model(0, RewardKind.network))


@_quoted
def path_kl() -> float:
    """The KL, in nats, where the paths of RLHF with the network and of DPO are compared."""
    return PATH_KL


@_quoted
def network_ahead() -> float:
    """True quality of RLHF with the network less that of DPO at that KL, over prompts and seeds."""
    return float(ahead_at(PATH_KL).mean())


@_quoted
def network_ahead_se() -> float:
    """Its standard error over seeds."""
    of_seeds = ahead_at(PATH_KL).mean(0)
    return float(of_seeds.std() / len(of_seeds) ** 0.5)


@_quoted
def network_ahead_least() -> float:
    """The same on the prompt where it is lowest."""
    return float(ahead_at(PATH_KL).mean(1).min())


@_quoted
def network_ahead_most() -> float:
    """And where it is highest."""
    return float(ahead_at(PATH_KL).mean(1).max())


PATH_KL = 3.0

LOOSE = min(COMPARED_STRENGTHS)


def _over_prompts(method: str, kind: RewardKind, strength: float) -> float:
    return reached(method, kind, strength, None).true_quality


def _flatters(times: int) -> float:
    lab = the_lab()
    shares = []
    for prompt in range(PROMPTS):
        count = sum_over_slots(lab.world.attribute("flattering", prompt))
        shares.append(expectation(lab.facts(prompt).reference_logps, (count >= times).double()))
    return float(sum(shares)) / PROMPTS
