"""Samplers that are pure functions of a `Key`.

Rejection samplers ask for fresh uniforms by counting attempts within the key, so no draw ever
depends on how many uniforms another draw consumed.
"""

import math

import numpy as np

from segrules.sim.jit import kernel
from segrules.sim.uniforms import FIRST, Key, two_uniforms, uniform

INVERSION_LIMIT = 10.0
"""Mean below which counts are drawn by inversion, and by rejection above."""

_LONGEST_SEARCH = 150  # P(count > 150) < 1e-100 for a mean below 10: only guards rounding
_MANY_TRIALS = 65_536  # from here on, rounding in (1 - p) ** n would show
_NEAR = 15
_LAST_ATTEMPT = np.uint64(0xFFFF)
_NEXT = np.uint64(1)
_SECOND_GAMMA = np.uint64(0x5BF03635)

# Stirling remainder of log k! for k = 0..9 (Hörmann 1993, table in BTRS).
_STIRLING = np.array(
    [
        0.08106146679532726,
        0.04134069595540929,
        0.02767792568499834,
        0.02079067210376509,
        0.01664469118982119,
        0.01387612882307075,
        0.01189670994589177,
        0.01041126526197209,
        0.009255462182712733,
        0.008330563433362871,
    ]
)


@kernel
def polynomial(coefficients: tuple[float, ...], x: float) -> float:
    total = 0.0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total


# Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied
# Statistics 37 (1988), routine PPND16; highest power first.
CENTRE_TOP = (
    2.5090809287301226727e3,
    3.3430575583588128105e4,
    6.7265770927008700853e4,
    4.5921953931549871457e4,
    1.3731693765509461125e4,
    1.9715909503065514427e3,
    1.3314166789178437745e2,
    3.3871328727963666080e0,
)
CENTRE_BOTTOM = (
    5.2264952788528545610e3,
    2.8729085735721942674e4,
    3.9307895800092710610e4,
    2.1213794301586595867e4,
    5.3941960214247511077e3,
    6.8718700749205790830e2,
    4.2313330701600911252e1,
    1.0,
)
_MIDDLE_TOP = (
    7.74545014278341407640e-4,
    2.27238449892691845833e-2,
    2.41780725177450611770e-1,
    1.27045825245236838258e0,
    3.64784832476320460504e0,
    5.76949722146069140550e0,
    4.63033784615654529590e0,
    1.42343711074968357734e0,
)
_MIDDLE_BOTTOM = (
    1.05075007164441684324e-9,
    5.47593808499534494600e-4,
    1.51986665636164571966e-2,
    1.48103976427480074590e-1,
    6.89767334985100004550e-1,
    1.67638483018380384940e0,
    2.05319162663775882187e0,
    1.0,
)
_TAIL_TOP = (
    2.01033439929228813265e-7,
    2.71155556874348757815e-5,
    1.24266094738807843860e-3,
    2.65321895265761230930e-2,
    2.96560571828504891230e-1,
    1.78482653991729133580e0,
    5.46378491116411436990e0,
    6.65790464350110377720e0,
)
_TAIL_BOTTOM = (
    2.04426310338993978564e-15,
    1.42151175831644588870e-7,
    1.84631831751005468180e-5,
    7.86869131145613259100e-4,
    1.48753612908506148525e-2,
    1.36929880922735805310e-1,
    5.99832206555887937690e-1,
    1.0,
)


@kernel
def normal_quantile(u: float) -> float:
    """Return the standard normal quantile of u in (0, 1), to about 1e-16 relative."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * polynomial(CENTRE_TOP, r) / polynomial(CENTRE_BOTTOM, r)
    r = math.sqrt(-math.log(u if q < 0.0 else 1.0 - u))
    if r <= 5.0:
        x = polynomial(_MIDDLE_TOP, r - 1.6) / polynomial(_MIDDLE_BOTTOM, r - 1.6)
    else:
        x = polynomial(_TAIL_TOP, r - 5.0) / polynomial(_TAIL_BOTTOM, r - 5.0)
    return -x if q < 0.0 else x


@kernel
def normal(key: Key) -> float:
    """Return a standard normal draw, increasing in the key's uniform."""
    return normal_quantile(uniform(key))


