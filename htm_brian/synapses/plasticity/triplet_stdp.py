r"""Spike timing with triplets: a pair counts for more soon after another spike of its second cell.

.. math::

    \text{presynaptic: } w \leftarrow w - o_1 (A_2^- + A_3^- r_2), \qquad
    \text{postsynaptic: } w \leftarrow w + r_1 (A_2^+ + A_3^+ o_2)

The traces r1, r2 of presynaptic and o1, o2 of postsynaptic spikes decay with tau+, tau_x, tau-,
tau_y; r2 and o2 are read before the spike itself adds to them (Pfister & Gerstner 2006, J Neurosci
26:9673). All spikes count where `nearest` is 0, and the trace of the latest spike alone where it is
1. So potentiation grows with the rate of pairs, which pairs alone cannot explain.

Brian2 brings the traces up to date at spikes only. A presynaptic spike that arrives in the time
step of a postsynaptic one counts as before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from brian2.units.fundamentalunits import Quantity

from htm_brian.errors import InputError
from htm_brian.parameters import Key
from htm_brian.synapses.plasticity.online import OnlineRule


@dataclass(frozen=True)
class TripletStdp(OnlineRule):
    """Triplet rule of spike timing, additive, with hard bounds.

    Examples
    --------
    >>> print(TripletStdp("triplet_stdp_cortex").on_pre.splitlines()[0])
    efficacy = clip(efficacy - arrival*o1*(pair_depression + triplet_depression*r2), 0, maximum_efficacy)
    """  # noqa: E501

    keys: ClassVar = {
        "pair_potentiation": Key("1", "A2+, rise of the efficacy by a pair"),
        "triplet_potentiation": Key("1", "A3+, rise by a triplet post-pre-post"),
        "pair_depression": Key("1", "A2-, fall of the efficacy by a pair"),
        "triplet_depression": Key("1", "A3-, fall by a triplet pre-post-pre"),
        "potentiation_time": Key("second", "tau+, decay of r1"),
        "presynaptic_time": Key("second", "tau_x, decay of r2"),
        "depression_time": Key("second", "tau-, decay of o1"),
        "postsynaptic_time": Key("second", "tau_y, decay of o2"),
        "bath_calcium": Key("mmolar", "calcium of the bath for which these numbers are"),
        "bath_power": Key("1", "by which both grow with that calcium"),
        "nearest": Key("1", "1 where the latest spike alone counts, 0 where all do"),
        "initial_efficacy": Key("1", "efficacy of a new synapse"),
        "maximum_efficacy": Key("1", "upper bound of the efficacy; the lower one is 0"),
    }

    equations = """
efficacy : 1
dr1/dt = -r1/potentiation_time : 1 (event-driven)
dr2/dt = -r2/presynaptic_time : 1 (event-driven)
do1/dt = -o1/depression_time : 1 (event-driven)
do2/dt = -o2/postsynaptic_time : 1 (event-driven)
"""
    on_pre = """efficacy = clip(efficacy - arrival*o1*(pair_depression + triplet_depression*r2), 0, maximum_efficacy)
r1 = r1 + arrival*(1 - nearest*r1)
r2 = r2 + arrival*(1 - nearest*r2)"""  # noqa: E501
    on_post = """efficacy = clip(efficacy + r1*(pair_potentiation + triplet_potentiation*o2), 0, maximum_efficacy)
o1 = o1 + 1 - nearest*o1
o2 = o2 + 1 - nearest*o2"""  # noqa: E501

    def check(self) -> None:
        """Refuse a switch that is neither on nor off."""
        if self.table["nearest"] not in (0, 1):
            parameter = self.table.parameter("nearest")
            raise InputError(f"nearest must be 0 or 1, got {parameter.text}{parameter.where}")

    def in_bath(self, calcium: Quantity) -> Self:
        """Return the rule in another bath: amplitudes grow by a power of its calcium."""
        share = float(calcium / self.table["bath_calcium"])
        values: dict[str, Any] = {"bath_calcium": calcium}
        for side in ("potentiation", "depression"):
            for name in (f"pair_{side}", f"triplet_{side}"):
                values[name] = self.table[name] * share ** self.table["bath_power"]
        return self.with_values(**values)

    def initial_state(self) -> Mapping[str, Any]:
        """Return the efficacy of a new synapse."""
        return {"efficacy": self.table["initial_efficacy"]}
