"""What is varied: knobs, for which rules are compiled anew, and assumptions, held at a value."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from segrules.lang import ir
from segrules.lang.check.heading import spell
from segrules.lang.check.scope import nearest
from segrules.lang.types import decimals
from segrules.text import problems
from segrules.text.diagnostic import Diagnostic, RulesError

STEPS = 5
FEW = 25
"""Settings up to which a declared step is followed where no number of them is asked for."""

MOST_STEPS = 1_000
MOST = 10**15
"""Values beyond it are nobody's."""


@dataclass(frozen=True)
class Dial:
    """What can be turned, from `low` to `high`, as it is written.

    knob: of the rules, otherwise an assumption. whole: to whole numbers only. now: how it is set;
    today: the same where that lies between the ends, else the nearer end. Values are those of the
    rule file: percentages are parts of one, amounts are in units of the currency, lengths count
    their `unit`.
    """

    name: str
    low: float
    high: float
    now: float
    knob: bool
    whole: bool
    percent: bool = False
    unit: str = ""
    step: float = 0.0
    first: float = 0.0

    @property
    def today(self) -> float:
        return min(max(self.now, self.low), self.high)

    def written(self, value: float) -> str:
        """The value as it stands in a rule file."""
        if self.unit:
            return f"{round(value)} {self.unit}"
        return spell(_fraction(value), percent=self.percent)


@dataclass(frozen=True)
class Setting:
    """Values of dials, by name; knobs as they are written."""

    values: tuple[tuple[Dial, float], ...]

    @property
    def knobs(self) -> dict[str, str]:
        return {dial.name: dial.written(value) for dial, value in self.values if dial.knob}

    @property
    def now(self) -> Setting:
        """The same with the knobs as they are set now; assumptions stay where they are held."""
        values = ((dial, dial.now if dial.knob else value) for dial, value in self.values)
        return Setting(tuple(values))

    @property
    def held(self) -> dict[str, float]:
        """The assumptions and where they are held."""
        return {dial.name: value for dial, value in self.values if not dial.knob}

    @property
    def shown(self) -> tuple[str, ...]:
        return tuple(dial.written(value) for dial, value in self.values)


def holding(ruleset: ir.Ruleset, held: dict[str, float]) -> ir.Ruleset:
    """The rules with assumptions held at a value, amounts in units of the currency."""
    if not held:
        return ruleset
    scale = 10 ** decimals(ruleset.currency)

    def at(each: ir.Assumption) -> ir.Assumption:
        if each.name not in held:
            return each
        value = held[each.name] * (scale if each.role == "amount" else 1)
        return replace(each, low=value, high=value)

    return replace(ruleset, assumptions=tuple(at(each) for each in ruleset.assumptions))


def ranges(arguments: Sequence[str], ruleset: ir.Ruleset) -> list[tuple[Dial, int]]:
    """The dials of `--over NAME=low:high:steps` with their steps.

    Raises:
        RulesError: one is not of this form, names nothing, is empty, or is named twice.
    """
    found = []
    for argument in arguments:
        name, ends, steps = _read(argument, "over", steps=True)
        dial = _narrowed(_dial(name, ruleset), argument, ends, "over", steps=True)
        _check_possible(dial, ruleset)
        count = steps
        if count is None:
            count = _declared_steps(dial) or STEPS
        if not 2 <= count <= MOST_STEPS:
            raise _refused(problems.steps_out_of_range(name, MOST_STEPS))
        if dial.low == dial.high:
            raise _refused(problems.range_needed(name))
        found.append((dial, count))
    _once([dial for dial, _ in found])
    return found


def _check_possible(dial: Dial, ruleset: ir.Ruleset) -> None:
    """An assumption may be asked about beyond its stated range, but not beyond what it can be."""
    stated = next((each for each in ruleset.assumptions if each.name == dial.name), None)
    if dial.knob or stated is None:
        return
    least, most, reach = -math.inf, math.inf, ""
    if stated.role in ("odds", "factor"):
        least, reach = math.ulp(0.0), "above 0"
    elif stated.role in ("share", "response"):
        least, most = (0.0 if stated.low >= 0.0 else -1.0), 1.0
        reach = f"{100 * least:g}% to 100%"
    elif stated.low >= 0.0:
        least, reach = 0.0, "0 or more"
    if not least <= dial.low <= dial.high <= most:
        raise _refused(problems.range_impossible(dial.name, reach))


def _declared_steps(dial: Dial) -> int:
    """The settings that the declared step makes, where those are few and reach both ends."""
    if dial.step <= 0.0:
        return 0
    apart = (dial.high - dial.low) / dial.step
    return round(apart) + 1 if abs(apart - round(apart)) < 1e-9 and 1 <= apart < FEW else 0


def dials(arguments: Sequence[str], ruleset: ir.Ruleset) -> list[Dial]:
    """The knobs of `--vary NAME=low:high`.

    Raises:
        RulesError: as `ranges`, or one is an assumption.
    """
    found = []
    for argument in arguments:
        name, ends, _ = _read(argument, "vary", steps=False)
        dial = _dial(name, ruleset)
        if not dial.knob:
            raise _refused(problems.not_ours_to_set(name))
        narrowed = _narrowed(dial, argument, ends, "vary", steps=False)
        if narrowed.low == narrowed.high:
            raise _refused(problems.range_needed(name))
        found.append(narrowed)
    _once(found)
    return found


