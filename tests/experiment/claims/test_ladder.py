from __future__ import annotations

from htm_brian.experiment.checks import Check
from htm_brian.experiment.claims.ladder import Rung, load_ladder, steps_of
from htm_brian.experiment.claims.settling import DEPENDS, NOT_RUN, Result
from htm_brian.experiment.protocol import list_protocols

RUNG = Rung("above", "below", "much", ("halves", "thirds"))
HELD = Check("one", 0.5, "1", 0.4, 0.6, "a paper")
MISSED = Check("two", 0.7, "1", 0.4, 0.6, "a paper")
TABLE = {
    "columns": ["quantity", "abstract", "spiking", "difference", "95 % interval", "verdict"],
    "rows": [
        ["A TITLE", "", "", "", "", ""],
        ["anomaly", "0.1", "0.2", "+0.1", "+0.05 to +0.15", "pass"],
        ["speed", "1", "2", "", "", ""],
    ],
}


def test_every_rung_names_protocols_that_there_are_and_the_ladder_has_no_gap() -> None:
    rungs = load_ladder()
    known = set(list_protocols())
    for rung in rungs:
        assert set(rung.protocols) <= known
    levels = [rung for rung in rungs if rung.lower.startswith("level")]
    assert [rung.lower.partition(":")[0] for rung in levels] == ["level 2", "level 1", "level 0"]
    below = [rung.upper.partition(":")[0] for rung in rungs if rung.upper.startswith("level")]
    assert below == ["level 2", "level 1", "level 0"]


def test_a_rung_tells_what_its_protocols_found() -> None:
    result = Result("halves", (HELD, MISSED), "2031-02-03", {}, 1, {}, table=TABLE)
    halves, thirds = steps_of(RUNG, {"halves": result})
    assert (halves.verdict, halves.held, halves.missed) == (DEPENDS, (HELD,), (MISSED,))
    assert halves.intervals == (("anomaly", "0.2", "0.1", "+0.05 to +0.15"),)
    assert (thirds.verdict, thirds.held, thirds.intervals) == (NOT_RUN, (), ())


def test_a_result_without_a_table_has_no_intervals() -> None:
    (halves, _) = steps_of(RUNG, {"halves": Result("halves", (HELD,), "2031-02-03", {}, 1, {})})
    assert halves.intervals == ()
