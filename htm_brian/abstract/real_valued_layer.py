"""A layer of real-valued, HTM-like neurons: templates that drift towards what they match best.

The layer of the discussion "Why don't HTM neuron synapses model long term potentiation and
depression?": every neuron sees every input, its score says how near the input is to its weights,
the neurons with the highest scores learn, and nothing inhibits the output, which is dense.
"""

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from htm_brian.arguments import check_integer, check_number, check_numbers, check_truth
from htm_brian.errors import InputError

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
            raise InputError(f"sensitivity must be positive, got {sensitivity}")
        rng = np.random.default_rng(check_integer("seed", seed, low=0))
        self.weights = rng.normal(size=(self.n_neurons, self.n_inputs))
        self.n_learned = np.zeros(self.n_neurons, dtype=np.int64)

    def compute(self, samples: ArrayLike, learn: bool = True) -> Floats:
        """Return the scores for one input, or for one after the other.

        Parameters
        ----------
        samples : array_like of float, shape (n_inputs,) or (n_samples, n_inputs)
        learn : bool
            Whether the best neurons learn from each input, once its scores are there.

        Returns
        -------
        ndarray of float64, shape (n_neurons,) or (n_samples, n_neurons)
            In [0, 1]; 1 where input and weights are equal.
        """
        check_truth("learn", learn)
        given = np.ascontiguousarray(check_numbers("samples", samples, ndim=None, finite=False))
        if given.ndim not in (1, 2) or given.shape[-1] != self.n_inputs:
            raise InputError(
                f"samples must have shape ({self.n_inputs},) or (n, {self.n_inputs}), "
                f"got {given.shape}"
            )
        if not np.isfinite(given).all():
            raise InputError("samples must be finite")
        scores = _compute(
            given.reshape(-1, self.n_inputs),
            self.weights,
            self.sensitivity,
            self.n_learners if learn else 0,
            self.growth_rate,
            self.decay_rate,
            self.n_learned,
        )
        return scores if given.ndim == 2 else scores[0]


@njit(cache=True)
def _compute(
    samples: Floats,
    weights: Floats,
    sensitivity: float,
    n_learners: int,
    growth_rate: float,
    decay_rate: float,
    n_learned: NDArray[np.int64],
) -> Floats:
    scores = np.empty((samples.shape[0], weights.shape[0]))
    for place in range(samples.shape[0]):
        sample = samples[place]
        for neuron in range(weights.shape[0]):
            scores[place, neuron] = _score(sample, weights[neuron], sensitivity)
        left = scores[place].copy()
        for _ in range(n_learners):
            best = np.argmax(left)  # among equals the neuron of lower index
            left[best] = -1.0
            n_learned[best] += 1
            for synapse in range(sample.size):
                away = sample[synapse] - weights[best, synapse]
                weights[best, synapse] += away * (growth_rate if away > 0 else decay_rate)
    return scores


@njit(cache=True, fastmath=True)
def _score(sample: Floats, weights: Floats, sensitivity: float) -> float:
    total = 0.0
    for synapse in range(sample.size):
        total += max(1.0 - sensitivity * abs(sample[synapse] - weights[synapse]), 0.0)
    return total / sample.size
