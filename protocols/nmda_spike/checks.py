"""What `nmda_spike` demands of threshold, size, duration and summation."""

from __future__ import annotations

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import FITTED, IDENTITY, Check, with_roles
from htm_brian.protocols.nmda_spike.measurement import supralinearity, threshold, tolerated_jitter
from htm_brian.protocols.nmda_spike.stimulus import CONDITIONS

SCHILLER = "Schiller et al. 2000, Nature 404:285: 5.9 ± 1.5 mV, 64.4 ± 19.8 ms, 226 ± 46 %"
POLSKY = (
    "Polsky et al. 2004, Nat Neurosci 7:621: sigmoidal within a branch, linear between branches"
)

MAJOR = (
    "Major et al. 2008, J Neurophysiol 99:2584: the glutamate threshold falls with depolarisation"
)

FARINELLA = "Farinella et al. 2011, BMC Neurosci 12:P301: 40-50 mV for 50-100 ms in the branch"
HTM = "HTM theory (Numenta, Bernstein poster; Hawkins & Ahmad 2016): 8-20 of some 20-40 synapses"
REDUCED = "single-branch cable model with Jahr-Stevens block: 18 clustered against 29 spread"

WITHOUT_SODIUM = "Schiller et al. 2000, Nature 404:285: NMDA spikes outlast tetrodotoxin; ± 10 %"

ROLES = {IDENTITY: ("supralinearity without", "without sodium")}
"""Roles of checks by how their names begin; the cell was calibrated on the others."""


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the measurements against the literature."""
    return with_roles(_checks(dataset), FITTED, ROLES)


def _checks(dataset: xr.Dataset) -> list[Check]:
    needed = {name: threshold(dataset.soma_peak.sel(condition=name)) for name in CONDITIONS[:3]}
    k = needed["clustered"]
    clustered = dataset.sel(condition="clustered")
    above = clustered.sel(synapses=slice(k + 1, max(k + 1, 20)))
    poisoned = dataset.soma_peak.sel(condition="no sodium", synapses=above.synapses)
    within = supralinearity(dataset, "clustered")
    between = supralinearity(dataset, "two branches")
    # Polsky's comparison: the stimuli that sum most within a branch, now on two.
    pair = between.sel(synapses=slice(None, int(within.idxmax())))
    widening = clustered.branch_half_width.sel(synapses=slice(k + 1, None)).diff("synapses")
    free = float(supralinearity(dataset, "no magnesium block").max())
    without = float(supralinearity(dataset, "no NMDA").max())
    share = 1 - dataset.soma_area.sel(condition="no NMDA") / clustered.soma_area
    return [
        Check("threshold, clustered synapses", k, "1", 8, 20, f"{SCHILLER}; {HTM}"),
        Check(
            "smallest peak at the soma, from above threshold to 20",
            float(above.soma_peak.min()),
            "mV",
            4,
            8,
            SCHILLER,
        ),
        Check(
            "largest peak at the soma, from above threshold to 20",
            float(above.soma_peak.max()),
            "mV",
            4,
            8,
            SCHILLER,
        ),
        Check(
            "shortest half-width at the soma, same range",
            float(above.soma_half_width.min()),
            "ms",
            50,
            80,
            SCHILLER,
        ),
        Check(
            "longest half-width at the soma, same range",
            float(above.soma_half_width.max()),
            "ms",
            50,
            80,
            SCHILLER,
        ),
        Check(
            "peak in the branch, just above threshold",
            float(above.branch_peak[0]),
            "mV",
            35,
            60,
            FARINELLA,
        ),
        Check(
            "plateau in the branch, half-width, with 20 synapses",
            float(clustered.branch_half_width.sel(synapses=20)),
            "ms",
            50,
            200,
            FARINELLA,
        ),
        Check(
            "plateau in the branch, half-width, with all synapses",
            float(clustered.branch_half_width[-1]),
            "ms",
            50,
            200,
            FARINELLA,
        ),
        Check(
            "smallest growth of the plateau with one more synapse, above threshold",
            float(widening.min()),
            "ms",
            0,
            None,
            FARINELLA,
        ),
        Check(
            "amplification by the spike, largest",
            100 * float(within.max()),
            "%",
            180,
            272,
            f"{SCHILLER}; {POLSKY}",
        ),
        Check(
            "sum between two branches over linear sum, smallest",
            float(pair.min()),
            "1",
            0.9,
            1.1,
            POLSKY,
        ),
        Check(
            "sum between two branches over linear sum, largest",
            float(pair.max()),
            "1",
            0.9,
            1.1,
            POLSKY,
        ),
        Check(
            "threshold when 10 mV depolarised, over that at rest",
            needed["depolarised"] / k,
            "1",
            None,
            0.85,
            MAJOR,
        ),
        Check(
            "tolerated jitter of 20 synapses",
            tolerated_jitter(dataset),
            "ms",
            40,
            None,
            "Polsky et al. 2004: 40 ms window within a branch",
        ),
        Check(
            "threshold of synapses spread over the branch, over clustered",
            needed["spread"] / k,
            "1",
            1.3,
            2,
            REDUCED,
        ),
        Check(
            "NMDA share of the soma's depolarisation, just above threshold",
            100 * float(share.sel(synapses=k + 1)),
            "%",
            80,
            100,
            SCHILLER.partition(":")[0] + ": at least 80 %",
        ),
        Check(
            "supralinearity without magnesium block, largest",
            free,
            "1",
            None,
            1.05,
            "no block, no regeneration",
        ),
        Check(
            "supralinearity without NMDA receptors, largest",
            without,
            "1",
            None,
            1.05,
            "AMPA receptors alone sum sublinearly",
        ),
        Check(
            "without sodium channels: threshold over that with",
            threshold(dataset.soma_peak.sel(condition="no sodium")) / k,
            "1",
            0.9,
            1.1,
            WITHOUT_SODIUM,
        ),
        Check(
            "without sodium channels: change of the soma's peak, largest above threshold",
            100 * float(np.abs(poisoned / above.soma_peak - 1).max()),
            "%",
            None,
            10,
            WITHOUT_SODIUM,
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return further numbers that nothing is demanded of."""
    clustered = dataset.sel(condition="clustered")
    just_above = clustered.sel(synapses=threshold(clustered.soma_peak) + 1)
    between = supralinearity(dataset, "two branches")
    return {
        "plateau in the branch, half-width, just above threshold, ms": float(
            just_above.branch_half_width
        ),
        "sum between two branches over linear sum, largest of all pairs": float(between.max()),
        "synapses, both branches together, at which it is largest": float(between.idxmax()),
    }
