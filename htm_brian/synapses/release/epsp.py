"""Time course of the excitatory potential at the soma: a rise, then an exponential decay.

The potential of one release is the difference of two exponentials, scaled so that its peak is the
amplitude. In Brian2, for a target cell::

    dv/dt = (epsp_gain*drive - v)/decay : volt
    ddrive/dt = -drive/rise : volt

with ``drive_post += quantal_size*amplitude`` at a release.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from brian2.equations.equations import Equations
from brian2.units import second
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from htm_brian.arguments import check_time, check_times
from htm_brian.errors import InputError
from htm_brian.parameters import Table

LOW, HIGH = 0.2, 0.8
"""Shares of the peak between which the rise time is taken."""


@dataclass(frozen=True)
class TimeCourse:
    """Difference of two exponentials with a peak of one.

    Parameters
    ----------
    rise, decay : float or Quantity
        Time constants in seconds, `rise` the shorter.

    Raises
    ------
    InputError
        Where one is not a time, or `rise` is not the shorter.

    Examples
    --------
    >>> course = TimeCourse.with_rise_time(1.1e-3, 15.5e-3)
    >>> round(1e3 * course.rise_time, 3), round(float(course.at(course.time_to_peak)), 9)
    (1.1, 1.0)
    """

    rise: float
    decay: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "rise", check_time("rise", self.rise, low=1e-9))
        object.__setattr__(self, "decay", check_time("decay", self.decay, high=1e6))
        if not self.decay > self.rise:
            raise InputError(f"decay must exceed rise = {self.rise}, got {self.decay}")

    @classmethod
    def with_rise_time(cls, rise_time: float, decay: float) -> TimeCourse:
        """Return the time course whose 20 to 80 % rise takes `rise_time`, in seconds."""
        decay = check_time("decay", decay, low=2e-9, high=1e6)
        rise_time = check_time("rise_time", rise_time)
        longest = cls(decay * (1 - 1e-6), decay).rise_time
        if not 0 < rise_time < longest:
            raise InputError(
                f"rise_time must lie between 0 and {longest:.3g}, which is the most that a decay "
                f"of {decay:.3g} allows, got {rise_time}"
            )
        rise = brentq(
            lambda rise: cls(rise, decay).rise_time - rise_time, 1e-4 * decay, decay * (1 - 1e-6)
        )
        return cls(float(rise), decay)

    @classmethod
    def of(cls, table: Table) -> TimeCourse:
        """Return the time course of a model's table ``[epsp]``."""
        rise, decay = (float(table[key] / second) for key in ("rise_time", "decay_time"))
        return cls.with_rise_time(rise, decay)

    @cached_property
    def time_to_peak(self) -> float:
        """Seconds from release to peak."""
        rate = 1 / self.rise - 1 / self.decay
        return float(np.log(self.decay / self.rise) / rate)

    @cached_property
    def gain(self) -> float:
        """`epsp_gain` of the equations, which makes the peak one."""
        peak = np.exp(-self.time_to_peak / self.decay) - np.exp(-self.time_to_peak / self.rise)
        return float((self.decay / self.rise - 1) / peak)

    @cached_property
    def rise_time(self) -> float:
        """Seconds from 20 to 80 % of the peak."""
        low, high = (
            brentq(lambda t, share=share: float(self.at(t)) - share, 0, self.time_to_peak)
            for share in (LOW, HIGH)
        )
        return float(high - low)

    @cached_property
    def half_width(self) -> float:
        """Seconds above half of the peak."""
        start, end = (
            brentq(lambda t: float(self.at(t)) - 0.5, *span)
            for span in ((0, self.time_to_peak), (self.time_to_peak, 50 * self.decay))
        )
        return float(end - start)

    def at(self, time: ArrayLike) -> NDArray[np.float64]:
        """Return the potential, relative to its peak, at seconds after a release."""
        t = np.maximum(check_times("time", time, ndim=None), 0)
        peak = np.exp(-self.time_to_peak / self.decay) - np.exp(-self.time_to_peak / self.rise)
        return np.asarray((np.exp(-t / self.decay) - np.exp(-t / self.rise)) / peak)

    def equations(self) -> Equations:
        """Return the equations of a target cell."""
        return Equations(
            """
            dv/dt = (epsp_gain*drive - v)/decay : volt
            ddrive/dt = -drive/rise : volt
            """,
            epsp_gain=self.gain,
            decay=self.decay * second,
            rise=self.rise * second,
        )
