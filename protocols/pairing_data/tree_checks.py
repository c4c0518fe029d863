"""What is demanded of the pairings on a cell that makes its spikes: places, bursts, chi square."""

from __future__ import annotations

import xarray as xr

from htm_brian.experiment.checks import Check

CONTROLS = "15 control experiments of layer-5 pairs; at most that of no change"
SAME = "15 control experiments of layer-5 pairs: Markram 1997, Sjostrom 2001, 2006"
LETZKUS_2006 = "Letzkus et al. 2006, J Neurosci 26:10420"
SMALLER = (
    "Nevian et al. 2007, Nat Neurosci 10:206, basal; Stuart & Sakmann 1994, Nature 367:69, apical: "
    "a spike is the smaller the farther it goes"
)


def tree_checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the rule of the potential against experiments near the soma and far from it."""
    ratio, single = dataset.tree_ratio, dataset.tree_peak.sel(tree_row="ltz06_01")
    what = "rule of the potential, a cell that makes its spikes"
    found = [
        Check(f"a spike at the {site} over that at the inner basal branch (held out)",
              float(single.sel(site=site) / single.sel(site="inner basal")), "1", None, 1, SMALLER)
        for site in ("outer basal", "tuft")
    ]  # fmt: skip
    asked = {
        "one spike, all places": ("ltz06_01", ratio.sel(tree_row="ltz06_01").mean("site")),
        "burst after, near the soma": ("ltz06_02", ratio.sel(site="inner basal")),
        "burst after, in the tuft": ("ltz06_03", ratio.sel(site="tuft")),
        "burst before, near the soma": ("ltz06_04", ratio.sel(site="inner basal")),
    }
    for name, (row, values) in asked.items():
        value = values if values.ndim == 0 else values.sel(tree_row=row)
        measured, sem = (
            float(dataset[key].sel(tree_row=row)) for key in ("tree_measured", "tree_sem")
        )
        found.append(
            Check(f"{what}: {name} (held out)", float(value), "1", measured - 2 * sem,
                  measured + 2 * sem, f"{LETZKUS_2006}; 2 SEM")
        )  # fmt: skip
    name = f"{what}: chi square, outer basal contacts (held out)"
    own = dataset.isel(row=dataset.control.to_numpy())
    nothing = float((((1 - own.measured) / own.sem) ** 2).sum())
    found.append(Check(name, tree_square(dataset, "outer basal"), "1", None, nothing, CONTROLS))
    name = "chi square of the fitted rule, spikes of a cell that makes them (fitted)"
    found.append(Check(name, tree_square(dataset, None), "1", None, 25, SAME))
    return found


def tree_square(dataset: xr.Dataset, site: str | None) -> float:
    """Return chi square on the control experiments, at a site or (None) of the fitted rule."""
    own = dataset.isel(row=dataset.control.to_numpy())
    values = dataset.tree_fitted_rule if site is None else dataset.tree_ratio.sel(site=site)
    ratio = values.sel(tree_row=own.row.to_numpy()).to_numpy()
    return float((((ratio - own.measured) / own.sem) ** 2).sum())


def tree_metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return what the cell makes of the pulses, and the rule of the potential at each place."""
    found: dict[str, float] = {}
    for row in dataset.tree_row.to_numpy().tolist():
        one = dataset.sel(tree_row=row)
        for site in dataset.site.to_numpy().tolist():
            found[f"rule of the potential, {row}, {site}"] = float(one.tree_ratio.sel(site=site))
        if row.startswith("ltz"):
            for site in dataset.site.to_numpy().tolist():
                peak = float(one.tree_peak.sel(site=site))
                found[f"swing of the potential, {row}, {site}, mV"] = peak
        spikes = float(one.tree_spikes.sel(site="inner basal"))
        found[f"spikes for each pulse, cell that makes them, {row}"] = spikes
    for site in dataset.site.to_numpy().tolist():
        found[f"chi square, rule of the potential, {site}"] = tree_square(dataset, site)
    return found
