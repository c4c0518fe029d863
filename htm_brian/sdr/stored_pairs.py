r"""What the best reader recalls from synapses that counted coincidences, and how much that tells.

Pairs of SDRs are stored, one after the other. A synapse of input i on cell j counts at how many
pairs i was on in the cue and j in the target; what it can show of that ends at some level. A cue
comes again with some of its on-bits moved to places that were off. A reader who knows the
statistics of storage, the levels of a cell's synapses and how many targets the cell was in (K),
decides best by the log-odds that the cell is in the target of the pair that the cue was made of:

.. math::

    \log\frac{P(j)}{1 - P(j)} + \sum_{i\ \mathrm{on}} \log \frac{(1 - \eta)\,P_1(l_i) + \eta\,P_0'(l_i)}{P_0(l_i)}
    + \sum_{i\ \mathrm{off}} \log \frac{\rho\,P_1(l_i) + (1 - \rho)\,P_0'(l_i)}{P_0(l_i)}

where :math:`\eta` is the share of moved bits, :math:`\rho = \eta n / (N - n)` the chance that an
input which is off belongs to the cue, and the levels are binomial, with the share f = n / N of
on-bits: :math:`P_0 = B(K, f)` where the cell is not in the target, :math:`P_0' = B(K - 1, f)` where
it is and the input is not in the cue, and :math:`P_1 = 1 + B(K - 1, f)` where both are. Inputs are
taken for independent, which bits of SDRs nearly are. By the lemma of Neyman and Pearson no reader
of the same levels finds more cells of targets at as many false ones.
"""  # noqa: E501

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy
from scipy.stats import binom

from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError

Floats = NDArray[np.float64]
Levels = NDArray[np.int64]
_LEAST = 1e-300


