r"""From calcium to a permanence: what the calcium rule does at a learning event, in closed form.

At a learning event the postsynaptic cell fires. A presynaptic cell that was *active* fired a fixed
interval before; one that was not is silent. Between two events far apart calcium is gone, so an
event maps the efficacy rho to a new one by what `CalciumBased` does in one transient. With soft
bounds the map is affine, and with the permanence p = rho/rho_on, in units of the efficacy at which
a synapse that is always active comes to rest,

.. math::

    p \leftarrow p + \alpha_{on} (1 - p) \text{ if active}, \qquad
    p \leftarrow p - \alpha_{off}\, p \text{ if not}

which is the moving average of `htm_brian.abstract.permanence.IncidenceRate` but for its two rates:
p comes to rest at 1/2 where the presynaptic cell is active in the share
alpha_off/(alpha_on + alpha_off) of the events. That is the incidence rate, and the average of the
two rates there is the weight of an event. With hard bounds the map is a step up or down, cut at 0
and 1: the counter `UpDown`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from brian2.units.allunits import hertz, second
from brian2.units.fundamentalunits import Quantity

from htm_brian.abstract.permanence import IncidenceRate, UpDown
from htm_brian.errors import InputError
from htm_brian.quantities import check_quantity
from htm_brian.synapses.plasticity.calcium_based import CalciumBased


class Step(NamedTuple):
    """What one event does to the efficacy: rho becomes keep rho + add, before any cut.

    Attributes
    ----------
    keep, add : float
    """

    keep: float
    add: float


class SoftSteps(NamedTuple):
    """The moving average in closed form.

    Attributes
    ----------
    alpha_on, alpha_off : float
        Weight of an event at which the presynaptic cell was active, or was not.
    top : float
        Efficacy at which a synapse rests that is active at every event: permanence 1.
    """

    alpha_on: float
    alpha_off: float
    top: float


def step(rule: CalciumBased, interval: Quantity, active: bool) -> Step:
    """Return what a learning event does; the cubic between events, and the noise, are left out.

    Parameters
    ----------
    rule : CalciumBased
        Whose threshold of depression is the lower one.
    interval : Quantity
        Postsynaptic minus presynaptic spike; longer than the delay of presynaptic calcium.
    active : bool
        Whether the presynaptic cell spiked.
    """
    n = {key: float(value) for key, value in rule.table.items()}
    if n["depression_threshold"] > n["potentiation_threshold"]:
        raise InputError("the threshold of depression must be the lower one")
    wait = float(interval) - n["presynaptic_delay"]
    if wait < 0:
        raise InputError(
            f"interval must be longer than the delay of presynaptic calcium, got {interval}"
        )
    first = (n["presynaptic_calcium"], wait) if active else (0.0, 0.0)
    calcium, whole = 0.0, Step(1.0, 0.0)
    for height, length in (first, (n["postsynaptic_calcium"], math.inf)):
        calcium += height
        up, down = (
            min(n["calcium_time_constant"] * math.log(max(1.0, calcium / n[name])), length)
            for name in ("potentiation_threshold", "depression_threshold")
        )
        piece = _piece(n, up, down)
        whole = Step(whole.keep * piece.keep, whole.add * piece.keep + piece.add)
        calcium *= math.exp(-length / n["calcium_time_constant"])
    return whole


def _piece(n: dict[str, float], up: float, down: float) -> Step:
    """Return the map of one transient: above both thresholds for `up`, above one till `down`."""
    fall, rise = n["depression_rate"], n["potentiation_rate"]
    tau = n["efficacy_time_constant"]
    if n["hard_bounds"]:
        return Step(1.0, (up * rise - down * fall) / tau)
    both = math.exp(-up * (fall + rise) / tau)
    one = math.exp(-(down - up) * fall / tau)
    return Step(both * one, rise / (fall + rise) * (1 - both) * one)


def soft_steps(rule: CalciumBased, interval: Quantity) -> SoftSteps:
    """Return the two weights of the moving average that a rule of soft bounds makes.

    Examples
    --------
    >>> from brian2 import ms
    >>> steps = soft_steps(CalciumBased("calcium_based_cortex"), 10 * ms)
    >>> round(steps.alpha_on, 3), round(steps.alpha_off, 4)
    (0.023, 0.0047)
    """
    on, off = step(rule, interval, True), step(rule, interval, False)
    return SoftSteps(1 - on.keep, 1 - off.keep, on.add / (1 - on.keep))


def incidence_rate_of(rule: CalciumBased, interval: Quantity) -> IncidenceRate:
    """Return the moving average, in events, that stands for a calcium rule of soft bounds."""
    alpha_on, alpha_off, _ = soft_steps(rule, interval)
    alpha = 2 * alpha_on * alpha_off / (alpha_on + alpha_off)
    return IncidenceRate(
        learning_period=-1 / math.log1p(-alpha), incidence_rate=alpha_off / (alpha_on + alpha_off)
    )


def up_down_of(rule: CalciumBased, interval: Quantity) -> UpDown:
    """Return the counter that stands for a calcium rule of hard bounds."""
    on, off = step(rule, interval, True), step(rule, interval, False)
    return UpDown(increment=on.add, decrement=-off.add)


def in_hertz_and_minutes(average: IncidenceRate, event_rate: Quantity) -> tuple[float, float]:
    """Return incidence rate in hertz and learning period in minutes, at a rate of events."""
    rate = float(event_rate)
    return average.incidence_rate * rate, average.learning_period / rate / 60


def incidence_rate_at(
    event_rate: Quantity, incidence_rate: Quantity, learning_period: Quantity
) -> IncidenceRate:
    """Return the moving average of numbers that are known in hertz and minutes.

    The memories count learning events; this is the inverse of `in_hertz_and_minutes`.

    Parameters
    ----------
    event_rate : Quantity
        Learning events of the postsynaptic cell, in hertz.
    incidence_rate : Quantity
        How often a presynaptic cell must take part to stay connected, in hertz; at most the rate
        of events.
    learning_period : Quantity
        Time constant of the average.

    Raises
    ------
    InputError
        Where a unit is another one, or a number is out of range.

    Examples
    --------
    >>> from brian2 import Hz, second
    >>> incidence_rate_at(0.5 * Hz, 0.1 * Hz, 1200 * second)
    IncidenceRate(learning_period=600.0, incidence_rate=0.2)
    """
    for name, value, unit in (
        ("event_rate", event_rate, hertz),
        ("incidence_rate", incidence_rate, hertz),
        ("learning_period", learning_period, second),
    ):
        check_quantity(name, value, unit, positive=True)
    if incidence_rate > event_rate:
        raise InputError(
            f"incidence_rate must be at most event_rate, {event_rate}, got {incidence_rate}"
        )
    return IncidenceRate(
        learning_period=float(learning_period * event_rate),
        incidence_rate=float(incidence_rate / event_rate),
    )
