"""Encoder of a moment: what recurs by day, week and year becomes bits that near moments share."""

from calendar import isleap
from datetime import datetime, timedelta

import numpy as np

from htm_brian.abstract.encoders.values import CategoryEncoder, CyclicEncoder, Encoder, MultiEncoder
from htm_brian.arguments import check_integer, check_number, shown
from htm_brian.errors import InputError
from htm_brian.sdr.sdr import SDR


class DateEncoder:
    """Encoder of a moment: time of day, day of the week, weekend, season.

    Each part is given as `(n_active, radius)`: its number of on-bits, and the distance from which
    two moments share none of them. A part that is None is left out.

    Parameters
    ----------
    time_of_day : (int, float), optional
        Radius in hours; comes round at midnight.
    day_of_week : (int, float), optional
        Radius in days; runs on through the day, and comes round at midnight after Sunday.
    weekend : int, optional
        Number of on-bits that tell Saturday and Sunday from the other days.
    season : (int, float), optional
        Radius in days; comes round at New Year.

    Raises
    ------
    InputError
        For a part that is no such pair; from `encode` for what is no date and time of the years 1
        to 9999.

    Notes
    -----
    Times are taken as the clock on the wall shows them: a time zone is not converted.
    """

    def __init__(
        self,
        *,
        time_of_day: tuple[int, float] | None = (21, 4.0),
        day_of_week: tuple[int, float] | None = None,
        weekend: int | None = 21,
        season: tuple[int, float] | None = None,
    ) -> None:
        parts: dict[str, Encoder] = {}
        if time_of_day is not None:
            parts["time_of_day"] = _cyclic("time_of_day", time_of_day, 24.0, "hours")
        if day_of_week is not None:
            parts["day_of_week"] = _cyclic("day_of_week", day_of_week, 7.0, "days")
        if weekend is not None:
            n_weekend = check_integer("weekend", weekend, low=1)
            parts["weekend"] = CategoryEncoder([False, True], n_weekend)
        if season is not None:
            parts["season"] = _cyclic("season", season, 365.0, "days")
        if not parts:
            raise InputError("a DateEncoder needs at least one part, got none")
        self._parts = MultiEncoder(parts)
        self.size = self._parts.size
        self.n_active = self._parts.n_active

    def encode(self, value: datetime | np.datetime64) -> SDR:
        """Return the encoding of a datetime, a pandas Timestamp or a numpy.datetime64.

        Parameters
        ----------
        value : datetime or numpy.datetime64
            A moment.

        Returns
        -------
        SDR
            With `n_active` of `size` bits on.

        Raises
        ------
        InputError
            If it is no moment.
        """
        moment = _as_datetime(value)
        day = (moment - datetime(moment.year, moment.month, moment.day)).total_seconds() / 86400
        # A share of the year, so that leap years come round at New Year as well.
        length = timedelta(days=366 if isleap(moment.year) else 365)
        year = (moment - datetime(moment.year, 1, 1)) / length
        fields = {
            "time_of_day": day * 24,
            "day_of_week": moment.weekday() + day,
            "weekend": moment.weekday() >= 5,
            "season": year * 365,
        }
        return self._parts.encode({name: fields[name] for name in self._parts.encoders})


def _cyclic(name: str, pair: tuple[int, float], period: float, unit: str) -> CyclicEncoder:
    """Return the encoder of a part of a date, given as number of on-bits and radius."""
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise InputError(f"{name} must be a pair (n_active, radius in {unit}), got {shown(pair)}")
    try:
        check_number("radius", pair[1], unit=unit)
        return CyclicEncoder(pair[0], period, pair[1])
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _as_datetime(value: object) -> datetime:
    moment = value
    if isinstance(value, np.datetime64):
        year = value.astype("datetime64[Y]").astype(np.int64) + 1970
        # Microseconds of years further off would wrap to another date.
        if not np.isnat(value) and not 1 <= year <= 9999:
            raise InputError(f"value must lie in the years 1 to 9999, got {shown(value)}")
        moment = value.astype("datetime64[us]").item()
    # pandas' NaT calls itself a datetime; like NaN it differs from itself.
    if not isinstance(moment, datetime) or moment != moment:
        raise InputError(f"value must be a date and time, got {shown(value)}")
    return datetime(*moment.timetuple()[:6], moment.microsecond)
