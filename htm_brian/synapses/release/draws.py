"""Random draws in Brian2 code that depend on what they are for, not on the order of events.

Brian2's `rand()` takes the next number of one global stream, so that one more synapse, another
code path or another order of events changes all that follows. Here a draw is a function of the
stream's two key words, the connection (pre, post, contact) and a counter: the same number on
numpy, in Cython, in C++ standalone and on a graphics card (`htm_brian.engine.cuda`), whatever else
is simulated. The hash is the finaliser of SplitMix64 (Steele, Lea & Flood 2014, OOPSLA), once for
each argument.

Pass `FUNCTIONS` as, or in, the namespace of a Brian2 group.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from brian2.core.functions import Function
from numpy.typing import NDArray

MAX_TRIALS = 1000
"""Largest number of trials of `binomial_quantile`; beyond, its first term would underflow."""

_CPP_UNIFORM = """
static inline unsigned long long _htm_mix(unsigned long long h, int word)
{
    h += 0x9E3779B97F4A7C15ULL * (((unsigned long long)(unsigned int)word) + 1ULL);
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9ULL;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBULL;
    return h ^ (h >> 31);
}

static inline double keyed_uniform(int low, int high, int i, int j, int contact, int n)
{
    unsigned long long h = ((unsigned long long)(unsigned int)high) << 32;
    h |= (unsigned long long)(unsigned int)low;
    h = _htm_mix(_htm_mix(_htm_mix(_htm_mix(h, i), j), contact), n);
    return ((double)(h >> 11) + 0.5) * (1.0/9007199254740992.0);
}
"""

# Brian2 puts a function that text calls, too, behind those that depend on it: so it is declared.
_CPP_NORMAL = """
static inline double keyed_uniform(int low, int high, int i, int j, int contact, int n);

static inline double keyed_normal(double deviation, int low, int high, int i, int j, int contact, int n)
{
    if (deviation <= 0.0) return 0.0;
    const double u = keyed_uniform(low, high, i, j, contact, 2*n);
    const double v = keyed_uniform(low, high, i, j, contact, 2*n + 1);
    return deviation*sqrt(-2.0*log(u))*cos(6.283185307179586*v);
}
"""  # noqa: E501

_CPP_BINOMIAL = """
static inline int binomial_quantile(double u, int n, double p)
{
    if (n <= 0 || p <= 0.0) return 0;
    if (p >= 1.0) return n;
    const bool mirrored = p > 0.5;
    if (mirrored) { p = 1.0 - p; u = 1.0 - u; }
    const double odds = p/(1.0 - p);
    double term = pow(1.0 - p, n), cumulative = term;
    int k = 0;
    while (k < n && u > cumulative)
    {
        term *= odds*(n - k)/(k + 1.0);
        cumulative += term;
        k++;
    }
    return mirrored ? n - k : k;
}
"""

_CYTHON_UNIFORM = """
cdef unsigned long long _htm_mix(unsigned long long h, int word) noexcept:
    h += <unsigned long long>0x9E3779B97F4A7C15 * (<unsigned long long>(<unsigned int>word) + 1)
    h = (h ^ (h >> 30)) * <unsigned long long>0xBF58476D1CE4E5B9
    h = (h ^ (h >> 27)) * <unsigned long long>0x94D049BB133111EB
    return h ^ (h >> 31)

cdef double keyed_uniform(int low, int high, int i, int j, int contact, int n) noexcept:
    cdef unsigned long long h = (<unsigned long long>(<unsigned int>high)) << 32
    h |= <unsigned long long>(<unsigned int>low)
    h = _htm_mix(_htm_mix(_htm_mix(_htm_mix(h, i), j), contact), n)
    return (<double>(h >> 11) + 0.5) * (1.0/9007199254740992.0)
"""

_CYTHON_NORMAL = """
cdef extern from "math.h" nogil:
    double _c_log "log"(double)
    double _c_cos "cos"(double)
    double _c_sqrt "sqrt"(double)

cdef double keyed_normal(double deviation, int low, int high, int i, int j, int contact, int n) noexcept:
    cdef double u, v
    if deviation <= 0.0:
        return 0.0
    u = keyed_uniform(low, high, i, j, contact, 2*n)
    v = keyed_uniform(low, high, i, j, contact, 2*n + 1)
    return deviation*_c_sqrt(-2.0*_c_log(u))*_c_cos(6.283185307179586*v)
"""  # noqa: E501

_CYTHON_BINOMIAL = """
cdef int binomial_quantile(double u, int n, double p) noexcept:
    cdef bint mirrored = p > 0.5
    cdef double odds, term, cumulative
    cdef int k = 0
    if n <= 0 or p <= 0.0:
        return 0
    if p >= 1.0:
        return n
    if mirrored:
        p = 1.0 - p
        u = 1.0 - u
    odds = p/(1.0 - p)
    term = (1.0 - p)**n
    cumulative = term
    while k < n and u > cumulative:
        term *= odds*(n - k)/(k + 1.0)
        cumulative += term
        k += 1
    return n - k if mirrored else k
