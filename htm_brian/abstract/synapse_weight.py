"""What a permanence weighs, where a weight is more than connected or not."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.permanence import EPSILON
from htm_brian.arguments import check_number, check_numbers, check_positive


@dataclass(frozen=True)
class SigmoidWeight:
    """Weight of a synapse as a logistic function of its permanence.

    A new synapse has a small effect and an established one a large effect. With an infinite
    slope the weight is the binary threshold of the classic model.

    Parameters
    ----------
    threshold : float in [0, 1]
        The permanence of half weight.
    slope : float
        Steepness, positive; may be infinite.

    Raises
    ------
    InputError
        Where `threshold` lies outside of [0, 1], or `slope` is not positive.

    Examples
    --------
    >>> SigmoidWeight(0.5, slope=20.0).weight(np.array([0.4, 0.5, 0.6])).round(3).tolist()
    [0.119, 0.5, 0.881]
    >>> SigmoidWeight(0.5, slope=math.inf).weight(np.array([0.4, 0.5, 0.6])).tolist()
    [0.0, 1.0, 1.0]
    """

    threshold: float
    slope: float

    def __post_init__(self) -> None:
        check_number("threshold", self.threshold, low=0.0, high=1.0)
        if self.slope != math.inf:
            check_positive("slope", self.slope)

    def weight(self, permanence: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the weights, in [0, 1].

        Parameters
        ----------
        permanence : ndarray of float, shape (n_synapses,)
            In [0, 1].

        Returns
        -------
        ndarray of float64, shape (n_synapses,)
            In [0, 1].

        Raises
        ------
        InputError
            Where a permanence lies outside of [0, 1].
        """
        p = check_numbers("permanence", permanence, 0, 1, ndim=None).astype(np.float32)
        p = p.astype(np.float64)
        if math.isinf(self.slope):
            return (p >= np.float32(self.threshold - EPSILON)).astype(np.float64)
        return 1.0 / (1.0 + np.exp(np.minimum(-self.slope * (p - self.threshold), 700.0)))
