"""Two companions of `ReleaseSynapses`: one state per terminal, and release without a spike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.core.base import BrianObject
from brian2.devices.device import RuntimeDevice, get_device
from brian2.groups.neurongroup import NeuronGroup
from brian2.units import ms
from brian2.units.fundamentalunits import Quantity
from brian2.utils.stringtools import get_identifiers
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_mapping, shown
from htm_brian.engine.group_arguments import check_name
from htm_brian.errors import InputError
from htm_brian.parameters import Model
from htm_brian.randomness import key_words
from htm_brian.synapses.release.draws import FUNCTIONS
from htm_brian.synapses.release.stochastic import (
    PARAMETERS,
    REFILL,
    SIZE,
    ReleaseSynapses,
    check_release,
    warn_of_made_up_name,
)
from htm_brian.synapses.release.values import (
    CheckedSynapses,
    check_delay,
    check_ends,
    check_language,
    check_texts,
    known_values,
)

_SPONTANEOUS = """
quanta = int(keyed_uniform(stream_low, stream_high, i, j, contact, draws + 1)*sites < sites - empty)
"""
_STREAM = """
stream_low : integer (shared, constant)
stream_high : integer (shared, constant)
"""


_OF_TERMINALS = ("quanta", "amplitude", "quantal_size")
"""What a connection reads of its terminal; the last is one for all."""


class TerminalSynapses(CheckedSynapses):
    """Release synapses whose targets all share the state, and the draws, of their terminal.

    One terminal for each cell of `source` releases once a spike, and what it releases reaches all
    its targets: right where they are contacts of one bouton, or copies of one cell; and cheaper by
    the number of targets where their independence does not matter.

    Parameters
    ----------
    source, target, model, on_release, namespace, order, name
        As of `ReleaseSynapses`. `on_release` knows `quanta`, `amplitude` and `quantal_size`. The
        terminals release at `order` - 1/2, before the targets read it in the same time step.
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
        For a network: ``Network(source, target, *synapses.objects)``. The synapses contain the
        others, so that a network that is given the synapses alone has them, too.

    Raises
    ------
    InputError
        As of `ReleaseSynapses`; or where `on_release` is empty.
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
        check_ends(source, target)
        check_texts(on_release=on_release, equations=equations)
        check_name(name)
        check_language(equations, (*_OF_TERMINALS, "terminal"), on_release=on_release)
        if not on_release.strip():
            raise InputError("on_release must say what a spike does, got an empty text")
        check_delay(delay)
        check_integer("order", order)
        check_release(model, **release)
        # A subgroup's cells have the numbers of the whole group inside Brian2.
        self._first = getattr(source, "start", 0)
        super().__init__(
            source,
            target,
            equations + ("\nterminal : integer (constant)" if self._first else ""),
            on_pre=on_release,
            delay=delay,
            namespace=dict(check_mapping("namespace", namespace or {})),
            clock=source.clock,
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
            name=f"{self.name}_terminals",
            **release,
        )
        # Brian2 gives the pathways of all spikes one order, and then goes by their names.
        self.pre.order = order - 1
        self.terminals.pre.order = self.pre.order - 0.5
        self.terminals.connect(j="i")
        *each, shared = _OF_TERMINALS
        for variable in each:
            index = "terminal" if self._first else "_presynaptic_idx"
            self.variables.add_reference(variable, self.terminals, index=index)
        self.variables.add_reference(shared, self.terminals)
        self.contained_objects.extend([ends, self.terminals])
        self.add_attribute("objects")
        self.objects: list[BrianObject] = [self, ends, self.terminals]

    def connect(self, *args: Any, **kwargs: Any) -> None:
        """Connect as Brian2's `Synapses` does.

        Parameters
        ----------
        *args, **kwargs
            As of Brian2's ``connect``.
        """
        super().connect(*args, **kwargs | {"level": kwargs.get("level", 0) + 1})
        if self._first:
            self.terminal = "i"

    def __setattr__(self, name: str, value: Any, level: int = 0) -> None:
        super().__setattr__(name, value, level=level + 1)
        if name in ("delay", "delay_") and "objects" in self.__dict__:
            # Of the two delays that of the terminals must not be another one.
            self.terminals.__setattr__(name, value, level=level + 1)

    def before_run(self, run_namespace: Mapping[str, Any]) -> None:
        """Check the delays, then prepare as Brian2 does.

        Parameters
        ----------
        run_namespace : dict
            As Brian2 passes it.

        Raises
        ------
        InputError
            If the delay of the targets is not that of their terminals.
        """
        own, theirs = (known_values(each.pre._delays) for each in (self, self.terminals))
        if own is not None and theirs is not None and own != theirs:
            raise InputError(
                f"the delay of {self.name} must be that of its terminals, got {own[0]:g} s and "
                f"{theirs[0]:g} s; set it as {self.name}.delay"
            )
        super().before_run(run_namespace)


class SpontaneousRelease(CheckedSynapses):
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

    Raises
    ------
    InputError
        Where what `on_release` does depends on the presynaptic cell, which has not spiked; where
        the rate is above one in a time step; where connections were added later.

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
        if not isinstance(synapses, ReleaseSynapses):
            raise InputError(f"synapses must be ReleaseSynapses, got {shown(synapses)}")
        check_integer("seed", seed, low=0)
        check_integer("trial", trial, low=0, high=2**64 - 1)
        if dt is not None and check_delay(dt, "dt") == 0:
            raise InputError("dt must be above 0, got 0 s")
        presynaptic = {
            word for word in get_identifiers(synapses.on_release) if word.endswith("_pre")
        } | (get_identifiers(synapses.on_release) & {"i"})
        if presynaptic:
            raise InputError(
                f"on_release of {synapses.name} must not name {sorted(presynaptic)[0]}: without a "
                "spike there is no presynaptic cell"
            )
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
        self._of = synapses
        self._attempts = attempts

    def before_run(self, run_namespace: Mapping[str, Any]) -> None:
        """Check that rate and connections suit the attempts, then prepare as Brian2 does.

        Parameters
        ----------
        run_namespace : dict
            As Brian2 passes it.

        Raises
        ------
        InputError
            If there are other connections than there were, or the rate is above one in a time step.
        """
        if isinstance(get_device(), RuntimeDevice) and len(self._of) != len(self._attempts):
            raise InputError(
                f"{self._of.name} must have the {len(self._attempts)} connections that it had when "
                f"{self.name} was made, got {len(self._of)}; make it after the last connect"
            )
        rate = known_values(self._of.variables["spontaneous_rate"])
        step = float(self.clock.dt_)
        if rate is not None and np.any(rate * step > 1):
            raise InputError(
                f"spontaneous_rate of {self._of.name} must be at most one in a time step of "
                f"{step:g} s, got {rate.max():g} Hz; take a smaller dt"
            )
        super().before_run(run_namespace)


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
