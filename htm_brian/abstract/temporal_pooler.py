"""Temporal pooler: cells that stay active while their input is predicted, and learn all of it.

A sequence memory has another set of cells for each element. A layer above it that hears only the
cells that were rightly predicted, and whose cells go on from one element to the next, can tell the
whole sequence by one set: its active cells grow synapses to whatever comes while they are active,
so the next time each element finds the same cells.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from htm_brian.abstract.indices import as_indices
from htm_brian.abstract.permanence import (
    EPSILON,
    PermanenceRule,
    UpDown,
    check_rule,
    of_rule,
    updated,
)
from htm_brian.arguments import check_integer, check_number, check_truth
from htm_brian.errors import InputError

_NO_CELLS = np.empty(0, dtype=np.int64)


class TemporalPooler:
    """Turn what is rightly predicted, element by element, into a code of the whole sequence.

    Parameters
    ----------
    input_size : int
        Cells of the memory below.
    cells : int
        Of the pooler.
    active : int
        Cells of the pooled code, at most.
    least_inputs : int
        Predicted cells from which an element counts as predicted; with fewer all cells fall silent.
    threshold : int
        Active connected synapses of a cell below which they do nothing; and activation below which
        a cell is silent.
    persistence : float
        Share of a cell's activation that is left at the next element, in [0, 1).
    potential_fraction : float
        Share of the inputs that a cell may connect to, in (0, 1].
    initial_connected_fraction : float
        Share of these that it is connected to at the start.
    permanence_rule : PermanenceRule, optional
        How the synapses of active cells learn; ``UpDown(0.3, 0.005)`` where none is given.
    seed : int
        Of pools, permanences, the order among equals, and releases that fail.

    Attributes
    ----------
    active_cells : ndarray of int64
        The pooled code, sorted.
    activation : ndarray of float64, shape (cells,)
    permanence : ndarray of float32, shape (cells, input_size)
        0 outside a cell's pool.

    Raises
    ------
    InputError
        If a number is out of its range, or the rule is none.

    Notes
    -----
    A cell's activation decays from element to element, and the overlap of its connected synapses
    with the input is added; the most active cells are the code. So works the union temporal pooler
    of Numenta's research code (``htmresearch``, ``union_temporal_pooler.py``), which has winners of
    each element beside. While it learns, active cells go on until their activation has decayed, and
    connect to all that comes at once. So does the column pooler of Hawkins, Ahmad and Cui 2017,
    Front Neural Circuits 11:81, which keeps its cells while it learns an object and begins synapses
    above the threshold. Nothing is boosted.

    Examples
    --------
    >>> pooler = TemporalPooler(60, cells=50, active=5, seed=1)
    >>> sequence = np.arange(60).reshape(6, 10)
    >>> for _ in range(8):
    ...     pooler.reset()
    ...     for element in sequence:
    ...         pooler.compute(element)
    >>> codes = []
    >>> for element in sequence:
    ...     pooler.reset()
    ...     pooler.compute(element, learn=False)
    ...     codes.append(pooler.active_cells.tolist())
    >>> all(code == codes[0] for code in codes)
    True
    """

    def __init__(
        self,
        input_size: int,
        cells: int = 1024,
        *,
        active: int = 20,
        least_inputs: int = 10,
        threshold: int = 3,
        persistence: float = 0.5,
        potential_fraction: float = 1.0,
        initial_connected_fraction: float = 0.2,
        permanence_rule: PermanenceRule | None = None,
        seed: int = 42,
    ) -> None:
        self.input_size = check_integer("input_size", input_size, low=1)
        self.cells = check_integer("cells", cells, low=2)
        self.active = check_integer("active", active, low=1, high=self.cells)
        self.least_inputs = check_integer("least_inputs", least_inputs, low=1)
        self.threshold = check_integer("threshold", threshold, low=1)
        self.persistence = check_number("persistence", persistence, low=0, high=1)
        if self.persistence == 1:
            raise InputError("persistence must lie in [0, 1), got 1")
        for name, share in (
            ("potential_fraction", potential_fraction),
            ("initial_connected_fraction", initial_connected_fraction),
        ):
            check_number(name, share, low=0, high=1)
        self.permanence_rule = check_rule(permanence_rule or UpDown(0.3, 0.005))
        connected = of_rule(self.permanence_rule, "connected_permanence")
        self._connected_from = np.float32(connected - EPSILON)
        self._rng = np.random.default_rng(check_integer("seed", seed, low=0))
        shape = self.cells, self.input_size
        self._potential = self._rng.random(shape) < potential_fraction
        linked = self._rng.random(shape) < initial_connected_fraction
        initial = of_rule(self.permanence_rule, "initial_permanence")
        permanence = np.where(linked, connected, initial)
        self.permanence = np.where(self._potential, permanence, 0).astype(np.float32)
        self._order = self._rng.permutation(self.cells)
        self.reset()

    def reset(self) -> None:
        """Silence all cells; what was learned stays."""
        self.activation = np.zeros(self.cells)
        self.active_cells = _NO_CELLS

    def compute(self, inputs: ArrayLike, learn: bool = True, transmission: ArrayLike = 1.0) -> None:
        """Take in one element.

        Parameters
        ----------
        inputs : array_like of int
            Cells below that were rightly predicted, sorted, each once, in [0, input_size); none
            where the element was not predicted.
        learn : bool
            Whether the synapses of the active cells learn.
        transmission : float, or array_like of shape (n_inputs,)
            Probability that a synapse of an input transmits, each by itself.

        Raises
        ------
        InputError
            If inputs are not sorted cells of the memory below, or a probability is none.
        """
        chosen = as_indices("inputs", inputs, self.input_size)
        check_truth("learn", learn)
        self.activation *= self.persistence
        predicted = len(chosen) >= self.least_inputs
        if predicted:
            overlap = self._overlap(chosen, transmission)
            self.activation += np.where(overlap >= self.threshold, overlap, 0)
        goes_on = self.active_cells[self.activation[self.active_cells] >= self.threshold]
        self.active_cells = goes_on if learn and len(goes_on) else self._most_active()
        if learn and predicted:
            self._learn(chosen)
            # What a cell has just learned drives it.
            its = self.activation[self.active_cells]
            self.activation[self.active_cells] = np.maximum(its, len(chosen))

    def _overlap(self, inputs: NDArray[np.int64], transmission: ArrayLike) -> NDArray[np.int64]:
        """Return how many connected synapses of each cell transmit."""
        given = np.asarray(transmission, dtype=np.float64)
        if given.shape not in ((), inputs.shape) or not ((given >= 0) & (given <= 1)).all():
            raise InputError(
                "transmission must be one probability, or one for each of the "
                f"{len(inputs)} inputs, got {transmission!r}"
            )
        connected = self.permanence[:, inputs] >= self._connected_from
        if (given < 1).any():
            connected &= self._rng.random(connected.shape) < given
        return np.asarray(connected.sum(axis=1), dtype=np.int64)

    def _most_active(self) -> NDArray[np.int64]:
        candidates = np.flatnonzero(self.activation >= self.threshold)
        order = np.lexsort((self._order[candidates], -self.activation[candidates]))
        return np.sort(candidates[order[: self.active]]).astype(np.int64)

    def _learn(self, inputs: NDArray[np.int64]) -> None:
        on = np.zeros(self.input_size, dtype=np.bool_)
        on[inputs] = True
        for cell in self.active_cells:
            pool = self._potential[cell]
            new = updated(self.permanence_rule, self.permanence[cell, pool], on[pool])
            self.permanence[cell, pool] = new
