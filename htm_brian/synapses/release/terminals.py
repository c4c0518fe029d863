"""Two companions of `ReleaseSynapses`: one state per terminal, and release without a spike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.core.base import BrianObject
from brian2.devices.device import RuntimeDevice, get_device
from brian2.groups.neurongroup import NeuronGroup
from brian2.synapses.synapses import Synapses
from brian2.units import ms
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from htm_brian.errors import InputError
from htm_brian.parameters import Model
from htm_brian.randomness import key_words
from htm_brian.synapses.release.draws import FUNCTIONS
from htm_brian.synapses.release.stochastic import (
    PARAMETERS,
    REFILL,
    SIZE,
    ReleaseSynapses,
    warn_of_made_up_name,
)

_SPONTANEOUS = """
quanta = int(keyed_uniform(stream_low, stream_high, i, j, contact, draws + 1)*sites < sites - empty)
"""
_STREAM = """
stream_low : integer (shared, constant)
stream_high : integer (shared, constant)
"""


class TerminalSynapses(Synapses):
    """Release synapses whose targets all share the state, and the draws, of their terminal.

    One terminal for each cell of `source` releases once a spike, and what it releases reaches all
    its targets: right where they are contacts of one bouton, or copies of one cell; and cheaper by
    the number of targets where their independence does not matter.

    Parameters
    ----------
    source, target, model, on_release, namespace, order, name
        As of `ReleaseSynapses`. `on_release` knows `quanta`, `amplitude` and `quantal_size`.
    delay : Quantity
        From spike to release, the same for all terminals; the targets have none of their own.
    equations : str
        Variables of each connection, such as a weight.
    **release
        Further arguments of `ReleaseSynapses`: variant, seed, trial, stream.

    Attributes
    ----------
    terminals : ReleaseSynapses
        One connection for each cell of `source`, in its order: the state.
    objects : list of BrianObject
        For a network: ``Network(source, target, *synapses.objects)``.
    """

    def __init__(
        self,
        source: Any,
        target: Any,
        model: str | Model,
        *,
        on_release: str,
        delay: Quantity = 0 * ms,
        equations: str = "",
        namespace: Mapping[str, Any] | None = None,
        order: int = 0,
        name: str = "terminalsynapses*",
        **release: Any,
    ) -> None:
        super().__init__(
            source,
            target,
            equations,
            on_pre=on_release,
            delay=delay,
            namespace=dict(namespace or {}),
            clock=source.clock,
            order=order,
            name=name,
        )
        if release.get("stream") is None:
            warn_of_made_up_name(name, self.name)
        # Somewhere for the terminals to end; they act through what `on_release` reads of them.
        ends = NeuronGroup(len(source), "", clock=source.clock, name=f"{self.name}_ends")
        self.add_attribute("terminals")
        self.terminals = ReleaseSynapses(
            source,
            ends,
            model,
            on_release="",
            delay=delay,
            order=order - 1,  # before the targets read it, in the same time step
            name=f"{self.name}_terminals",
            **release,
        )
        self.terminals.connect(j="i")
        for variable in ("quanta", "amplitude"):
            self.variables.add_reference(variable, self.terminals, index="_presynaptic_idx")
        self.variables.add_reference("quantal_size", self.terminals)
        self.add_attribute("objects")
        self.objects: list[BrianObject] = [self, ends, self.terminals]


class SpontaneousRelease(Synapses):
    """Quanta that `ReleaseSynapses` release without a spike, each connection on its own.

    A connection attempts it at its `spontaneous_rate`, and succeeds with the share of its sites
    that hold a vesicle, which it then spends. Make it after ``connect``; what it does is the same
    `on_release`. In C++ standalone the connections must have been given by one
    ``connect(i=array, j=array)``, since their number has to be known before the program runs.

    Parameters
    ----------
    synapses : ReleaseSynapses
        Whose sites release.
    dt : Quantity, optional
        Time step of the attempts, by default that of the targets; times the rate it is small.
    seed, trial : int
        As of `ReleaseSynapses`; the stream is another one than that of the spikes.

    Attributes
    ----------
    objects : list of BrianObject
        For a network: ``Network(source, target, synapses, *spontaneous.objects)``.
    """

    def __init__(
        self,
        synapses: ReleaseSynapses,
        *,
        dt: Quantity | None = None,
        seed: int = 0,
        trial: int = 0,
    ) -> None:
        post = _targets(synapses)
        name = f"{synapses.name}_spontaneous"
        attempts = NeuronGroup(
            len(post),
            "attempt_low : integer (shared, constant)\nattempt_high : integer (shared, constant)",
            threshold="keyed_uniform(attempt_low, attempt_high, i, 0, 0, timestep(t, dt))"
            " < spontaneous_rate*dt",
            reset="",
            dt=synapses.target.clock.dt if dt is None else dt,
            namespace=FUNCTIONS,
            name=f"{name}_attempts",
        )
        per_connection = not synapses.variables["spontaneous_rate"].scalar
        attempts.variables.add_reference(
            "spontaneous_rate", synapses, index="_idx" if per_connection else None
        )
        super().__init__(
            attempts,
            synapses.target,
            _STREAM,
            on_pre=REFILL + _SPONTANEOUS + SIZE + synapses.on_release,
            namespace=synapses.namespace,
            clock=attempts.clock,
            name=name,
        )
        self.connect(i=np.arange(len(post)), j=post)
        shared = {*PARAMETERS, "empty", "last_refill", "draws", "quanta", "amplitude", "contact"}
        for variable in sorted(shared | set(synapses.extra_variables)):
            scalar = synapses.variables[variable].scalar
            # Synapse k here stands for connection k there.
            self.variables.add_reference(variable, synapses, index=None if scalar else "_idx")
        self.add_attribute("objects")
        self.objects: list[BrianObject] = [self, attempts]
        words = key_words(seed, "spontaneous attempts", synapses.stream, trial)
        attempts.attempt_low, attempts.attempt_high = words
        words = key_words(seed, "spontaneous release", synapses.stream, trial)
        self.stream_low, self.stream_high = words


def _targets(synapses: ReleaseSynapses) -> NDArray[np.integer]:
    """Return the target of each connection."""
    if isinstance(get_device(), RuntimeDevice):
        if len(synapses) == 0:
            raise InputError(f"{synapses.name} has no connections yet; call connect first")
        return np.asarray(synapses.j[:])
    if synapses.stated_targets is None:
        raise InputError(
            f"the connections of {synapses.name} are not known before a C++ standalone program "
            "runs; give them by one connect(i=array, j=array)"
        )
    return synapses.stated_targets
