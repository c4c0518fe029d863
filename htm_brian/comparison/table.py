"""Two levels side by side: the rows of the table, and the checks that some of them carry.

`transplant_rows` is for networks that hold the same segments, so cells can be compared one by one.
`apart_rows` is for networks that learned by themselves: beside each agreement stands its ceiling,
the same figure for two memories of the lower level that differ only in their seed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from htm_brian.comparison.intervals import Interval, block_interval, correlation_of, mean_of
from htm_brian.comparison.recording import Recording
from htm_brian.comparison.validation import agreement, describe, summarise, summarise_cells
from htm_brian.experiment.checks import Check, format_number
from htm_brian.experiment.protocol import Table

SAME_STEPS = 0.999
BELOW_CEILING = 0.05
ANOMALY_DIFFERENCE = 0.05

HEADINGS = ("quantity", "abstract", "spiking", "difference", "95 % interval", "target", "verdict")

AGREEMENTS = {
    "predicted_columns_precision": "predicted columns: precision",
    "predicted_columns_recall": "predicted columns: recall",
    "predicted_columns_jaccard": "predicted columns: Jaccard",
    "column_bursts_jaccard": "column bursts: Jaccard",
    "anomaly_correlation": "anomaly: correlation",
    "predicted_columns_size": "number of predicted columns",
    "column_bursts_size": "number of column bursts",
    "active_cells_size": "number of active cells",
    "winner_cells_size": "number of winner cells",
    "predictive_cells_size": "number of predictive cells",
}
"""What has a ceiling. `htm_brian.comparison.validation.agreement` defines each."""

UNDEFINED = {
    "predicted_columns_precision": "one of the memories never predicts",
    "predicted_columns_recall": "the abstract memory never predicts",
    "anomaly_correlation": "the anomaly of one memory never changes",
}
"""Why an agreement may have no value; it then counts as none."""

LEVELS = {
    "anomaly": "anomaly: mean",
    "prediction_precision": "predicted columns that became active",
    "prediction_recall": "active columns that were predicted",
    "active_columns_sparsity": "bits on (%): active columns",
    "predicted_columns_sparsity": "bits on (%): predicted columns",
    "column_bursts_sparsity": "bits on (%): column bursts",
    "active_cells_sparsity": "bits on (%): active cells",
    "winner_cells_sparsity": "bits on (%): winner cells",
    "predictive_cells_sparsity": "bits on (%): predictive cells",
}
"""What each level shows by itself. `htm_brian.comparison.validation.describe` defines each."""


@dataclass(frozen=True)
class Row:
    """A quantity of both levels, and the check it carries, if any.

    Parameters
    ----------
    quantity : str
    abstract, spiking : float or None
        The same figure for either level; for an agreement, its ceiling and the agreement.
    check : Check, optional
        Of the spiking figure, or of the difference.
    of_difference : bool
        Whether the check is of the difference.
    interval : (float, float), optional
        Of the figure that is judged: of the difference, or of the spiking figure.
    undefined : str
        Why a figure has no value, where it has none.
    """

    quantity: str
    abstract: float | None = None
    spiking: float | None = None
    check: Check | None = None
    of_difference: bool = False
    interval: Interval | None = None
    undefined: str = ""

    @property
    def difference(self) -> float | None:
        """Spiking minus abstract."""
        if self.abstract is None or self.spiking is None:
            return None
        return self.spiking - self.abstract

    def cells(self) -> list[str]:
        """Return the cells of the table's row."""
        target = verdict = ""
        if self.check is not None:
            target = "difference " * self.of_difference + self.check.target
            verdict = self.check.verdict
        numbers = ("" if n is None else format_number(n) for n in (self.abstract, self.spiking))
        difference = interval = ""
        if self.difference is not None:
            difference = "-" if math.isnan(self.difference) else f"{self.difference:+.4f}"
        if self.interval is not None and not any(map(math.isnan, self.interval)):
            interval = " to ".join(f"{end:+.3f}" for end in self.interval)
        if self.check is not None and math.isnan(self.check.value):
            target += f" (no value: {self.undefined or 'there were no steps'})"
        return [self.quantity, *numbers, difference, interval, target, verdict]


def to_table(rows: Sequence[Row], title: str) -> Table:
    """Return the table of all rows."""
    return Table(HEADINGS, [row.cells() for row in rows], title)


def checks_of(rows: Sequence[Row]) -> list[Check]:
    """Return the checks that the rows carry."""
    return [row.check for row in rows if row.check is not None]


