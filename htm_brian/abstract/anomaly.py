"""Anomaly likelihood: how unusual the recent anomaly scores are for this stream.

A raw anomaly score says how badly one element was predicted. In a noisy stream many are; what
matters is whether they have become worse than they use to be.
"""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError

_ROOT_OF_TWO = 1.4142
"""To as many digits as NuPIC, whose values these must be."""

_RED, _YELLOW = 1 - 0.99999, 1 - 0.999
"""Tail probabilities: below red is an alarm, and what follows at once is only yellow."""

_LOWEST_MEAN, _LOWEST_VARIANCE = 0.03, 0.0003
"""Floors of the estimate: after a calm time the slightest blip would be an alarm."""

_ROUNDING = 1e-12
"""Share of the largest value within which all values are one."""


@dataclass(frozen=True)
class _Normal:
    mean: float
    deviation: float

    def tail(self, value: float) -> float:
        """Return the probability of lying further from the mean on this side."""
        z = abs(value - self.mean) / self.deviation
        return 0.5 * math.erfc(z / _ROOT_OF_TWO)


_ANYTHING_GOES = _Normal(mean=0.5, deviation=1e3)


class AnomalyLikelihood:
    """Likelihood, from 0 to 1, that a stream of anomaly scores has become anomalous.

    Scores are averaged over the last few; a normal distribution is fitted to the averages of the
    past now and then; the likelihood is 1 less the tail probability of the newest average. Of an
    alarm that lasts only the first element keeps its extreme value.

    Parameters
    ----------
    learning_period : int
        Elements at the start whose scores are left out of the estimate.
    estimation_samples : int
        Elements after those that must be there for the first estimate; until then the likelihood
        is 0.5.
    historic_window : int
        Number of latest elements that an estimate rests on.
    reestimation_period : int
        Elements between two estimates.
    averaging_window : int
        Number of latest scores that are averaged.
    flat_variance : float
        An input is constant, and nothing in it is an anomaly, where its variance is at most this
        share of the squared range of all values so far. For a range of one that is NuPIC's bound;
        as a share it does not depend on the unit of the values.

    Raises
    ------
    InputError
        Here, or from `compute`: a number out of range, not finite or with a unit.

    Notes
    -----
    After Lavin and Ahmad (2015), Evaluating real-time anomaly detection algorithms: the Numenta
    Anomaly Benchmark; defaults, floors and the treatment of constant input as in NuPIC.
    """

    def __init__(
        self,
        learning_period: int = 288,
        estimation_samples: int = 100,
        historic_window: int = 8640,
        reestimation_period: int = 100,
        averaging_window: int = 10,
        flat_variance: float = 1.5e-5,
    ) -> None:
        self.learning_period = check_integer("learning_period", learning_period, low=0)
        self.estimation_samples = check_integer("estimation_samples", estimation_samples, low=1)
        self.historic_window = check_integer(
            "historic_window", historic_window, low=self.estimation_samples
        )
        self.reestimation_period = check_integer("reestimation_period", reestimation_period, low=1)
        self.averaging_window = check_integer("averaging_window", averaging_window, low=1)
        self.flat_variance = check_number("flat_variance", flat_variance, low=0, high=1)
        self._lowest, self._highest = math.inf, -math.inf
        self._scores: deque[float] = deque(maxlen=self.historic_window)
        self._inputs: deque[float] = deque(maxlen=self.historic_window)
        self._n_elements = 0
        self._distribution: _Normal | None = None
        self._previous_tail = 1.0

    def compute(self, anomaly: float, value: float | None = None) -> float:
        """Take in the next element and return its anomaly likelihood.

        Parameters
        ----------
        anomaly : float
            Raw anomaly score, in [0, 1].
        value : float, optional
            The input itself, by which a constant input is known; given for every element or none.

        Returns
        -------
        float
            0.5 until there is an estimate.
        """
        anomaly = check_number("anomaly", anomaly, low=0, high=1)
        number = None if value is None else check_number("value", value)
        if self._n_elements > 0 and (number is None) != (len(self._inputs) == 0):
            raise InputError("value must be given for every element or for none")
        likelihood = 0.5
        if self._n_elements >= self.learning_period + self.estimation_samples:
            if self._distribution is None or self._n_elements % self.reestimation_period == 0:
                self._estimate()
            likelihood = 1.0 - self._tail_of(anomaly)
        self._scores.append(anomaly)
        if number is not None:
            self._inputs.append(number)
            self._lowest, self._highest = min(self._lowest, number), max(self._highest, number)
        self._n_elements += 1
        return likelihood

    def _estimate(self) -> None:
        """Fit the distribution to the averages of the past, and judge the latest of them by it."""
        averages = _moving_average(np.array(self._scores), self.averaging_window)
        n_forgotten = max(0, self._n_elements - self.historic_window)
        n_skipped = max(0, self.learning_period - n_forgotten)
        if self._is_flat(np.array(self._inputs)[n_skipped:]):
            self._distribution = _ANYTHING_GOES
        else:
            used = averages[n_skipped:]
            mean = max(float(used.mean()), _LOWEST_MEAN)
            variance = max(float(used.var()), _LOWEST_VARIANCE)
            self._distribution = _Normal(mean, math.sqrt(variance))
        self._previous_tail = self._distribution.tail(float(averages[-1]))

    def _is_flat(self, inputs: NDArray[np.float64]) -> bool:
        """Return whether the inputs, where there are any, hardly vary in their range so far."""
        if inputs.size == 0:
            return False
        largest = max(abs(self._lowest), abs(self._highest))
        if largest == 0:
            return True
        spread = self._highest / largest - self._lowest / largest  # no overflow
        deviation = float(np.std(inputs / largest))
        return spread <= _ROUNDING or deviation <= math.sqrt(self.flat_variance) * spread

    def _tail_of(self, anomaly: float) -> float:
        """Return the tail probability of the newest average, an alarm that lasts being dampened."""
        assert self._distribution is not None
        n_before = self.averaging_window - 1
        latest = [*list(self._scores)[-n_before:], anomaly] if n_before > 0 else [anomaly]
        tail = self._distribution.tail(sum(latest) / len(latest))
        lasts = tail <= _RED and self._previous_tail <= _RED
        self._previous_tail = tail
        return _YELLOW if lasts else tail


def log_likelihood(likelihood: float) -> float:
    """Return the likelihood on a logarithmic scale from 0 to 1, on which 0.99999 is 0.5."""
    likelihood = check_number("likelihood", likelihood, low=0, high=1)
    # The constant is log(1e-10), as rounded in NuPIC.
    return math.log(1.0000000001 - likelihood) / -23.02585084720009


def _moving_average(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Return the mean of each value and up to `window` - 1 before it."""
    head = values[: window - 1].cumsum() / np.arange(1, min(window, values.size + 1))
    if values.size < window:
        return head
    full = np.lib.stride_tricks.sliding_window_view(values, window).mean(axis=1)
    return np.concatenate([head, full])
