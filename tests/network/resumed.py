"""A memory that a process of its own trains, and saves after every element.

Called with a file and a number of elements: goes on from the file, where there is one, and prints a
line of what each element did, once it was saved.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from brian2 import mV
from numpy.typing import NDArray

from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.parameters import load_model

COLUMNS, CELLS, ACTIVE = 32, 4, 6
SMALL: dict[str, Any] = {
    "activation_threshold": 4,
    "min_threshold": 3,
    "max_new_synapses": 6,
    "permanence_decrement": 0.05,
    "predicted_decrement": 0.01,
    "seed": 3,
}


def noisy(**changes: Any) -> SpikingTemporalMemory:
    """Return a memory with 1 mV of membrane noise, releases that fail, and cells that sleep."""
    model = load_model("minicolumns_in_vivo")
    model = model.with_values({"membrane_noise.standard_deviation": 1 * mV})
    options = {"model": model, "cell_model": "l5_in_vivo", "sleeping": True, **SMALL, **changes}
    return SpikingTemporalMemory(COLUMNS, CELLS, **options)


def elements(number: int) -> list[NDArray[np.int64]]:
    """Return a sequence of nine that repeats, with random elements in between."""
    rng = np.random.default_rng(7)
    drawn = [np.sort(rng.choice(COLUMNS, ACTIVE, replace=False)) for _ in range(number + 9)]
    return [drawn[k % 9] if rng.random() < 0.8 else drawn[k + 9] for k in range(number)]


def answers(tm: SpikingTemporalMemory, columns: list[NDArray[np.int64]]) -> list[Any]:
    """Feed elements; return all that each did, as JSON has it, and permanences at the end."""
    found: list[Any] = []
    for each in columns:
        tm.compute(each)
        found.append(
            [
                tm.spike_cells.tolist(),
                tm.spike_times.tolist(),
                tm.predictive_cells.tolist(),
                tm.winner_cells.tolist(),
                tm.events.plateau_onsets.tolist(),
                float(tm.anomaly),
            ]
        )
    table = tm.export_segments()
    return [*found, [table.presynaptic.tolist(), table.permanence.tolist()]]


def main(path: Path, number: int) -> None:
    """Go on from the file, if there is one, and save after every element."""
    tm = SpikingTemporalMemory.load(path) if path.exists() else noisy()
    done = round(float(tm.network.t / tm.layer.period))
    for columns in elements(number)[done:]:
        line = json.dumps(answers(tm, [columns]))
        tm.save(path)
        print(line, flush=True)


if __name__ == "__main__":
    brian2.prefs.codegen.target = "numpy"
    main(Path(sys.argv[1]), int(sys.argv[2]))
