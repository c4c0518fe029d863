"""A run as an NWB file: signals in SI units, spikes as units, events in tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from htm_brian.experiment.export.recording import (
    SPIKE,
    Recording,
    Signal,
    origin_of,
    recording_of,
)
from htm_brian.experiment.results import replace_file

SI = {
    "V": ("volts", 1.0),
    "mV": ("volts", 1e-3),
    "A": ("amperes", 1.0),
    "nA": ("amperes", 1e-9),
    "pA": ("amperes", 1e-12),
    "S": ("siemens", 1.0),
    "nS": ("siemens", 1e-9),
    "Hz": ("hertz", 1.0),
}
"""NWB's unit and the factor to it; other units stand as they are."""


def to_nwb(dataset: xr.Dataset) -> Any:
    """Return a run as a `pynwb.NWBFile`.

    Time begins with what is first: where the run's own times count from a later moment, the
    description says which. A signal that was not finite is NaN.

    Parameters
    ----------
    dataset : xarray.Dataset
        As `htm_brian.experiment.export.recording.read_run` returns it.

    Returns
    -------
    pynwb.NWBFile
        In SI units.

    Raises
    ------
    InputError
        If the run stores no potentials, spikes or events.
    """
    from pynwb import NWBFile, TimeSeries
    from pynwb.file import Subject

    recording, origin = recording_of(dataset), origin_of(dataset)
    start, _ = recording.ends
    protocol = str(dataset.attrs.get("protocol", "run"))
    began = datetime.fromisoformat(origin["started"]) if "started" in origin else datetime.now(UTC)
    said = f"Simulation of the protocol {protocol} of htm_brian."
    if start != 0:
        said += f" Time 0 of the run is at {-start:g} s here."
    file = NWBFile(
        session_description=said,
        identifier=_identifier(dataset),
        session_start_time=began,
        experiment_description=f"Made by: {origin.get('command', 'htm-brian')}",
        notes=json.dumps(origin.get("parameters", {})),
        keywords=["simulation", "HTM", "Brian2"],
        source_script=str(origin.get("command", "htm-brian")),
        source_script_file_name="htm-brian",
        # NWB asks for a subject; of its fields nothing is known or meant.
        subject=Subject(
            subject_id="simulation", description="No animal: a simulation.", sex="U", age="P0D/"
        ),
    )
    for signal in recording.signals:
        file.add_acquisition(TimeSeries(**_series(signal, start)))
    _add_spikes(file, recording, start)
    _add_events(file, recording, start)
    return file


def write_nwb(dataset: xr.Dataset, path: Path) -> list[Path]:
    """Write a run as an NWB file.

    Parameters
    ----------
    dataset : xarray.Dataset
        As `htm_brian.experiment.export.recording.read_run` returns it.
    path : Path
        Of the file, ``.nwb``.

    Returns
    -------
    list of Path
        The one file.

    Raises
    ------
    InputError
        If the run stores no potentials, spikes or events, or the file cannot be written.
    """
    from pynwb import NWBHDF5IO

    file = to_nwb(dataset)

    def write(temporary: Path) -> None:
        with NWBHDF5IO(str(temporary), "w") as out:
            out.write(file)

    replace_file(path, write)
    return [path]


def _series(signal: Signal, start: float) -> Mapping[str, Any]:
    unit, factor = SI.get(signal.unit, (signal.unit, 1.0))
    single = signal.values.shape[1] == 1
    about = {
        "name": signal.name,
        "description": signal.meaning,
        "comments": "channels: " + "; ".join(signal.channels) if not single else "one channel",
        "data": signal.values[:, 0] if single else signal.values,
        "unit": unit,
        "conversion": factor,
    }
    if signal.period is None:
        return about | {"timestamps": signal.times - start}
    return about | {"starting_time": float(signal.times[0] - start), "rate": 1 / signal.period}


def _add_spikes(file: Any, recording: Recording, start: float) -> None:
    spikes = [train for train in recording.trains if train.kind == SPIKE and train.times.size]
    if not spikes:
        return
    file.add_unit_column("place", "whose spikes these are: a cell, or a condition")
    for train in spikes:
        file.add_unit(spike_times=train.times - start, place=train.place)


def _add_events(file: Any, recording: Recording, start: float) -> None:
    events = [train for train in recording.trains if train.kind != SPIKE and train.times.size]
    for name in sorted({train.name for train in events}):
        table = file.create_events_table(name=name, description=f"{name.replace('_', ' ')}s")
        table.add_column("place", "whose they are: a cell, or a condition")
        for train in (each for each in events if each.name == name):
            for time in train.times - start:
                table.add_row(timestamp=time, place=train.place)


def _identifier(dataset: xr.Dataset) -> str:
    """Return what names the content: the same run gives the same."""
    digest = hashlib.sha256()
    for name, variable in sorted(dataset.variables.items(), key=lambda each: str(each[0])):
        digest.update(str(name).encode() + np.ascontiguousarray(variable.values).tobytes())
    return digest.hexdigest()
