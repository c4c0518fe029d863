r"""Calcium: the synapse goes down above one threshold of calcium, up above a higher one.

.. math::

    \tau \frac{d\rho}{dt} = -\rho (1 - \rho)(\tfrac12 - \rho)
        + \gamma_p (1 - \rho) \Theta(c - \theta_p) - \gamma_d \rho \Theta(c - \theta_d)
        + \sigma \sqrt{\tau} \sqrt{\Theta(c - \theta_d) + \Theta(c - \theta_p)}\, \eta(t), \qquad
    \tau_{Ca} \frac{dc}{dt} = -c

A presynaptic spike adds to the calcium c some time after it arrives, if the synapse releases, and a
postsynaptic spike at once; both steps add up (Graupner & Brunel 2012, PNAS 109:3991). The efficacy
rho rests at 0 or 1, on either side of 1/2.

**Nothing is computed between spikes.** Calcium only falls between two steps, so it lies above a
threshold for the time tau_Ca log(c / theta), at most until the next step, and the interval falls
into at most three pieces: above both thresholds, above one, below both. Above a threshold the
efficacy relaxes exponentially, and its noise is Gaussian with the variance of an
Ornstein-Uhlenbeck process, exact for the whole piece. Below both there is no noise, and with the
barrier at 1/2, as in all published sets, the cubic has a closed form: y = rho - 1/2 becomes
y / (2 sqrt(y^2 + (1/4 - y^2) exp(-t / (2 tau)))).

With `hard_bounds` the two rates do not depend on the efficacy, which is cut at 0 and 1 instead, and
there is neither cubic nor noise: the form that turns into a counter.

One thing is left out, as in the analysis of the paper: the cubic while calcium is above a
threshold. Its rate is below 0.05 there, that of calcium is gamma, 61 to 1960 in the published
sets; a test holds the closed form against the whole equation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numba
import numpy as np
from brian2.core.functions import Function
from numpy.typing import ArrayLike, NDArray

from htm_brian.errors import InputError
from htm_brian.parameters import Key, Table
from htm_brian.synapses.plasticity.online import Later, OnlineRule
from htm_brian.synapses.release.draws import FUNCTIONS


@dataclass(frozen=True)
class CalciumBased(OnlineRule):
    """Two thresholds of calcium, bistable efficacy, noise.

    Examples
    --------
    >>> rule = CalciumBased("calcium_based_dp")
    >>> print(rule.later["calcium"].text.splitlines()[-1], "after", rule.later["calcium"].after)
    calcium += arrival*presynaptic_calcium after 13.7 ms
    """

    keys: ClassVar = {
        "calcium_time_constant": Key("second", "decay of calcium"),
        "presynaptic_calcium": Key("1", "step of calcium by a presynaptic spike"),
        "postsynaptic_calcium": Key("1", "step of calcium by a postsynaptic spike"),
        "presynaptic_delay": Key("second", "from the arrival of a spike to its calcium"),
        "depression_threshold": Key("1", "calcium above which the efficacy falls"),
        "potentiation_threshold": Key("1", "calcium above which the efficacy rises"),
        "depression_rate": Key("1", "rate of the fall, in 1/efficacy_time_constant"),
        "potentiation_rate": Key("1", "rate of the rise, in 1/efficacy_time_constant"),
        "noise": Key("1", "amplitude of the noise above a threshold; 0 for none"),
        "efficacy_time_constant": Key("second", "time scale of the efficacy"),
        "hard_bounds": Key("1", "1 where the efficacy is cut at 0 and 1, 0 where it saturates"),
        "strength_ratio": Key("1", "strength of a synapse up over that of one down"),
        "initial_down_share": Key("1", "share of the synapses that are down at first"),
    }

    @property
    def equations(self) -> str:
        """State: calcium and efficacy at the synapse's last event."""
        noise = _NOISE_STATE if self.noisy else ""
        return f"{_STATE}{noise}"

    @property
    def noisy(self) -> bool:
        """Whether the efficacy has noise: then the synapses draw."""
        return self.table["noise"] > 0 and not self.table["hard_bounds"]

    def check(self) -> None:
        """Refuse a switch that is neither on nor off."""
        if self.table["hard_bounds"] not in (0, 1):
            parameter = self.table.parameter("hard_bounds")
            raise InputError(f"hard_bounds must be 0 or 1, got {parameter.text}{parameter.where}")

    @property
    def catch_up(self) -> str:
        """Statements that bring calcium and efficacy from the last event to the present."""
        return catch_up(self.table, noisy=self.noisy)

    @property
    def later(self) -> Mapping[str, Later]:
        """The calcium of a presynaptic spike."""
        step = "calcium += arrival*presynaptic_calcium"
        return {"calcium": Later(f"{self.catch_up}\n{step}", self.table["presynaptic_delay"])}

    @property
    def on_post(self) -> str:
        """The calcium of a postsynaptic spike."""
        return f"{self.catch_up}\ncalcium += postsynaptic_calcium"

    def constants(self) -> Mapping[str, Any]:
        """Return the numbers of the model and the functions that the text calls."""
        own = {"time_above": TIME_ABOVE, "left_after": LEFT_AFTER, "settled": SETTLED}
        return dict(self.table) | own | FUNCTIONS

    def initial_state(self) -> Mapping[str, Any]:
        """Return the resting state down, from the present on."""
        return {"efficacy": 0, "calcium": 0, "last_event": "t"}


