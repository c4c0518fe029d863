"""What each rule makes of the recorded protocols, and the fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2.units import mmolar
from numpy.typing import NDArray

from htm_brian.experiment.progress import Progress
from htm_brian.fitting.pairings import Fit, chi_square, fit, fitted_rows, predicted
from htm_brian.synapses.plasticity.finding import list_rule_models, online_rule
from htm_brian.synapses.plasticity.online import OnlineRule
from htm_brian.synapses.plasticity.recordings import (
    L5,
    Pairing,
    held_out,
    layer5_controls,
    pairings,
    paper,
)
from htm_brian.synapses.plasticity.trains import Trains
from htm_brian.synapses.plasticity.triplet_stdp import TripletStdp

if TYPE_CHECKING:
    from htm_brian.protocols.pairing_data import PairingDataParameters

Numbers = NDArray[np.float64]

FITTED = "triplet_stdp_pairings"
NO_CHANGE = "no change"
COMPARED = ("calcium_based_cortex", FITTED)
"""Models that the checks are about."""

AM251 = ("sjs03_01", "sjs03_02")
NMDA = ("sjs03_03", "sjs03_04")


def models() -> list[str]:
    """Return the models of rules that need spikes alone, and an efficacy of pairs."""
    pairwise = ("pair_stdp", "triplet_stdp", "calcium_based")
    return [name for name in list_rule_models() if online_rule(name).table_name() in pairwise]


def predictions(parameters: PairingDataParameters, progress: Progress) -> xr.Dataset:
    """Return the ratio that each rule predicts for each experiment."""
    rows = pairings()
    ratio = by_all_rules(rows, parameters, progress, "rules with their published numbers")
    blocked = without_pathway(rows, parameters)
    return xr.Dataset(
        {
            "ratio": (("model", "row"), ratio),
            "blocked": ("row", blocked),
            "measured": ("row", [row.ratio for row in rows]),
            "sem": ("row", [row.sem for row in rows]),
            "pathway": ("row", [row.pathway for row in rows]),
            "condition": ("row", [row.condition for row in rows]),
            "control": ("row", [row in layer5_controls() for row in rows]),
            "fitted": ("row", [row in fitted_rows() for row in rows]),
        },
        coords={"model": [NO_CHANGE, *models()], "row": [row.name for row in rows]},
    )


def on_held_out(parameters: PairingDataParameters, progress: Progress) -> xr.Dataset:
    """Return the ratios that all rules predict for the experiments collected after the fit."""
    rows = held_out()
    ratio = by_all_rules(rows, parameters, progress, "rules on experiments collected after the fit")
    return xr.Dataset(
        {
            "new_ratio": (("model", "new_row"), ratio),
            "new_measured": ("new_row", [row.ratio for row in rows]),
            "new_sem": ("new_row", [row.sem for row in rows]),
            "new_pathway": ("new_row", [row.pathway for row in rows]),
            "new_control": ("new_row", [row.condition == "control" for row in rows]),
            "new_layer5": ("new_row", [row.pathway == L5 for row in rows]),
            "at_once": ("new_row", [row.interval == 0 for row in rows]),
        },
        coords={"model": [NO_CHANGE, *models()], "new_row": [row.name for row in rows]},
    )


def by_all_rules(
    rows: Sequence[Pairing], parameters: PairingDataParameters, progress: Progress, what: str
) -> Numbers:
    """Return the ratio that no change and each rule predict, of shape (1 + n_rules, n_rows)."""
    names = models()
    ratio = np.ones((len(names) + 1, len(rows)))
    progress.begin(what, len(names))
    for place, name in enumerate(names):
        if progress.interrupted:
            break
        ratio[place + 1] = ratios(online_rule(name), rows, parameters.synapses, parameters.seed)
        progress.advance()
    return ratio


def ratios(
    rule: OnlineRule,
    rows: Sequence[Pairing],
    synapses: int,
    seed: int,
    spikes: tuple[Sequence[Numbers], Sequence[Numbers]] | None = None,
) -> Numbers:
    """Return the strength after over that before, the average of many synapses if they draw.

    A bistable synapse ends up or down by the side of the barrier on which the protocol leaves it.
    The presynaptic and postsynaptic trains are `spikes`, or the experiments' own lists.
    """
    before, after = spikes or tuple(zip(*(row.trains() for row in rows), strict=True))
    if rule.noisy:
        each = zip(rows, before, after, strict=True)
        return np.array([average(rule, *one, synapses, seed) for one in each])
    constants = in_baths(rule, rows) if isinstance(rule, TripletStdp) else {}
    trains = Trains(rule, len(rows), constants=constants)
    trains.run(before, after)
    return trains.state["efficacy"] / rule.initial_state()["efficacy"]


def average(
    rule: OnlineRule, row: Pairing, before: Numbers, after: Numbers, synapses: int, seed: int
) -> float:
    """Return the average ratio of synapses that draw and are bistable, in one experiment."""
    share = float(rule.table["initial_down_share"])
    trains = Trains(rule, synapses, seed=seed)
    trains.state["efficacy"][:] = (np.arange(synapses) + 0.5) / synapses > share
    (rho,) = trains.run([before] * synapses, [after] * synapses, look_at=[row.until])
    more = float(rule.table["strength_ratio"]) - 1
    return float((1 + more * (rho > 0.5)).mean() / (1 + more * (1 - share)))


def in_baths(rule: TripletStdp, rows: Sequence[Pairing]) -> dict[str, Numbers]:
    """Return the rule's numbers in the bath of each experiment."""
    tables = [rule.in_bath(row.calcium * mmolar).table for row in rows]
    return {
        key: np.array([float(table[key]) for table in tables])
        for key in rule.table
        if key.startswith(("pair_", "triplet_"))
    }


