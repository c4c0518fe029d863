r"""Potential: the synapse goes down by its own spikes, up by depolarisation that follows them.

.. math::

    \frac{dw}{dt} = -A_{LTD}\, X(t)\, [\bar u_-(t - d) - \theta_-]_+
        + A_{LTP}\, \bar x(t)\, [u(t) - \theta_+]_+\, [\bar u_+(t - d) - \theta_-]_+

X is the train of arriving spikes, x its trace of time constant tau_x and unit area; u is the
potential of the postsynaptic cell, and the two filtered potentials follow it with tau- and tau+
(Clopath et al. 2010, Nat Neurosci 13:344). The delay d is in none of the paper's equations, but in
its program, and in NEST; without it the spike that the synapse itself helps to make would count as
the depolarisation before it. The homeostatic factor of A_LTD is left out.

A synapse does something at its own spikes, and at the time steps at which the cell's potential is
above theta+, some twenty a spike; in between nothing. The filtered potentials belong to the cell:
`target_equations` and `target_events` go into its equations and events, its potential being `v`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from brian2.core.base import BrianObject
from brian2.groups.neurongroup import NeuronGroup
from brian2.input.spikegeneratorgroup import SpikeGeneratorGroup
from brian2.synapses.synapses import Synapses

from htm_brian.engine.compiling import connect_pairs
from htm_brian.parameters import Key
from htm_brian.synapses.plasticity.online import OnlineRule


@dataclass(frozen=True)
class VoltageBased(OnlineRule):
    """Depression by spikes at a depolarised cell, potentiation by depolarisation after spikes.

    Examples
    --------
    >>> rule = VoltageBased("voltage_based_cortex")
    >>> print(rule.target_events["depolarised"])
    v > -0.0453*volt and delayed_u_plus > -0.0706*volt
    """

    keys: ClassVar = {
        "depression": Key("1/volt", "A_LTD, of an efficacy of 1"),
        "potentiation": Key("1/volt**2", "A_LTP, of an efficacy of 1"),
        "presynaptic_time": Key("second", "tau_x, decay of the trace of arriving spikes"),
        "minus_time": Key("second", "tau of the filtered potential of depression"),
        "plus_time": Key("second", "tau of the filtered potential of potentiation"),
        "filter_delay": Key("second", "d, by which the filtered potentials are read late"),
        "minus_threshold": Key("volt", "theta-, of the filtered potentials"),
        "plus_threshold": Key("volt", "theta+, of the potential"),
        "initial_efficacy": Key("1", "efficacy of a new synapse"),
        "maximum_efficacy": Key("1", "upper bound of the efficacy; the lower one is 0"),
    }

    equations = """
efficacy : 1
darrived/dt = -arrived/presynaptic_time : 1 (event-driven)
"""
    on_pre = """above_minus = (delayed_u_minus_post - minus_threshold)*int(delayed_u_minus_post > minus_threshold)
efficacy = clip(efficacy - arrival*depression*above_minus, 0, maximum_efficacy)
arrived = arrived + arrival"""  # noqa: E501
    on_target_event: ClassVar = {
        "depolarised": """driving = potentiation*(v_post - plus_threshold)*(delayed_u_plus_post - minus_threshold)
efficacy = clip(efficacy + driving*arrived*dt/presynaptic_time, 0, maximum_efficacy)"""  # noqa: E501
    }

    @property
    def target_equations(self) -> str:
        """The filtered potentials, and what they were a delay ago."""
        minus, plus = (float(self.table[f"{name}_time"]) for name in ("minus", "plus"))
        return f"""
du_minus/dt = (v - u_minus)/({minus!r}*second) : volt
du_plus/dt = (v - u_plus)/({plus!r}*second) : volt
delayed_u_minus : volt
delayed_u_plus : volt
"""

    @property
    def target_events(self) -> Mapping[str, str]:
        """The time steps at which the synapses may be potentiated."""
        minus, plus = (float(self.table[f"{name}_threshold"]) for name in ("minus", "plus"))
        return {"depolarised": f"v > {plus!r}*volt and delayed_u_plus > {minus!r}*volt"}

    def initial_state(self) -> Mapping[str, Any]:
        """Return the efficacy of a new synapse."""
        return {"efficacy": self.table["initial_efficacy"]}

    def helpers(self, target: NeuronGroup) -> list[BrianObject]:
        """Return what keeps the filtered potentials of a group for the delay."""
        return delay_line(target, ("u_minus", "u_plus"), float(self.table["filter_delay"]))


def delay_line(group: NeuronGroup, names: tuple[str, ...], delay: float) -> list[BrianObject]:
    """Return objects that set `delayed_NAME` of each cell to its NAME of some time ago.

    A ring of slots, one for each time step of the delay; a tick of the slot whose turn it is reads
    it and writes it anew, so that a step costs two numbers a cell, however long the delay.

    Parameters
    ----------
    group : NeuronGroup
        With the variables, which are potentials.
    names : tuple of str
    delay : float
        Seconds; rounded to time steps of the group, at least one.
    """
    dt = group.clock.dt
    steps = max(1, round(delay / float(dt)))
    slots = np.arange(steps)
    ticks = SpikeGeneratorGroup(
        steps, slots, slots * dt, period=steps * dt, clock=group.clock, name=f"{group.name}_ticks*"
    )
    kept = "\n".join(f"kept_{name} : volt" for name in names)
    # In three parts, as Brian2 must not mind the order of the synapses in each.
    parts = {
        "clear": "\n".join(f"delayed_{name}_post *= 0" for name in names),
        "read": "\n".join(f"delayed_{name}_post += kept_{name}" for name in names),
        "write": "\n".join(f"kept_{name} = {name}_post" for name in names),
    }
    ring = Synapses(
        ticks,
        group,
        kept,
        on_pre=parts,
        delay=dict.fromkeys(parts, 0 * dt),
        clock=group.clock,
        name=f"{group.name}_ring*",
    )
    # A tick acts in the step after its own, before the events of that step are looked for.
    for order, part in enumerate(parts):
        getattr(ring, part).when, getattr(ring, part).order = "after_groups", order
    who = np.arange(len(group))
    connect_pairs(ring, np.repeat(slots, len(who)), np.tile(who, steps))
    for name in names:
        setattr(ring, f"kept_{name}", f"{name}_post")
    return [ticks, ring]
