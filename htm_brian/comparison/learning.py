"""Whether a series holds anything that a temporal memory can learn, told by level 0 alone.

What a temporal memory learns is the order of its input. A series shuffled in time has the same
values as often, and no order. If the abstract memory's anomaly on the series is not below its
anomaly on the shuffled one, nothing was learned, and that another level agrees means nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htm_brian.comparison.intervals import Interval, difference_interval
from htm_brian.comparison.table import Row
from htm_brian.experiment.checks import Check
from htm_brian.sdr.ragged import Ragged

LEVEL = 0.99
LEAST = 0.01
"""Fall of the anomaly that counts as learned; less is nothing, however sure."""

SOURCE = "htm_brian: order is all that a temporal memory learns"


@dataclass(frozen=True)
class Learning:
    """How far the abstract memory predicts a series better than the same without its order.

    Parameters
    ----------
    anomaly, shuffled : float
        Mean anomaly on the series, and on the same steps shuffled in time.
    interval : (float, float)
        Of the second less the first, `LEVEL` of a block bootstrap.
    start, stop : int
        Steps over which both are taken.
    """

    anomaly: float
    shuffled: float
    interval: Interval
    start: int
    stop: int

    @property
    def check(self) -> Check:
        """The check that something was learned."""
        return Check(
            "level 0 learned: fall of the anomaly by the order of the series, lower end of the "
            f"{LEVEL:.0%} interval",
            self.interval[0],
            "1",
            LEAST,
            None,
            SOURCE,
        )

    @property
    def something(self) -> bool:
        """Whether anything was learned."""
        return self.check.passed

    @property
    def rows(self) -> list[Row]:
        """The rows of the table that tell it."""
        title = f"LEVEL 0 ALONE: over steps {self.start + 1} to {self.stop}"
        return [
            Row(title),
            Row("anomaly on the series in its own order", self.anomaly),
            Row("anomaly on the series shuffled in time", self.shuffled),
            Row(
                f"fall of the anomaly by the order ({LEVEL:.0%} interval)",
                self.shuffled - self.anomaly,
                check=self.check,
                interval=self.interval,
            ),
        ]

    def __str__(self) -> str:
        """Say it in one sentence."""
        low, high = self.interval
        figures = (
            f"over the last {self.stop - self.start} of {self.stop} steps the abstract memory's "
            f"anomaly is {self.anomaly:.3f}, and {self.shuffled:.3f} on the series shuffled in "
            f"time (fall {self.shuffled - self.anomaly:.3f}, {LEVEL:.0%} interval {low:.3f} to "
            f"{high:.3f})"
        )
        if self.something:
            return f"the abstract memory learned the series: {figures}"
        return (
            f"nothing was learned: {figures}; so the series cannot tell whether the spiking memory "
            "does the same, and it was not run"
        )


def shuffle(stream: Ragged, seed: int) -> Ragged:
    """Return the same steps in a random order.

    Parameters
    ----------
    stream : Ragged
        Active columns of each step.
    seed : int
        Of the order.

    Returns
    -------
    Ragged
        Of as many steps.
    """
    order = np.random.default_rng(seed).permutation(len(stream))
    return Ragged.from_sets(stream[int(step)] for step in order)


def learning_from(
    own: NDArray[np.float64], shuffled: NDArray[np.float64], evaluated_share: float, seed: int = 0
) -> Learning:
    """Compare the anomaly on a series with that on the same steps shuffled.

    Parameters
    ----------
    own, shuffled : ndarray of float, shape (n_steps,)
        Anomaly of each step.
    evaluated_share : float
        Last part of the steps over which both are compared.
    seed : int
        Of the bootstrap; each of the two is resampled by itself, as nothing pairs their steps.

    Returns
    -------
    Learning
        With the interval of the difference.
    """
    stop = len(own)
    start = round((1 - evaluated_share) * stop)
    before, after = own[start:], shuffled[start:]
    interval = difference_interval(before, after, level=LEVEL, seed=seed)
    means = [float(one.mean()) if len(one) else float("nan") for one in (before, after)]
    return Learning(means[0], means[1], interval, start, stop)
