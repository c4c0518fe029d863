"""Short-term depression and facilitation in closed form: what the average connection does.

A spike that comes `interval` after the one before finds the utilisation `u` and the share `x` of
the sites that hold a vesicle::

    u = U + u_before*(1 - U)*exp(-interval/facilitation_time)
    x = 1 - (1 - x_before*(1 - u_before))*exp(-interval/recovery_time)

and releases `u*x` of all (Tsodyks & Markram 1997, Markram et al. 1998). Where each of N sites
refills, and each full one releases, by chance and on its own, the number of quanta at any spike of
a train is binomial with N trials of probability `u*x` (Fuhrmann et al. 2002). So mean, coefficient
of variation and failures follow for every spike of a train, not only for a rested synapse.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import (
    check_integer,
    check_number,
    check_rate,
    check_time,
    check_times,
    has_unit,
)
from htm_brian.errors import InputError
from htm_brian.sdr.theory_arguments import numbers, probabilities, require

FloatArray = NDArray[np.float64]


class Train(NamedTuple):
    """What each spike of a train finds.

    Attributes
    ----------
    utilisation : ndarray of float, shape (n_spikes,)
        Release probability of a site that holds a vesicle.
    available : ndarray of float, shape (n_spikes,)
        Probability that a site holds one.
    """

    utilisation: FloatArray
    available: FloatArray

    @property
    def released(self) -> FloatArray:
        """Release probability of a site, shape (n_spikes,): the amplitude expected of it."""
        return self.utilisation * self.available


def train(
    release_probability: float,
    recovery_time: float,
    facilitation_time: float,
    spike_times: ArrayLike,
) -> Train:
    """Follow a rested synapse through a train.

    Parameters
    ----------
    release_probability : float
        U, of a rested site.
    recovery_time, facilitation_time : float or Quantity
        In seconds; a `facilitation_time` of 0 stands for none.
    spike_times : array_like of float or Quantity, shape (n_spikes,)
        In seconds, increasing.

    Returns
    -------
    Train
        Utilisation and share of full sites at every spike.

    Raises
    ------
    InputError
        Where a number is out of range, not finite or of another unit, or times do not increase.

    Notes
    -----
    The recursion of Tsodyks & Markram (1997), as it stands at the top of the module.

    Examples
    --------
    >>> train(0.5, 0.8, 0.0, [0.0, 0.05]).released.round(3)
    array([0.5  , 0.265])
    """
    start = check_number("release_probability", release_probability, low=0, high=1)
    recovery, facilitation = _times(recovery_time, facilitation_time)
    times = check_times("spike_times", spike_times)
    if np.any(np.diff(times) < 0):
        raise InputError("spike_times must be one sequence in the order of time")
    u, x = np.empty(times.size), np.empty(times.size)
    if times.size:
        u[0], x[0] = start, 1.0
    for k, interval in enumerate(np.diff(times), start=1):
        u[k] = start + u[k - 1] * (1 - start) * _decay(interval, facilitation)
        x[k] = 1 - (1 - x[k - 1] * (1 - u[k - 1])) * _decay(interval, recovery)
    return Train(u, x)


def stationary(
    release_probability: float, recovery_time: float, facilitation_time: float, rate: ArrayLike
) -> FloatArray:
    """Return what a site releases per spike, late in a regular train.

    The fixed point of the recursion of `train`.

    Parameters
    ----------
    release_probability : float
        U, of a rested site.
    recovery_time, facilitation_time : float or Quantity
        In seconds.
    rate : float, array_like or Quantity
        In Hz, above 0; any shape.

    Returns
    -------
    ndarray of float, shape of `rate`
        Quanta of a site at a spike.

    Raises
    ------
    InputError
        Where a number is out of range, not finite or of another unit.

    Examples
    --------
    >>> (stationary(0.5, 0.8, 0.0, [1, 20]) / 0.5).round(3)      # over the first amplitude
    array([0.833, 0.114])
    """
    start = check_number("release_probability", release_probability, low=0, high=1)
    recovery, facilitation = _times(recovery_time, facilitation_time)
    if has_unit(rate) and np.size(rate):  # one look at the unit of all
        check_rate("rate", rate[0] if np.ndim(rate) else rate)  # type: ignore[index]
        rate = np.asarray(rate, dtype=np.float64)
    rate = numbers("rate", rate)
    require((rate > 0) & np.isfinite(rate), "rate must be above 0 and finite", rate)
    interval = 1.0 / rate
    u = start / (1 - (1 - start) * _decay(interval, facilitation))
    lost = _decay(interval, recovery)
    return np.asarray(u * (1 - lost) / (1 - (1 - u) * lost))


def mean(sites: int, probability: ArrayLike) -> FloatArray:
    """Return the expected number of quanta.

    Parameters
    ----------
    sites : int
        Independent release sites.
    probability : float or array_like of float, any shape
        That a site releases.

    Returns
    -------
    ndarray of float, shape of `probability`
        Of a binomial number.

    Raises
    ------
    InputError
        If `sites` is below 1, or a probability outside of [0, 1].
    """
    return check_integer("sites", sites, low=1) * probabilities("probability", probability)


def coefficient_of_variation(
    sites: int, probability: ArrayLike, quantal_variation: float = 0.0
) -> FloatArray:
    """Return SD over mean of the amplitude, failures included.

    Parameters
    ----------
    sites : int
        Independent release sites.
    probability : float or array_like of float, any shape
        That a site releases, above zero.
    quantal_variation : float
        SD over mean of one quantum's size.

    Returns
    -------
    ndarray of float, shape of `probability`
        Of a binomial number of quanta whose sizes vary.

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> round(float(coefficient_of_variation(5, 0.37)), 2)
    0.58
    """
    p = probabilities("probability", probability)
    require(p > 0, "probability must be above 0", p)
    variation = check_number("quantal_variation", quantal_variation, low=0)
    return np.sqrt((1 - p + variation**2) / mean(sites, p))


def _times(recovery_time: float, facilitation_time: float) -> tuple[float, float]:
    return (
        check_time("recovery_time", recovery_time, low=0),
        check_time("facilitation_time", facilitation_time, low=0),
    )


def _decay(interval: ArrayLike, time_constant: float) -> FloatArray:
    interval = np.asarray(interval, dtype=np.float64)
    if time_constant == 0:
        return np.where(interval > 0, 0.0, 1.0)
    with np.errstate(over="ignore"):  # so many time constants that nothing is left
        return np.exp(-interval / time_constant)
