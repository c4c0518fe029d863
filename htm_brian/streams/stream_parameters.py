"""How a series becomes columns: what is fixed, and what follows from the series by a rule.

=========================  =====================================================================
``value_buckets``          20 between the 1st and the 99th percentile, or over the whole range
                           where these two are the same; so the unit of the values is of no account
``time_of_day_radius``     the sampling interval, the median step in time: successive moments
                           share no bits
``day_of_week_radius``,    the same for series of days and of weeks or months; the shortest of day,
``season_radius``          week and year is coded that has at least two steps and that the series
                           spans at least four times: with the rule of
                           `htm_brian.comparison.ladder.MemoryParameters` a synapse is connected
                           at the fourth time, so what comes back less often is not learned
``weekend_bits``           5 beside the time of day where the series holds days of both kinds
``duty_cycle_period``      1,000 steps, or one cycle of the coded time where that is longer
=========================  =====================================================================

That successive moments share no bits makes codes either nearly the same or well apart, so few
segments see an overlap so close to their threshold that an accident decides whether they match.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.streams.series import Series

PURDY = "Purdy 2016, arXiv:1602.05925"
CUI = "Cui, Ahmad & Hawkins 2017"
DERIVED = "derived from the series"
SET = "asked for"

CYCLES = {
    "time_of_day_radius": ("h", 1.0, 24.0, "a day"),
    "day_of_week_radius": ("d", 24.0, 7.0, "a week"),
    "season_radius": ("d", 24.0, 365.0, "a year"),
}
"""Unit of each radius, hours in it, the cycle in that unit, and the cycle's name."""

SETTABLE = ("value_buckets", *CYCLES, "weekend_bits", "boost_strength", "duty_cycle_period")
COMES_BACK = 4
"""Cycles that a series must span for their time to be coded."""

