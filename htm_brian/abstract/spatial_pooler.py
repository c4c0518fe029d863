"""Spatial pooler: columns that compete for inputs and learn what they win."""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.kernels import spatial_pooler_kernels as kernels
from htm_brian.abstract.permanence import (
    EPSILON,
    PermanenceRule,
    UpDown,
    affine_parameters,
    check_rule,
    of_rule,
    updated,
)
from htm_brian.abstract.saving import read_memory, write_memory
from htm_brian.arguments import check_integer, check_number, check_truth
from htm_brian.errors import InputError
from htm_brian.sdr.sdr import SDR, check_sdr

_UPDATE_PERIOD = 50
"""Learning steps between two looks at the duty cycles of the neighbourhood, as in NuPIC."""

_SAVED = (
    "potential",
    "permanence",
    "overlaps",
    "boost_factors",
    "active_duty_cycle",
    "overlap_duty_cycle",
    "_priority",
    "_target_duty_cycle",
    "_weak_below",
)
"""Attributes that learning, or the seed, has made."""


class SpatialPooler:
    """Turn any SDR into one of columns with a fixed share of on-bits, alike for alike inputs.

    Each column may connect to a random pool of inputs. Its overlap is the number of its connected
    synapses from active inputs. The columns with the largest boosted overlaps win, and move their
    permanences towards the input by the permanence rule.

    Parameters
    ----------
    input_size : int
        Number of input bits.
    columns : int
        Number of columns.
    potential_fraction : float
        Share of the inputs within reach that each column's pool holds, exactly, in (0, 1].
    potential_radius : int, optional
        Reach: inputs at most so far from the column's place over the input, which is a ring. None:
        the whole input.
    density : float
        Share of columns that win, in (0, 1].
    inhibition_radius : int, optional
        Reach of inhibition: columns compete with those at most so far on their ring. None: with all
        columns.
    stimulus_threshold : int
        A column with a smaller overlap cannot win.
    permanence_rule : PermanenceRule, optional
        How permanences learn; ``UpDown(0.02, 0.004)`` where none is given.
    connected_permanence : float, optional
        Permanence from which a synapse is connected; the rule's own where none is given.
    initial_connected_fraction : float
        Share of synapses that are connected at the start. Their permanences are drawn uniformly
        from [connected_permanence, 1], the others' from below it.
    boost_strength : float
        Boost factor = exp(boost_strength · (target - active duty cycle)), where the target is the
        density, or under local inhibition the neighbourhood's mean duty cycle. 0: no boosting.
    duty_cycle_period : int
        Learning steps over which duty cycles are averaged.
    min_overlap_duty_cycle : float
        A column with an overlap duty cycle below this share of the largest (in reach of inhibition)
        has all its permanences raised by a tenth of the threshold. 0: never.
    seed : int
        Seed of pools, permanences and the order among equals.

    Attributes
    ----------
    overlaps : ndarray of int32, shape (columns,)
        Overlaps of the latest step, before boosting and inhibition.
    potential : ndarray of int32, shape (columns, pool_size)
        Sorted inputs of each pool.
    permanence : ndarray of float32, shape (columns, pool_size)
    boost_factors : ndarray of float32, shape (columns,)
    active_duty_cycle, overlap_duty_cycle : ndarray of float64, shape (columns,)

    Raises
    ------
    InputError
        Where a number is out of range, `permanence_rule` is none, or pools would be empty.

    Notes
    -----
    After Cui, Ahmad and Hawkins (2017), Front. Comput. Neurosci. 11:111, and their parameters
    without boosting. Three choices where implementations differ: equals are told apart by a fixed
    random order of the columns; boosting applies whether or not the step learns, so that an input
    has one code; under local inhibition the columns win that have the fewest stronger ones within
    reach, as many as make the density; where fewer than that share of the columns within reach
    come up to the stimulus threshold, these count in its place. (Where instead all columns win
    that have fewer stronger ones within reach than the density allows, the share of winners strays
    with the likeness of neighbours: for 5 % of 1,024 columns over 1,024 inputs, to 4.6 % with pools
    of radius 120 and inhibition of radius 100, and to 5.4 % with radii of 30 and 25.)

    Examples
    --------
    >>> pooler = SpatialPooler(input_size=200, columns=100, density=0.05, seed=1)
    >>> code = pooler.compute(SDR.random(200, 40, seed=3))
    >>> code.size, len(code)
    (100, 5)
    """

    def __init__(
        self,
        input_size: int,
        columns: int,
        *,
        potential_fraction: float = 0.5,
        potential_radius: int | None = None,
        density: float = 0.02,
        inhibition_radius: int | None = None,
        stimulus_threshold: int = 1,
        permanence_rule: PermanenceRule | None = None,
        connected_permanence: float | None = None,
        initial_connected_fraction: float = 0.5,
        boost_strength: float = 0.0,
        duty_cycle_period: int = 1000,
        min_overlap_duty_cycle: float = 0.001,
        seed: int = 42,
    ) -> None:
        self._config = {name: value for name, value in locals().items() if name != "self"}
        self.input_size = check_integer("input_size", input_size, low=1)
        self.columns = check_integer("columns", columns, low=1)
        self.density = _check_share("density", density)
        self.stimulus_threshold = check_integer("stimulus_threshold", stimulus_threshold, low=0)
        rule = UpDown(0.02, 0.004) if permanence_rule is None else check_rule(permanence_rule)
        self.permanence_rule = rule
        if connected_permanence is None:
            connected_permanence = of_rule(rule, "connected_permanence")
        self.connected_permanence = _check_share("connected_permanence", connected_permanence)
        self.boost_strength = check_number("boost_strength", boost_strength, low=0)
        self.duty_cycle_period = check_integer("duty_cycle_period", duty_cycle_period, low=1)
        self.min_overlap_duty_cycle = check_number(
            "min_overlap_duty_cycle", min_overlap_duty_cycle, low=0, high=1
        )
        self._inhibition_width = self.columns
        if inhibition_radius is not None:
            radius = check_integer("inhibition_radius", inhibition_radius, low=0)
            self._inhibition_width = min(2 * radius + 1, self.columns)
        rng = np.random.default_rng(check_integer("seed", seed, low=0))
        self.potential = self._draw_pools(rng, potential_fraction, potential_radius)
        self.permanence = self._draw_permanences(rng, initial_connected_fraction)
        self._priority = rng.permutation(self.columns)
        self._connected = np.zeros((self.columns, -(-self.input_size // 64)), dtype=np.uint64)
        self._connect(np.arange(self.columns))
        self._active_words = np.zeros(self._connected.shape[1], dtype=np.uint64)
        self._config["permanence_rule"] = rule
        self._learning_steps = 0
        self.overlaps = np.zeros(self.columns, dtype=np.int32)
        self.boost_factors = np.ones(self.columns, dtype=np.float32)
        self.active_duty_cycle = np.zeros(self.columns)
        self.overlap_duty_cycle = np.zeros(self.columns)
        self._target_duty_cycle = np.full(self.columns, self.density)
        self._weak_below = np.zeros(self.columns)

    def compute(self, sdr: SDR, learn: bool = True) -> SDR:
        """Return the SDR of the columns that win with this input.

        Parameters
        ----------
        sdr : SDR
            Input of `input_size` bits.
        learn : bool
            Whether the winners' permanences, duty cycles and boost factors move.

        Returns
        -------
        SDR
            Of `columns` bits.

        Raises
        ------
        InputError
            If `sdr` is no SDR or one of another size, or `learn` is neither True nor False.
        """
        check_sdr(sdr, self.input_size)
        check_truth("learn", learn)
        kernels.pack_bits(sdr.sparse, self._active_words)
        kernels.count_overlaps(self._connected, self._active_words, self.overlaps)
        winners = self._inhibit()
        if learn:
            self._learn(winners, sdr)
        return SDR(self.columns, winners)

    def adapt(self, sdr: SDR, winners: SDR, overlaps: NDArray[np.int32]) -> None:
        """Learn as `compute` does, but at columns that were chosen elsewhere.

        Parameters
        ----------
        sdr : SDR
            Input of `input_size` bits.
        winners : SDR
            Columns that won, of `columns` bits.
        overlaps : ndarray of int32, shape (columns,)
            What each column got of the input, in connected synapses.
        """
        kernels.pack_bits(sdr.sparse, self._active_words)
        self.overlaps[:] = overlaps
        self._learn(winners.sparse, sdr)

    @property
    def connected(self) -> NDArray[np.bool_]:
        """Which potential synapses are connected, of shape (columns, pool_size)."""
        return self.permanence >= np.float32(self.connected_permanence - EPSILON)

    @property
    def order(self) -> NDArray[np.int64]:
        """The order of equal columns, of shape (columns,): the highest wins."""
        return self._priority

    @property
    def n_winners(self) -> int:
        """Columns that win under global inhibition."""
        return max(1, round(self.density * self.columns))

    @property
    def inhibition_is_global(self) -> bool:
        """Whether each column competes with all others."""
        return self._inhibition_width == self.columns

    def connected_inputs(self, column: int) -> NDArray[np.int64]:
        """Return the sorted inputs that a column is connected to.

        Parameters
        ----------
        column : int
            In [0, columns).

        Returns
        -------
        ndarray of int64, shape (n_connected,)

        Raises
        ------
        InputError
            If there is no such column.
        """
        column = check_integer("column", column, low=0, high=self.columns - 1)
        is_connected = self.permanence[column] >= np.float32(self.connected_permanence - EPSILON)
        return self.potential[column][is_connected].astype(np.int64)

    def save(self, path: str | Path) -> None:
        """Write everything into one file, from which `load` restores it bit for bit.

        Parameters
        ----------
        path : str or Path
            The file; one that is there is written over.

        Raises
        ------
        InputError
            If it cannot be written.
        """
        arrays = {name: getattr(self, name) for name in _SAVED}
        arrays["learning_steps"] = np.array(self._learning_steps)
        write_memory(path, "SpatialPooler", self._config, arrays)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Restore a pooler; its next steps are those of the one that was saved.

        Parameters
        ----------
        path : str or Path
            Of a file that `save` wrote.

        Returns
        -------
        SpatialPooler
            With the parameters of the one that was saved.
        """
        config, members = read_memory(path, "SpatialPooler")
        pooler = cls(**config)
        for name in _SAVED:
            setattr(pooler, name, members[name])
        pooler._learning_steps = int(members["learning_steps"])
        pooler._connect(np.arange(pooler.columns))
        return pooler

    def _draw_pools(
        self, rng: np.random.Generator, fraction: float, radius: int | None
    ) -> NDArray[np.int32]:
        """Draw each column's pool from the inputs within reach of its place over the input."""
        fraction = _check_share("potential_fraction", fraction)
        reach = self.input_size
        if radius is not None:
            reach = 2 * check_integer("potential_radius", radius, low=0) + 1
        reach = min(reach, self.input_size)
        pool_size = round(fraction * reach)
        if pool_size == 0:
            raise InputError(
                f"potential_fraction {fraction} of {reach} inputs within reach leaves empty pools"
            )
        pools = np.empty((self.columns, pool_size), dtype=np.int32)
        for column in range(self.columns):
            place = (2 * column + 1) * self.input_size // (2 * self.columns)
            chosen = rng.choice(reach, pool_size, replace=False, shuffle=False)
            pools[column] = np.sort((place - reach // 2 + chosen) % self.input_size)
        return pools

    def _draw_permanences(
        self, rng: np.random.Generator, connected_fraction: float
    ) -> NDArray[np.float32]:
        connected_fraction = check_number(
            "initial_connected_fraction", connected_fraction, low=0, high=1
        )
        threshold = np.float32(self.connected_permanence)
        is_connected = rng.random(self.potential.shape, dtype=np.float32) < connected_fraction
        permanence = rng.random(self.potential.shape, dtype=np.float32)
        above = threshold + (np.float32(1) - threshold) * permanence
        # Well below the slack of the comparison with the threshold.
        below = (threshold - np.float32(2 * EPSILON)) * permanence
        return np.where(is_connected, above, below).clip(0, 1)

    def _inhibit(self) -> NDArray[np.int64]:
        keys = kernels.rank_keys(
            self.overlaps, self.boost_factors, self._priority, self.stimulus_threshold
        )
        if self.inhibition_is_global:
            return kernels.inhibit_globally(keys, self.n_winners)
        return kernels.inhibit_locally(keys, self._inhibition_width, self.density)

    def _learn(self, winners: NDArray[np.int64], sdr: SDR) -> None:
        self._move_permanences(winners, sdr)
        self._learning_steps += 1
        period = min(self.duty_cycle_period, self._learning_steps)
        kernels.update_duty_cycles(self.active_duty_cycle, winners, period)
        stimulated = np.flatnonzero(self.overlaps >= max(self.stimulus_threshold, 1))
        kernels.update_duty_cycles(self.overlap_duty_cycle, stimulated, period)
        if self._learning_steps % _UPDATE_PERIOD == 0:
            self._update_targets()
        self._raise_weak_columns()
        if self.boost_strength > 0:
            excess = self._target_duty_cycle - self.active_duty_cycle
            self.boost_factors = np.exp(self.boost_strength * excess).astype(np.float32)

    def _move_permanences(self, winners: NDArray[np.int64], sdr: SDR) -> None:
        affine = affine_parameters(self.permanence_rule)
        if affine is None:
            active = sdr.dense[self.potential[winners]]
            new = updated(self.permanence_rule, self.permanence[winners], active)
            self.permanence[winners] = new
        else:
            keep, up, down = affine
            kernels.adapt(
                winners,
                self.potential,
                self.permanence,
                self._active_words,
                np.float32(keep),
                np.float32(up),
                np.float32(down),
            )
        self._connect(winners)

    def _connect(self, columns: NDArray[np.int64]) -> None:
        threshold = np.float32(self.connected_permanence - EPSILON)
        kernels.connect(columns, self.potential, self.permanence, threshold, self._connected)

    def _update_targets(self) -> None:
        """Compare each column's duty cycles with those of the columns it competes with."""
        if self.inhibition_is_global:
            highest = self.overlap_duty_cycle.max()
        else:
            width = self._inhibition_width
            self._target_duty_cycle, _ = kernels.window_extremes(self.active_duty_cycle, width)
            _, highest = kernels.window_extremes(self.overlap_duty_cycle, width)
        self._weak_below[:] = self.min_overlap_duty_cycle * highest

    def _raise_weak_columns(self) -> None:
        weak = np.flatnonzero(self.overlap_duty_cycle < self._weak_below)
        if weak.size > 0:
            raised = self.permanence[weak] + np.float32(0.1 * self.connected_permanence)
            self.permanence[weak] = raised.clip(0, 1)
            self._connect(weak)


def _check_share(name: str, value: float) -> float:
    share = check_number(name, value, high=1)
    if share <= 0:
        raise InputError(f"{name} must lie in (0, 1], got {value}")
    return share
