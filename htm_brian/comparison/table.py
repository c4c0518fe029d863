"""Two levels side by side: the rows of the table, and the checks that some of them carry.

`transplant_rows` is for networks that hold the same segments, so cells can be compared one by one.
`apart_rows` is for networks that learned by themselves: beside each agreement stands its ceiling,
the same figure for two memories of the lower level that differ only in their seed, over all pairs
of several. What spikes show comes first; what plateaus predicted, whatever the cells made of it,
has rows of its own.

Whether an agreement is near enough to its ceiling is decided by the worse end of the interval of
their difference: a difference that the series is too short to tell from a larger one does not pass.
Where the better end is near enough, the verdict is *undecided*: not shown, and not refuted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from htm_brian.comparison.intervals import (
    Interval,
    Statistic,
    block_interval,
    correlation_of,
    mean_of,
)
from htm_brian.comparison.margin import SYNAPSES, Margin
from htm_brian.comparison.recording import Recording
from htm_brian.comparison.validation import (
    agreement,
    describe,
    exact_steps,
    mean_of_figures,
    summarise,
    summarise_cells,
)
from htm_brian.experiment.checks import Check, format_number
from htm_brian.experiment.protocol import Table

SAME_STEPS = 0.999
CLEAR_STEPS = 0.99
BELOW_CEILING = 0.05
ANOMALY_DIFFERENCE = 0.05
BEST_MATCH = 0.95
NO_STEPS = "there were no steps"

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
}
"""What spikes show, and has a ceiling. `htm_brian.comparison.validation.agreement` defines each."""

PLATEAU_AGREEMENTS = {
    "plateau_columns_precision": "columns with a plateau: precision",
    "plateau_columns_recall": "columns with a plateau: recall",
    "plateau_columns_jaccard": "columns with a plateau: Jaccard",
    "plateau_anomaly_correlation": "anomaly of plateaus: correlation",
    "plateau_columns_size": "number of columns with a plateau",
    "predictive_cells_size": "number of predictive cells",
}
"""What plateaus predict, likewise; of the abstract memory, what active segments predict."""

DIFFERENCES = {
    "anomaly_difference": "anomaly: mean absolute difference",
    "plateau_anomaly_difference": "anomaly of plateaus: mean absolute difference",
}

UNDEFINED = {
    "predicted_columns_precision": "one of the memories never predicts",
    "predicted_columns_recall": "the abstract memory never predicts",
    "anomaly_correlation": "the anomaly of one memory never changes",
    "plateau_columns_precision": "one of the memories never predicts",
    "plateau_columns_recall": "the abstract memory never predicts",
    "plateau_anomaly_correlation": "the anomaly of one memory never changes",
}
"""Why an agreement may have no value; it then counts as none."""

LEVELS = {
    "anomaly": "anomaly: mean",
    "plateau_anomaly": "anomaly of plateaus: mean",
    "prediction_precision": "columns with a plateau that became active",
    "prediction_recall": "active columns that had a plateau",
    "best_match": "column bursts won by the best-matching cell",
    "active_columns_sparsity": "bits on (%): active columns",
    "predicted_columns_sparsity": "bits on (%): predicted columns",
    "column_bursts_sparsity": "bits on (%): column bursts",
    "plateau_columns_sparsity": "bits on (%): columns with a plateau",
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
    """

    quantity: str
    abstract: float | None = None
    spiking: float | None = None
    check: Check | None = None
    of_difference: bool = False
    interval: Interval | None = None

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
            target += f" (no value: {self.check.undefined})"
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
    judged = [(row.quantity, row.check) for row in rows if row.check is not None]
    failed = [name for name, check in judged if check.verdict == "FAIL"]
    undecided = [name for name, check in judged if check.undecided]
    n = len(judged)
    open_ones = (
        f"{len(undecided)} of {n} checks are undecided, since the series is too short to tell "
        f"({'; '.join(undecided)})"
    )
    if not judged:
        return ""
    if failed:
        return (
            "the spiking memory does not do all that the abstract one does: "
            f"{len(failed)} of {n} checks fail ({'; '.join(failed)})"
        ) + (f"; {open_ones}" if undecided else "")
    if undecided:
        return f"not shown that the spiking memory does all that the abstract one does: {open_ones}"
    return f"the spiking memory does what the abstract one does: every check holds ({n} of {n})"


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
        best_match_row(reference, other, source),
    ]


