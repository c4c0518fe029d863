"""Figure of `release_robustness`: detection by theory, sampling and spiking branches."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from htm_brian.sdr import theory

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
CLOSED = "#6b7178"
FINE = np.linspace(0.05, 1, 200)


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped before its end."""
    if "spiking" not in dataset:
        return {}
    figure = Figure(figsize=(15, 12), layout="constrained")
    axes = figure.subplots(3, 3).ravel()
    draw_sizes(axes[0], dataset)
    draw_bursts(axes[1], dataset)
    draw_thresholds(axes[2], dataset)
    draw_timing(axes[3], dataset)
    draw_needed(axes[4], dataset)
    draw_price(axes[5], dataset)
    draw_saturation(axes[6], dataset)
    draw_spread(axes[7], dataset)
    draw_shifts(axes[8], dataset)
    return {"release_robustness": figure}


def _theory(p: np.ndarray, size: int, threshold: int, spikes: int) -> np.ndarray:
    chance = theory.burst_transmission(p, spikes)
    return 1 - np.asarray(theory.miss_under_release_failure(size, threshold, chance))


def _has_level2(dataset: xr.Dataset) -> bool:
    """Whether branches of level 2 have the threshold of the curves that are drawn."""
    measured = int(dataset.measured_threshold.sel(condition="as it is"))
    return measured == dataset.attrs["threshold"]


def _three_ways(
    axes: Axes, dataset: xr.Dataset, size: int, spikes: int, colour: str, label: str
) -> None:
    threshold = dataset.attrs["threshold"]
    axes.plot(FINE, _theory(FINE, size, threshold, spikes), color=colour, linewidth=1, label=label)
    at = {"size": size, "spikes": spikes}
    axes.plot(
        dataset.p,
        dataset.sampled.sel(**at, threshold=threshold),
        "o",
        color=colour,
        mfc="none",
        ms=8,
    )
    spiking = dataset.spiking.sel(**at, spiking_threshold=threshold, timing="together")
    axes.plot(dataset.p, spiking, "x", color=colour, ms=5)
    if _has_level2(dataset):
        condition = "as it is" if spikes == 1 else "NMDA saturates"
        level2 = dataset.branches.sel(**at, condition=condition)
        axes.plot(dataset.p, level2, "^", color=colour, mfc="none", ms=5)


def _key(axes: Axes, level2: str | None) -> None:
    """Explain the markers; `level2` is None where no branches of level 2 are drawn."""
    axes.plot([], [], "o", color=CLOSED, mfc="none", ms=8, label="sampled")
    axes.plot([], [], "x", color=CLOSED, ms=5, label="level 1")
    if level2 is not None:
        axes.plot([], [], "^", color=CLOSED, mfc="none", ms=5, label=level2)


