"""What `pairing_data` demands, and how each rule fares."""

from __future__ import annotations

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.experiment.protocol import Table
from htm_brian.protocols.pairing_data.measurement import AM251, FITTED, NMDA, NO_CHANGE
from htm_brian.protocols.pairing_data.tree_checks import tree_checks, tree_metrics
from htm_brian.synapses.plasticity.recordings import L5

CORTEX = "calcium_based_cortex"
CONTROLS = "15 control experiments of layer-5 pairs: Markram 1997, Sjostrom 2001, 2006"
DRUGS = "Sjostrom et al. 2003, Neuron 39:641"


def errors(dataset: xr.Dataset) -> xr.DataArray:
    """Return (model - ratio)/SEM of each rule and experiment."""
    return (dataset.ratio - dataset.measured) / dataset.sem


def wrong_sign(dataset: xr.Dataset) -> xr.DataArray:
    """Return where a change of more than one SEM is predicted to be none, or the other way."""
    sure = np.abs(dataset.measured - 1) > dataset.sem
    return sure & ((dataset.ratio - 1) * (dataset.measured - 1) <= 0)


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the fitted rule against its rows, the rows that were left out, and the drugs."""
    square = (errors(dataset) ** 2).isel(row=dataset.control.to_numpy()).sum("row")
    signs = wrong_sign(dataset).isel(row=dataset.control.to_numpy()).sum("row")
    blocked = abs(dataset.blocked - dataset.measured) / dataset.sem
    per_row = float(dataset.left_out.sum() / dataset.rows_left_out.sum())
    worst = {name: float(blocked.sel(row=list(name)).max()) for name in (AM251, NMDA)}
    published = float(square.sel(model=CORTEX))
    found = [
        Check("chi square of no change (identity)", float(square.sel(model=NO_CHANGE)), "1", 226.5,
              228.5, "computed from the table by hand: 227"),
        Check("chi square of the published calcium rule (held out)", published, "1", 55, 80,
              "Graupner & Brunel 2012, cortical set; by its analysis, which has no cubic: 67"),
        Check("chi square of the fitted rule (fitted)", float(square.sel(model=FITTED)), "1", None,
              25, CONTROLS),
        Check("experiments whose sign is wrong, fitted rule (fitted)",
              float(signs.sel(model=FITTED)), "1", None, 0, CONTROLS),
        Check("chi square of the fit that this run makes (fitted)", float(dataset.refit), "1", None,
              25, CONTROLS),
        Check("chi square per row, one paper left out at a time (helped to choose)", per_row, "1",
              None, published / 15, "at most that of the published calcium rule in this run"),
        Check("AM251, error at depression blocked, largest (held out)", worst[AM251], "SEM", None,
              2, DRUGS),
        Check("without NMDA receptors, error of no change, largest (identity)", worst[NMDA], "SEM",
              None, 2, DRUGS),
    ]  # fmt: skip
    new = new_square(dataset).isel(new_row=dataset.new_layer5.to_numpy()).mean("new_row")
    found.append(
        Check("chi square per row, layer-5 pairs collected after the fit (held out)",
              float(new.sel(model=FITTED)), "1", None, float(new.sel(model=CORTEX)),
              "at most that of the published calcium rule in this run; Markram 1997, Sjostrom 2001")
    )  # fmt: skip
    if "fired_ratio" in dataset:
        for pulse in dataset.pulse.to_numpy().tolist():
            name = f"chi square of the fitted rule, spikes of a cell, {pulse} pulses (fitted)"
            found.append(Check(name, fired_square(dataset, FITTED, pulse), "1", None, 25, CONTROLS))
    return found + (tree_checks(dataset) if "tree_ratio" in dataset else [])


def new_square(dataset: xr.Dataset) -> xr.DataArray:
    """Return ((model - ratio)/SEM)^2 on the experiments collected after the fit."""
    return ((dataset.new_ratio - dataset.new_measured) / dataset.new_sem) ** 2


def new_metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return how all rules fare on the experiments collected after the fit, by pathway.

    Layer-5 pairs are told apart by whether both cells spike at once.
    """
    found: dict[str, float] = {}
    control, pathway = dataset.new_control.to_numpy(), dataset.new_pathway.to_numpy()
    at_once = dataset.at_once.to_numpy()
    groups = {name: control & (pathway == name) for name in sorted(set(pathway.tolist()))}
    layer5 = groups[L5]
    groups[f"{L5}, spikes apart"] = layer5 & ~at_once
    groups[f"{L5}, spikes at once"] = layer5 & at_once
    square = new_square(dataset)
    for name, where in groups.items():
        for model in dataset.model.to_numpy().tolist():
            rows = square.sel(model=model).isel(new_row=where)
            found[f"chi square per row, {name}, after the fit, {model}"] = float(rows.mean())
    for row in dataset.new_row.to_numpy().tolist():
        one = dataset.sel(new_row=row)
        off = (one.new_ratio.sel(model=FITTED) - one.new_measured) / one.new_sem
        found[f"after the fit, {row}: error in SEM"] = float(off)
    return found


