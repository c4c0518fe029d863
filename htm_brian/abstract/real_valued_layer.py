"""A layer of real-valued, HTM-like neurons: templates that drift towards what they match best.

The layer of the discussion "Why don't HTM neuron synapses model long term potentiation and
depression?": every neuron sees every input, its score says how near the input is to its weights,
the neurons with the highest scores learn, and nothing inhibits the output, which is dense.
"""

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import check_integer, check_number

Floats = NDArray[np.float64]


class RealValuedLayer:
    """Neurons that score an input by its nearness to their weights, of which the best learn.

    Parameters
    ----------
    n_inputs, n_neurons : int
    n_learners : int
        How many neurons, those with the highest scores, learn from each input.
    growth_rate, decay_rate : float
        Share, in [0, 1], of the way to the input that a learner's weight goes: up where the input
        is above it, down where below.
    sensitivity : float
        Inverse of the distance at which an input no longer counts towards the score; positive.
    seed : int
        Seed of the weights, drawn from the standard normal distribution.

    Attributes
    ----------
    weights : ndarray of float64, shape (n_neurons, n_inputs)
    n_learned : ndarray of int64, shape (n_neurons,)
        How often each neuron has learned.

    Notes
    -----
    With the input x and the weights w of a neuron, the score is the mean over the inputs of
    ``max(1 - sensitivity · |x - w|, 0)``. (The formula in the discussion, taken by its letter,
    grows with the distance; its text says "how close", and that is what is done here.) A learner
    moves by ``growth_rate · max(x - w, 0) + decay_rate · min(x - w, 0)``. With equal rates that is
    an exponential running mean of what it learns from. With rates g and d the weight settles where
    ``g · E[max(x - w, 0)] = d · E[max(w - x, 0)]``: at the g / (g + d) expectile.
    """

    def __init__(
        self,
        n_inputs: int,
        n_neurons: int,
        n_learners: int,
        growth_rate: float = 0.05,
        decay_rate: float = 0.05,
        sensitivity: float = 1.0,
        seed: int = 42,
    ) -> None:
        self.n_inputs = check_integer("n_inputs", n_inputs, low=1)
        self.n_neurons = check_integer("n_neurons", n_neurons, low=1)
        self.n_learners = check_integer("n_learners", n_learners, low=1, high=self.n_neurons)
        self.growth_rate = check_number("growth_rate", growth_rate, low=0, high=1)
        self.decay_rate = check_number("decay_rate", decay_rate, low=0, high=1)
        self.sensitivity = check_number("sensitivity", sensitivity)
        if self.sensitivity <= 0:
            raise ValueError(f"sensitivity must be positive, got {sensitivity}")
        rng = np.random.default_rng(check_integer("seed", seed, low=0))
        self.weights = rng.normal(size=(self.n_neurons, self.n_inputs))
        self.n_learned = np.zeros(self.n_neurons, dtype=np.int64)

    def scores(self, samples: ArrayLike) -> Floats:
        """Return the scores of all neurons.

        Parameters
        ----------
        samples : array_like of float, shape (n_inputs,) or (n_samples, n_inputs)

        Returns
        -------
        ndarray of float64, shape (n_neurons,) or (n_samples, n_neurons)
            In [0, 1]; 1 where input and weights are equal.
        """
        given = np.ascontiguousarray(samples, dtype=np.float64)
        if given.ndim not in (1, 2) or given.shape[-1] != self.n_inputs:
            raise ValueError(
                f"samples must have shape ({self.n_inputs},) or (n, {self.n_inputs}), "
                f"got {given.shape}"
            )
        if not np.isfinite(given).all():
            raise ValueError("samples must be finite")
        found = _scores(np.atleast_2d(given), self.weights, self.sensitivity)
        return found if given.ndim == 2 else found[0]

    def compute(self, sample: ArrayLike, learn: bool = True) -> Floats:
        """Return the scores for one input, shape (n_neurons,), and let the best neurons learn."""
        given = np.asarray(sample, dtype=np.float64)
        if given.ndim != 1:
            raise ValueError(f"sample must have one dimension, got {given.ndim}")
        scores = self.scores(given)
        if learn:
            # A stable sort: among equals the neuron of lower index learns.
            learners = np.argsort(-scores, kind="stable")[: self.n_learners]
            away = given - self.weights[learners]
            rate = np.where(away > 0, self.growth_rate, self.decay_rate)
            self.weights[learners] += rate * away
            self.n_learned[learners] += 1
        return scores


@njit(cache=True, fastmath=True)
def _scores(samples: Floats, weights: Floats, sensitivity: float) -> Floats:
    n_samples, n_neurons, n_inputs = samples.shape[0], weights.shape[0], weights.shape[1]
    scores = np.empty((n_samples, n_neurons))
    for sample in range(n_samples):
        for neuron in range(n_neurons):
            total = 0.0
            for place in range(n_inputs):
                distance = abs(samples[sample, place] - weights[neuron, place])
                total += max(1.0 - sensitivity * distance, 0.0)
            scores[sample, neuron] = total / n_inputs
    return scores
