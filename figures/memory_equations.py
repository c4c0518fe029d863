"""Figure of `memory_equations`: what the memories learned, and where they differ."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure


def draw(dataset: xr.Dataset) -> dict[str, Figure]:
    """Return the figure; none where the run was stopped."""
    if "differs" not in dataset:
        return {}
    figure = Figure(figsize=(9.5, 3.8), layout="constrained")
    sizes, differences = figure.subplots(1, 2)
    for name, colour in (("predictive_cells", "#0072B2"), ("synapses", "#D55E00")):
        sizes.plot(
            dataset.step, dataset[name].mean("memory"), color=colour, label=name.replace("_", " ")
        )
    sizes.set(xlabel="step", ylabel="mean over memories", yscale="symlog")
    sizes.legend(fontsize="small")
    parts = dataset.part.to_numpy().tolist()
    counts = dataset.differs.sum(("memory", "step")).to_numpy()
    differences.barh(range(len(parts)), counts, color="#CC79A7")
    for place, n in enumerate(counts):
        differences.annotate(f" {n}", (n, place), va="center")
    differences.set_yticks(range(len(parts)), parts)
    differences.set_xlim(0, max(1, 1.2 * counts.max()))
    differences.set_xlabel(f"steps of {dataset.differs.isel(part=0).size} that differ")
    return {"memory_equations": figure}
