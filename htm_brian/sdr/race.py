"""The race of first spikes in a minicolumn: how often noise leaves its answer right.

A volley reaches all neurons of a column. If some HTM cells were predicted, their neurons spike
early; the `recruiting`-th spike of the column recruits inhibition if it comes within the `window`,
and what has not spiked `latency` later stays silent. A cell is active if most of its neurons spike.
The answer is right if exactly the predicted cells are active, or all where none was predicted.

First spikes are independent, and distributed as the caller says; the time of a neuron that does not
spike is infinite. Arrays only: any cell, any noise, measured or derived
(`htm_brian.network.first_spikes`), or a straight rise of the potential (`straight_rise`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr
from scipy.stats import binom

from htm_brian.arguments import check_integer
from htm_brian.errors import InputError

Array = NDArray[np.float64]


class Drawn(NamedTuple):
    """What drawn columns did.

    Attributes
    ----------
    right : float
        Share of the columns that are right.
    hits, either : int
        Cells that are active and should be, and cells that are active or should be.
    """

    right: float
    hits: int
    either: int

    @property
    def jaccard(self) -> float:
        """Agreement of active cells with those that should be, over all columns together."""
        return self.hits / self.either


@dataclass(frozen=True)
class Race:
    """A column and its distribution of first spikes.

    Parameters
    ----------
    times : ndarray of shape (n,)
        Seconds since the volley, rising.
    predicted, unpredicted : ndarray of shape (n,)
        Probability that a neuron has spiked by then.
    cells : int
        HTM cells of the column.
    latency : float
        Seconds from the recruiting spike to inhibition.
    neurons_per_cell, recruiting : int
    window : float
        Seconds since the volley; a later spike recruits nothing.

    Examples
    --------
    A lead of 7 mV, a rise of 1 mV/ms and 2 mV of noise: single neurons are right in most columns.

    >>> race = straight_rise(cells=8, lead=7.0, rise=1.0, noise=2.0, latency=1.0)
    >>> [round(p, 2) for p in race.with_best_window().right()]
    [0.88, 0.88]
    """

    times: Array
    predicted: Array
    unpredicted: Array
    cells: int
    latency: float
    neurons_per_cell: int = 1
    recruiting: int = 1
    window: float = np.inf

    def __post_init__(self) -> None:
        for name in ("cells", "neurons_per_cell", "recruiting"):
            check_integer(name, getattr(self, name), low=1)
        for name in ("predicted", "unpredicted"):
            values = getattr(self, name)
            if values.shape != self.times.shape or (np.diff(values) < -1e-9).any():
                raise InputError(f"{name} must rise with times, and have their shape")

    @property
    def majority(self) -> int:
        """Neurons that make a cell active."""
        return self.neurons_per_cell // 2 + 1

    def right(self) -> tuple[float, float]:
        """Return the closed form: how often a column is right with one predicted cell, with none.

        It is exact for single neurons of which the first recruits. Of ensembles, when inhibition
        is recruited and which neurons have spiked by then are taken to be independent, and an
        unpredicted column that recruits inhibition is taken to be wrong.
        """
        predicted, unpredicted = self._by_window()
        at = int(np.searchsorted(self.times, self.window, side="right")) - 1
        return (
            (0.0, float(unpredicted[0]))
            if at < 0
            else (float(predicted[at]), float(unpredicted[at]))
        )

    def with_best_window(self) -> Race:
        """Return the race with the window in which the worse of both columns is right most often.

        Of windows that are as good, the middle is taken. With several neurons a cell, the number
        of spikes that recruit is chosen as well: from half of a cell's neurons to all of them.
        """
        found = []
        for recruiting in range(self.majority, self.neurons_per_cell + 1):
            tried = replace(self, recruiting=recruiting)
            worse = np.minimum(*tried._by_window())
            best = np.flatnonzero(worse >= worse.max() - 1e-4)
            middle = float(self.times[best[len(best) // 2]])
            found.append((float(worse.max()), len(best), replace(tried, window=middle)))
        return max(found, key=lambda each: (round(each[0], 3), each[1]))[2]

    def _by_window(self) -> tuple[Array, Array]:
        """Return how often both columns are right, for windows that end at each of `times`."""
        k, most, others = self.neurons_per_cell, self.majority, self.cells - 1
        late = self.times + self.latency
        early_by, late_by = (
            np.interp(late, self.times, each) for each in (self.predicted, self.unpredicted)
        )
        silent = binom.cdf(most - 1, k, late_by) ** others
        if k == 1:
            recruited = self.predicted
        else:
            strays = binom.pmf(np.arange(self.recruiting)[:, None], others * k, self.unpredicted)
            more = binom.sf(
                self.recruiting - 1 - np.arange(self.recruiting)[:, None], k, self.predicted
            )
            enough = binom.sf(self.recruiting - 1, others * k, self.unpredicted)
            recruited = np.maximum.accumulate((strays * more).sum(axis=0) + enough)
            silent = silent * binom.sf(most - 1, k, early_by)
        predicted = np.cumsum(np.diff(recruited, prepend=0.0) * silent)
        unrecruited = binom.cdf(self.recruiting - 1, self.cells * k, self.unpredicted)
        complete = binom.sf(most - 1, k, self.unpredicted[-1]) ** self.cells
        return predicted, unrecruited * complete

    def run(self, columns: int, rng: Generator, predicted: int = 1) -> Drawn:
        """Draw first spikes, and let columns race.

        Parameters
        ----------
        columns : int
            To draw.
        rng : Generator
        predicted : int
            HTM cells of each column that are predicted.

        Returns
        -------
        Drawn
        """
        k = self.neurons_per_cell
        wanted = np.arange(self.cells) < (predicted or self.cells)
        first = np.empty((columns, self.cells, k))
        early = np.arange(self.cells) < predicted
        first[:, early] = self._draw(self.predicted, (columns, predicted, k), rng)
        first[:, ~early] = self._draw(self.unpredicted, (columns, self.cells - predicted, k), rng)
        in_order = np.partition(first.reshape(columns, -1), self.recruiting - 1, axis=1)
        recruited = in_order[:, self.recruiting - 1]
        end = np.where(recruited <= self.window, recruited + self.latency, np.inf)
        active = (first < end[:, None, None]).sum(axis=2) >= self.majority
        right = float((active == wanted).all(axis=1).mean())
        return Drawn(right, int((active & wanted).sum()), int((active | wanted).sum()))

    def _draw(self, reached: Array, shape: tuple[int, ...], rng: Generator) -> Array:
        """Return times with a distribution function; infinite where it is not reached."""
        level = rng.random(shape)
        rising, where = np.unique(reached, return_index=True)
        drawn = np.interp(level, rising, self.times[where])
        return np.where(level > reached[-1], np.inf, drawn)


def straight_rise(
    *,
    cells: int,
    lead: float,
    rise: float,
    noise: ArrayLike,
    latency: float,
    distance: float = 20.0,
    neurons_per_cell: int = 1,
) -> Race:
    """Return the race of cells whose potential rises straight towards the threshold.

    Parameters
    ----------
    cells, neurons_per_cell : int
    lead : float
        Of a predicted cell, mV.
    rise : float
        mV/ms.
    noise : array_like
        Standard deviations in mV, of whatever shifts the threshold of a neuron in a volley.
    latency : float
        ms; times of the race are in ms, too.
    distance : float
        From rest to threshold, mV.
    """
    deviation = float(np.sqrt(np.sum(np.square(noise)))) / rise
    latest = distance / rise
    times = np.linspace(-6 * deviation, latest + 6 * deviation, 1200)
    late, early = (ndtr((times - mean) / deviation) for mean in (latest, latest - lead / rise))
    return Race(times, early, late, cells, latency, neurons_per_cell)
