"""The detailed cell of Hay et al. 2011 under every stimulus of the reference table, in NEURON.

    pip install neuron            # in an environment of its own; 9.0.2 was used
    cd 139653 && nrnivmodl mod    # the model's folder, from ModelDB
    python hay_cell.py 139653 --write ../htm_brian/fitting/detailed_cell/answers.csv

It reads ``htm_brian/fitting/detailed_cell/stimuli.csv`` and writes ``answers.csv`` beside it; what
a measure is stands in the README there. Morphology cell1 with the parameters L5PCbiophys3, variable
step, -80 mV at the beginning, as in the authors' own scripts. Nothing of `htm_brian` is imported:
NEURON needs its own environment, and the cell shall not know what it is compared with.
"""

from __future__ import annotations

import argparse
import csv
import os
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
STIMULI = HERE.parent / "htm_brian" / "fitting" / "detailed_cell" / "stimuli.csv"
SLOW = 500.0
"""ms; steps as long as this are steps, shorter ones are pulses."""
SETTLED = {True: 700.0, False: 295.0}
"""ms, from the beginning at -80 mV to a step and to a pulse, as the authors have them. The cell is
not quite at rest after 295 ms; 700 ms before the pulse of BAC firing make 2 spikes of its 3."""
BASE = 20.0
"""ms before the first current; their mean is what deflections are counted from."""
SITE = 620.0
"""um from the soma, where the calcium spike is; the authors' BAC_firing.hoc."""
SPIKE, PLATEAU = -10.0, -40.0
"""mV: upward crossings are spikes (Step_current_firing.hoc); the nexus is active above."""
RISE, DECAY = 0.5, 5.0
"""ms, of the current into the nexus (BAC_firing.hoc)."""


def load_cell(folder: Path):
    """Return NEURON, the cell, and the thickest apical place at `SITE`."""
    os.chdir(folder)
    from neuron import h

    for file in (
        "stdrun.hoc",
        "import3d.hoc",
        "models/L5PCbiophys3.hoc",
        "models/L5PCtemplate.hoc",
    ):
        h.load_file(file)
    cell = h.L5PCtemplate("morphologies/cell1.asc")
    sites = [(int(site.x[0]), float(site.x[1])) for site in cell.locateSites("apic", SITE)]
    branch, where = max(sites, key=lambda site: cell.apic[site[0]](site[1]).diam)
    return h, cell, cell.apic[branch](where)


def run(h, cell, nexus, row: dict[str, str]):
    """Return time (ms from the stimulus), and the potentials of soma and nexus, every 0.05 ms."""
    keep = []
    settled = SETTLED[float(row["soma_ms"]) >= SLOW]
    pulses, frequency = int(row["pulses"]), float(row["frequency_hz"])
    for number in range(pulses if float(row["soma_nA"]) else 0):
        clamp = h.IClamp(cell.soma[0](0.5))
        clamp.delay = settled + (number * 1e3 / frequency if number else 0.0)
        clamp.dur, clamp.amp = float(row["soma_ms"]), float(row["soma_nA"])
        keep.append(clamp)
    if float(row["nexus_nA"]):
        input_ = h.epsp(nexus)
        input_.tau0, input_.tau1 = RISE, DECAY
        input_.onset = settled + float(row["nexus_ms"])
        input_.imax = float(row["nexus_nA"])
        keep.append(input_)
    time, soma, dendrite = h.Vector(), h.Vector(), h.Vector()
    time.record(h._ref_t)
    soma.record(cell.soma[0](0.5)._ref_v)
    dendrite.record(nexus._ref_v)
    h.cvode.active(1)
    h.v_init = -80
    h.tstop = settled + float(row["watched_ms"])
    h.init()
    h.run()
    even = np.arange(settled - 100, h.tstop, 0.05)
    its = np.array(time)
    return (
        even - settled,
        np.interp(even, its, np.array(soma)),
        np.interp(even, its, np.array(dendrite)),
    )


def measure(row: dict[str, str], time, soma, nexus) -> dict[str, float]:
    """Return every measure that this trace has."""
    begin = min(0.0, float(row["nexus_ms"]) if float(row["nexus_nA"]) else 0.0)
    base = (time >= begin - BASE) & (time < begin)
    after = time >= begin
    soma_base, nexus_base = soma[base].mean(), nexus[base].mean()
    up = np.flatnonzero((soma[:-1] < SPIKE) & (soma[1:] >= SPIKE) & after[1:])
    spikes = time[up] + 0.05 * (SPIKE - soma[up]) / (soma[up + 1] - soma[up])
    found = {
        "spikes": float(len(spikes)),
        "soma_rest": soma_base,
        "nexus_rest": nexus_base,
        "soma_rise": soma[after].max() - soma_base,
        "nexus_rise": nexus[after].max() - nexus_base,
        "nexus_peak": nexus[after].max(),
        "nexus_width": 0.05 * np.count_nonzero(nexus[after] > PLATEAU),
    }
    length = float(row["soma_ms"])
    if length >= SLOW:
        late = (time >= 0.9 * length) & (time < length)
        during = (time >= 0) & (time < length)
        way = np.sign(float(row["soma_nA"]))
        found["soma_steady"] = soma[late].mean() - soma_base
        found["nexus_steady"] = nexus[late].mean() - nexus_base
        found["soma_largest"] = way * (way * (soma[during] - soma_base)).max()
        found["rate"] = len(spikes) / (1e-3 * length)
    if len(spikes):
        found["latency"] = spikes[0]
        found["after_hyperpolarisation"] = soma_base - soma[time > spikes[-1]].min()
    if len(spikes) > 1:
        found["first_interval"], found["last_interval"] = (
            spikes[1] - spikes[0],
            (spikes[-1] - spikes[-2]),
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="of ModelDB 139653, its mechanisms compiled")
    parser.add_argument("--write", type=Path, help="answers.csv")
    parser.add_argument("--only", help="stimuli whose name begins like this")
    given = parser.parse_args()
    write = given.write.resolve() if given.write else None
    with STIMULI.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["id"].startswith(given.only or "")]
    h, cell, nexus = load_cell(given.folder)
    answers = []
    for row in rows:
        found = measure(row, *run(h, cell, nexus, row))
        for name in row["measures"].split(";"):
            if name in found:
                answers.append((row["id"], name, f"{found[name]:.5g}"))
                print(*answers[-1], flush=True)
    if write is not None:
        with write.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(("id", "measure", "value"))
            table.writerows(answers)


if __name__ == "__main__":
    main()
