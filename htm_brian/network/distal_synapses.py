"""Distal synapses: cells release at random onto branches, which count what arrives together.

A plasticity rule adds its own state and text to these synapses, see
`htm_brian.synapses.plasticity.rule`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from brian2.groups.neurongroup import NeuronGroup
from brian2.synapses.synapses import Synapses
from brian2.units.fundamentalunits import Quantity

from htm_brian.mechanisms.branch import DendriticBranches, on_release
from htm_brian.parameters import Model
from htm_brian.synapses.plasticity.rule import PlasticityRule
from htm_brian.synapses.release.transmission import (
    ARRIVAL,
    RELEASE_EQUATIONS,
    sites_per_permanence,
)

COUNTING_EQUATIONS = """
counts_until : second  # end of the coincidence window of the release that counts; 0 if none does
counted : 1  # what that release added to the tally: 1, or 0 where the synapse was not connected
coincidence_window : second (shared, constant)
"""
DISTAL_EQUATIONS = f"""
permanence : 1
connected_permanence : 1 (shared, constant)  # from which a synapse adds to the tally
match_level : 1 (shared, constant)  # depolarisation from which a branch is nearly active
{COUNTING_EQUATIONS}
{RELEASE_EQUATIONS}
"""

CONNECTED = "int(permanence >= connected_permanence)"
WITHDRAW = """over = int(counts_until > 0*second) * int(counts_until < t + 1.5*dt)
tally_post -= counted * over
potential_tally_post -= over
counted -= counted * over
counts_until -= over * counts_until
"""
"""One coincidence window after every spike; only the spike that released ends what it began, and
takes away what it added, whatever the synapse has learned since. Delays are rounded to time steps,
so the two times may differ by one."""

LAST_RELEASE = "last_release"
NOTE_RELEASE = f"{LAST_RELEASE} += arrival * (t - {LAST_RELEASE})"

OWNER_SPIKES = "owner_spikes"
"""Pathway of the spikes of the cell that owns the branch."""


def release_code(model: Model, arrival: str = ARRIVAL, connected: str = CONNECTED) -> str:
    """Return what a spike does at a distal synapse.

    A synapse counts once in a coincidence window; an unconnected one, which has NMDA receptors
    only, counts towards sub-threshold depolarisation.

    Parameters
    ----------
    model : Model
        The cell model, for the branch.
    arrival : str
        Code that sets `arrival` to 1 if the spike releases and to 0 if it fails.
    connected : str
        Expression that is 1 for a synapse that adds to the tally, and 0 for another.
    """
    return f"""{arrival}
fresh = arrival * int(counts_until == 0*second)
added = fresh * {connected}
counts_until += fresh * (t + coincidence_window)
counted += added
{on_release(model, "added", "fresh")}
"""


LATER = "later_"
"""How the pathways of what a rule does some time after a spike begin."""

PLATEAU = "plateau"
"""Pathway of the plateaus of the branch."""


@dataclass(frozen=True)
class DistalParameters:
    """What the distal synapses of a layer have in common.

    Parameters
    ----------
    transmission_probability : float
        Of a spike at each synapse that is just connected.
    delay : Quantity
        From spike to arrival.
    coincidence_window : Quantity
        For how long a synapse that released counts.
    connected_permanence : float
        From which a synapse adds to the tally of its branch.
    site_growth : float
        Release sites of a synapse at permanence 1, over those of one that is just connected.
    match_level : float
        Depolarisation of a branch, in synapses, from which it counts as nearly active.
    record_releases : bool
        Whether each synapse keeps the time of its latest release.
    """

    transmission_probability: float
    delay: Quantity
    coincidence_window: Quantity
    connected_permanence: float
    site_growth: float = 1.0
    match_level: float = math.inf
    record_releases: bool = False


def distal_synapses(
    cells: NeuronGroup,
    branches: DendriticBranches,
    parameters: DistalParameters,
    rule: PlasticityRule,
    name: str = "distal_synapses",
) -> Synapses:
    """Return synapses from cells to branches that learn online by `rule`, not connected yet.

    Their permanences are of 32 bits, as a store of segments has them.
    """
    after = parameters.delay + parameters.coincidence_window
    release = f"{rule.catch_up}\n{release_code(branches.parameters)}{rule.on_pre}"
    recorded = ""
    if parameters.record_releases:
        release, recorded = f"{release}\n{NOTE_RELEASE}", f"{LAST_RELEASE} : second"
    on_pre = {"release": release, "withdraw": WITHDRAW}
    delay = {"release": parameters.delay, "withdraw": after}
    if rule.on_post:
        on_pre[OWNER_SPIKES], delay[OWNER_SPIKES] = rule.on_post, 0 * after
    for short, (text, wait) in rule.later.items():
        on_pre[LATER + short], delay[LATER + short] = text, parameters.delay + wait
    if rule.on_plateau:
        delay[PLATEAU] = 0 * after
    return Synapses(
        cells,
        branches,
        f"{DISTAL_EQUATIONS}\n{recorded}\n{rule.equations}",
        on_pre=on_pre,
        on_post={PLATEAU: rule.on_plateau} if rule.on_plateau else None,
        delay=delay,
        clock=cells.clock,
        dtype={"permanence": np.float32},
        namespace=dict(rule.constants()),
        name=name,
    )


def set_parameters(synapses: Synapses, parameters: DistalParameters) -> None:
    """Set what all synapses have in common, once they are connected."""
    synapses.transmission_probability = parameters.transmission_probability
    synapses.sites_per_permanence = sites_per_permanence(
        parameters.site_growth, parameters.connected_permanence
    )
    synapses.coincidence_window = parameters.coincidence_window
    synapses.connected_permanence = parameters.connected_permanence
    synapses.match_level = parameters.match_level
