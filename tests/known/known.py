"""The known answers and how an estimate is compared with one."""

import json
import math
from pathlib import Path

import numpy as np

_FILE = Path(__file__).with_name("answers.json")
CASES = {case["name"]: case for case in json.loads(_FILE.read_text("utf-8"))["cases"]}


def case(name):
    """Returns inputs and expected figures of a case."""
    return CASES[name]["inputs"], CASES[name]["expected"]


def agree(estimate, expected, error):
    """Fails unless the estimate lies within four standard errors."""
    assert abs(estimate - expected) <= 4 * error, f"{estimate} is not {expected} ± {error}"


def agree_mean(sample, expected):
    agree(np.mean(sample), expected, np.std(sample) / math.sqrt(len(sample)))


def agree_variance(sample, expected):
    """The error of a variance follows from the sample's fourth moment."""
    squares = (sample - np.mean(sample)) ** 2
    agree(np.mean(squares), expected, np.std(squares) / math.sqrt(len(sample)))


def agree_quantile(sample, q, expected):
    """The share below the expected quantile has a binomial error."""
    agree(np.mean(sample <= expected), q, math.sqrt(q * (1 - q) / len(sample)))
