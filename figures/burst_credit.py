"""Figure of `burst_credit`: sign, exclusive-or in rates and spikes, accuracy, losses and angles."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
COLOURS = (
    *("#E69F00", "#D55E00", "#CC79A7", "#0072B2", "#009E73"),
    *("#000000", "#6b7178", "#56B4E9", "#b8a800", "#8c564b", "#b0b7be"),
)
GREY = "#6b7178"


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure."""
    spiking = "spiking_after" in dataset
    figure = Figure(figsize=(19 if spiking else 14, 8), layout="constrained")
    axes = figure.subplots(2, 3 + spiking)
    (sign, xor, accuracy), (loss, angle, local) = axes[:, :3]
    if spiking:
        _in_spikes(dataset, axes[0, 3])
        _course(dataset, axes[1, 3])
    for baseline, colour in zip(dataset.baseline.to_numpy(), COLOURS[1::2], strict=False):
        for average, style in (("running", "o-"), ("fixed", "s:")):
            one = dataset.sel(average=average, baseline=baseline)
            label = f"{100 * baseline:g} % before" + (", average fixed" * (average == "fixed"))
            change = one.change.mean("seed")
            sign.plot(100 * one.step, change, style, color=colour, markersize=3, label=label)
    sign.axhline(0, color=GREY, linewidth=0.8)
    sign.axvline(0, color=GREY, linewidth=0.8)
    sign.set(xlabel="change of the share of bursts (points)", ylabel="change / learning rate")
    sign.legend(fontsize="x-small")
    for layers, colour in (("hidden", COLOURS[1]), ("none", GREY)):
        rates = dataset.xor_rate.sel(layers=layers)
        places = range(len(rates.input))
        for number, row in enumerate(rates.transpose("seed", "input").to_numpy()):
            label = {"hidden": "a hidden layer", "none": "none"}[layers]
            xor.plot(places, row, "o", color=colour, alpha=0.5, label=label if not number else None)
    xor.axhline(6, color=GREY, linewidth=0.8)
    xor.set_xticks(list(places), [str(name) for name in dataset.input.to_numpy()])
    xor.set(xlabel="input", ylabel="output (Hz)")
    xor.legend(fontsize="small")
    names = [str(name) for name in dataset.rule.to_numpy()]
    for place, (name, colour) in enumerate(zip(names, COLOURS, strict=False)):
        one = dataset.sel(rule=name)
        accuracy.plot(one.accuracy, [place] * one.sizes["seed"], "o", color=colour, alpha=0.5)
        loss.plot(one.epoch, one.loss.mean("seed"), color=colour, label=name)
        if one.angle.notnull().any():
            angle.plot(one.epoch, one.angle.mean("seed"), color=colour, label=name)
        if name.startswith("HTM"):
            continue
        course = one.local_loss / one.local_loss.isel(epoch=0)
        if course.notnull().any():
            local.plot(one.epoch, course.mean("seed"), color=colour, label=name)
    accuracy.set_yticks(range(len(names)), names)
    accuracy.invert_yaxis()
    accuracy.set(xlabel="digits of the other half that are right (%)")
    loss.set(xlabel="epoch", ylabel="loss on the training half", yscale="log")
    loss.legend(fontsize="x-small")
    angle.axhline(90, color=GREY, linewidth=0.8)
    angle.set(xlabel="epoch", ylabel="angle to back-propagation (degrees)")
    local.set(xlabel="epoch", ylabel="hidden cells' own loss, over the first", yscale="log")
    return {"burst_credit": figure}


def _in_spikes(dataset: xr.Dataset, axes: Axes) -> None:
    """Draw the rates of spiking outputs before and after learning, by input, for each arm."""
    rows = {"before": dataset.spiking_before.isel(arm=0)}
    rows |= {str(arm): dataset.spiking_after.sel(arm=arm) for arm in dataset.arm.to_numpy()}
    colours = (GREY, *(COLOURS[place] for place in (1, 3, 4, 2)))
    for number, (name, rates) in enumerate(rows.items()):
        places = [place + 0.15 * (number - 2) for place in range(len(rates.input))]
        for row in rates.transpose(..., "input").to_numpy():
            axes.plot(places, row, "o", color=colours[number], markersize=4, label=name)
            name = "_"  # one line of the legend is enough
    axes.axhline(6, color=GREY, linewidth=0.8)
    axes.set_xticks(range(dataset.sizes["input"]), [str(each) for each in dataset.input.to_numpy()])
    axes.set(xlabel="input", ylabel="spiking outputs (Hz)", ylim=(0, 1.25 * axes.get_ylim()[1]))
    axes.legend(fontsize="x-small", loc="upper left", ncols=2)


def _course(dataset: xr.Dataset, axes: Axes) -> None:
    """Draw how the rates for each input go apart while spiking ensembles learn."""
    course = dataset.spiking_course.isel(arm=0)
    for place, colour in enumerate(COLOURS[:4]):
        one = course.isel(input=place).transpose("block", ...)
        for number, row in enumerate(one.to_numpy().T):
            label = str(dataset.input.to_numpy()[place]) if not number else None
            axes.plot(one.block, row, color=colour, alpha=0.7, label=label)
    axes.axhline(6, color=GREY, linewidth=0.8)
    axes.set(xlabel="times that all inputs were shown", ylabel="spiking outputs (Hz)")
    axes.legend(fontsize="x-small", title="input")