def clear_rows(reference: Recording, other: Recording, margin: Margin, source: str) -> list[Row]:
    """Compare cell by cell at level 2: the same segments, and no release fails.

    The check is of the steps in which every overlap is well away from the threshold; beside it
    stands the share of all steps.
    """
    figures = summarise_cells(reference, other)
    clear = margin.clear_steps(reference)
    same = exact_steps(reference, other)
    share = float(same[clear].mean()) if clear.any() else math.nan
    label = f"reliable release: the same cells, overlaps {SYNAPSES} or more synapses from threshold"
    check = Check(f"transplant, {label}", share, "1", CLEAR_STEPS, None, source, NO_STEPS)
    return [
        Row("reliable release: steps with such overlaps only", None, float(clear.mean())),
        Row(label, 1.0, share, check),
        Row("reliable release: steps with the same cells, whatever the overlaps", 1.0, same.mean()),
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


def best_match_row(reference: Recording, other: Recording, source: str) -> Row:
    """Return the row that says how often the best-matching cell wins a column burst.

    There is no check where level 0 shows no burst of a column with a matching segment.
    """
    label = "reliable release: column bursts won by the best-matching cell"
    abstract, spiking = (describe(one)["best_match"] for one in (reference, other))
    if math.isnan(abstract):
        return Row(label, abstract, spiking)
    check = Check(f"transplant, {label}", spiking, "1", BEST_MATCH, None, source)
    return Row(label, abstract, spiking, check)


def apart_rows(references: Sequence[Recording], other: Recording, source: str) -> list[Row]:
    """Compare networks that learned apart.

    Parameters
    ----------
    references : sequence of Recording
        Two or more memories of the lower level; how far they agree, pair by pair, is the ceiling.
    other : Recording
        The memory of the higher level.
    source : str
        Where the targets come from.
    """
    pairs = Pairs(references, other)
    rows = [pairs.below_ceiling(key, label, source) for key, label in AGREEMENTS.items()]
    key = "anomaly_difference"
    rows.append(pairs.above_floor(key, DIFFERENCES[key], source))
    rows.append(Row("PLATEAUS, which predict an element before it comes"))
    rows += [pairs.below_ceiling(key, label, source) for key, label in PLATEAU_AGREEMENTS.items()]
    key = "plateau_anomaly_difference"
    rows.append(pairs.above_floor(key, DIFFERENCES[key], source))
    rows.append(Row("EACH BY ITSELF"))
    mine, theirs = mean_of_figures([describe(one) for one in references]), describe(other)
    for key, label in LEVELS.items():
        scale = 100 if "%" in label else 1
        rows.append(Row(label, scale * mine[key], scale * theirs[key]))
    return rows


class Pairs:
    """Agreements of a spiking memory with abstract ones, and their ceilings, with intervals.

    Parameters
    ----------
    references, other
        As for `apart_rows`.
    """

    def __init__(self, references: Sequence[Recording], other: Recording) -> None:
        self._among = list(combinations(references, 2))
        self._with_other = [(one, other) for one in references]
        pairs = self._among, self._with_other
        self._steps = tuple([agreement(*pair) for pair in some] for some in pairs)
        self._ceiling, self._found = (
            mean_of_figures([summarise(*pair, one) for pair, one in zip(some, steps, strict=True)])
            for some, steps in zip(pairs, self._steps, strict=True)
        )

    def below_ceiling(self, key: str, label: str, source: str) -> Row:
        """Return the row of an agreement, which must not be far below its ceiling."""
        low, high = self._interval(key)
        name = f"trained apart, {label}: agreement less its ceiling, lower end of the 95 % interval"
        check = Check(
            name, low, "1", -BELOW_CEILING, None, source, self._undefined(key), better_end=high
        )
        return self._row(key, label, (low, high), check)

    def above_floor(self, key: str, label: str, source: str) -> Row:
        """Return the row of a mean absolute difference, which two abstract memories have, too."""
        low, high = self._interval(key)
        name = f"trained apart, {label}, less that of two seeds, upper end of the 95 % interval"
        check = Check(
            name, high, "1", None, ANOMALY_DIFFERENCE, source, self._undefined(key), better_end=low
        )
        return self._row(key, label, (low, high), check)

    def _row(self, key: str, label: str, interval: Interval, check: Check) -> Row:
        ceiling, found = self._ceiling[key], self._found[key]
        return Row(label, ceiling, found, check, of_difference=True, interval=interval)

    def _undefined(self, key: str) -> str:
        return UNDEFINED.get(key, NO_STEPS)

    def _interval(self, key: str) -> Interval:
        """Return that of the difference to the ceiling; both are drawn at the same steps."""
        if math.isnan(self._found[key] - self._ceiling[key]):
            return math.nan, math.nan
        at_most, is_now = self._statistics(key)
        n = len(self._with_other[0][1])
        return block_interval(lambda weights: is_now(weights) - at_most(weights), n)

    def _statistics(self, key: str) -> tuple[Statistic, Statistic]:
        """Return ceiling and agreement as functions of how often each step is drawn."""
        if key.endswith("_correlation"):
            name = key.removesuffix("_correlation")
            at_most, is_now = (
                correlation_of(*(np.array([getattr(one, name) for one in side]) for side in sides))
                for sides in (zip(*self._among, strict=True), zip(*self._with_other, strict=True))
            )
            return at_most, is_now
        at_most, is_now = (mean_of(np.array([one[key] for one in some])) for some in self._steps)
        return at_most, is_now


def _cell_rows(prefix: str, figures: dict[str, float]) -> list[Row]:
    return [
        Row(f"{prefix}: active cells, Jaccard", 1.0, figures["active_cells_jaccard"]),
        Row(f"{prefix}: predictive cells, Jaccard", 1.0, figures["predictive_cells_jaccard"]),
        Row(f"{prefix}: anomaly, mean difference", 0.0, figures["anomaly_difference"]),
    ]
