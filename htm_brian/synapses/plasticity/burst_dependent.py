r"""Bursts teach: a postsynaptic burst strengthens a synapse, a single spike weakens it.

An event of the cell is a spike after a pause, alone or the first of a burst; the second spike of
a burst makes it one. At an event and at a burst the efficacy w of a synapse that was used lately
changes (Payeur et al. 2021, Nat Neurosci 24:1010):

.. math::

    \frac{dw}{dt} = \eta\, \left( B(t) - \bar P(t)\, E(t) \right) \tilde E_{pre}(t), \qquad
    \bar P = \bar B / \bar E

B and E are trains of bursts and events, :math:`\tilde E_{pre}` is a trace of presynaptic events,
and :math:`\bar B`, :math:`\bar E` are averages over seconds. A synapse stays as it is while the
share of bursts is what it has been, goes up where feedback to the dendrites makes more of the
events bursts than before, and down where it makes fewer. All traces decay exponentially and are
brought up to date at spikes only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from brian2.units import second

from htm_brian.parameters import Key
from htm_brian.synapses.plasticity.online import OnlineRule

_LONG_AGO = -1000 * second


@dataclass(frozen=True)
class BurstDependent(OnlineRule):
    """Plasticity by the share of bursts among the events of the cell.

    Parameters
    ----------
    model : str, path or Model
        With the table [burst_dependent].
    third_factor : str
        Brian2 expression that multiplies each change, such as a variable of the postsynaptic group,
        ``"plastic_post"``; "1" by default.

    Examples
    --------
    >>> rule = BurstDependent("burst_dependent")
    >>> rule.table["burst_interval"]
    16. * msecond
    """

    third_factor: str = "1"

    keys: ClassVar = {
        "burst_interval": Key("second", "shorter intervals belong to a burst"),
        "trace_time_constant": Key("second", "decay of the trace of presynaptic events"),
        "average_time_constant": Key("second", "of the averages of events and bursts"),
        "learning_rate": Key("1", "change of the efficacy by a burst, for a trace of 1"),
        "initial_event_rate": Key("hertz", "average of events that a new synapse begins with"),
        "initial_burst_share": Key("1", "share of bursts among them"),
        "initial_efficacy": Key("1", "efficacy of a new synapse"),
        "maximum_efficacy": Key("1", "upper bound of the efficacy; the lower one is 0"),
    }

    equations = """
efficacy : 1
dused/dt = -used/trace_time_constant : 1 (event-driven)  # trace of presynaptic events
devent_average/dt = -event_average/average_time_constant : 1 (event-driven)  # of the cell
dburst_average/dt = -burst_average/average_time_constant : 1 (event-driven)  # of the cell
last_arrival : second
last_fired : second
bursting : 1  # 1 from the second spike of a burst on
"""
    on_pre = """used += arrival*int(t - last_arrival > burst_interval)
last_arrival = last_arrival + arrival*(t - last_arrival)"""

    @property
    def on_post(self) -> str:
        """An event weakens, and a burst strengthens."""
        return f"""event = int(t - last_fired > burst_interval)
burst = (1 - event)*(1 - bursting)
efficacy = clip(efficacy + {self._rate}*used*(burst - event*burst_average/(event_average + 1e-12)), 0, maximum_efficacy)
event_average += event
burst_average += burst
bursting = 1 - event
last_fired = t"""  # noqa: E501

    @property
    def _rate(self) -> str:
        gated = self.third_factor != "1"
        return f"learning_rate*({self.third_factor})" if gated else "learning_rate"

    def gated(self, third_factor: str) -> Self:
        """Return the same rule, whose changes are multiplied by a third factor."""
        return replace(self, third_factor=third_factor)

    def with_values(self, **values: Any) -> Self:
        """Return the same rule with other numbers, by key, and its third factor."""
        return super().with_values(**values).gated(self.third_factor)

    def initial_state(self) -> Mapping[str, Any]:
        """Return a new synapse, whose averages are those of the model."""
        table = self.table
        events = float(table["initial_event_rate"] * table["average_time_constant"])
        return {
            "efficacy": table["initial_efficacy"],
            "event_average": events,
            "burst_average": events * table["initial_burst_share"],
            "last_arrival": _LONG_AGO,
            "last_fired": _LONG_AGO,
        }