def catch_up(table: Table, *, noisy: bool = False) -> str:
    """Return the statements that bring `calcium` and `efficacy` to the present.

    Parameters
    ----------
    table : Table
        With the thresholds of `CalciumBased`, and `hard_bounds`.
    noisy : bool
    """
    ordered = table["depression_threshold"] <= table["potentiation_threshold"]
    low, high = ("depression", "potentiation")[:: 1 if ordered else -1]
    if table["hard_bounds"]:
        sign = "-" if low == "depression" else "+"
        return _CATCH_UP_HARD.format(low=low, high=high, sign=sign).strip()
    lone = "0" if low == "depression" else "1"
    noise = _NOISE.format(low=low) if noisy else ""
    return _CATCH_UP.format(low=low, high=high, lone=lone, noise=noise).strip()


_STATE = """
efficacy : 1  # rho at the last event; 0 down, 1 up
strength = 1 + (strength_ratio - 1)*efficacy : 1  # in units of a synapse that is down
calcium : 1  # at the last event, once its step was added
last_event : second
"""
_NOISE_STATE = """
noise_draws : integer
noise_low : integer (shared, constant)  # name of the stream of draws
noise_high : integer (shared, constant)
"""

_CATCH_UP = """
elapsed = t - last_event
above_{low} = calcium_time_constant*time_above(calcium/{low}_threshold, elapsed/calcium_time_constant)
above_{high} = calcium_time_constant*time_above(calcium/{high}_threshold, elapsed/calcium_time_constant)
left_of_both = left_after(above_{high}*(depression_rate + potentiation_rate)/efficacy_time_constant)
left_of_one = left_after((above_{low} - above_{high})*{low}_rate/efficacy_time_constant)
goal = potentiation_rate/(depression_rate + potentiation_rate)
efficacy = {lone} + (goal + (efficacy - goal)*left_of_both - {lone})*left_of_one
{noise}efficacy = settled(efficacy, (elapsed - above_{low})/(2*efficacy_time_constant))
calcium = calcium*exp(-elapsed/calcium_time_constant)
last_event = t
"""  # noqa: E501

_CATCH_UP_HARD = """
elapsed = t - last_event
above_{low} = calcium_time_constant*time_above(calcium/{low}_threshold, elapsed/calcium_time_constant)
above_{high} = calcium_time_constant*time_above(calcium/{high}_threshold, elapsed/calcium_time_constant)
efficacy = clip(efficacy + above_{high}*(potentiation_rate - depression_rate)/efficacy_time_constant, 0, 1)
efficacy = clip(efficacy {sign} (above_{low} - above_{high})*{low}_rate/efficacy_time_constant, 0, 1)
calcium = calcium*exp(-elapsed/calcium_time_constant)
last_event = t
"""  # noqa: E501

_NOISE = """both_variance = noise**2*(1 - left_of_both**2)/(depression_rate + potentiation_rate)
one_variance = 0.5*noise**2*(1 - left_of_one**2)/{low}_rate
efficacy = efficacy + keyed_normal(sqrt(both_variance*left_of_one**2 + one_variance), noise_low, noise_high, i, j, contact, noise_draws)
noise_draws = noise_draws + 1
"""  # noqa: E501


