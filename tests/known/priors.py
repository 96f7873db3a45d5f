"""Draws of what the estimates take for granted: how much segments differ."""

import numpy as np


def drawn_strength(rng, typical, low=0.1, high=1e4):
    """M of the uniform shrinkage prior on the part that the estimate looks at."""
    share = rng.uniform(*(m / (typical + m) for m in (low, high * typical)))
    return typical * share / (1 - share)


def drawn_spread(rng, variance, none=0.5):
    """The spread of the prior of a pool with such variances."""
    if rng.random() < none:
        return 0.0
    shrunk = 1.0 - rng.random()
    return np.sqrt((1 - shrunk) / shrunk / np.mean(1 / variance))


def drawn_arms(rng, segments):
    """Effects of two arms by segment, and estimates of them with their covariances."""
    own = rng.uniform(0.5, 3.0, (segments, 3))
    covariance = np.array([np.diag(each[1:]) + each[0] for each in own])
    spread = drawn_spread(rng, own[:, 1:] + own[:, :1])
    precision = np.linalg.inv(covariance)
    omega = drawn_spread(rng, np.diag(np.linalg.inv(precision.sum(axis=0))))
    step = omega * rng.standard_normal(2)
    related = np.array([[1.0, 0.5], [0.5, 1.0]])
    apart = rng.multivariate_normal(np.zeros(2), related, segments)
    effect = step - step.mean() + spread * apart
    noise = rng.standard_normal((segments, 3)) * np.sqrt(own)
    return effect, effect + noise[:, 1:] - noise[:, :1], covariance, spread
