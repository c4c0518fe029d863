r"""Up and down, locally: up for a synapse that released before its cell spiked as foreseen.

The counter of level 0, by what a synapse can see. At the first of the cell's spikes, on a branch
that was depolarised when inhibition came last, or is now,

.. math::

    p \leftarrow \mathrm{clip}(p + a,\ 0,\ 1) \text{ if it released in the window before}, \qquad
    p \leftarrow \mathrm{clip}(p - b,\ 0,\ 1) \text{ if not}

and some time after a release on such a branch, if the cell stayed silent, p loses c. A burst of the
cell, which fires one where a plateau foresaw the spike, may bind: at its second spike the synapses
of a branch in plateau change once more, by a larger step. A synapse that fails to release is no
different from a silent one. The window leaves out what releases with the spike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from brian2.units import ms
from brian2.units.fundamentalunits import Quantity

from htm_brian.arguments import check_number
from htm_brian.errors import InputError
from htm_brian.synapses.plasticity.local_rule import LocalRule, check_times
from htm_brian.synapses.plasticity.online import Later

LONG_AGO = -1000.0
"""Seconds."""


@dataclass(frozen=True)
class LocalUpDown(LocalRule):
    """Up, down and punishment at the synapse, and binding by bursts.

    Parameters
    ----------
    increment, decrement : float in [0, 1]
        Of the permanence at the first spike, a and b.
    predicted_decrement : float in [0, 1]
        Loss of a synapse that released in vain, c.
    burst_increment, burst_decrement : float in [0, 1]
        Of the permanence at the second spike of a burst; 0: bursts are single spikes.
    window : tuple of Quantity
        How long before the spike the release may have been: from more than the spread of spikes
        within an element to less than two elements.
    burst_interval : Quantity
        Shorter intervals belong to a burst.

    Examples
    --------
    >>> LocalUpDown(increment=0.1, decrement=0.02).capacity
    6.0
    """

    increment: float = 0.1
    decrement: float = 0.1
    predicted_decrement: float = 0.01
    burst_increment: float = 0.0
    burst_decrement: float = 0.0
    window: tuple[Quantity, Quantity] = field(default_factory=lambda: (20 * ms, 75 * ms))
    burst_interval: Quantity = field(default_factory=lambda: 16 * ms)

    equations = STATE = """
released : second  # last
released_before : second  # before the present element
owner_spiked : second  # last
"""
    on_pre = """released_before += arrival*int(t - released > nearest)*(released - released_before)
released += arrival*(t - released)"""

    def __post_init__(self) -> None:
        for name in ("increment", "decrement", "predicted_decrement"):
            check_number(name, getattr(self, name), low=0.0, high=1.0)
        for name in ("burst_increment", "burst_decrement"):
            check_number(name, getattr(self, name), low=0.0, high=1.0)
        check_times(nearest=self.window[0], burst_interval=self.burst_interval)
        if not self.window[0] < self.window[1]:
            raise InputError(f"window must rise, got {self.window}")

    @property
    def capacity(self) -> float:
        """As of `htm_brian.abstract.permanence.UpDown`."""
        return float("inf") if self.decrement == 0 else self.increment / self.decrement + 1

    @property
    def on_post(self) -> str:
        """What a spike of the cell does."""
        return f"{HEARD}\n{FORESEEN}\n{_STEP}{_BURST if self._binds else ''}\nowner_spiked = t"

    @property
    def later(self) -> Mapping[str, Later]:
        """The loss of a synapse that released in vain."""
        return {"verdict": Later(_VERDICT, self.window[1])} if self.predicted_decrement else {}

    @property
    def _binds(self) -> bool:
        return self.burst_increment > 0 or self.burst_decrement > 0

    def constants(self) -> Mapping[str, Quantity | float]:
        """Return steps and times by their names in the text."""
        return {
            "step_up": self.increment,
            "step_down": self.decrement,
            "in_vain": self.predicted_decrement,
            "bound_up": self.burst_increment,
            "bound_down": self.burst_decrement,
            "nearest": self.window[0],
            "farthest": self.window[1],
            "burst_interval": self.burst_interval,
            "inhibition_lasts": INHIBITION_LASTS,
        }

    def initial_state(self) -> Mapping[str, float]:
        """Return a synapse that has done and seen nothing."""
        return dict.fromkeys(("released", "released_before", "owner_spiked"), LONG_AGO)


INHIBITION_LASTS = 40 * ms
"""How long what dendritic inhibition ended tells of the present element: less than an element."""

HEARD = """heard = clip(int(t - released > nearest)*int(t - released < farthest) + int(t - released_before > nearest)*int(t - released_before < farthest), 0, 1)"""  # noqa: E501

FORESEEN = """inhibited = int(t - ended_at_post < inhibition_lasts)
foreseen = int(inhibited*ended_post + (1 - inhibited)*depolarisation_post >= match_level)"""
"""Whether the branch was depolarised when the volley came, as far as it can tell now."""

_STEP = """first = int(t - owner_spiked > nearest)
permanence = clip(permanence + first*foreseen*(heard*step_up - (1 - heard)*step_down), 0, 1)"""

_BURST = """
bound = int(t - owner_spiked < burst_interval)*int(plateau_onset_post < t - nearest)*int(plateau_end_post > t - nearest)
permanence = clip(permanence + bound*(heard*bound_up - (1 - heard)*bound_down), 0, 1)"""  # noqa: E501

_VERDICT = """on_time = int(abs(t - released - farthest) < 0.5*dt) + int(abs(t - released_before - farthest) < 0.5*dt)
silent = int(owner_spiked < t - farthest + nearest)
expected = int(t - ended_at_post < inhibition_lasts)*int(ended_post >= match_level)
permanence = clip(permanence - in_vain*clip(on_time, 0, 1)*silent*expected, 0, 1)"""  # noqa: E501
