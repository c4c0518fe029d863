"""The checked parameters of a temporal memory, and the store and kernel settings they make."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.kernels import temporal_layout
from htm_brian.abstract.permanence import (
    PermanenceRule,
    UpDown,
    affine_parameters,
    check_rule,
    of_rule,
)
from htm_brian.abstract.segments.store import TIE_BREAKS, SegmentStore
from htm_brian.arguments import check_choice, check_integer, check_number, check_truth
from htm_brian.errors import InputError
from htm_brian.memory import require_bytes

_BYTES_PER_CELL = 9


@dataclass(frozen=True)
class TemporalMemoryParameters:
    """What a `TemporalMemory` is made with; see there for each.

    What is None at first is filled in from the permanence rule.
    """

    columns: int
    cells_per_column: int
    activation_threshold: int = 13
    min_threshold: int = 10
    initial_permanence: float = None  # type: ignore[assignment]
    connected_permanence: float = None  # type: ignore[assignment]
    permanence_increment: float = 0.1
    permanence_decrement: float = 0.1
    predicted_decrement: float = 0.0
    max_new_synapses: int = 20
    max_segments_per_cell: int = 255
    max_synapses_per_segment: int = 255
    seed: int = 42
    permanence_rule: PermanenceRule = None  # type: ignore[assignment]
    tie_break: str = "random"
    reuse_previous_winner: bool = False
    segment_removal: str = "least_recently_used"
    weight_slope: float = math.inf
    prune_below: float = None  # type: ignore[assignment]
    permanence_bits: int = 32
    rounding: str = "stochastic"
    external_inputs: int = 0
    predict_first: bool = False

    def __post_init__(self) -> None:
        for name in ("columns", "cells_per_column", "max_new_synapses", "max_synapses_per_segment"):
            self._set(name, check_integer(name, getattr(self, name), low=1))
        self._set("external_inputs", check_integer("external_inputs", self.external_inputs, low=0))
        _check_memory(self.n_inputs)
        for name in ("activation_threshold", "min_threshold"):
            if check_integer(name, getattr(self, name), low=1) > self.max_synapses_per_segment:
                raise InputError(
                    f"{name} must be at most max_synapses_per_segment = "
                    f"{self.max_synapses_per_segment}, or no segment can reach it, "
                    f"got {getattr(self, name)}"
                )
        check_matching(self.min_threshold, self.activation_threshold)
        for name in ("permanence_increment", "permanence_decrement", "predicted_decrement"):
            self._set(name, check_number(name, getattr(self, name), 0.0, 1.0))
        self._set(
            "permanence_rule",
            chosen_rule(self.permanence_rule, self.permanence_increment, self.permanence_decrement),
        )
        for name in ("initial_permanence", "connected_permanence", "prune_below"):
            self._set(name, chosen_permanence(name, getattr(self, name), self.permanence_rule))
        if not self.weight_slope > 0:
            raise InputError(f"weight_slope must be positive, got {self.weight_slope}")
        check_choice("tie_break", self.tie_break, TIE_BREAKS)
        self._set("predict_first", check_truth("predict_first", self.predict_first))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return self.columns * self.cells_per_column

    @property
    def n_inputs(self) -> int:
        """Number of presynaptic cells: the cells, then the external inputs."""
        return self.n_cells + self.external_inputs

    def make_store(self) -> SegmentStore:
        """Return an empty store of segments."""
        return SegmentStore(
            self.n_cells,
            self.max_segments_per_cell,
            self.max_synapses_per_segment,
            n_inputs=self.n_inputs,
            seed=self.seed,
            permanence_bits=self.permanence_bits,
            rounding=self.rounding,
            removal=self.segment_removal,
        )

    def kernel_settings(self) -> NDArray[np.void]:
        """Return the numbers that the compiled step needs."""
        affine = affine_parameters(self.permanence_rule)
        keep, gain_active, gain_inactive = (1.0, 0.0, 0.0) if affine is None else affine
        settings = np.zeros(1, dtype=temporal_layout.SETTINGS)
        derived = {
            "slope": self.weight_slope,
            "keep": keep,
            "gain_active": gain_active,
            "gain_inactive": gain_inactive,
            "lowest_index": self.tie_break == "lowest_index",
            "rule_outside": affine is None,
        }
        for name in temporal_layout.SETTINGS.names or ():
            settings[name] = derived[name] if name in derived else getattr(self, name)
        return settings


def check_matching(min_threshold: int, activation_threshold: int) -> None:
    """Refuse thresholds by which a segment could be active that does not even match."""
    if min_threshold > activation_threshold:
        raise InputError(
            f"min_threshold must be at most activation_threshold = {activation_threshold}, or an "
            f"active segment would not match, got {min_threshold}"
        )


def chosen_rule(rule: PermanenceRule | None, increment: float, decrement: float) -> PermanenceRule:
    """Return the rule, or the classic one when there is none."""
    if rule is None:
        return UpDown(increment, decrement)
    return check_rule(rule)


def chosen_permanence(name: str, value: float | None, rule: PermanenceRule) -> float:
    """Return the checked permanence `name`, that of the rule when it is None."""
    return check_number(name, of_rule(rule, name) if value is None else value, 0.0, 1.0)


def _check_memory(n_inputs: int) -> None:
    """Refuse a size that this machine cannot hold even before the first segment."""
    if n_inputs >= 2**31:
        raise InputError(f"columns * cells_per_column must be less than 2**31, got {n_inputs}")
    require_bytes(
        n_inputs * _BYTES_PER_CELL,
        f"columns * cells_per_column = {n_inputs} cells",
        "take fewer columns or cells",
    )
