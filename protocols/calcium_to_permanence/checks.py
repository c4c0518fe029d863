"""What `calcium_to_permanence` demands: closed forms, and the capacities of the counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.synapses.plasticity.calcium_based import CalciumBased
from htm_brian.synapses.plasticity.permanence_of import in_hertz_and_minutes, incidence_rate_of

if TYPE_CHECKING:
    from htm_brian.protocols.calcium_to_permanence import CalciumToPermanenceParameters

CLOSED = "closed form of one transient; the drift between events is left out"
DRIFT = "the same closed form, once the cubic's drift in a period was taken back in its own"
THREAD = "HTM forum, thread on a new learning rule: increment/decrement + 1"


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the moving average and the counter against their closed forms."""
    ratio = dataset.alpha / dataset.exact_alpha
    without = dataset.alpha_without_drift / dataset.exact_alpha
    steps = abs(dataset.step / dataset.exact_step - 1)
    settled = abs(dataset.settled - dataset.exact_settled)
    found = [
        Check("soft bounds: R2 of permanence += alpha (active - permanence) (claim)",
              float(dataset.r2), "1", 0.98, None, "the second thread's rule"),
        Check("soft bounds: alpha of active events over its closed form (identity)",
              float(ratio.sel(presynaptic="active")), "1", 0.95, 1.05, CLOSED),
        Check("soft bounds: alpha of silent events over its closed form (identity)",
              float(ratio.sel(presynaptic="silent")), "1", 0.95, 1.05, CLOSED),
        *(
            Check(f"soft bounds: alpha of {kind} events, drift taken back, over its closed form "
                  "(identity)", float(without.sel(presynaptic=kind)), "1", 0.99, 1.01, DRIFT)
            for kind in ("active", "silent")
        ),
        Check("soft bounds: permanence at rest less its closed form, largest (identity)",
              float(settled.max()), "1", None, 0.1, CLOSED),
        Check("hard bounds: steps less their closed form, largest, relative (identity)",
              float(steps.max()), "1", None, 0.05, CLOSED),
    ]  # fmt: skip
    kept = (dataset.last_permanence >= 0.5).cumprod("patterns").sum("patterns")
    for value in dataset.ratio.to_numpy().tolist():
        found.append(
            Check(
                f"hard bounds: patterns kept, increment {value} times the decrement (claim)",
                float(kept.sel(ratio=value)),
                "1",
                value + 1,
                value + 1,
                THREAD,
            )
        )
    return found


def metrics(dataset: xr.Dataset, p: CalciumToPermanenceParameters) -> dict[str, float]:
    """Return the abstract rule in biological units."""
    average = incidence_rate_of(CalciumBased(p.rule), p.interval)
    hertz, minutes = in_hertz_and_minutes(average, p.event_rate)
    on, off = np.asarray(dataset.exact_alpha)
    return {
        "alpha of active events": float(on),
        "alpha of silent events": float(off),
        "incidence rate, share of the events": average.incidence_rate,
        "incidence rate, Hz": hertz,
        "learning period, events": average.learning_period,
        "learning period, minutes": minutes,
        "patterns kept on average": average.capacity,
    }