def moved_bits(
    bits: NDArray[np.int64], size: int, noise: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return an SDR with a share of its on-bits moved to places that were off, sorted.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> moved = moved_bits(np.arange(40), 2048, 0.2, rng)
    >>> len(moved), int((moved < 40).sum())
    (40, 32)
    """
    check_number("noise", noise, low=0, high=1)
    n_moved = round(noise * len(bits))
    off = np.setdiff1d(np.arange(size), bits)
    if n_moved > len(off):
        raise InputError(f"size must be at least {len(bits) + n_moved}, got {size}")
    kept = rng.choice(bits, len(bits) - n_moved, replace=False)
    return np.sort(np.concatenate([kept, rng.choice(off, n_moved, replace=False)]))


def level_probabilities(n_pairs: NDArray[np.int64], share: float, n_levels: int) -> Floats:
    """Return how probable each count is, those from the last level on together.

    Parameters
    ----------
    n_pairs : ndarray of int, shape (n_cells,)
        Pairs at which the cell was active.
    share : float
        Of inputs that are on.
    n_levels : int
        Levels that can be told apart: counts of 0, 1, ..., and `n_levels` - 1 or more.

    Returns
    -------
    ndarray of shape (n_cells, n_levels)

    Examples
    --------
    >>> level_probabilities(np.array([2]), 0.5, 3)
    array([[0.25, 0.5 , 0.25]])
    """
    check_number("share", share, low=0, high=1)
    check_integer("n_levels", n_levels, low=2)
    pairs = np.maximum(np.asarray(n_pairs), 0)[:, None]
    found = np.asarray(binom.pmf(np.arange(n_levels), pairs, share))
    found[:, -1] = binom.sf(n_levels - 2, pairs[:, 0], share)
    return found


class BestReader:
    """The log-odds of every cell, given cues.

    Parameters
    ----------
    levels : ndarray of int, shape (size, n_cells)
        Of the synapses, from 0 to `n_levels` - 1.
    n_targets : ndarray of int, shape (n_cells,)
        How many targets each cell was in.
    n_pairs : int
        Pairs that are stored.
    n_active : int
        On-bits of a cue.
    noise : float
        Share of them that is moved.
    n_levels : int

    Examples
    --------
    One pair, and a cell that was in its target: the cue speaks for it, another one against it.

    >>> levels = np.repeat([[1], [0]], 20, axis=0)
    >>> reader = BestReader(levels, np.array([1]), 2, 20, 0.2, 2)
    >>> odds = reader.log_odds(np.repeat([[True, False], [False, True]], 20, axis=1))
    >>> bool(odds[0, 0] > 0 > odds[1, 0])
    True
    """

    def __init__(
        self,
        levels: Levels,
        n_targets: NDArray[np.int64],
        n_pairs: int,
        n_active: int,
        noise: float,
        n_levels: int,
    ) -> None:
        size, n_cells = levels.shape
        check_number("noise", noise, low=0, high=1)
        check_integer("n_active", n_active, low=1, high=size - 1)
        if n_targets.shape != (n_cells,):
            raise InputError(f"n_targets must have shape {(n_cells,)}, got {n_targets.shape}")
        if levels.size and (levels.min() < 0 or levels.max() >= n_levels):
            raise InputError(f"levels must lie in 0 to {n_levels - 1}")
        share, came = n_active / size, noise * n_active / (size - n_active)
        without = level_probabilities(n_targets, share, n_levels)
        beside = level_probabilities(n_targets - 1, share, n_levels)
        within = np.zeros_like(beside)
        within[:, 1:] = beside[:, :-1]
        within[:, -1] += beside[:, -1]
        on = _log_ratio((1 - noise) * within + noise * beside, without)
        off = _log_ratio(came * within + (1 - came) * beside, without)
        cells = np.arange(n_cells)
        off_each = off[cells, levels]
        self._difference = (on[cells, levels] - off_each).astype(np.float32)
        odds = np.maximum(n_targets, _LEAST) / np.maximum(n_pairs - n_targets, 0.5)
        self._base = off_each.sum(axis=0) + np.log(odds)

    def log_odds(self, cues: NDArray[np.bool_]) -> Floats:
        """Return the log-odds, an array of shape (n_cues, n_cells).

        Parameters
        ----------
        cues : ndarray of bool, shape (n_cues, size)
        """
        found: Floats = cues.astype(np.float32) @ self._difference + self._base
        return found


def _log_ratio(first: Floats, second: Floats) -> Floats:
    found: Floats = np.log(np.maximum(first, _LEAST)) - np.log(np.maximum(second, _LEAST))
    return found


def recall_at(right: Floats, wrong: Floats, false_positives: float) -> float:
    """Return the share of `right` scores above the threshold which that share of `wrong` exceeds.

    Examples
    --------
    >>> recall_at(np.array([3.0, 9.0]), np.arange(10.0), 0.3)
    0.5
    """
    check_number("false_positives", false_positives, low=0, high=1)
    order = np.sort(wrong.ravel())[::-1]
    allowed = int(false_positives * order.size)
    threshold = order[min(allowed, order.size - 1)]
    return float((right > threshold).mean())


def channel_information(prior: float, recall: float, false_positives: float) -> float:
    """Return the bits that an answer gives about whether a cell is in the target.

    Examples
    --------
    >>> channel_information(0.5, 1.0, 0.0), channel_information(0.5, 0.5, 0.5)
    (1.0, 0.0)
    """
    for name, value in (("prior", prior), ("recall", recall), ("false_positives", false_positives)):
        check_number(name, value, low=0, high=1)
    answers = prior * recall + (1 - prior) * false_positives
    lost = prior * binary_entropy(recall) + (1 - prior) * binary_entropy(false_positives)
    return float(binary_entropy(answers) - lost)


def binary_entropy(probability: float) -> float:
    """Return the entropy of a bit, in bits."""
    p = float(probability)
    return float(-(xlogy(p, p) + xlogy(1 - p, 1 - p)) / np.log(2))


def level_entropy(levels: Levels) -> float:
    """Return the entropy of a synapse's level in bits: no reader gets more from it.

    Examples
    --------
    >>> level_entropy(np.array([[0, 1], [1, 0]]))
    1.0
    """
    share = np.bincount(levels.ravel()) / levels.size
    return float(-xlogy(share, share).sum() / np.log(2))