"""


def uniform(low: Any, high: Any, i: Any, j: Any, contact: Any, n: Any) -> NDArray[np.float64]:
    """Return numbers in (0, 1), each a function of all its arguments.

    Parameters
    ----------
    low, high : int
        Key words of the stream (`htm_brian.randomness.key_words`).
    i, j, contact : int or array of int
        The connection.
    n : int or array of int
        Counter of the draws at this connection.
    """
    # One type, so that Numba compiles once.
    words = [np.asarray(word).astype(np.int64, copy=False) for word in (low, high, i, j, contact)]
    drawn: NDArray[np.float64] = _uniform(*words, np.asarray(n).astype(np.int64, copy=False))
    return drawn


def normal(
    deviation: Any, low: Any, high: Any, i: Any, j: Any, contact: Any, n: Any
) -> NDArray[np.float64]:
    """Return normal numbers of mean 0, each a function of all its arguments.

    Parameters
    ----------
    deviation : float or array of float
        Standard deviation; where it is 0 nothing is drawn.
    low, high, i, j, contact, n : int or array of int
        As for `uniform`. The number `n` is that of two uniform ones, 2 n and 2 n + 1 (Box & Muller
        1958).
    """
    words = [np.asarray(word).astype(np.int64, copy=False) for word in (low, high, i, j, contact)]
    number = np.asarray(n).astype(np.int64, copy=False)
    drawn: NDArray[np.float64] = _normal(np.asarray(deviation, dtype=float), *words, number)
    return drawn


def quantile(u: Any, n: Any, p: Any) -> NDArray[np.int32]:
    """Return binomial numbers: the quantiles `u` of successes in `n` trials of probability `p`.

    Examples
    --------
    >>> quantile([0.1, 0.5, 0.9], 5, 0.5)
    array([1, 2, 4], dtype=int32)
    """
    counts: NDArray[np.int32] = _quantile(
        np.asarray(u, dtype=np.float64),
        np.asarray(n).astype(np.int64, copy=False),
        np.asarray(p, dtype=np.float64),
    )
    return counts


@numba.vectorize(cache=True)
def _uniform(low, high, i, j, contact, n):  # type: ignore[no-untyped-def]
    return _hashed(low, high, i, j, contact, n)


@numba.vectorize(cache=True)
def _normal(deviation, low, high, i, j, contact, n):  # type: ignore[no-untyped-def]
    if deviation <= 0.0:
        return 0.0
    u = _hashed(low, high, i, j, contact, 2 * n)
    v = _hashed(low, high, i, j, contact, 2 * n + 1)
    return deviation * np.sqrt(-2.0 * np.log(u)) * np.cos(6.283185307179586 * v)


@numba.njit(cache=True)
def _hashed(low, high, i, j, contact, n):  # type: ignore[no-untyped-def]
    h = (np.uint64(high) & np.uint64(0xFFFFFFFF)) << np.uint64(32)
    h |= np.uint64(low) & np.uint64(0xFFFFFFFF)
    h = _mix(_mix(_mix(_mix(h, i), j), contact), n)
    return (np.float64(h >> np.uint64(11)) + 0.5) * 2.0**-53


@numba.njit(cache=True)
def _mix(h, word):  # type: ignore[no-untyped-def]
    low = np.uint64(word) & np.uint64(0xFFFFFFFF)
    h += np.uint64(0x9E3779B97F4A7C15) * (low + np.uint64(1))  # modulo 2^64, as in C
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


@numba.vectorize(cache=True)
def _quantile(u, n, p):  # type: ignore[no-untyped-def]
    if n <= 0 or p <= 0.0:
        return np.int32(0)
    if p >= 1.0:
        return np.int32(n)
    mirrored = p > 0.5
    if mirrored:
        p = 1.0 - p
        u = 1.0 - u
    odds = p / (1.0 - p)
    term = (1.0 - p) ** n
    cumulative = term
    k = 0
    while k < n and u > cumulative:
        term *= odds * (n - k) / (k + 1.0)
        cumulative += term
        k += 1
    return np.int32(n - k) if mirrored else np.int32(k)


def _for_host_and_card(cpp: str) -> str:
    """Return C++ functions as CUDA's, which run on either side."""
    return cpp.replace("static inline", "static inline __host__ __device__")


def _function(
    name: str,
    pyfunc: Any,
    n_arguments: int,
    result: str,
    cpp: str,
    cython: str,
    calls: dict[str, Function] | None = None,
) -> Function:
    function = Function(
        pyfunc, arg_units=[1] * n_arguments, return_unit=1, return_type=result, stateless=True
    )
    add = function.implementations.add_implementation
    add("numpy", pyfunc)
    # Without its name Brian2 takes that of the Python function where another calls it.
    add("cpp", cpp, dependencies=calls, name=name)
    # By its name: Brian2CUDA, whose target it is, need not be installed.
    add("cuda", _for_host_and_card(cpp), dependencies=calls, name=name)
    add("cython", cython, dependencies=calls, name=name)
    return function


_KEYED_UNIFORM = _function("keyed_uniform", uniform, 6, "float", _CPP_UNIFORM, _CYTHON_UNIFORM)

FUNCTIONS = {
    "keyed_uniform": _KEYED_UNIFORM,
    "keyed_normal": _function(
        "keyed_normal",
        normal,
        7,
        "float",
        _CPP_NORMAL,
        _CYTHON_NORMAL,
        {"keyed_uniform": _KEYED_UNIFORM},
    ),
    "binomial_quantile": _function(
        "binomial_quantile", quantile, 3, "integer", _CPP_BINOMIAL, _CYTHON_BINOMIAL
    ),
}
"""What the equations of release and plasticity call."""
