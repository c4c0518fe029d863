"""Exclusive-or in spikes: ensembles that bursts teach, and what they learn without this or that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2 import seed as seed_brian2

from htm_brian.engine.compiling import code_generation
from htm_brian.network.bursting_ensembles import Arm, Counted, Shown, run_arms
from htm_brian.parameters import load_model
from htm_brian.protocols.burst_credit.stimulus import XOR_INPUTS, XOR_TARGETS
from htm_brian.randomness import brian2_seed, stream
from htm_brian.synapses.plasticity.burst_dependent import BurstDependent

if TYPE_CHECKING:
    from htm_brian.protocols.burst_credit import BurstCreditParameters

LEARNED, NO_FEEDBACK, NO_TEACHER, ALWAYS = (
    "bursts",
    "no feedback",
    "no teacher",
    "plastic all the time",
)
ARMS = (
    Arm(LEARNED),
    Arm(NO_FEEDBACK, feedback=False),
    Arm(NO_TEACHER, teacher=False),
    Arm(ALWAYS, always=True),
)
TESTS = 5
"""How often all four inputs are shown before learning and after it, without teacher or change."""
BLOCKS = 20
"""Parts of the training of which the mean is kept."""
OUTPUT, A_HIDDEN = 4, 2
"""Places of the ensembles."""


def spikes_of_seed(p: BurstCreditParameters, seed: int) -> xr.Dataset:
    """Teach exclusive-or to spiking ensembles, in every arm."""
    times = p.spiking_epochs + 2 * TESTS
    learns = np.r_[np.zeros(TESTS), np.ones(p.spiking_epochs), np.zeros(TESTS)] > 0
    shown = Shown(
        np.tile(XOR_INPUTS, (times, 1)),
        np.tile((XOR_TARGETS[:, 0] > 0.5).astype(float), times),
        np.repeat(learns, len(XOR_INPUTS)),
    )
    model, rule = load_model(p.spiking_model), BurstDependent(p.spiking_rule)
    with code_generation(p.codegen):
        seed_brian2(brian2_seed(p.seed, "spiking xor", seed))
        rng = stream(p.seed, "spiking xor", seed)
        return _dataset(run_arms(model, rule, ARMS, shown, rng), p.spiking_epochs)


def _dataset(counted: Counted, epochs: int) -> xr.Dataset:
    """Return rates before, in the course of, and after learning, and shares of bursts."""

    def by_input(values: np.ndarray) -> np.ndarray:
        """Return an array of shape (n_arms, n_epochs, 4)."""
        return values.reshape(len(ARMS), -1, len(XOR_INPUTS))

    rate = by_input(counted.rate[..., OUTPUT])
    hidden = by_input(counted.rate[..., A_HIDDEN])
    taught = slice(TESTS, TESTS + epochs)
    course = [each.mean(axis=1) for each in np.array_split(rate[:, taught], BLOCKS, axis=1)]
    rise = {
        name: by_input((counted.taught_share - counted.share)[..., place])[:, taught].mean(axis=1)
        for name, place in (("output", OUTPUT), ("hidden", A_HIDDEN))
    }
    dims, hertz = ("arm", "input"), {"units": "Hz"}
    return xr.Dataset(
        {
            "spiking_before": (dims, rate[:, :TESTS].mean(axis=1), hertz),
            "spiking_after": (dims, rate[:, -TESTS:].mean(axis=1), hertz),
            "spiking_hidden": (dims, hidden[:, -TESTS:].mean(axis=1), hertz),
            "spiking_course": (("arm", "block", "input"), np.stack(course, axis=1), hertz),
            "output_told": (dims, 100 * rise["output"], {"units": "points"}),
            "hidden_told": (dims, 100 * rise["hidden"], {"units": "points"}),
        },
        coords={
            "arm": [each.name for each in ARMS],
            "input": [f"({int(a)}, {int(b)})" for a, b in XOR_INPUTS],
            "block": (np.arange(BLOCKS) + 0.5) * epochs / BLOCKS,
        },
    )
