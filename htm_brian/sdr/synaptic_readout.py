"""Read-outs of SDRs by one layer of synapses: what their weights know, and how finely they say it.

A cell learns from presentations in which it was active and from those in which it was not. The
functions here give what a synapse can know from that (`evidence`, local to the synapse;
`least_squares`, which takes the other synapses' share into account), coarsen it to graded or to
binary weights, and score presentations over synapses that fail at random.

Notes
-----
Of a presentation, a share `noise` of the on-bits is moved to random bits that were off, and a
spike is transmitted with `transmission_probability`. Expectations over both are in closed form, so
weights are those of infinitely many noisy presentations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve
from scipy.stats import rankdata

from htm_brian.arguments import check_integer, check_number, check_numbers
from htm_brian.arguments import shown as text_of
from htm_brian.errors import InputError

Floats = NDArray[np.float32]


def random_patterns(
    n_patterns: int, size: int, n_active: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return patterns of exactly `n_active` on-bits, one a row."""
    check_integer("n_patterns", n_patterns, low=1)
    check_integer("n_active", n_active, low=1, high=check_integer("size", size, low=1))
    _check_generator(rng)
    order = np.argpartition(rng.random((n_patterns, size), dtype=np.float32), n_active - 1, axis=1)
    patterns = np.zeros((n_patterns, size), dtype=np.bool_)
    np.put_along_axis(patterns, order[:, :n_active], True, axis=1)
    return patterns


