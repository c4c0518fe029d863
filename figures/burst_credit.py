"""Figure of `burst_credit`: sign of the change, exclusive-or, accuracy, losses and angles."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure

# Okabe and Ito's colours: apart for colour-blind eyes and in grey print.
COLOURS = (
    *("#E69F00", "#D55E00", "#CC79A7", "#0072B2", "#009E73"),
    *("#000000", "#6b7178", "#56B4E9", "#b8a800", "#8c564b", "#b0b7be"),
)
GREY = "#6b7178"


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure."""
    figure = Figure(figsize=(14, 8), layout="constrained")
    (sign, xor, accuracy), (loss, angle, local) = figure.subplots(2, 3)
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
