"""What a comparison of two levels comes to: dataset, checks, numbers, table, and a conclusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from htm_brian.comparison import table as comparison
from htm_brian.comparison.dataset import to_dataset
from htm_brian.comparison.ladder import ABSTRACT, Run
from htm_brian.comparison.learning import Learning
from htm_brian.comparison.table import Row
from htm_brian.comparison.two_levels import TwoLevels
from htm_brian.experiment.protocol import Outcome
from htm_brian.parameters import Model
from htm_brian.sdr.ragged import Ragged
from htm_brian.streams.series import Series
from htm_brian.streams.stream_parameters import StreamParameters


def outcome_of(
    levels: TwoLevels,
    series: Series,
    parameters: StreamParameters,
    stream: Ragged | None,
    runs: Mapping[str, Run],
    models: Sequence[Model],
) -> Outcome:
    """Return the outcome of a comparison, whole or stopped.

    Parameters
    ----------
    levels : TwoLevels
    series : Series
    parameters : StreamParameters
        By which the series became columns.
    stream : Ragged or None
        The columns, if they were chosen.
    runs : mapping of str to Run
    models : sequence of Model
        Of the spiking memory.
    """
    n = len(series)
    learned = levels.learning(runs)
    rows = levels.rows(runs, learned)
    partial = stream is None or levels.is_partial(n, runs, learned)
    told = {} if learned is None else {"learning": str(learned)}
    return Outcome(
        dataset=to_dataset(series, stream, runs, levels.split(n)),
        checks=comparison.checks_of(rows),
        metrics={"input": {"file": series.name} | series.account} | told | metrics_of(runs, rows),
        partial=partial,
        parameter_rows=[
            *(row for model in models for row in model.rows()),
            *levels.memory.rows(),
            *parameters.rows(series),
        ],
        table=comparison.to_table(rows, _title(levels, series, parameters, partial)),
        conclusion=conclusion_of(rows, learned),
    )


def _title(levels: TwoLevels, series: Series, parameters: StreamParameters, partial: bool) -> str:
    part = "PARTIAL RESULT, stopped before its end. " if partial else ""
    size = f"{levels.memory.columns} columns × {levels.memory.cells_per_column} cells"
    return (
        f"{part}{series.title}: {len(series)} steps, {size}, {parameters.active_columns} active. "
        "Agreement of spiking with abstract stands beside its ceiling, "
        f"that of {len(ABSTRACT)} abstract memories with different seeds, pair by pair."
    )


def conclusion_of(rows: Sequence[Row], learned: Learning | None) -> str:
    """Say in one sentence what was found; empty where nothing was checked."""
    if learned is not None and not learned.something:
        return str(learned)
    return comparison.conclusion_of(rows)


def metrics_of(runs: Mapping[str, Run], rows: Sequence[Row]) -> dict[str, Any]:
    """Return the numbers of the table, and how large and how fast each run was."""
    return {
        "table": {
            row.quantity: {"abstract": row.abstract, "spiking": row.spiking}
            for row in rows
            if row.spiking is not None
        },
        "runs": {
            name: {
                "steps": len(run.recording),
                "milliseconds per step": 1e3 * run.seconds / max(1, len(run.recording)),
                "segments": run.segments.n_segments,
                "synapses": run.segments.n_synapses,
            }
            for name, run in runs.items()
        },
    }
