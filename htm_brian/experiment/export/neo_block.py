"""A run as a Neo block: signals with their units, trains of spikes, events; stored as NIX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from htm_brian.experiment.export.recording import SPIKE, Signal, origin_of, recording_of
from htm_brian.experiment.results import replace_file


def to_neo(dataset: xr.Dataset) -> Any:
    """Return a run as a `neo.Block` with one segment.

    Parameters
    ----------
    dataset : xarray.Dataset
        As `htm_brian.experiment.export.recording.read_run` returns it.

    Returns
    -------
    neo.Block
        Each variable's channels in one signal, annotated with where they stand; a spike train for
        each cell.

    Raises
    ------
    InputError
        If the run stores no potentials, spikes or events.
    """
    import neo
    import quantities as pq

    recording = recording_of(dataset)
    start, stop = recording.ends
    origin = origin_of(dataset)
    block = neo.Block(
        name=str(dataset.attrs.get("protocol", "")),
        description="simulated by htm_brian",
        command=str(origin.get("command", "")),
        started=str(origin.get("started", "")),
    )
    segment = neo.Segment(name=block.name)
    block.segments.append(segment)
    for signal in recording.signals:
        made = _signal(signal)
        kind = "analogsignals" if signal.period is not None else "irregularlysampledsignals"
        getattr(segment, kind).append(made)
    for train in recording.trains:
        where = {"name": train.name, "place": train.place}
        if train.kind == SPIKE:
            spikes = neo.SpikeTrain(train.times * pq.s, t_start=start * pq.s, t_stop=stop * pq.s)
            spikes.annotate(place=train.place)
            spikes.name = train.name
            segment.spiketrains.append(spikes)
        else:
            labels = np.array([train.kind] * len(train.times), dtype="U")
            segment.events.append(neo.Event(train.times * pq.s, labels, **where))
    block.check_relationships()
    return block


def write_neo(dataset: xr.Dataset, path: Path) -> list[Path]:
    """Write a run as a NIX file, which Neo reads with ``neo.NixIO``.

    Parameters
    ----------
    dataset : xarray.Dataset
        As `htm_brian.experiment.export.recording.read_run` returns it.
    path : Path
        Of the file, ``.nix``.

    Returns
    -------
    list of Path
        The one file.

    Raises
    ------
    InputError
        If the run stores no potentials, spikes or events, or the file cannot be written.
    """
    import neo

    block = to_neo(dataset)

    def write(temporary: Path) -> None:
        with neo.NixIO(str(temporary), "ow") as file:
            file.write_block(block)

    replace_file(path, write)
    return [path]


def _signal(signal: Signal) -> Any:
    import neo
    import quantities as pq

    try:
        unit = pq.Quantity(1, "dimensionless" if signal.unit == "1" else signal.unit).units
    except LookupError:
        unit = pq.dimensionless
    about = {"name": signal.name, "description": signal.meaning, "unit": signal.unit}
    channels = {"place": np.array(signal.channels, dtype="U")}
    if signal.period is not None:
        return neo.AnalogSignal(
            signal.values,
            units=unit,
            t_start=signal.times[0] * pq.s,
            sampling_period=signal.period * pq.s,
            array_annotations=channels,
            **about,
        )
    return neo.IrregularlySampledSignal(
        signal.times * pq.s, signal.values, units=unit, array_annotations=channels, **about
    )
