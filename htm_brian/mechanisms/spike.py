"""The spike of an integrate-and-fire cell, with a soft refractory period and its time below dt.

The refractory period stands in the threshold condition and nothing is frozen meanwhile: Brian2's
``(unless refractory)`` keeps the compiler from using wide registers. Where a model wants the soma
held at its reset for that long, `hold` does it, to a part of a step.

A step only tells that the threshold was crossed within it. `last_spike_time` tells when, by the
slope at the step's end, so that of two cells that spike in the same step it is clear which was
first. It lies within the step, and not within the refractory period.
"""

from __future__ import annotations

from brian2.equations.equations import Equations
from brian2.groups.neurongroup import NeuronGroup

from htm_brian.mechanisms.interface import IN_SOMA, SPIKE, Mechanism, Site
from htm_brian.mechanisms.mechanism import NEVER, declare
from htm_brian.parameters import Key, Table

TABLE = "spike"
KEYS = {
    "threshold": Key("volt", "potential at which the cell spikes"),
    "reset_potential": Key("volt", "potential after a spike"),
    "refractory_period": Key("second", "least time between two spikes"),
}
VARIABLES = {"last_spike_time": "when the threshold was last crossed, interpolated below dt"}

# The potential in the condition is that at the end of the step, t + dt.
THRESHOLD = "v > spike_threshold and t + dt - last_spike_time >= spike_refractory_period"
TIME = """
earliest = clip(last_spike_time + spike_refractory_period, t, t + dt)
time_above = (v - spike_threshold)*membrane_capacitance/membrane_current
last_spike_time = clip(t + dt - time_above, earliest, t + dt)
"""
"""When within the step the threshold was crossed."""

ON_SPIKE = TIME + "v = spike_reset_potential\n"
CARRY_ON_SPIKE = f"""{TIME}
v = spike_reset_potential + (t + dt - last_spike_time)*membrane_current/membrane_capacitance
"""
"""In place of `ON_SPIKE`: what came in since the crossing is not lost.

Without it each spike costs the charge of half a step on average. The current is that before the
reset: what flows in faster thereafter comes out of the dendrites, which then lose it in the step.
"""


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the variables that `THRESHOLD` and `ON_SPIKE` need.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Where the soma is held, the share of a step in which it is not is among them.
    """
    parameters.require(KEYS)
    held = hold() if site.held else Equations("")
    return Equations("last_spike_time : second") + held + declare(TABLE, KEYS)


def variables(site: Site) -> dict[str, str]:
    """Return what the variables mean."""
    return VARIABLES | (HOLD_VARIABLES if site.held else {})


def on_spike(parameters: Table, site: Site) -> str:
    """Return what a spike does at level 2: what came in since is kept, unless the soma is held."""
    return ON_SPIKE if site.held else CARRY_ON_SPIKE


def pulse(delay: str, duration: str) -> str:
    """Return the share of a step that a pulse covers, which begins `delay` after the last spike.

    The pulse begins and ends between steps.

    Parameters
    ----------
    delay, duration : str
        Variables.
    """
    return (
        f"clip((t + dt - last_spike_time - {delay})/dt, 0, 1)"
        f"*clip((last_spike_time + {delay} + {duration} - t)/dt, 0, 1)"
    )


HOLD = "after_refractory"
HOLD_VARIABLES = {HOLD: "share of the step that lies behind the refractory period"}


def hold() -> Equations:
    """Return the share of a step in which the soma is free, for `soma.equations`.

    It is never quite 0: Brian2's own exponential Euler divides by it, where it cancels.
    """
    return Equations(
        f"""
        {HOLD} = clip((t + dt - last_spike_time - spike_refractory_period)/dt, 1e-9, 1)
            : 1 (constant over dt)
        """
    )


def reset_at_once(group: NeuronGroup) -> None:
    """Let the group's reset run right after its threshold, before monitors and synapses.

    Parameters
    ----------
    group : NeuronGroup
        With `THRESHOLD` and `ON_SPIKE`.
    """
    # A spike monitor's order is that of the threshold plus 1: the reset goes between the two.
    resetter, thresholder = group.resetter["spike"], group.thresholder["spike"]
    resetter.when, resetter.order = thresholder.when, thresholder.order + 0.5


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        level=1,
        required=True,
        equations=equations,
        variables=VARIABLES,
        threshold=lambda parameters: THRESHOLD,
        on_spike=ON_SPIKE,
        at_rest={"last_spike_time": NEVER},
        order=SPIKE,
    ),
    Mechanism(
        TABLE,
        KEYS,
        equations=equations,
        variables=variables,
        threshold=lambda parameters: THRESHOLD,
        on_spike=on_spike,
        at_rest={"last_spike_time": NEVER},
        order=SPIKE,
    ),
)