def fired_square(dataset: xr.Dataset, model: str, pulse: str) -> float:
    """Return chi square on the control experiments with the spikes that a cell fires."""
    own = dataset.isel(row=dataset.control.to_numpy())
    ratio = dataset.fired_ratio.sel(pulse=pulse, compared=model, fitted_row=own.row.to_numpy())
    return float((((ratio.to_numpy() - own.measured) / own.sem) ** 2).sum())


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return how the fitted rule fares on each pathway, and what was left out."""
    found: dict[str, float] = {}
    square = (errors(dataset) ** 2).sel(model=[FITTED, CORTEX, NO_CHANGE])
    control = np.array(["control" in text for text in dataset.condition.to_numpy().tolist()])
    for pathway in sorted(set(dataset.pathway.to_numpy().tolist())):
        where = control & (dataset.pathway == pathway).to_numpy() & ~dataset.fitted.to_numpy()
        for model in square.model.to_numpy().tolist():
            rows = square.sel(model=model).isel(row=where)
            if rows.size:
                found[f"chi square per row, {pathway}, held out, {model}"] = float(rows.mean())
    found |= new_metrics(dataset)
    for paper in dataset.paper.to_numpy().tolist():
        one = dataset.sel(paper=paper)
        found[f"chi square per row without {paper}"] = float(one.left_out / one.rows_left_out)
    for key in dataset.key.to_numpy().tolist():
        found[f"fitted: {key}"] = float(dataset.free_number.sel(key=key))
    for pulse in dataset.pulse.to_numpy().tolist() if "fired_ratio" in dataset else ():
        name = f"chi square, spikes of a cell, {pulse} pulses, {CORTEX}"
        found[name] = fired_square(dataset, CORTEX, pulse)
        for row in dataset.fitted_row.to_numpy().tolist():
            found[f"spikes for each of the {pulse} pulses, {row}"] = float(
                dataset.fired_per_pulse.sel(pulse=pulse, fitted_row=row)
            )
    return found | (tree_metrics(dataset) if "tree_ratio" in dataset else {})


def scores(dataset: xr.Dataset) -> Table:
    """Return a row for each rule: its scores on the control experiments of layer 5."""
    own = dataset.isel(row=dataset.control.to_numpy())
    z, wrong = errors(own), wrong_sign(own)
    rows = []
    for model in own.model.to_numpy().tolist():
        off = own.ratio.sel(model=model) - own.measured
        one = z.sel(model=model)
        rows.append(
            (
                model,
                f"{float((one**2).sum()):.1f}",
                f"{float(np.sqrt((off**2).mean())):.3f}",
                f"{int((abs(one) <= 2).sum())}",
                f"{own.sizes['row'] - int(wrong.sel(model=model).sum())}",
            )
        )
    columns = ("rule", "chi square", "RMSE", "within 2 SEM", "sign right")
    return Table(columns, rows, "15 control experiments of layer-5 pairs")