WEEKEND_BITS = 5
PERIOD = 1000


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
    time_bits : int
        On-bits of the time of day, of the day of the week, and of the season.
    time_of_day_radius, day_of_week_radius, season_radius : float or None
        Hours, days and days from which two moments share no bits; None: not coded.
    weekend_bits : int
        On-bits that tell Saturday and Sunday from other days; 0: not coded.
    category_bits : int
        On-bits of each symbol of a text.
    boost_strength : float
    duty_cycle_period : int
        Steps over which the pooler's boosting averages.
    training_share : float
        First part of the series on which the pooler learns.
    training_passes : int
    reasons : dict of str to (str, str)
        Source of a parameter, and a note, where they are not those of the class.
    """

    active_columns: int
    value_bits: int = 21
    value_size: int = 400
    value_buckets: int = 20
    time_bits: int = 21
    time_of_day_radius: float | None = None
    day_of_week_radius: float | None = None
    season_radius: float | None = None
    weekend_bits: int = 0
    category_bits: int = 21
    boost_strength: float = 10.0
    duty_cycle_period: int = PERIOD
    training_share: float = 0.25
    training_passes: int = 2
    reasons: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name in CYCLES:
                if value is not None:
                    _check_radius(each.name, value)
            elif each.name == "training_share":
                check_number(each.name, value, low=0, high=1)
            elif each.name == "boost_strength":
                check_number(each.name, value, low=0)
            elif each.name != "reasons":
                low = 0 if each.name in ("training_passes", "weekend_bits") else 1
                check_integer(each.name, value, low=low)

    @classmethod
    def for_series(cls, series: Series, active_columns: int, **settings: Any) -> StreamParameters:
        """Return what follows from `series` by the rules above; `settings` have precedence.

        Parameters
        ----------
        series : Series
        active_columns : int
        **settings
            Any of `SETTABLE`; None leaves the rule in force, a radius of 0 leaves the cycle out.

        Raises
        ------
        InputError
            If a setting means nothing for this series: a radius where there are no times.
        """
        values: dict[str, Any] = {}
        reasons: dict[str, tuple[str, str]] = {}
        if series.timestamps is not None and len(series) > 1:
            values, reasons = _from_times(series.timestamps)
        if not series.symbolic:
            width = bucket_width(series.values.astype(float), cls.value_buckets)
            reasons["value_buckets"] = (DERIVED, _width_note(width, series.unit))
        for name, value in settings.items():
            if value is None:
                continue
            _refuse_meaningless(name, series)
            values[name] = None if name in CYCLES and value == 0 else value
            reasons[name] = (SET, "")
        made = cls(active_columns, **values, reasons=reasons)
        if not series.symbolic and settings.get("value_buckets") is not None:
            width = bucket_width(series.values.astype(float), made.value_buckets)
            reasons["value_buckets"] = (SET, _width_note(width, series.unit))
        return made

    @property
    def times_coded(self) -> bool:
        """Whether any part of the time is coded."""
        return self.weekend_bits > 0 or any(getattr(self, name) is not None for name in CYCLES)

    def rows(self, series: Series) -> list[tuple[str, object, str, str, None, None, str]]:
        """Return the parameters that play a part for `series`, for a report.

        The rows are like those of `htm_brian.parameters.Model.rows`.
        """
        about = {
            "active_columns": ("1", "2 % of the columns, at least 20", ""),
            "value_bits": ("1", PURDY, ""),
            "value_size": ("1", PURDY, ""),
            "value_buckets": ("1", "chosen here", "between the 1st and 99th percentile"),
            "time_bits": ("1", PURDY, ""),
            "time_of_day_radius": ("h", "chosen here", ""),
            "day_of_week_radius": ("d", "chosen here", ""),
            "season_radius": ("d", "chosen here", ""),
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
        rows: list[tuple[str, object, str, str, None, None, str]] = []
        for name, (unit, source, note) in about.items():
            if self._plays_a_part(name, series):
                source, why = self.reasons.get(name, (source, note))
                value = getattr(self, name)
                rows.append((f"stream.{name}", value, unit, source, None, None, why or note))
        return rows

    def _plays_a_part(self, name: str, series: Series) -> bool:
        if name == "category_bits":
            return series.symbolic
        if name.startswith("value_"):
            return not series.symbolic
        if name == "time_bits":
            return any(getattr(self, radius) is not None for radius in CYCLES)
        if name == "weekend_bits":
            return self.weekend_bits > 0
        return name not in CYCLES or getattr(self, name) is not None


def bucket_width(values: NDArray[np.float64], buckets: int) -> float:
    """Return the width of a bucket in the unit of the values; 0 for a constant series."""
    scaled, exponent = _scaled(values)
    return float(np.ldexp(_spread(scaled) / buckets, exponent))


def positions(values: NDArray[np.float64], buckets: int) -> NDArray[np.float64]:
    """Return each value in widths of a bucket, the same in whatever unit the values are.

    Notes
    -----
    A power of two is taken out first, so the largest and the smallest numbers do no harm. Nine
    decimals are kept: 22262 W and 22.262 kW then fall into the same bucket, though the division
    rounds them differently. Outliers beyond 2^40 widths count as being there.

    Examples
    --------
    >>> positions(np.array([0.0, 10.0, 20.0]), 20).tolist()
    [0.0, 10.204081633, 20.408163265]
    """
    scaled, _ = _scaled(values)
    width = (_spread(scaled) or 1.0) / buckets
    with np.errstate(over="ignore"):
        within = np.clip(scaled / width, -(2.0**40), 2.0**40)
    rounded: NDArray[np.float64] = np.round(within, 9)
    return rounded


def active_column_count(columns: int) -> int:
    """Return how many columns to activate: 2 %, or 20 where that is an eighth at most.

    Examples
    --------
    >>> [active_column_count(columns) for columns in (64, 512, 1024, 2048)]
    [8, 20, 20, 40]
    """
    return max(columns // 50, min(20, columns // 8), 1)


def sampling_interval(stamps: NDArray[np.datetime64]) -> float:
    """Return the median step in time in hours; steps backwards, as of a clock, are left out."""
    steps = np.diff(stamps.astype("datetime64[us]")).astype(np.int64) / 3.6e9
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else 0.0


def _from_times(
    stamps: NDArray[np.datetime64],
) -> tuple[dict[str, Any], dict[str, tuple[str, str]]]:
    """Derive the radius of the cycle that is coded, the weekend, and the period of boosting."""
    values: dict[str, Any] = {}
    reasons: dict[str, tuple[str, str]] = {}
    interval = sampling_interval(stamps)
    span = (stamps[-1] - stamps[0]).astype("timedelta64[us]").astype(np.int64) / 3.6e9 + interval
    for name, (_, hours, cycle, called) in CYCLES.items():
        if not 0 < interval <= cycle * hours / 2 or span < COMES_BACK * cycle * hours:
            continue
        values[name] = interval / hours
        reasons[name] = (DERIVED, "the sampling interval: successive moments share no bits")
        steps = round(cycle * hours / interval)
        if steps > PERIOD:
            values["duty_cycle_period"] = steps
            reasons["duty_cycle_period"] = (DERIVED, f"{called} at the sampling interval")
        break
    if "time_of_day_radius" in values and _has_both_kinds_of_days(stamps):
        values["weekend_bits"] = WEEKEND_BITS
        reasons["weekend_bits"] = (DERIVED, "the series has weekends and other days")
    return values, reasons


def _has_both_kinds_of_days(stamps: NDArray[np.datetime64]) -> bool:
    days = stamps.astype("datetime64[D]").astype(np.int64)
    weekend = (days + 3) % 7 >= 5  # day 0, 1 January 1970, was a Thursday
    return bool(weekend.any() and not weekend.all())


def _refuse_meaningless(name: str, series: Series) -> None:
    if name not in SETTABLE:
        raise InputError(f"unknown setting {name!r}; those that can be set: {', '.join(SETTABLE)}")
    of_time = name in CYCLES or name == "weekend_bits"
    if of_time and series.timestamps is None:
        raise InputError(
            f"{name} means nothing for {series.name}, which was read without times; "
            "give a --timestamp-column, or leave it out"
        )
    if name == "value_buckets" and series.symbolic:
        raise InputError(f"{name} means nothing for {series.name}, a text; leave it out")


def _check_radius(name: str, value: float) -> None:
    unit, _, cycle, called = CYCLES[name]
    radius = check_number(name, value)
    if not 0 < radius <= cycle / 2:
        raise InputError(
            f"{name} must lie in (0, {cycle / 2:g}] {unit}, half of {called}, got {value}"
        )


def _width_note(width: float, unit: str) -> str:
    if width == 0:
        return "the series is constant: one bucket holds it"
    return f"between the 1st and 99th percentile; a bucket is {width:.4g} {unit}".rstrip() + " wide"


def _scaled(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Return the values over a power of two, so that all lie within ±1, and its exponent."""
    exponent = int(np.frexp(np.abs(values).max(initial=0.0))[1])
    return np.ldexp(values, -exponent), exponent


def _spread(values: NDArray[np.float64]) -> float:
    low, high = np.percentile(values, [1, 99])
    return float(high - low) or float(np.ptp(values))
