"""From a series to the stream of active columns that every level of a comparison is fed.

Numbers become random distributed scalars beside the part of the time that comes back (see
`htm_brian.streams.stream_parameters`), where the series has times; symbols become categories. A
Spatial Pooler then chooses columns. It learns on the first part of the series, is fixed from then
on, and codes the whole series once. So each level gets the same columns, the same input always has
the same code, and a change in what a memory predicts is never a change of the code beneath it.

The pooler is boosted. Without boosting a few columns win most inputs of so regular a series, codes
share most of their bits, and which of the many coinciding predictions a memory learns depends on
chance: two abstract memories that differ in their seed then agree badly (on the bundled series,
512 × 8 cells: Jaccard of predicted columns 0.85 unboosted, 1.00 at a strength of 10). A yardstick
must not be looser than what it measures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from htm_brian.abstract.encoders import CategoryEncoder, DateEncoder, MultiEncoder, ScalarEncoder
from htm_brian.abstract.spatial_pooler import SpatialPooler
from htm_brian.sdr.ragged import Ragged
from htm_brian.sdr.sdr import SDR
from htm_brian.streams.series import Series
from htm_brian.streams.stream_parameters import StreamParameters, positions

LARGEST = 8192
"""Bits that a part of an encoding may have; finer ones are drawn at random from so many."""


class Chooser(Protocol):
    """What chooses columns: a spatial pooler, abstract or spiking."""

    def compute(self, sdr: SDR, learn: bool = True) -> SDR:
        """Return the columns that win with this input."""


def encode(series: Series, parameters: StreamParameters, seed: int) -> list[SDR]:
    """Return the encoding of every value of `series`, with its time where that is coded."""
    if series.symbolic:
        return _encode_symbols(series.values.tolist(), parameters.category_bits, seed)
    scalar = ScalarEncoder(parameters.value_size, parameters.value_bits, 1.0, seed)
    values = positions(series.values.astype(float), parameters.value_buckets).tolist()
    if series.timestamps is None or not parameters.times_coded:
        return [scalar.encode(value) for value in values]
    both = MultiEncoder({"value": scalar, "moment": _MomentEncoder(parameters, seed)})
    return [
        both.encode({"value": value, "moment": stamp})
        for value, stamp in zip(values, series.timestamps, strict=True)
    ]


def input_size(series: Series, parameters: StreamParameters) -> int:
    """Return the number of bits of an encoding."""
    if series.symbolic:
        return min(LARGEST, len(np.unique(series.values)) * parameters.category_bits)
    if series.timestamps is None or not parameters.times_coded:
        return parameters.value_size
    return parameters.value_size + _MomentEncoder(parameters, 0).size


class _MomentEncoder:
    """The parts of a moment that are coded.

    A time of day so fine that its ring would be too large gets bits drawn at random, from a stream
    that moves on by all of them within the radius.
    """

    def __init__(self, p: StreamParameters, seed: int) -> None:
        radii = {
            "time_of_day": p.time_of_day_radius,
            "day_of_week": p.day_of_week_radius,
            "season": p.season_radius,
        }
        self._fine: ScalarEncoder | None = None
        hours = radii["time_of_day"]
        if hours is not None and p.time_bits * 24 / hours > LARGEST:
            self._fine = ScalarEncoder(LARGEST, p.time_bits, hours / p.time_bits, seed)
            del radii["time_of_day"]
        rings = {name: None if r is None else (p.time_bits, r) for name, r in radii.items()}
        self._rings: DateEncoder | None = None
        if any(ring is not None for ring in rings.values()) or p.weekend_bits:
            self._rings = DateEncoder(
                time_of_day=rings.get("time_of_day"),
                day_of_week=rings["day_of_week"],
                season=rings["season"],
                weekend=p.weekend_bits or None,
            )
        parts = [part for part in (self._fine, self._rings) if part is not None]
        self.size = sum(part.size for part in parts)
        self.n_active = sum(part.n_active for part in parts)

    def encode(self, stamp: np.datetime64) -> SDR:
        rings = None if self._rings is None else self._rings.encode(stamp)
        if self._fine is None:
            assert rings is not None
            return rings
        day = stamp.astype("datetime64[D]")
        hour = (stamp - day).astype("timedelta64[us]").astype(np.int64) / 3.6e9
        bits = self._fine.encode(float(hour)).sparse
        if rings is not None:
            bits = np.concatenate([bits, rings.sparse + self._fine.size])
        return SDR(self.size, bits)


def _encode_symbols(symbols: list[str], bits: int, seed: int) -> list[SDR]:
    """Give each symbol bits of its own; of very many, bits drawn at random."""
    known = sorted(set(symbols))
    if len(known) * bits <= LARGEST:
        categories = CategoryEncoder(known, bits)
        return [categories.encode(symbol) for symbol in symbols]
    apart = ScalarEncoder(LARGEST, bits, 1 / bits, seed)
    codes = {symbol: apart.encode(float(index)) for index, symbol in enumerate(known)}
    return [codes[symbol] for symbol in symbols]


def choose_columns(
    series: Series,
    columns: int,
    parameters: StreamParameters,
    seed: int,
    after_step: Callable[[int], bool] | None = None,
    chooser: Callable[[SpatialPooler], Chooser] | None = None,
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
    chooser : callable, optional
        Makes, of an untrained pooler, what chooses in its place, such as
        `htm_brian.network.spatial_pooler.SpikingSpatialPooler`.

    Returns
    -------
    Ragged, or None if `after_step` ended it
    """
    encodings = encode(series, parameters, seed)
    untrained = SpatialPooler(
        encodings[0].size,
        columns,
        density=parameters.active_columns / columns,
        boost_strength=parameters.boost_strength,
        duty_cycle_period=parameters.duty_cycle_period,
        seed=seed,
    )
    pooler: Chooser = untrained if chooser is None else chooser(untrained)
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