def draw_sizes(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw detection of single spikes by segments of several sizes."""
    for size, colour in zip(dataset["size"].to_numpy(), COLOURS, strict=False):
        _three_ways(axes, dataset, int(size), 1, colour, f"{size} synapses")
    _key(axes, "level 2" if _has_level2(dataset) else None)
    axes.set(
        xlabel="transmission probability",
        ylabel="patterns detected",
        title=f"single spikes, threshold {dataset.attrs['threshold']}",
    )
    axes.legend(frameon=False, fontsize=8)


def draw_bursts(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw detection of bursts, and what it would be if every release counted."""
    threshold = dataset.attrs["threshold"]
    for spikes, colour in zip(dataset.spikes.to_numpy(), COLOURS, strict=False):
        label = "single spike" if spikes == 1 else f"burst of {spikes}"
        _three_ways(axes, dataset, 20, int(spikes), colour, label)
        if spikes > 1:
            every = 1 - np.asarray(
                theory.miss_under_release_failure(20 * int(spikes), threshold, FINE)
            )
            axes.plot(FINE, every, color=colour, linewidth=1, linestyle=":")
    axes.plot([], [], color=CLOSED, linestyle=":", label="all releases count")
    _key(axes, "level 2, saturating" if _has_level2(dataset) else None)
    axes.set(
        xlabel="transmission probability",
        ylabel="patterns detected",
        title=f"20 synapses, threshold {threshold}",
    )
    axes.set_ylim(-0.03, 1.75)
    axes.legend(frameon=False, fontsize=8, loc="upper left", ncols=2)


def draw_thresholds(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw detection against the threshold."""
    thresholds = np.arange(5, 26)
    for size, colour in zip(dataset["size"].to_numpy(), COLOURS, strict=False):
        exact = 1 - np.asarray(theory.miss_under_release_failure(int(size), thresholds, 0.5))
        axes.plot(thresholds, exact, color=colour, linewidth=1, label=f"{size} synapses")
        at = {"size": size, "spikes": 1, "p": 0.5}
        axes.plot(dataset.threshold, dataset.sampled.sel(**at), "o", color=colour, mfc="none", ms=8)
        spiking = dataset.spiking.sel(**at, timing="together")
        axes.plot(dataset.spiking_threshold, spiking, "x", color=colour, ms=5)
        single = dataset.sel(condition=["stronger NMDA", "as it is", "weaker NMDA"])
        axes.plot(
            single.measured_threshold, single.branches.sel(at), "^", color=colour, mfc="none", ms=5
        )
    _key(axes, "level 2 (NMDA × 1.4, 1, 0.7)")
    axes.set(
        xlabel="threshold (synapses)",
        ylabel="patterns detected",
        title="single spikes, transmission probability 0.5",
    )
    axes.set_ylim(-0.03, 1.75)
    axes.legend(frameon=False, fontsize=8, loc="upper left", ncols=2)


def draw_timing(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw what a spread of the spikes in time does to the spiking branches."""
    threshold = dataset.attrs["threshold"]
    at = {"spikes": 1, "spiking_threshold": threshold}
    measured = dataset.spiking.sel(at | {"timing": "spread"})
    repeats = dataset.attrs["repeats"]
    _draw_spread(axes, dataset, threshold, measured, dataset.window_rule.sel(at), repeats, "x")
    axes.plot([], [], color=CLOSED, linestyle="--", label="coincidence window alone")
    axes.set_title(f"level 1, single spikes, threshold {threshold}")
    axes.legend(frameon=False, fontsize=8, loc="upper left")


def _draw_spread(
    axes: Axes,
    dataset: xr.Dataset,
    threshold: int,
    measured: xr.DataArray,
    rule: xr.DataArray,
    repeats: int,
    marker: str,
) -> None:
    """Draw, by size, theory without a spread, what was measured with one, and a rule for it."""
    for size, colour in zip((20, 26), COLOURS, strict=False):
        axes.plot(FINE, _theory(FINE, size, threshold, 1), color=colour, linewidth=1)
        axes.plot(dataset.p, rule.sel(size=size), color=colour, linestyle="--", linewidth=1)
        here = measured.sel(size=size)
        axes.errorbar(
            dataset.p,
            here,
            yerr=np.sqrt(here * (1 - here) / repeats),
            fmt=marker,
            mfc="none",
            color=colour,
            label=f"{size} synapses, spikes spread (SD {dataset.attrs['jitter']:g} ms)",
        )
    axes.plot([], [], color=CLOSED, linewidth=1, label="theory")
    axes.set(xlabel="transmission probability", ylabel="patterns detected")
    axes.set_ylim(-0.03, 1.45)


def draw_needed(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw how many synapses buy the misses back, with several sites or spikes."""
    threshold = dataset.attrs["threshold"]
    p = np.linspace(0.2, 0.98, 60)
    for chances, colour in zip((1, 2, 3, 5), COLOURS, strict=True):
        needed = theory.synapses_needed(threshold, theory.burst_transmission(p, chances), 0.01)
        label = "one site, one spike" if chances == 1 else f"sites × spikes = {chances}"
        axes.plot(p, needed, color=colour, drawstyle="steps-mid", label=label)
    for probability in (0.84, 0.7, 0.5, 0.3):
        size = int(theory.synapses_needed(threshold, probability, 0.01))
        axes.annotate(
            str(size),
            (probability, size),
            xytext=(3, 3),
            textcoords="offset points",
            fontsize=9,
        )
        axes.plot(probability, size, "o", color=COLOURS[0], ms=5)
    axes.axhline(threshold, color=CLOSED, linewidth=0.6, linestyle=":")
    axes.set(
        xlabel="release probability of a site",
        ylabel="synapses for ≤ 1 % misses",
        title=f"what sites and bursts buy, threshold {threshold}",
        ylim=(0, 110),
    )
    axes.legend(frameon=False, fontsize=8)


def draw_price(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw the chance matches that more synapses cost."""
    threshold = dataset.attrs["threshold"]
    size = np.arange(threshold, 100)
    for active, colour in ((40, COLOURS[0]), (1280, COLOURS[1])):
        chance = theory.false_match(65_536, active, size, threshold, log10=True)
        axes.plot(size, chance, color=colour, label=f"{active} of 65 536 cells active")
    for bought in dataset["size"].to_numpy():
        axes.axvline(bought, color=CLOSED, linewidth=0.6, linestyle=":")
    axes.set(
        xlabel="synapses of a segment (dotted: 20, 26, 40, 71)",
        ylabel="log₁₀ probability of a chance match",
        title=f"the price: chance matches, threshold {threshold}",
    )
    axes.legend(frameon=False, fontsize=8)


def draw_saturation(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw level-2 branches under bursts of 3, with NMDA receptors that saturate or do not."""
    threshold = int(dataset.measured_threshold.sel(condition="as it is"))
    for size, colour in zip((20, 26), COLOURS, strict=False):
        once = _theory(FINE, size, threshold, 3)
        every = 1 - np.asarray(theory.miss_under_release_failure(3 * size, threshold, FINE))
        axes.plot(FINE, once, color=colour, linewidth=1, label=f"{size} synapses")
        axes.plot(FINE, every, color=colour, linewidth=1, linestyle=":")
        at = {"size": size, "spikes": 3}
        for condition, marker in (("as it is", "s"), ("NMDA saturates", "^")):
            level2 = dataset.branches.sel(**at, condition=condition)
            axes.plot(dataset.p, level2, marker, color=colour, mfc="none", ms=6)
    axes.plot([], [], color=CLOSED, label="a synapse counts once")
    axes.plot([], [], color=CLOSED, linestyle=":", label="all releases count")
    axes.plot([], [], "s", color=CLOSED, mfc="none", label="NMDA does not saturate")
    axes.plot([], [], "^", color=CLOSED, mfc="none", label="NMDA saturates")
    axes.set(
        xlabel="transmission probability",
        ylabel="patterns detected",
        title=f"level 2, bursts of 3, threshold {threshold}",
    )
    axes.legend(frameon=False, fontsize=8, loc="lower right")


def draw_spread(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw what a spread of the spikes in time does to level-2 branches."""
    threshold = int(dataset.measured_threshold.sel(condition="spread"))
    at = {"spikes": 1, "condition": "spread"}
    measured, rule = dataset.branches.sel(at), dataset.conductance_rule.sel(at)
    repeats = dataset.attrs["branch_repeats"]
    _draw_spread(axes, dataset, threshold, measured, rule, repeats, "^")
    axes.plot([], [], color=CLOSED, linestyle="--", label="sum of NMDA conductances")
    axes.set_title(f"level 2, single spikes, threshold {threshold}")
    axes.legend(frameon=False, fontsize=8, loc="upper left")


def draw_shifts(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw by how many synapses the threshold of level-2 branches differs from theory's."""
    labels: list[str] = []
    for k, condition in enumerate(dataset.condition.to_numpy()):
        for n in dataset.spikes.to_numpy():
            at = dataset.isel(condition=k).sel(spikes=n)
            if np.isnan(at.threshold_shift):
                continue
            row = len(labels)
            labels.append(f"{condition}, " + ("single" if n == 1 else f"burst of {n}"))
            axes.errorbar(
                at.threshold_shift, row, xerr=at.threshold_shift_error, fmt="^", color=COLOURS[0]
            )
            axes.plot(at.rule_shift, row, "D", color=COLOURS[1], mfc="none", ms=7)
    axes.plot([], [], "^", color=COLOURS[0], label="measured")
    axes.plot([], [], "D", color=COLOURS[1], mfc="none", label="sum of NMDA conductances")
    axes.axvline(0, color=CLOSED, linewidth=0.6)
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    axes.invert_yaxis()
    axes.set(xlabel="shift of the threshold against theory (synapses)", title="level 2")
    axes.legend(frameon=False, fontsize=8)