def without_pathway(rows: Sequence[Pairing], parameters: PairingDataParameters) -> Numbers:
    """Return what the fitted rule predicts where a drug takes one of its pathways away.

    AM251 blocks the receptors of endocannabinoids, on which timing-dependent depression depends;
    without NMDA receptors a presynaptic spike leaves no trace.
    """
    rule = online_rule(FITTED)
    assert isinstance(rule, TripletStdp)
    endocannabinoids = rule.with_values(pair_depression=0, triplet_depression=0)
    no_nmda = endocannabinoids.with_values(pair_potentiation=0, triplet_potentiation=0)
    found = np.full(len(rows), np.nan)
    for names, blocked in ((AM251, endocannabinoids), (NMDA, no_nmda)):
        where = [place for place, row in enumerate(rows) if row.name in names]
        found[where] = ratios(blocked, [rows[place] for place in where], 1, parameters.seed)
    return found


def fits(parameters: PairingDataParameters, progress: Progress) -> xr.Dataset:
    """Fit the triplet rule to all control experiments, then without each paper."""
    rows = fitted_rows()
    papers = sorted({paper(row) for row in rows})
    progress.begin("fits", len(papers) + 1)

    def fitted_to(some: Sequence[Pairing]) -> Fit:
        done = fit(some, seed=parameters.seed, generations=parameters.generations)
        progress.advance()
        return done

    whole = fitted_to(rows)
    left_out = np.full(len(papers), np.nan)
    counts = np.zeros(len(papers))
    prediction = np.full(len(rows), np.nan)
    for place, name in enumerate(papers):
        if progress.interrupted:
            break
        kept = fitted_to([row for row in rows if paper(row) != name])
        where = [k for k, row in enumerate(rows) if paper(row) == name]
        out = [rows[k] for k in where]
        found = predicted(kept.values, out)[0]
        left_out[place], counts[place] = chi_square(found, out), len(out)
        prediction[where] = found
    controls = layer5_controls()
    return xr.Dataset(
        {
            "refit": ((), float(chi_square(predicted(whole.values, controls)[0], controls))),
            "left_out": ("paper", left_out),
            "rows_left_out": ("paper", counts),
            "prediction_left_out": ("fitted_row", prediction),
            "free_number": ("key", list(whole.values.values())),
        },
        coords={
            "paper": papers,
            "fitted_row": [row.name for row in rows],
            "key": list(whole.values),
        },
    )
