"""Speed of the cells of each model, beside the same arithmetic in a bare C++ loop, and Dendrify.

    python benchmarks/bench_cells.py [--quick] [--models l5_thick_tufted ...] [--cells 2000 65536]
        [--calls plain lean]

Processor nanoseconds per cell and time step: Cython with the fast settings; the loop has the same
statements, the same flags and the same state, and must do to it what Brian2 does. Of all figures
the least of some repetitions is taken, ours and the loop's in turn. A mechanism's share is what the
loop saves without its table. Dendrify, where it is installed, runs as shipped: Brian2's own flags.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from time import process_time

import numpy as np
from brian2 import Network, NeuronGroup, Quantity, StateMonitor, ms, mV, nA, prefs
from cell_loop import cell_loop
from dendrify_cell import dendrify_cells
from record import Record, Table

from htm_brian.cells.assembly import require
from htm_brian.cells.group import Cells
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.compiling import code_generation, uncompiled
from htm_brian.engine.lean_calls import PREFERENCE
from htm_brian.parameters import Model, list_models, load_model

DT = 0.1 * ms
REPETITIONS = 30
STEPS = 400_000
"""Cell steps of one repetition, about."""
CURRENT = 1.0
"""nA at most, into the soma: some cells spike, some do not."""


def cell_models() -> list[str]:
    """Return the models of cells, those of level 1 first."""
    found = {name: load_model(name) for name in list_models()}
    cells = [name for name, model in found.items() if model.kind == "cell"]
    return sorted(cells, key=lambda name: (found[name].level, name))


def cells_of(model: Model, n_cells: int) -> NeuronGroup:
    """Return cells that have run for a while, each with a current of its own."""
    kind = PyramidalCells if model.level == 1 else Cells
    cells = kind(n_cells, model, dt=DT, name="cells")
    cells.injected_current = np.random.default_rng(0).uniform(0, CURRENT, n_cells) * nA
    network = Network(cells)
    network.run(20 * DT if n_cells > 10_000 else 200 * DT)
    return cells


def fastest(calls: dict[str, Callable[[], object]], n_cells: int) -> dict[str, float]:
    """Return the nanoseconds per cell of each call, taken in turn."""
    repeat = max(3, STEPS // n_cells)
    least = dict.fromkeys(calls, np.inf)
    for _ in range(REPETITIONS):
        for name, call in calls.items():
            start = process_time()
            for _ in range(repeat):
                call()
            least[name] = min(least[name], (process_time() - start) / repeat)
    return {name: 1e9 * seconds / n_cells for name, seconds in least.items()}


def same(cells: NeuronGroup, value: Callable[[str], np.ndarray]) -> float:
    """Return by how much two states differ, relative to the largest value of each variable."""
    worst = 0.0
    for name in cells.equations.diff_eq_names:
        ours = cells.variables[name].get_value()
        theirs = value(f"_ptr_array_{cells.name}_{name}")
        worst = max(worst, float(np.abs(ours - theirs).max() / (np.abs(ours).max() or 1.0)))
    return worst


def bench(table: Table, name: str, n_cells: int, calls_are: str = "lean") -> float:
    """Measure one model and size, and return nanoseconds per cell and step."""
    if prefs.codegen.target != "numpy":
        prefs[PREFERENCE] = calls_are == "lean"
    cells = cells_of(load_model(name), n_cells)
    objects = {
        "state update": [cells.state_updater],
        "threshold, reset": [*cells.thresholder.values(), *cells.resetter.values()],
    }
    others = [each for each in cells.contained_objects if each.name.startswith("cells_subexp")]
    objects["state update"] += others
    with cell_loop(cells) as loop:
        if loop is not None:
            loop.step()
            cells.state_updater.run()
            difference = same(cells, loop.value)
            if difference > 1e-9:
                raise RuntimeError(f"the loop does something else: {difference:.1e} ({name})")
        calls: dict[str, Callable[[], object]] = {
            part: lambda group=group: [each.run() for each in group]  # type: ignore[misc]
            for part, group in objects.items()
        }
        if loop is not None:
            calls["loop"] = loop.step
        took = fastest(calls, n_cells)
    update, rest = took["state update"], took["threshold, reset"]
    bare = took.get("loop", np.nan)
    states = len(cells.equations.diff_eq_names)
    label = f"{name}, {n_cells:,} cells, {calls_are} calls"
    figures = (update, rest, bare, update / bare, (update + rest) / bare)
    table.row(label, states, *(None if np.isnan(each) else each for each in figures))
    return update + rest


def without(model: Model, table: str) -> tuple[Model, list[str]]:
    """Return the model without a table and what needs it, and the names of the latter."""
    also = [each.table for each in require(model) if table in each.needs]
    kept = tuple(each for each in model.tables if each.name not in {table, *also})
    return replace(model, tables=kept), also


def shares(record: Record, name: str, n_cells: int) -> None:
    """Measure what the loop saves without each mechanism; all loops are timed in turn."""
    model = load_model(name)
    labels, loops = {}, {}
    with uncompiled(), ExitStack() as stack:
        parts = [("", model, [])]
        parts += [
            (each.table, *without(model, each.table))
            for each in require(model)
            if not each.required
        ]
        for table, kept, also in parts:
            loop = stack.enter_context(cell_loop(cells_of(kept, n_cells)))
            if loop is None:
                return
            labels[table] = f"{table} (with {', '.join(also)})" if also else table
            loops[table] = loop.step
        took = fastest(loops, n_cells)
    found = record.table(f"shares of the loop's time, {name}, {n_cells:,} cells", {"share": "%"})
    for table, label in labels.items():
        if table:
            found.row(label, 100 * (1 - took[table] / took[""]))


def excursion(group: NeuronGroup, places: list[str], change: Callable[[], None]) -> np.ndarray:
    """Return potentials in mV over 40 ms after `change`, a row for each of `places`."""
    trace = StateMonitor(group, places, record=True, dt=COARSEST)
    network = Network(group, trace)
    change()
    network.run(40 * ms)
    return np.array([getattr(trace, name)[0] / mV for name in places])


def ours_at(model: Model, dt: Quantity) -> np.ndarray:
    """Return how our soma and a branch answer to synapses on branches, below threshold."""
    cells = Cells(1, model, dt=dt)

    def change() -> None:
        for each in ("basal_0_1", "tuft_0"):
            setattr(cells, f"ampa_{each}", 12 * model["ampa"]["unitary_conductance"])
            setattr(cells, f"nmda_{each}", 12 * model["nmda"]["unitary_conductance"])

    return excursion(cells, ["v", "v_basal_0_1"], change)


def dendrify_at(model: Model, dt: Quantity) -> np.ndarray:
    """Return how Dendrify's answers to the same."""
    cells = dendrify_cells(1, model, dt)

    def change() -> None:
        for each in ("basal_0_1", "tuft_0"):
            for variable, peak in (("s_AMPA", 12), ("s_NMDA", 12 / NMDA_PEAK)):
                setattr(cells, f"{variable}_x_{each}", peak)

    return excursion(cells, ["V_soma", "V_basal_0_1"], change)


