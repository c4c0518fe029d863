"""A fitted cell as a model file, with the source and the error of every fitted number."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from htm_brian.fitting.reduction import TOLERATED
from htm_brian.fitting.reduction_curves import Fit
from htm_brian.parameters import Model, Parameter
from htm_brian.units import parse_unit

SHOWS: dict[str, tuple[str, ...]] = {
    "branch.activation_threshold": (),
    "branch.threshold_fall": ("peak_of_hold",),
    "branch.plateau_duration": ("soma_peak", "branch_half_width"),
    "branch.plateau_growth": ("branch_half_width", "soma_half_width", "peak_of_spread"),
    "branch.refractory_period": ("threshold_of_spread",),
    "branch.plateau_conductance": ("soma_peak", "branch_peak"),
    "branch.match_threshold": ("soma_peak",),
    "branch.match_conductance": ("soma_peak", "lead_of_synapses"),
    "branch.match_time_constant": ("soma_half_width", "lead_of_delay"),
    "branch.transition_width": ("soma_peak", "branch_peak"),
    "plateau.saturation": ("branches_peak",),
    "basal.leak_conductance": ("branch_peak",),
    "basal.coupling_conductance": ("soma_peak", "branch_peak"),
    "proximal.coupling_conductance": ("lead_of_strength", "lead_of_delay"),
    "feedforward.time_constant": ("lead_of_strength", "lead_of_delay"),
    "feedforward.slow_share": ("lead_of_strength", "lead_of_delay"),
    "feedforward.volley_conductance": ("lead_of_strength",),
    "burst.interval": (),
    "burst.apical_spikes": (),
    "burst.apical_threshold": ("burst_window", "tuft_count"),
    "burst.apical_recovery": ("burst_window",),
    "apical.capacitance": ("burst_window",),
}
"""The curves that tell how well a fitted parameter does."""

UNITS = {name: "mV" for name in TOLERATED if "peak" in name} | {
    "threshold_of_spread": "synapses",
    "tuft_count": "synapses",
}


def fitted_model(model: Model, found: Fit, name: str, description: str, source: str) -> Model:
    """Return a copy of a model with the fitted values, their source, and the fit's errors as notes.

    Parameters
    ----------
    model : Model
        Where the fit began.
    found : Fit
        What it found.
    name, description : str
        Of the copy.
    source : str
        Of the fitted values.
    """
    file = f"models/{name}.toml"
    tables = tuple(
        replace(
            table,
            parameters=tuple(
                replace(_fitted(p, found, source) if p.path in found.values else p, file=file)
                for p in table.parameters
            ),
            file=file,
        )
        for table in model.tables
    )
    return replace(model, name=name, description=description, tables=tables, file=file)


def _fitted(parameter: Parameter, found: Fit, source: str) -> Parameter:
    value = float(f"{found.values[parameter.path] / float(parse_unit(parameter.unit)):.4g}")
    errors = [
        f"{name.replace('_', ' ')} {found.errors[name]:.2g} {UNITS.get(name, 'ms')}"
        for name in SHOWS[parameter.path]
    ]
    note = f"rms error: {', '.join(errors)}." if errors else "As measured."
    return replace(
        parameter,
        value=int(value) if value == int(value) else value,
        source=source,
        note=f"{note} {parameter.file} has {parameter.text}.",
        same_as="",
    )


def to_toml(model: Model, heading: str) -> str:
    """Return a model file's text.

    Parameters
    ----------
    model : Model
        Any.
    heading : str
        Comment at the top, without the number signs.
    """
    lines = [f"# {line}" for line in heading.splitlines()]
    lines += ["", "[model]"]
    for key in ("name", "level", "kind", "description"):
        lines.append(f"{key} = {json.dumps(getattr(model, key), ensure_ascii=False)}")
    for table in model.tables:
        lines += ["", f"[{table.name}]"]
        lines += [f"{p.key} = {{ {_fields(p)} }}" for p in table.parameters]
    return "\n".join(lines) + "\n"


def _fields(parameter: Parameter) -> str:
    names = ["value", "unit", "source", "low", "high"]
    names += [name for name in ("note", "same_as") if getattr(parameter, name)]
    texts = [f"{name} = {_quoted(getattr(parameter, name))}" for name in names]
    if parameter.free is not None:
        free = parameter.free
        inner = ", ".join(f"{k} = {_quoted(getattr(free, k))}" for k in ("low", "high", "source"))
        texts.append(f"free = {{ {inner} }}")
    return ", ".join(texts)


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def write(path: Path, model: Model, found: Fit, written_by: str) -> None:
    """Write a fitted model under the name of the file.

    Parameters
    ----------
    path : Path
    model : Model
        Of `fitted_model`.
    found : Fit
        What it was made from.
    written_by : str
        The command, for the head of the file.
    """
    named = fitted_model(
        model, Fit({}, found.window, found.errors), path.stem, model.description, ""
    )
    heading = (
        f"Written by: {written_by}. Layer-5 pyramidal cell of\n"
        "level 1, fitted to the cell of level 2. The window in which synapses count belongs to\n"
        f"the network; the fit finds {1e3 * found.window:g} ms."
    )
    path.write_text(to_toml(named, heading), encoding="utf-8")