def grid(over: Sequence[tuple[Dial, int]]) -> list[Setting]:
    """Every combination of the steps, the first dial moving slowest.

    Raises:
        RulesError: there are too many of them.
    """
    columns = [[(dial, value) for value in _steps(dial, count)] for dial, count in over]
    count = int(np.prod([len(column) for column in columns]))
    if count > MOST_STEPS:
        raise _refused(problems.too_many_settings(count, MOST_STEPS))
    return [Setting(values) for values in itertools.product(*columns)]


def _steps(dial: Dial, count: int) -> list[float]:
    low, high = _fraction(dial.low), _fraction(dial.high)
    exact = [low + (high - low) * at / (count - 1) for at in range(count)]
    if dial.whole:
        return list(dict.fromkeys(float(round(each)) for each in exact))
    # as they are shown, and not beyond the ends
    return [min(max(float(f"{float(each):.6g}"), dial.low), dial.high) for each in exact]


def _dial(name: str, ruleset: ir.Ruleset) -> Dial:
    for knob in ruleset.knobs:
        if knob.name == name:
            return _of_knob(knob)
    stated = next((each for each in ruleset.assumptions if each.name == name), None)
    if stated is not None:
        scale = 10 ** decimals(ruleset.currency) if stated.role == "amount" else 1
        low, high = stated.low / scale, stated.high / scale
        return Dial(name, low, high, (low + high) / 2, knob=False, whole=False)
    known = [each.name for each in ruleset.knobs]
    known += [each.name for each in ruleset.assumptions]
    raise _refused(problems.nothing_to_vary(name, nearest(name, known), known))


def _of_knob(knob: ir.Knob) -> Dial:
    parts = [knob.low, knob.high, knob.value]
    unit = knob.value.unit if isinstance(knob.value, ir.Length) else ""
    low, high, today = (
        Fraction(part.count) if isinstance(part, ir.Length) else part for part in parts
    )
    whole = bool(unit) or (
        not knob.percent and all(each.denominator == 1 for each in (low, high, today))
    )
    return Dial(
        knob.name, float(low), float(high), float(today), knob=True, whole=whole,
        percent=knob.percent, unit=unit, step=_step(knob), first=float(low),
    )  # fmt: skip


def _step(knob: ir.Knob) -> float:
    step = knob.step
    return 0.0 if step is None else float(step.count if isinstance(step, ir.Length) else step)


def _narrowed(
    dial: Dial, argument: str, ends: tuple[str, str] | None, option: str, *, steps: bool
) -> Dial:
    """The dial over the range that was asked for, which lies in the declared one of a knob."""
    if ends is None:
        return dial
    values = [_value(text, dial) for text in ends]
    if any(each is None for each in values):
        raise _refused(problems.range_unreadable(option, argument, steps=steps))
    low, high = (float(each or 0) for each in values)
    if low > high:
        raise _refused(problems.range_empty(dial.name, *ends))
    if dial.knob and (low < dial.low or high > dial.high):
        ends_declared = dial.written(dial.low), dial.written(dial.high)
        raise _refused(problems.range_outside(dial.name, *ends_declared))
    whole = dial.whole and all((each or Fraction(0)).denominator == 1 for each in values)
    return replace(dial, low=low, high=high, whole=whole)


def _value(text: str, dial: Dial) -> Fraction | None:
    word = text.strip().replace("_", "")
    if dial.unit:
        word = word.removesuffix(dial.unit).removesuffix(dial.unit.removesuffix("s")).strip()
    percent = word.endswith("%")
    if len(word) > 40 or (dial.knob and percent != dial.percent):
        return None
    try:
        value = Fraction(word.removesuffix("%"))
    except (ValueError, ZeroDivisionError):
        return None
    if abs(value) > MOST:
        return None
    return value / 100 if percent else value


def _read(
    argument: str, option: str, *, steps: bool
) -> tuple[str, tuple[str, str] | None, int | None]:
    """Name, ends and steps of an argument, each as far as it was given."""
    name, sign, rest = (part.strip() for part in argument.partition("="))
    parts = [part.strip() for part in rest.split(":")] if sign else []
    fits = name and (not sign or all(parts)) and len(parts) in ((0, 2, 3) if steps else (0, 2))
    if not fits:
        raise _refused(problems.range_unreadable(option, argument, steps=steps))
    count = None
    if len(parts) == 3:
        if not (parts[2].isascii() and parts[2].isdigit() and len(parts[2]) < 6):
            raise _refused(problems.range_unreadable(option, argument, steps=steps))
        count = int(parts[2])
    return name, (parts[0], parts[1]) if parts else None, count


def _once(found: Sequence[Dial]) -> None:
    names = [dial.name for dial in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise _refused(problems.range_twice(twice))


def _fraction(value: float) -> Fraction:
    """The decimal number that a value is written as."""
    return Fraction(repr(float(value)))


def _refused(problem: Diagnostic) -> RulesError:
    return RulesError([problem], unable=True)