def errors(at: Callable[[Model, Quantity], np.ndarray], model: Model) -> dict[int, np.ndarray]:
    """Return the largest errors of soma and branch in uV, by the step in multiples of `DT`.

    Steps at which the method is unstable are left out.
    """
    limit = at(model, DT / 16)
    found = {}
    for multiple in MULTIPLES:
        with np.errstate(over="ignore", invalid="ignore"):
            error = 1e3 * np.abs(at(model, multiple * DT) - limit).max(axis=1)
        if not (error < UNSTABLE).all():
            break
        found[multiple] = error
    return found


MULTIPLES = (1, 2, 4, 8)
UNSTABLE = 1e6
"""uV."""
COARSEST = MULTIPLES[-1] * DT
NMDA_PEAK = 1.8
"""Of Dendrify's NMDA variable after one spike, for a rise of 2 ms and a decay of 75 ms."""


def compare_with_dendrify(record: Record, name: str, n_cells: int, ours: float) -> None:
    """Measure Dendrify's time per cell and step, and both errors of integration."""
    model = load_model(name)
    with uncompiled():
        own, other = errors(ours_at, model), errors(dendrify_at, model)
    equal = max([k for k, error in own.items() if (error <= other[1]).all()], default=None)
    target = prefs.codegen.target
    prefs.codegen.target = "cython"
    cells = dendrify_cells(n_cells, model, DT)
    cells.I_ext_soma = np.random.default_rng(0).uniform(0, CURRENT, n_cells) * nA
    Network(cells).run(20 * DT)
    prefs.codegen.target = target
    parts = [cells.state_updater, *cells.thresholder.values(), *cells.resetter.values()]
    took = fastest({"all": lambda: [each.run() for each in parts]}, n_cells)["all"]
    table = record.table(
        f"Dendrify {version('dendrify')} as shipped, the tree and synapses of {name}, "
        f"{n_cells:,} cells",
        {"a step of a cell": "ns", "times ours": "x"},
    )
    table.row(f"steps of {DT}", took, took / ours)
    if equal is None:
        print("at no step are our errors as small as Dendrify's")
    else:
        table.row(f"as exact as ours at {equal * DT}", None, equal * took / ours)
    table = record.table(
        f"largest error of the potential, against steps of {DT / 16}",
        {"soma": "uV", "branch": "uV"},
    )
    for label, found in (("ours", own), ("Dendrify", other)):
        for multiple, (soma, branch) in found.items():
            table.row(f"{label}, steps of {multiple * DT}", float(soma), float(branch))