@kernel
def poisson(mean: float, key: Key) -> int:
    """Return a Poisson count; 0 when the mean is 0 or less."""
    if mean <= 0.0:
        return 0
    if mean < INVERSION_LIMIT:
        return _poisson_inversion(mean, uniform(key))
    return _poisson_rejection(mean, key)


@kernel
def _poisson_inversion(mean: float, u: float) -> int:
    k = 0
    probability = math.exp(-mean)
    while u > probability and k < _LONGEST_SEARCH:
        u -= probability
        k += 1
        probability *= mean / k
    return k


@kernel
def _poisson_rejection(mean: float, key: Key) -> int:
    """Draw by PTRS; needs a mean of 10 or more.

    Hörmann, "The transformed rejection method for generating Poisson random variables",
    Insurance: Mathematics and Economics 12 (1993).
    """
    b = 0.931 + 2.53 * math.sqrt(mean)
    a = -0.059 + 0.02483 * b
    accepted_at_once = 0.9277 - 3.6224 / (b - 2.0)
    log_inverse_alpha = math.log(1.1239 + 1.1328 / (b - 3.4))
    log_mean = math.log(mean)
    attempt = FIRST
    while True:
        u, v = two_uniforms(key, attempt)
        attempt += _NEXT
        u -= 0.5
        us = 0.5 - abs(u)
        k = math.floor((2.0 * a / us + b) * u + mean + 0.43)
        if us >= 0.07 and v <= accepted_at_once:
            return int(k)
        if k < 0 or (us < 0.013 and v > us):
            continue
        proposed = math.log(v) + log_inverse_alpha - math.log(a / (us * us) + b)
        if proposed <= k * log_mean - mean - math.lgamma(k + 1.0):
            return int(k)


@kernel
def binomial(n: int, p: float, key: Key) -> int:
    """Return the successes of n trials; exactly 0 for n = 0 or p <= 0, exactly n for p >= 1."""
    if n <= 0 or p <= 0.0:
        return 0
    if p >= 1.0:
        return n
    if p > 0.5:
        return n - _binomial_low(n, 1.0 - p, key)
    return _binomial_low(n, p, key)


@kernel
def _binomial_low(n: int, p: float, key: Key) -> int:
    if n * p < INVERSION_LIMIT:
        return _binomial_inversion(n, p, uniform(key))
    return _binomial_rejection(n, p, key)


@kernel
def _binomial_inversion(n: int, p: float, u: float) -> int:
    odds = p / (1.0 - p)
    probability = _power(1.0 - p, n) if n < _MANY_TRIALS else math.exp(n * math.log1p(-p))
    longest = min(n, _LONGEST_SEARCH)
    k = 0
    while u > probability and k < longest:
        u -= probability
        k += 1
        probability *= odds * (n - k + 1) / k
    return k


@kernel
def _power(base: float, exponent: int) -> float:
    """Return base ** exponent by squaring: faster than exp and log, and free of libm."""
    result = 1.0
    while exponent > 0:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result


@kernel
def _binomial_rejection(n: int, p: float, key: Key) -> int:
    """Draw by BTRS; needs p <= 1/2 and n p of 10 or more.

    Hörmann, "The generation of binomial random variates", Journal of Statistical Computation
    and Simulation 46 (1993).
    """
    q = 1.0 - p
    spread = math.sqrt(n * p * q)
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    centre = n * p + 0.5
    accepted_at_once = 0.92 - 4.2 / b
    attempt = FIRST
    while True:
        u, v = two_uniforms(key, attempt)
        attempt += _NEXT
        u -= 0.5
        us = 0.5 - abs(u)
        k = math.floor((2.0 * a / us + b) * u + centre)
        if us >= 0.07 and v <= accepted_at_once:
            return int(k)
        if k < 0 or k > n:
            continue
        v *= (2.83 + 5.1 / b) * spread / (a / (us * us) + b)
        if _below_binomial_ratio(v, n, p, k):
            return int(k)