def move_bits(
    patterns: NDArray[np.bool_], noise: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return the patterns with a share `noise` of their on-bits moved to bits that were off."""
    n_active, size = _check_patterns(patterns), patterns.shape[1]
    n_moved = round(check_number("noise", noise, low=0, high=1) * n_active)
    _check_generator(rng)
    if n_moved > size - n_active:
        raise InputError(
            f"noise {noise} would move {n_moved} on-bits, but only {size - n_active} bits are off"
        )
    if n_moved == 0:
        return patterns.copy()
    key = rng.random(patterns.shape, dtype=np.float32)
    noisy = patterns.copy()
    for kept, new in ((patterns, False), (~patterns, True)):
        order = np.argpartition(np.where(kept, key, np.float32(2)), n_moved - 1, axis=1)
        np.put_along_axis(noisy, order[:, :n_moved], new, axis=1)
    return noisy


def expected_input(
    patterns: NDArray[np.bool_], noise: float, transmission_probability: float
) -> Floats:
    """Return the probability that a synapse gets a transmitted spike, for every bit.

    Parameters
    ----------
    patterns : ndarray of bool, shape (n_patterns, size)
        All with the same number of on-bits.
    noise, transmission_probability : float

    Examples
    --------
    >>> expected_input(np.array([[True, True, False, False]]), 0.5, 0.5).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    n_active, size = _check_patterns(patterns), patterns.shape[1]
    moved = round(check_number("noise", noise, low=0, high=1) * n_active)
    check_number("transmission_probability", transmission_probability, low=0, high=1)
    on, off = 1 - moved / n_active, moved / max(size - n_active, 1)
    return (transmission_probability * np.where(patterns, on, off)).astype(np.float32)


def evidence(inputs: Floats, targets: NDArray[np.bool_]) -> Floats:
    """Return what a transmitted spike says about the cell: its log-odds, synapse by synapse.

    Parameters
    ----------
    inputs : ndarray of shape (n_patterns, size)
        Probabilities of a transmitted spike, as `expected_input` gives them.
    targets : ndarray of bool, shape (n_patterns, n_cells)
        Whether the cell was active at the pattern.

    Returns
    -------
    ndarray of shape (size, n_cells)
        log r1 (1 - r0) / (r0 (1 - r1)), where r1 is the rate of the input while the cell is active,
        and r0 the rate while it is not. Of all weights that are local to a synapse these are the
        best ones where inputs are independent (naive Bayes).
    """
    _check_pair("inputs", inputs, "targets", targets)
    active = targets.astype(np.float32)
    together, n_active = inputs.T @ active, active.sum(axis=0)
    apart = inputs.sum(axis=0)[:, None] - together
    ends = 1e-6
    with_cell = np.clip(together / np.maximum(n_active, 1), ends, 1 - ends)
    without = np.clip(apart / (len(inputs) - n_active), ends, 1 - ends)
    return np.log(with_cell * (1 - without) / (without * (1 - with_cell)), dtype=np.float32)


def least_squares(inputs: Floats, targets: NDArray[np.bool_]) -> Floats:
    """Return the weights of least squared error over all noisy presentations of the patterns.

    They are where a rule that corrects errors ends (delta rule). A synapse's weight then depends on
    all of the cell's synapses. Parameters and shape are those of `evidence`.
    """
    _check_pair("inputs", inputs, "targets", targets)
    centred = inputs - inputs.mean(axis=0)
    wanted = targets - targets.mean(axis=0)
    gram = centred.T @ centred
    gram.flat[:: len(gram) + 1] += (inputs * (1 - inputs)).sum(axis=0)
    weights: Floats = solve(gram, centred.T @ wanted.astype(np.float32), assume_a="pos")
    return weights


def binary_weights(knowledge: Floats, connected_share: float) -> Floats:
    """Return ones for that share of all synapses which know most, zeros for the others.

    Synapses that know equally much are treated alike, and those that know least get a zero.

    Examples
    --------
    >>> binary_weights(np.array([0.0, 0.0, 0.0, 2.0, 1.0]), 0.2).tolist()
    [0.0, 0.0, 0.0, 1.0, 0.0]
    >>> binary_weights(np.array([0.0, 0.0, 0.0, 2.0, 1.0]), 0.8).tolist()
    [0.0, 0.0, 0.0, 1.0, 1.0]
    """
    threshold = _threshold(knowledge, connected_share)
    return (np.asarray(knowledge) >= threshold).astype(np.float32)


def _threshold(knowledge: Floats, connected_share: float) -> float:
    known = check_numbers("knowledge", knowledge, ndim=None)
    if not known.size:
        raise InputError("knowledge must have at least one synapse, got none")
    check_number("connected_share", connected_share, low=0, high=1)
    threshold = np.quantile(known, 1 - connected_share)
    more = known[known > known.min()]
    return float(max(threshold, more.min())) if more.size else float(threshold)


def sigmoid_weights(knowledge: Floats, connected_share: float, slope: float) -> Floats:
    """Return weights in [0, 1], one half at the threshold of `binary_weights`.

    Parameters
    ----------
    knowledge : ndarray
        What `evidence` or `least_squares` gave.
    connected_share : float
        Share of synapses above one half.
    slope : float
        In units of the standard deviation of `knowledge`; towards infinity weights become binary.
    """
    check_number("slope", slope, low=1e-6)
    threshold = _threshold(knowledge, connected_share)
    z = np.clip(slope * (knowledge - threshold) / knowledge.std(), -60, 60)
    return (1 / (1 + np.exp(-z))).astype(np.float32)


def two_values(knowledge: Floats, connected: Floats) -> Floats:
    """Return weights of two values: the mean knowledge of connected synapses, and of the others.

    That is a binary weight, less inhibition in proportion to the spikes that arrive.
    """
    if np.shape(knowledge) != np.shape(connected):
        raise InputError(
            f"knowledge and connected must have one shape, got {np.shape(knowledge)} and "
            f"{np.shape(connected)}"
        )
    on = np.asarray(connected) > 0
    if on.all() or not on.any():
        raise InputError("connected must hold synapses above 0 and others, got one kind only")
    return np.where(on, knowledge[on].mean(), knowledge[~on].mean()).astype(np.float32)


def best_segment(
    shown: Floats,
    patterns: NDArray[np.bool_],
    targets: NDArray[np.bool_],
    n_synapses: int,
    rng: np.random.Generator,
) -> Floats:
    """Score presentations by the best match among a cell's segments, one for each of its patterns.

    Parameters
    ----------
    shown : ndarray of shape (n_presentations, size)
        Transmitted spikes, zeros and ones.
    patterns : ndarray of bool, shape (n_patterns, size)
    targets : ndarray of bool, shape (n_patterns, n_cells)
        Whether the cell has a segment for the pattern.
    n_synapses : int
        Binary synapses of a segment, to on-bits of its pattern chosen at random; all where the
        pattern has fewer.
    rng : Generator

    Returns
    -------
    ndarray of shape (n_presentations, n_cells)
    """
    n_active = _check_patterns(patterns)
    _check_pair("patterns", patterns, "targets", targets)
    _check_pair("shown", np.transpose(shown), "patterns", np.transpose(patterns))
    _check_generator(rng)
    n_synapses = min(check_integer("n_synapses", n_synapses, low=1), n_active)
    key = np.where(patterns, rng.random(patterns.shape, dtype=np.float32), np.float32(2))
    order = np.argpartition(key, n_synapses - 1, axis=1)[:, :n_synapses]
    synapses = np.zeros(patterns.shape, dtype=np.float32)
    np.put_along_axis(synapses, order, np.float32(1), axis=1)
    matches = shown @ synapses.T
    best = np.zeros((len(shown), targets.shape[1]), dtype=np.float32)
    for cell, own in enumerate(targets.T):
        if own.any():
            best[:, cell] = matches[:, own].max(axis=1)
    return best


def scores(
    active: NDArray[np.bool_],
    weights: Floats,
    transmission_probability: float,
    rng: np.random.Generator,
) -> Floats:
    """Return the summed weights of the synapses that transmit, for every presentation and cell.

    Each synapse of each cell fails on its own.

    Parameters
    ----------
    active : ndarray of bool, shape (n_presentations, size)
    weights : ndarray of shape (size, n_cells)
    transmission_probability : float
    rng : Generator

    Returns
    -------
    ndarray of shape (n_presentations, n_cells)
    """
    _check_pair("active", np.transpose(active), "weights", weights)
    check_number("transmission_probability", transmission_probability, low=0, high=1)
    _check_generator(rng)
    if transmission_probability == 1:
        return active.astype(np.float32) @ weights
    summed = np.empty((len(active), weights.shape[1]), dtype=np.float32)
    for row, presentation in enumerate(active):
        part = weights[presentation]
        arrived = rng.random(part.shape, dtype=np.float32) < transmission_probability
        summed[row] = np.einsum("ij,ij->j", part, arrived)
    return summed


def area_under_curve(scored: Floats, positive: NDArray[np.bool_], axis: int = 0) -> Floats:
    """Return the area under the receiver's operating curve along an axis; ties count half.

    It is NaN where all or none are positive.

    Examples
    --------
    >>> area_under_curve(np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, False, True, True]))
    array(0.875)
    """
    if np.shape(scored) != np.shape(positive) or not np.ndim(scored):
        raise InputError(
            f"scored and positive must have one shape, got {np.shape(scored)} and "
            f"{np.shape(positive)}"
        )
    dimensions = np.ndim(scored)
    check_integer("axis", axis, low=-dimensions, high=dimensions - 1)
    positive = np.asarray(positive, dtype=np.bool_)
    ranks = rankdata(scored, axis=axis)
    n_positive = positive.sum(axis=axis)
    n_pairs = n_positive * (positive.shape[axis] - n_positive)
    above = (ranks * positive).sum(axis=axis) - n_positive * (n_positive + 1) / 2
    return np.where(n_pairs > 0, above / np.maximum(n_pairs, 1), np.nan)


def _check_patterns(patterns: NDArray[np.bool_]) -> int:
    """Return how many bits are on in each pattern, or refuse the patterns."""
    if not isinstance(patterns, np.ndarray) or patterns.ndim != 2 or patterns.dtype != np.bool_:
        raise InputError(
            f"patterns must be an array of booleans, one pattern a row, got {text_of(patterns)}"
        )
    n_on = patterns.sum(axis=1)
    if not n_on.size or n_on.min() == 0 or n_on.min() != n_on.max():
        raise InputError("patterns must all have the same number of on-bits, at least one")
    return int(n_on[0])


def _check_pair(first: str, inputs: ArrayLike, second: str, targets: ArrayLike) -> None:
    """Refuse arrays that do not have two dimensions and as many rows as one another."""
    shapes = np.shape(inputs), np.shape(targets)
    if any(len(shape) != 2 for shape in shapes) or shapes[0][0] != shapes[1][0]:
        raise InputError(
            f"{first} and {second} must be tables that match, got shapes {shapes[0]} and "
            f"{shapes[1]}"
        )
    for name, table in ((first, inputs), (second, targets)):
        if np.asarray(table).dtype.kind not in "biuf":
            raise InputError(f"{name} must hold numbers, got {np.asarray(table).dtype}")


def _check_generator(rng: object) -> None:
    if not isinstance(rng, np.random.Generator):
        raise InputError(f"rng must be a NumPy Generator, got {text_of(rng)}")