def main() -> None:
    """Print the tables and keep them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="two small models, few cells")
    parser.add_argument("--models", nargs="+", default=None, help="by default all of cells")
    parser.add_argument("--cells", nargs="+", type=int, default=None)
    parser.add_argument("--calls", nargs="+", choices=("plain", "lean"), default=["lean"])
    parser.add_argument("--detailed", default="l5_thick_tufted", help="whose parts are shown")
    options = parser.parse_args()
    models = options.models or (["passive", "thalamic_relay"] if options.quick else cell_models())
    sizes = options.cells or ([100] if options.quick else [2_000, 65_536])
    record = Record("cells", "quick" if options.quick else "")
    times = {"update": "ns", "spikes": "ns", "C++ loop": "ns"}
    ratios = {"update / loop": "x", "all / loop": "x"}
    table = record.table(f"a cell and step of {DT}", {"states": ""} | times | ratios)
    whole: dict[tuple[str, int], float] = {}
    with code_generation("numpy" if options.quick else "cython"):
        for name in models:
            for n_cells in sizes:
                for calls_are in options.calls:
                    took = bench(table, name, n_cells, calls_are)
                    whole.setdefault((name, n_cells), took)  # of the calls that are named first
    if not options.quick:
        look_closer(record, options.detailed, sizes, whole)
    record.write()


def look_closer(
    record: Record, detailed: str, sizes: list[int], whole: dict[tuple[str, int], float]
) -> None:
    """Measure the shares of a detailed model's mechanisms, and Dendrify's cell beside it."""
    if (detailed, sizes[0]) not in whole:
        return
    for n_cells in sizes:
        shares(record, detailed, n_cells)
    try:
        compare_with_dendrify(record, detailed, sizes[0], whole[detailed, sizes[0]])
    except (ImportError, PackageNotFoundError):
        print("\nDendrify is not installed: pip install '.[peers]'")


if __name__ == "__main__":
    main()
