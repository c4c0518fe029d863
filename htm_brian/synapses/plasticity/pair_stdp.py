r"""Spike timing: each pair of a presynaptic and a postsynaptic spike changes the synapse a little.

.. math::

    \Delta w = A_+ e^{-\Delta/\tau_+} \ (\Delta > 0), \qquad
    \Delta w = -A_- e^{\Delta/\tau_-} \ (\Delta < 0), \qquad \Delta = t_{post} - t_{pre}

All pairs count, and the efficacy stays in [0, maximum] (Song, Miller & Abbott 2000, Nat Neurosci
3:919). Two traces per synapse, which Brian2 brings up to date at spikes only, hold all that is
needed. A presynaptic spike that arrives in
the time step of a postsynaptic one counts as before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from htm_brian.errors import InputError
from htm_brian.parameters import Key
from htm_brian.synapses.plasticity.online import OnlineRule


@dataclass(frozen=True)
class PairStdp(OnlineRule):
    """Pair-based spike-timing-dependent plasticity, additive, with hard bounds.

    Examples
    --------
    >>> print(PairStdp("pair_stdp").on_post)
    efficacy = clip(efficacy + arrived*potentiation, 0, maximum_efficacy)
    fired += 1
    """

    keys: ClassVar = {
        "potentiation": Key("1", "rise of the efficacy by a pair of vanishing interval"),
        "depression": Key("1", "fall of the efficacy by a pair of vanishing interval"),
        "potentiation_time": Key("second", "time constant of the presynaptic trace"),
        "depression_time": Key("second", "time constant of the postsynaptic trace"),
        "initial_efficacy": Key("1", "efficacy of a new synapse"),
        "maximum_efficacy": Key("1", "upper bound of the efficacy; the lower one is 0"),
    }

    equations = """
efficacy : 1
darrived/dt = -arrived/potentiation_time : 1 (event-driven)  # trace of presynaptic spikes
dfired/dt = -fired/depression_time : 1 (event-driven)  # trace of postsynaptic spikes
"""
    on_pre = """efficacy = clip(efficacy - arrival*fired*depression, 0, maximum_efficacy)
arrived += arrival"""
    on_post = """efficacy = clip(efficacy + arrived*potentiation, 0, maximum_efficacy)
fired += 1"""

    def check(self) -> None:
        """Refuse a first efficacy out of bounds."""
        first, most = self.table["initial_efficacy"], self.table["maximum_efficacy"]
        if first > most:
            parameter = self.table.parameter("initial_efficacy")
            raise InputError(
                f"initial_efficacy must be at most maximum_efficacy = {most:g}, got {first:g}"
                f"{parameter.where}"
            )

    def initial_state(self) -> Mapping[str, Any]:
        """Return the efficacy of a new synapse."""
        return {"efficacy": self.table["initial_efficacy"]}
