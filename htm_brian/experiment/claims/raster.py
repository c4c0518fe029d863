"""Spikes of a stored run as a raster that zooms: Plotly, from a file of the site, without network.

Only where it helps: where a run stored many spikes. A page has the last `MOST` of them, so that it
stays small and the browser quick; the program itself (some megabytes) stands once beside the pages.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from htm_brian.errors import InputError
from htm_brian.experiment.export.recording import SPIKE, read_run, recording_of
from htm_brian.experiment.results import DATASET, replace_file

FEWEST, MOST = 100, 6000
"""Spikes of a raster."""

SCRIPT = "plotly.min.js"


def raster_of(folder: Path | None) -> dict[str, Any] | None:
    """Return times (ms), rows and places of the last spikes of a run; None where it has too few.

    Parameters
    ----------
    folder : Path or None
        Of the run.
    """
    if folder is None or not (folder / DATASET).is_file():
        return None
    try:
        trains = recording_of(read_run(folder)).trains
    except InputError:
        return None
    spikes = [train for train in trains if train.kind == SPIKE and train.times.size]
    if sum(train.times.size for train in spikes) < FEWEST:
        return None
    times = np.concatenate([train.times for train in spikes]) * 1e3
    rows = np.repeat(np.arange(len(spikes)), [train.times.size for train in spikes])
    last = np.argsort(times, kind="stable")[-MOST:]
    shown, placed = np.unique(rows[last], return_inverse=True)
    return {
        "times": times[last].round(2).tolist(),
        "rows": placed.tolist(),
        "places": [spikes[row].place for row in shown],
        "left_out": len(times) - len(last),
    }


def write_script(folder: Path) -> bool:
    """Write Plotly's own program beside the pages; return whether it is installed."""
    if importlib.util.find_spec("plotly") is None:
        return False
    from plotly.offline import get_plotlyjs

    text = get_plotlyjs()
    replace_file(folder / SCRIPT, lambda path: path.write_text(text, encoding="utf-8"))
    return True
