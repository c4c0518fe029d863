"""From a series to the stream of active columns that every level of a comparison is fed.

Numbers become random distributed scalars beside the time of day and the weekend, where the series
has times; symbols become categories. A Spatial Pooler then chooses columns. It learns on the first
part of the series, is fixed from then on, and codes the whole series once. So each level gets
the same columns, the same input always has the same code, and a change in what a memory predicts
is never a change of the code beneath it.

The pooler is boosted. Without boosting a few columns win most inputs of so regular a series, codes
share most of their bits, and which of the many coinciding predictions a memory learns depends on
chance: two abstract memories that differ in their seed then agree badly (on the bundled series,
512 × 8 cells: Jaccard of predicted columns 0.85 unboosted, 1.00 at a strength of 10). A yardstick
must not be looser than what it measures. For the same reason successive moments share no bits of
the time of day: codes are then mostly either nearly the same or well apart, and few segments see
an overlap so close to their threshold that an accident decides whether they match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np

from htm_brian.abstract.encoders import CategoryEncoder, DateEncoder, MultiEncoder, ScalarEncoder
from htm_brian.abstract.spatial_pooler import SpatialPooler
from htm_brian.arguments import check_integer, check_number
from htm_brian.sdr.ragged import Ragged
from htm_brian.sdr.sdr import SDR
from htm_brian.streams.series import Series

PURDY = "Purdy 2016, arXiv:1602.05925"
CUI = "Cui, Ahmad & Hawkins 2017"


@dataclass(frozen=True)
class StreamParameters:
    """How a series becomes columns.

    Parameters
    ----------
    active_columns : int
        Columns that win at every step.
    value_bits, value_size : int
        On-bits of the scalar encoding, and its size.
    value_buckets : int
        Buckets between the 1st and the 99th percentile of the values.
    time_of_day_bits : int
    time_of_day_radius : float
        Hours from which two times of day share no bits.
    weekend_bits : int
    category_bits : int
        On-bits of each symbol of a text.
    boost_strength : float
    duty_cycle_period : int
        Steps over which the pooler's boosting averages.
    training_share : float
        First part of the series on which the pooler learns.
    training_passes : int
    """

    active_columns: int
    value_bits: int = 21
    value_size: int = 400
    value_buckets: int = 20
    time_of_day_bits: int = 21
    time_of_day_radius: float = 0.5
    weekend_bits: int = 5
    category_bits: int = 21
    boost_strength: float = 10.0
    duty_cycle_period: int = 1000
    training_share: float = 0.25
    training_passes: int = 2

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "training_share":
                check_number(field.name, value, low=0, high=1)
            elif field.type == "float":
                check_number(field.name, value, low=0)
            else:
                check_integer(field.name, value, low=0 if field.name == "training_passes" else 1)

    def rows(self) -> list[tuple[str, object, str, str, None, None, str]]:
        """Return the parameters for a report, as `htm_brian.parameters.Model.rows` does."""
        about = {
            "active_columns": ("1", "2 % of the columns, at least 20", ""),
            "value_bits": ("1", PURDY, ""),
            "value_size": ("1", PURDY, ""),
            "value_buckets": ("1", "chosen here", "between the 1st and 99th percentile"),
            "time_of_day_bits": ("1", PURDY, ""),
            "time_of_day_radius": (
                "h",
                "chosen here",
                "successive half-hours share no bits: see htm_brian.streams.column_stream",
            ),
            "weekend_bits": ("1", "chosen here", "few, or all codes of a week share them"),
            "category_bits": ("1", PURDY, ""),
            "boost_strength": (
                "1",
                "chosen here",
                "tightens the ceiling: see htm_brian.streams.column_stream",
            ),
            "duty_cycle_period": ("1", CUI, ""),
            "training_share": ("1", "chosen here", "the pooler is fixed afterwards"),
            "training_passes": ("1", "chosen here", ""),
        }
        return [
            (f"stream.{name}", getattr(self, name), unit, source, None, None, note)
            for name, (unit, source, note) in about.items()
        ]


def active_column_count(columns: int) -> int:
    """Return how many columns to activate: 2 %, or 20 where that is an eighth at most.

    Examples
    --------
    >>> [active_column_count(columns) for columns in (64, 512, 1024, 2048)]
    [8, 20, 20, 40]
    """
    return max(columns // 50, min(20, columns // 8), 1)


def encode(series: Series, parameters: StreamParameters, seed: int) -> list[SDR]:
    """Return the encoding of every value of `series`, with its time where there is one."""
    values = series.values
    if series.symbolic:
        categories = CategoryEncoder(np.unique(values).tolist(), parameters.category_bits)
        return [categories.encode(symbol) for symbol in values.tolist()]
    scalar = ScalarEncoder(
        parameters.value_size,
        parameters.value_bits,
        _spread(values) / parameters.value_buckets,
        seed,
    )
    if series.timestamps is None:
        return [scalar.encode(value) for value in values.tolist()]
    moment = DateEncoder(
        time_of_day=(parameters.time_of_day_bits, parameters.time_of_day_radius),
        weekend=parameters.weekend_bits,
    )
    both = MultiEncoder({"value": scalar, "moment": moment})
    return [
        both.encode({"value": value, "moment": stamp})
        for value, stamp in zip(values.tolist(), series.timestamps, strict=True)
    ]


def choose_columns(
    series: Series,
    columns: int,
    parameters: StreamParameters,
    seed: int,
    after_step: Callable[[int], bool] | None = None,
) -> Ragged | None:
    """Return the active columns of every step of `series`.

    Parameters
    ----------
    series : Series
    columns : int
        Number of columns of the Spatial Pooler.
    parameters : StreamParameters
    seed : int
        Of the scalar encoder and of the pooler.
    after_step : callable, optional
        Called with the number of steps done, of `n_steps` in all; False ends the work there.

    Returns
    -------
    Ragged, or None if `after_step` ended it
    """
    encodings = encode(series, parameters, seed)
    pooler = SpatialPooler(
        encodings[0].size,
        columns,
        density=parameters.active_columns / columns,
        boost_strength=parameters.boost_strength,
        duty_cycle_period=parameters.duty_cycle_period,
        seed=seed,
    )
    chosen = []
    for done, (encoding, learn) in enumerate(_lessons(encodings, parameters), start=1):
        winners = pooler.compute(encoding, learn=learn)
        if not learn:
            chosen.append(winners.sparse)
        if after_step is not None and not after_step(done):
            return None
    return Ragged.from_sets(chosen)


def n_steps(length: int, parameters: StreamParameters) -> int:
    """Return how many steps of the pooler a series of `length` values takes."""
    return length + parameters.training_passes * round(parameters.training_share * length)


def _lessons(encodings: list[SDR], parameters: StreamParameters) -> Iterator[tuple[SDR, bool]]:
    first_part = encodings[: round(parameters.training_share * len(encodings))]
    for _ in range(parameters.training_passes):
        yield from ((encoding, True) for encoding in first_part)
    yield from ((encoding, False) for encoding in encodings)


def _spread(values: np.ndarray) -> float:
    low, high = np.percentile(values, [1, 99])
    spread = float(high - low) or float(np.ptp(values))
    return spread if spread > 0 else 1.0
