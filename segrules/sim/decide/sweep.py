"""One knob over its range, every setting under the same luck: where it pays and where it turns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from segrules.sim.decide.risk import Judgement, judge
from segrules.sim.model import Floats, require


@dataclass(frozen=True)
class Step:
    """A setting of the knob and the difference it makes to today."""

    setting: float
    judgement: Judgement


@dataclass(frozen=True)
class Sweep:
    """The steps in the order of their settings; best: the place of the highest mean among them.

    turns: the settings at which the mean difference passes the target, straight between steps.
    """

    steps: tuple[Step, ...]
    best: int
    turns: tuple[float, ...]


def sweep(
    settings: Sequence[float],
    differences: Callable[[float], Floats],
    *,
    target: float = 0.0,
) -> Sweep:
    """Judge every setting.

    differences: a setting to float64[R], scenario less today in the same replications for all
    settings, so that neighbours differ by the knob and not by luck.
    """
    require(len(settings) > 0, "no settings")
    steps = [Step(each, judge(differences(each), target=target)) for each in sorted(set(settings))]
    means = [step.judgement.mean for step in steps]
    passed = turns([step.setting for step in steps], means, target)
    return Sweep(tuple(steps), means.index(max(means)), passed)


def turns(settings: Sequence[float], means: Sequence[float], target: float) -> tuple[float, ...]:
    """Where the means pass the target, straight between settings, which are rising."""
    found = []
    for k, mean in enumerate(means):
        if mean == target:
            found.append(settings[k])
        elif k + 1 < len(means) and (mean - target) * (means[k + 1] - target) < 0:
            part = (target - mean) / (means[k + 1] - mean)
            found.append(settings[k] + part * (settings[k + 1] - settings[k]))
    return tuple(found)
