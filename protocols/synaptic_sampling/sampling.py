"""Measurement of the frequencies in which a network that runs freely reads its SDRs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.sdr.sampling_machine import Bits, SynapticSamplingMachine

if TYPE_CHECKING:
    from htm_brian.protocols.synaptic_sampling import SynapticSamplingParameters


def frequencies(parameters: SynapticSamplingParameters, number: int) -> xr.Dataset:
    """Teach one network the SDRs in their frequencies, and let it and its control run."""
    rng = np.random.default_rng([parameters.seed, number])
    patterns, target = parameters.patterns, np.array(parameters.target)
    machine = SynapticSamplingMachine(
        patterns.shape[1],
        parameters.hidden,
        parameters.transmission_probability,
        seed=int(rng.integers(2**31)),
    )
    before, _, _ = _run_freely(parameters, machine, rng)
    for batch in range(parameters.batches):
        rate = parameters.rate * parameters.rate_fall ** (batch / parameters.batches)
        shown = patterns[rng.choice(len(target), parameters.batch, p=target)]
        machine.learn(shown, rate, persistent=True, steps=parameters.chain_steps)
    after, error, trace = _run_freely(parameters, machine, rng)
    control, _, control_trace = _run_freely(parameters, machine.deterministic(), rng)
    return xr.Dataset(
        {
            "target": ("pattern", target, {"units": "1"}),
            "frequency": (
                ("network", "pattern"),
                np.stack([before, after, control]),
                {"units": "1"},
            ),
            "frequency_error": ("pattern", error, {"units": "1"}),
            "trace": (("running", "step"), np.stack([trace, control_trace])),
        },
        coords={
            "network": ["before learning", "stochastic", "deterministic"],
            "running": ["stochastic", "deterministic"],
        },
    )


def _run_freely(
    parameters: SynapticSamplingParameters,
    machine: SynapticSamplingMachine,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return how often each SDR was read, its standard error, and what one chain read.

    Chains start evenly spread. A chain stays at an SDR for long, so chains are counted, not steps.
    """
    patterns = parameters.patterns
    state = patterns[np.arange(parameters.chains) % len(patterns)]
    state = machine.sample(state, parameters.settling)
    counts = np.zeros((parameters.chains, len(patterns) + 1))
    trace = np.zeros(parameters.steps, dtype=np.int64)
    for step in range(parameters.steps):
        state = machine.sample(state, 1)
        reading = read(state, patterns)
        counts[np.arange(parameters.chains), reading] += 1
        trace[step] = reading[0]
    share = counts[:, :-1] / parameters.steps
    return share.mean(axis=0), share.std(axis=0) / np.sqrt(parameters.chains), trace


def read(state: Bits, patterns: Bits) -> NDArray[np.int64]:
    """Return the SDR that each state is nearest to; their number where two are equally near.

    Examples
    --------
    >>> patterns = np.array([[1, 1, 0, 0], [0, 0, 1, 1]], dtype=np.uint8)
    >>> states = np.array([[1, 0, 0, 0], [0, 1, 1, 1], [1, 0, 1, 0]], dtype=np.uint8)
    >>> read(states, patterns).tolist()
    [0, 1, 2]
    """
    distance = (state[:, None, :] != patterns[None]).sum(axis=2)
    nearest = distance.argmin(axis=1)
    tied = (distance == distance.min(axis=1, keepdims=True)).sum(axis=1) > 1
    return np.where(tied, len(patterns), nearest)