def time_above(ratio: ArrayLike, elapsed: ArrayLike) -> NDArray[np.float64]:
    """Return for how long something that decays exponentially stays above a threshold.

    Parameters
    ----------
    ratio : array_like of float
        Its value at first over the threshold.
    elapsed : array_like of float
        How long is looked at, in time constants.

    Returns
    -------
    ndarray of float
        In time constants.

    Examples
    --------
    >>> time_above([0.5, 2.0, 2.0], 0.6).round(4).tolist()
    [0.0, 0.6, 0.6]
    >>> float(time_above(2.0, 5.0).round(4))
    0.6931
    """
    above: NDArray[np.float64] = _time_above(np.asarray(ratio, float), np.asarray(elapsed, float))
    return above


@numba.vectorize(cache=True)
def _time_above(ratio, elapsed):  # type: ignore[no-untyped-def]
    if ratio <= 1.0:
        return 0.0
    # log r is at least 2 (r - 1)/(r + 1): most values that stay above need no logarithm.
    if 2.0 * (ratio - 1.0) >= elapsed * (ratio + 1.0):
        return elapsed
    return min(np.log(ratio), elapsed)


@numba.vectorize(cache=True)
def left_after(times):  # type: ignore[no-untyped-def]
    """Return exp(-times), without the exponential where no time passes."""
    return np.exp(-times) if times > 0.0 else 1.0


@numba.vectorize(cache=True)
def settled(efficacy, times):  # type: ignore[no-untyped-def]
    """Return the efficacy after some time below both thresholds, in twice its time constant."""
    # What is left by rounding of a time that was all above a threshold changes nothing.
    if times <= 1e-14:
        return efficacy
    off = efficacy - 0.5
    return 0.5 + 0.5 * off / np.sqrt(off * off + (0.25 - off * off) * np.exp(-times) + 1e-300)


TIME_ABOVE = Function(time_above, arg_units=[1, 1], return_unit=1, stateless=True)
TIME_ABOVE.implementations.add_implementation("numpy", time_above)
TIME_ABOVE.implementations.add_implementation(
    "cpp",
    """
static inline double time_above(double ratio, double elapsed)
{
    if (ratio <= 1.0) return 0.0;
    if (2.0*(ratio - 1.0) >= elapsed*(ratio + 1.0)) return elapsed;
    const double whole = log(ratio);
    return whole < elapsed ? whole : elapsed;
}
""",
)
TIME_ABOVE.implementations.add_implementation(
    "cython",
    """
cdef extern from "math.h" nogil:
    double _c_log_above "log"(double)

cdef double time_above(double ratio, double elapsed) noexcept:
    cdef double whole
    if ratio <= 1.0:
        return 0.0
    if 2.0*(ratio - 1.0) >= elapsed*(ratio + 1.0):
        return elapsed
    whole = _c_log_above(ratio)
    return whole if whole < elapsed else elapsed
""",
)

LEFT_AFTER = Function(left_after, arg_units=[1], return_unit=1, stateless=True)
LEFT_AFTER.implementations.add_implementation("numpy", left_after)
LEFT_AFTER.implementations.add_implementation(
    "cpp",
    """
static inline double left_after(double times)
{
    return times > 0.0 ? exp(-times) : 1.0;
}
""",
)
LEFT_AFTER.implementations.add_implementation(
    "cython",
    """
cdef extern from "math.h" nogil:
    double _c_exp_left "exp"(double)

cdef double left_after(double times) noexcept:
    if times > 0.0:
        return _c_exp_left(-times)
    return 1.0
""",
)
SETTLED = Function(settled, arg_units=[1, 1], return_unit=1, stateless=True)
SETTLED.implementations.add_implementation("numpy", settled)
SETTLED.implementations.add_implementation(
    "cpp",
    """
static inline double settled(double efficacy, double times)
{
    if (times <= 1e-14) return efficacy;
    const double off = efficacy - 0.5;
    return 0.5 + 0.5*off/sqrt(off*off + (0.25 - off*off)*exp(-times) + 1e-300);
}
""",
)
SETTLED.implementations.add_implementation(
    "cython",
    """
cdef extern from "math.h" nogil:
    double _c_exp_settled "exp"(double)
    double _c_sqrt_settled "sqrt"(double)

cdef double settled(double efficacy, double times) noexcept:
    cdef double off
    if times <= 1e-14:
        return efficacy
    off = efficacy - 0.5
    return 0.5 + 0.5*off/_c_sqrt_settled(off*off + (0.25 - off*off)*_c_exp_settled(-times) + 1e-300)
""",
)
