"""What is done to level-2 branches: conditions that change one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from brian2 import Quantity, ms, nS

from htm_brian.experiment.protocol import quantity

AFTER = 40 * ms
"""From the last spike to the end."""


@dataclass(frozen=True)
class Condition:
    """What is done to the branches.

    Parameters
    ----------
    name : str
    spikes : tuple of int
        Lengths of bursts.
    conductance : Quantity
        Of one synapse's NMDA receptors.
    occupancy : float
        Share of a synapse's NMDA receptors that one release binds: 0 if they never saturate, 1 if
        one release saturates them.
    ampa : tuple of float
        What the first release and later ones add, in AMPA conductances of a synapse.
    jitter : Quantity
        Standard deviation of the spikes' times.
    """

    name: str
    spikes: tuple[int, ...] = (1,)
    conductance: Quantity = quantity(1 * nS)
    occupancy: float = 0.0
    ampa: tuple[float, float] = (1.0, 1.0)
    jitter: Quantity = quantity(0 * ms)


EVERY_AMPA = ("NMDA saturates", "as it is")
"""Conditions in which AMPA receptors add to a burst what the threshold was measured without."""


def conditions(jitter: Quantity, conductance: Quantity) -> tuple[Condition, ...]:
    """Return the conditions, that of the model file first."""
    whole = Condition("as it is", (1, 2, 3), conductance)
    return (
        whole,
        replace(whole, name="weaker NMDA", spikes=(1,), conductance=0.7 * conductance),
        replace(whole, name="stronger NMDA", spikes=(1,), conductance=1.4 * conductance),
        replace(whole, name="NMDA saturates", spikes=(2, 3), occupancy=1.0),
        replace(
            whole, name="NMDA saturates, AMPA once", spikes=(2, 3), occupancy=1.0, ampa=(1.0, 0.0)
        ),
        replace(whole, name="spread", spikes=(1,), jitter=jitter),
        replace(whole, name="spread, no AMPA", spikes=(1,), jitter=jitter, ampa=(0.0, 0.0)),
    )
