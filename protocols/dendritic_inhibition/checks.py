"""What `dendritic_inhibition` demands of inhibition of the dendrite and of the soma."""

from __future__ import annotations

import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.protocols.dendritic_inhibition.measurement import (
    halving_strength,
    relative,
    strength_at,
)
from htm_brian.protocols.dendritic_inhibition.stimulus import COPIES, TARGETS

GENTET = "Gentet et al. 2012, Nat Neurosci 15:607: bursts increase when somatostatin cells are off"
NAUD = "Naud & Sprekeler 2018, PNAS 115:E6329"
THREAD = "discussion: Ensembles of neocortical microcircuits: somatostatin cells gate the dendrite"
TARGET = f"{THREAD}; target: half the burst fraction, event rate within 15 %"


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold both kinds of inhibition against the claim."""
    dendrite, soma = (relative(dataset.sel(target=place)) for place in TARGETS)
    strength = halving_strength(dendrite.burst_fraction.sel(copy=COPIES[0]))
    judged = dendrite.sel(copy=COPIES[1], strength=strength)
    mean = dendrite.mean("copy")
    kept = mean.event_rate.where(mean.burst_fraction >= 0.4)
    somatic = halving_strength(soma.event_rate.mean("copy"))
    at_half = soma.mean("copy").sel(strength=somatic)
    return [
        Check(
            f"dendrite, {strength:g} nS: burst fraction over that without inhibition",
            float(judged.burst_fraction),
            "1",
            0.4,
            0.6,
            TARGET,
        ),
        Check(
            f"dendrite, {strength:g} nS: change of event rate",
            100 * float(judged.event_rate - 1),
            "%",
            -15,
            15,
            TARGET,
        ),
        Check(
            "dendrite: strengths that leave 40 to 60 % of the burst fraction, greatest over least",
            strength_at(mean.burst_fraction, 0.4) / strength_at(mean.burst_fraction, 0.6),
            "1",
            1.32,
            None,
            f"{THREAD}; target: no lucky strength, 15 % either way would do",
        ),
        Check(
            "dendrite: change of event rate, at most, as long as 40 % of the bursts are left",
            100 * float(abs(kept - 1).max()),
            "%",
            None,
            15,
            TARGET,
        ),
        Check(
            "dendrite: burst fraction at the greatest strength, over that without",
            float(mean.burst_fraction[-1]),
            "1",
            None,
            0.4,
            GENTET,
        ),
        Check(
            f"soma, {somatic:g} nS: event rate over that without inhibition",
            float(at_half.event_rate),
            "1",
            None,
            0.85,
            f"{NAUD}: the soma sets the event rate; the converse of inhibition of the dendrite",
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return further numbers that nothing is demanded of."""
    found: dict[str, float] = {}
    for place in TARGETS:
        part = dataset.sel(target=place).mean("copy")
        ratio = relative(dataset.sel(target=place)).mean("copy")
        name = "burst_fraction" if place == "dendrite" else "event_rate"
        strength = halving_strength(ratio[name])
        at = ratio.sel(strength=strength)
        found[f"{place}: strength nearest to half the {name.replace('_', ' ')}, nS"] = strength
        found[f"{place}: event rate there, over that without"] = float(at.event_rate)
        found[f"{place}: burst fraction there, over that without"] = float(at.burst_fraction)
        found[f"{place}: event rate without inhibition, Hz"] = float(part.event_rate[0])
        found[f"{place}: burst fraction without inhibition"] = float(part.burst_fraction[0])
        found[f"{place}: rate of interneurons there, Hz"] = float(
            part.interneuron_rate.sel(strength=strength)
        )
        found[f"{place}: rate of interneurons without inhibition, Hz"] = float(
            part.interneuron_rate[0]
        )
    return found
