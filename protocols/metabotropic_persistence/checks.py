"""What `metabotropic_persistence` demands of the depolarisation and of the gain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from htm_brian.experiment.checks import CLAIM, FITTED, IDENTITY, Check, with_roles

if TYPE_CHECKING:
    from htm_brian.protocols.metabotropic_persistence import MetabotropicPersistenceParameters


HTM = "HTM theory (J. Hawkins, forum): two or three spikes close in time depolarise for seconds"
SIDIROPOULOU = "ModelDB 144089 and 155057: metabotropic depolarising afterpotentials of 2-6 mV"
LEE = "Lee & Sherman 2009: group-I receptors, prolonged depolarisation"

ROLES = {
    IDENTITY: ("most that is left without", "spike probability of that input"),
    CLAIM: ("gain in spike probability",),
}
"""Roles of checks by how their names begin; the cell was calibrated on the others."""


def checks(dataset: xr.Dataset, parameters: MetabotropicPersistenceParameters) -> list[Check]:
    """Hold persistence and gain against the claim."""
    return with_roles(_checks(dataset, parameters), FITTED, ROLES)


def _checks(dataset: xr.Dataset, parameters: MetabotropicPersistenceParameters) -> list[Check]:
    receptors = dataset.sel(receptors="with receptors")
    without = dataset.sel(receptors="without receptors")
    n_close = dataset.attrs["n_close"]
    close = receptors.isel(train=slice(None, n_close))
    probability = dataset.probability
    gain = 100 * float(
        probability.sel(arm="after volleys") - probability.sel(arm="without volleys")
    )
    n = parameters.n_volleys
    level = f"{dataset.attrs['level']:g} mV"
    target = "target of 0.5 mV"
    found = [
        Check(
            f"time above {level} after {train}", float(value), "s", 0.5, 3, f"{HTM}; {SIDIROPOULOU}"
        )
        for train, value in zip(close.train.to_numpy(), close.time_above, strict=True)
    ]
    return [
        *found,
        Check(
            "left by one volley, 0.4 s later",
            float(receptors.left[n_close]),
            "mV",
            None,
            0.5,
            target,
        ),
        Check(
            f"left by {n} volleys 1 s apart, 0.4 s later",
            float(receptors.left[n_close + 1]),
            "mV",
            None,
            0.5,
            target,
        ),
        Check(
            "most that is left without metabotropic receptors",
            float(without.left.max()),
            "mV",
            None,
            0.5,
            LEE,
        ),
        Check(
            "spikes of the cell by the volleys",
            int(dataset.spikes.max()),
            "1",
            0,
            0,
            "the volleys are subthreshold",
        ),
        Check(
            "gain in spike probability of a subthreshold basal input",
            gain,
            "% of trials",
            20,
            None,
            f"{HTM}; target",
        ),
        Check(
            "spike probability of that input without volleys",
            100 * float(probability.sel(arm="without volleys")),
            "% of trials",
            None,
            50,
            "the input is subthreshold",
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return further numbers that nothing is demanded of."""
    found = {
        "basal synapses that fire the resting cell": float(dataset.attrs["least_basal"]),
        "standard deviation of the soma's potential in noise, mV": float(dataset.noise_sd),
    }
    for arm in dataset.arm.to_numpy():
        found[f"spike probability, {arm}"] = float(dataset.probability.sel(arm=arm))
        found[f"spike probability before the input, {arm}"] = float(
            dataset.spontaneous.sel(arm=arm)
        )
    return found