def conclusion_of(rows: Sequence[Row]) -> str:
    """Say in one sentence what the checks come to; empty where there is none.

    Examples
    --------
    >>> conclusion_of([Row("overlap", check=Check("overlap", 0.3, "1", 0.5, None, "here"))])
    'the spiking memory does not do all that the abstract one does: 1 of 1 checks fail (overlap)'
    """
    judged = [row for row in rows if row.check is not None]
    failed = [row.quantity for row in judged if row.check is not None and not row.check.passed]
    if not judged:
        return ""
    n = len(judged)
    if not failed:
        return f"the spiking memory does what the abstract one does: every check holds ({n} of {n})"
    return (
        "the spiking memory does not do all that the abstract one does: "
        f"{len(failed)} of {n} checks fail ({'; '.join(failed)})"
    )


def reliable_rows(reference: Recording, other: Recording, source: str) -> list[Row]:
    """Compare cell by cell: the same segments, and no release fails."""
    figures = summarise_cells(reference, other)
    check = Check(
        "transplant, reliable release: share of steps with the same active and predictive cells",
        figures["exact"],
        "1",
        SAME_STEPS,
        None,
        source,
    )
    return [
        Row("reliable release: steps with the same cells", 1.0, figures["exact"], check),
        *_cell_rows("reliable release", figures),
    ]


def own_release_rows(reference: Recording, other: Recording) -> list[Row]:
    """Compare cell by cell: the same segments, but releases fail as the model says. No checks."""
    figures = summarise_cells(reference, other)
    mine, theirs = describe(reference), describe(other)
    return [
        Row("model's release: steps with the same cells", 1.0, figures["exact"]),
        *_cell_rows("model's release", figures),
        Row("model's release: mean anomaly", mine["anomaly"], theirs["anomaly"]),
    ]


def apart_rows(reference: Recording, second: Recording, other: Recording, source: str) -> list[Row]:
    """Compare networks that learned apart.

    Parameters
    ----------
    reference, second : Recording
        Two memories of the lower level; how far they agree is the ceiling.
    other : Recording
        The memory of the higher level.
    source : str
        Where the targets come from.
    """
    ceiling, found = summarise(reference, second), summarise(reference, other)
    intervals = _intervals_below_ceiling(reference, second, other)
    rows = []
    for key, label in AGREEMENTS.items():
        below = found[key] - ceiling[key]
        check = Check(
            f"trained apart, {label}: agreement less its ceiling",
            below,
            "1",
            -BELOW_CEILING,
            None,
            source,
        )
        rows.append(
            Row(
                label,
                ceiling[key],
                found[key],
                check,
                of_difference=True,
                interval=intervals[key],
                undefined=UNDEFINED.get(key, ""),
            )
        )
    key = "anomaly_difference"
    check = Check(
        "trained apart, anomaly: mean absolute difference",
        found[key],
        "1",
        None,
        ANOMALY_DIFFERENCE,
        source,
    )
    steps = agreement(reference, other)[key]
    interval = block_interval(mean_of(steps), len(steps))
    label = "anomaly: mean absolute difference"
    rows.append(Row(label, ceiling[key], found[key], check, interval=interval))
    mine, theirs = describe(reference), describe(other)
    for key, label in LEVELS.items():
        scale = 100 if "%" in label else 1
        rows.append(Row(label, scale * mine[key], scale * theirs[key]))
    return rows


def _intervals_below_ceiling(
    reference: Recording, second: Recording, other: Recording
) -> dict[str, Interval]:
    """Return the interval of each agreement less its ceiling; both are drawn at the same steps."""
    ceiling, found = agreement(reference, second), agreement(reference, other)
    statistics = {key: (mean_of(ceiling[key]), mean_of(found[key])) for key in found}
    statistics["anomaly_correlation"] = (
        correlation_of(second.anomaly, reference.anomaly),
        correlation_of(other.anomaly, reference.anomaly),
    )

    def interval(key: str) -> Interval:
        at_most, is_now = statistics[key]
        return block_interval(lambda steps: is_now(steps) - at_most(steps), len(reference))

    return {key: interval(key) for key in AGREEMENTS}


def _cell_rows(prefix: str, figures: dict[str, float]) -> list[Row]:
    return [
        Row(f"{prefix}: active cells, Jaccard", 1.0, figures["active_cells_jaccard"]),
        Row(f"{prefix}: predictive cells, Jaccard", 1.0, figures["predictive_cells_jaccard"]),
        Row(f"{prefix}: anomaly, mean difference", 0.0, figures["anomaly_difference"]),
    ]
