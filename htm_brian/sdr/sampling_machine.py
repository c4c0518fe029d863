"""A network that samples because its synapses fail: the synaptic sampling machine.

Two layers of units with a threshold, visible and hidden, and symmetric weights between them. A unit
is on when the weights of the active synapses that transmit exceed its threshold. Every synapse
transmits or not on its own, at every step anew (a random mask on the weights), and nothing else in
the network is random.

Notes
-----
After Neftci, Pedroni, Joshi, Al-Shedivat & Cauwenberghs 2016, Front. Neurosci. 10:241. Learning is
contrastive divergence: weights grow with what happens together under the data, and shrink with what
happens together when the network runs on by itself. Weights are divided by the transmission
probability, so that the mean input does not depend on it.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_number, check_truth, shown
from htm_brian.errors import InputError

Bits = NDArray[np.uint8]
Floats = NDArray[np.float32]


Words = NDArray[np.uint32]

LANES = 8
"""Units are padded to a multiple of this, so that the processor draws for several at once."""


@numba.njit(cache=True)
def _masked_units(
    active: Bits, weights: Floats, bias: Floats, limit: np.uint32, state: Words
) -> Bits:
    """Return which units are on; each synapse of each row transmits on its own.

    Each unit has a generator of its own, xoshiro128+ (Blackman & Vigna 2021, ACM Trans Math
    Softw 47:36), whose four words are a column of `state`.
    """
    n_rows, n_inputs = active.shape
    n_units = weights.shape[1]
    on = np.zeros((n_rows, n_units), dtype=np.uint8)
    summed = np.empty(n_units, dtype=np.float32)
    first, second, third, fourth = state[0], state[1], state[2], state[3]
    for row in range(n_rows):
        summed[:] = bias
        for source in range(n_inputs):
            if active[row, source]:
                quanta = weights[source]
                for unit in range(n_units):
                    a, b, c, d = first[unit], second[unit], third[unit], fourth[unit]
                    drawn = np.uint32(a + d)
                    shifted = np.uint32(b << np.uint32(9))
                    c = np.uint32(c ^ a)
                    d = np.uint32(d ^ b)
                    second[unit] = b ^ c
                    first[unit] = a ^ d
                    third[unit] = c ^ shifted
                    fourth[unit] = np.uint32(d << np.uint32(11)) | np.uint32(d >> np.uint32(21))
                    summed[unit] += quanta[unit] if drawn < limit else np.float32(0)
        for unit in range(n_units):
            on[row, unit] = summed[unit] > 0
    return on


class SynapticSamplingMachine:
    """Two layers of deterministic units, coupled by synapses that fail at random.

    Parameters
    ----------
    n_visible, n_hidden : int
    transmission_probability : float
        Of every synapse; 1 gives the deterministic network.
    initial_spread : float
        Standard deviation of the initial weights.
    seed : int

    Attributes
    ----------
    weights : ndarray of shape (n_visible, n_hidden)
        What a synapse contributes on average.
    connected : ndarray of bool, shape (n_visible, n_hidden)
        Synapses that have not been pruned.
    visible_bias, hidden_bias : ndarray

    Examples
    --------
    >>> machine = SynapticSamplingMachine(4, 8, seed=1)
    >>> pattern = np.array([[1, 1, 0, 0]], dtype=np.uint8)
    >>> for _ in range(200):
    ...     machine.learn(np.repeat(pattern, 10, axis=0))
    >>> machine.sample(pattern, steps=20).mean(axis=0).round().astype(int).tolist()
    [1, 1, 0, 0]
    """

    def __init__(
        self,
        n_visible: int,
        n_hidden: int,
        transmission_probability: float = 0.5,
        *,
        initial_spread: float = 0.1,
        seed: int = 0,
    ) -> None:
        check_integer("n_visible", n_visible, low=1)
        check_integer("n_hidden", n_hidden, low=1)
        self.transmission_probability = check_number(
            "transmission_probability", transmission_probability, low=0.01, high=1
        )
        self._rng = np.random.default_rng(check_integer("seed", seed, low=0))
        lanes = -(-max(n_visible, n_hidden) // LANES) * LANES
        self._state = self._rng.integers(0, 2**32, (4, lanes), dtype=np.uint32)
        spread = check_number("initial_spread", initial_spread, low=0)
        shape = (n_visible, n_hidden)
        self.weights: Floats = (spread * self._rng.standard_normal(shape)).astype(np.float32)
        self.connected = np.ones(shape, dtype=np.bool_)
        self.visible_bias: Floats = np.zeros(n_visible, dtype=np.float32)
        self.hidden_bias: Floats = np.zeros(n_hidden, dtype=np.float32)
        self._chains: Bits | None = None

    def hidden(self, visible: Bits) -> Bits:
        """Return the hidden units that the visible ones turn on, one draw for every row."""
        return self._units(
            _rows("visible", visible, len(self.visible_bias)), self.weights, self.hidden_bias
        )

    def visible(self, hidden: Bits) -> Bits:
        """Return the visible units that the hidden ones turn on, one draw for every row."""
        return self._units(
            _rows("hidden", hidden, len(self.hidden_bias)), self.weights.T, self.visible_bias
        )

    def _units(self, active: Bits, weights: Floats, bias: Floats) -> Bits:
        if self.transmission_probability == 1:
            certain: Bits = (active.astype(np.float32) @ weights + bias > 0).astype(np.uint8)
            return certain
        n_inputs, n_units = weights.shape
        lanes = -(-n_units // LANES) * LANES
        quanta, threshold = np.zeros((n_inputs, lanes), np.float32), np.zeros(lanes, np.float32)
        quanta[:, :n_units] = weights / np.float32(self.transmission_probability)
        threshold[:n_units] = bias
        limit = np.uint32(self.transmission_probability * 2**32)
        on: Bits = _masked_units(
            np.ascontiguousarray(active), quanta, threshold, limit, self._state
        )
        return on[:, :n_units]

    def sample(self, visible: Bits, steps: int) -> Bits:
        """Run freely from `visible`, all rows side by side, and return where that leads."""
        visible = _rows("visible", visible, len(self.visible_bias))
        for _ in range(check_integer("steps", steps, low=0)):
            visible = self.visible(self.hidden(visible))
        return visible

    def learn(
        self, data: Bits, rate: float = 0.05, *, persistent: bool = False, steps: int = 1
    ) -> None:
        """Learn from one batch by contrastive divergence.

        Parameters
        ----------
        data : ndarray of uint8, shape (n_rows, n_visible)
        rate : float
        persistent : bool
            Whether the network's own run goes on from where the last batch left it, and not from
            the data. Then its frequencies are learned, too, and not only its patterns.
        steps : int
            Of its own run. It changes from one pattern to another once in some 50 steps: with few
            of them at a batch, it lags behind the weights, and frequencies come out wrong.
        """
        data = _rows("data", data, len(self.visible_bias))
        if not len(data):
            raise InputError("data must have at least one row, got none")
        rate = check_number("rate", rate)
        check_truth("persistent", persistent)
        hidden = self.hidden(data)
        start = data
        if persistent and self._chains is not None and len(self._chains) == len(data):
            start = self._chains
        own = self.visible(self.hidden(start) if persistent else hidden)
        own = self.sample(own, check_integer("steps", steps, low=1) - 1)
        own_hidden = self.hidden(own)
        self._chains = own if persistent else None
        step = np.float32(rate / len(data))
        seen, made = data.astype(np.float32), own.astype(np.float32)
        with_data, by_itself = hidden.astype(np.float32), own_hidden.astype(np.float32)
        change = seen.T @ with_data - made.T @ by_itself
        self.weights += step * change * self.connected
        self.visible_bias += step * (seen - made).sum(axis=0)
        self.hidden_bias += step * (with_data - by_itself).sum(axis=0)

    def prune(self, share: float) -> None:
        """Remove that share of all synapses for good, those of the smallest weight first."""
        check_number("share", share, low=0, high=1)
        n_removed = round(share * self.weights.size)
        order = np.argsort(np.abs(np.where(self.connected, self.weights, 0)), axis=None)
        self.connected.flat[order[:n_removed]] = False
        self.weights *= self.connected

    def deterministic(self) -> SynapticSamplingMachine:
        """Return the same network with synapses that always transmit the mean."""
        n_visible, n_hidden = self.weights.shape
        twin = SynapticSamplingMachine(n_visible, n_hidden, 1.0)
        twin.weights, twin.connected = self.weights.copy(), self.connected.copy()
        twin.visible_bias = self.visible_bias.copy()
        twin.hidden_bias = self.hidden_bias.copy()
        return twin


def _rows(name: str, bits: object, n_units: int) -> Bits:
    """Return zeros and ones, a presentation a row, for code that looks at no bounds."""
    try:
        rows = np.asarray(bits)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be an array of zeros and ones, got {shown(bits)}") from None
    if rows.ndim != 2 or rows.shape[1] != n_units:
        raise InputError(f"{name} must have the shape (rows, {n_units}), got {rows.shape}")
    if rows.dtype.kind not in "biu" or (rows.size and not 0 <= rows.min() <= rows.max() <= 1):
        raise InputError(f"{name} must hold zeros and ones, got {shown(rows)}")
    return rows.astype(np.uint8, copy=False)