@kernel
def _below_binomial_ratio(v: float, n: int, p: float, k: int) -> bool:
    """Tell whether v <= P(k) / P(mode).

    By the recurrence of the terms when k is near the mode (as in Hörmann's BTRD), else by
    Stirling's series.
    """
    odds = p / (1.0 - p)
    mode = math.floor((n + 1) * p)
    if abs(k - mode) <= _NEAR:
        top, bottom = 1.0, 1.0
        for i in range(min(mode, k) + 1, max(mode, k) + 1):
            top *= odds * (n - i + 1)
            bottom *= i
        if k >= mode:
            return v * bottom <= top
        return v * top <= bottom
    return math.log(v) <= (
        (mode + 0.5) * math.log((mode + 1.0) / (odds * (n - mode + 1.0)))
        + (n + 1.0) * math.log((n - mode + 1.0) / (n - k + 1.0))
        + (k + 0.5) * math.log(odds * (n - k + 1.0) / (k + 1.0))
        + _stirling(mode)
        + _stirling(n - mode)
        - _stirling(k)
        - _stirling(n - k)
    )


@kernel
def _stirling(k: int) -> float:
    if k < 10:
        return float(_STIRLING[k])
    x = 1.0 / (k + 1.0)
    return (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 * x * x) * x * x) * x


@kernel
def _gamma_large(shape: float, key: Key) -> float:
    """Draw with scale 1; needs a shape of 1 or more.

    Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000).
    """
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    attempt = FIRST
    while True:
        first, u = two_uniforms(key, attempt)
        attempt += _NEXT
        x = normal_quantile(first)
        root = 1.0 + c * x
        if root <= 0.0:
            continue
        v = root * root * root
        square = x * x
        if u < 1.0 - 0.0331 * square * square:
            return d * v
        if math.log(u) < 0.5 * square + d * (1.0 - v + math.log(v)):
            return d * v


@kernel
def gamma(shape: float, key: Key) -> float:
    """Return a gamma draw of scale 1; exactly 0 for a shape of 0 or less."""
    if shape <= 0.0:
        return 0.0
    if shape >= 1.0:
        return _gamma_large(shape, key)
    return math.exp(log_gamma(shape, key))


@kernel
def log_gamma(shape: float, key: Key) -> float:
    """Return the logarithm of a gamma draw of scale 1 and shape > 0, which cannot underflow."""
    if shape >= 1.0:
        return math.log(_gamma_large(shape, key))
    # A gamma of shape a is one of shape a + 1 times U ** (1 / a); the last attempt's uniforms
    # are never asked for by the rejection loop.
    boost = math.log(two_uniforms(key, _LAST_ATTEMPT)[0]) / shape
    return math.log(_gamma_large(shape + 1.0, key)) + boost


@kernel
def beta(a: float, b: float, key: Key) -> float:
    """Return a beta draw; exactly 0 when a is 0 or less, exactly 1 when only b is."""
    if a <= 0.0:
        return 0.0
    if b <= 0.0:
        return 1.0
    other = Key(
        key.seed, key.entity, key.period, np.uint64(key.purpose) ^ _SECOND_GAMMA, key.replication
    )
    if a >= 1.0 and b >= 1.0:
        x = _gamma_large(a, key)
        return x / (x + _gamma_large(b, other))
    difference = log_gamma(b, other) - log_gamma(a, key)
    if difference > 700.0:
        return 0.0
    return 1.0 / (1.0 + math.exp(difference))
