"""Records of benchmarks: what they keep, what has changed between two, and their page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)


def made(commit: str, calibration: float, written: str, **values: tuple[float, str]) -> dict:
    rows = [
        {"label": name, "values": [value], "units": [unit]}
        for name, (value, unit) in values.items()
    ]
    return {
        "benchmark": "toy",
        "settings": "",
        "commit": commit,
        "written": written,
        "machine": "a machine, 2 cores",
        "versions": ["Python 3"],
        "load": 1.0,
        "calibration": calibration,
        "tables": [{"title": "table", "columns": {"column": "ns"}, "rows": rows}],
    }


def test_a_slower_machine_is_not_slower_code() -> None:
    from record import changes

    before = made("a", 1.0, "2026-01-01", step=(10.0, "ns"), rate=(100.0, "/s"), ratio=(2.0, "x"))
    after = made("b", 2.0, "2026-01-02", step=(20.0, "ns"), rate=(50.0, "/s"), ratio=(2.0, "x"))
    (head,) = changes(before, after)
    assert "2.00 times as slow" in head
    assert "3 figures within 1.15, 0 not" in head


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (30.0, "ns", "10.0 -> 30.0 ns, 3.00 times slower"),
        (5.0, "ns", "10.0 -> 5.00 ns, 2.00 times faster"),
        (30.0, "/s", "10.0 -> 30.0 /s, 3.00 times faster"),
        (5.0, "/s", "10.0 -> 5.00 /s, 2.00 times slower"),
        (15.0, "x", "10.0 -> 15.0 x, 1.50 times a higher ratio"),
    ],
)
def test_what_has_changed_is_named(value: float, unit: str, said: str) -> None:
    from record import changes

    before = made("a", 1.0, "2026-01-01", it=(10.0, unit))
    _, line = changes(before, made("b", 1.0, "2026-01-02", it=(value, unit)))
    assert line == f"table: it, column: {said}"


def test_the_last_record_of_another_commit_on_the_same_machine_is_compared_with(
    tmp_path: Path,
) -> None:
    from record import last_of_another_commit

    now = made("now", 1.0, "2026-01-09")
    others = [
        made("older", 1.0, "2026-01-01"),
        made("last", 1.0, "2026-01-05"),
        made("elsewhere", 1.0, "2026-01-07") | {"machine": "another"},
        made("otherwise", 1.0, "2026-01-08") | {"settings": "quick"},
        now,
    ]
    for each in others:
        (tmp_path / f"{each['commit']}.json").write_text(json.dumps(each))
    found = last_of_another_commit(tmp_path, now)
    assert found is not None and found["commit"] == "last"
    assert last_of_another_commit(tmp_path / "nowhere", now) is None


def test_a_benchmark_prints_keeps_and_compares(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import record

    for commit, took in (("first", 10.0), ("second", 40.0)):
        monkeypatch.setattr(record, "commit", lambda commit=commit: commit)
        own = record.Record("toy")
        table = own.table("a table", {"time": "ns", "ratio": "x"})
        table.row("a row", took, None)
        table.row("times real time", 0.5, 0.25, unit="x")
        file = own.write(tmp_path)
    printed = capsys.readouterr().out
    assert f"{'a row':<40}{'10.0':>11}{'-':>11}" in printed
    assert "no record of another commit" in printed
    assert "10.0 -> 40.0 ns" in printed
    kept = json.loads(file.read_text())
    assert kept["tables"][0]["rows"][1]["units"] == ["x", "x"]
    assert 0 < kept["calibration"] < 10
    page = record.markdown(kept)
    assert "| | time (ns) | ratio (x) |" in page
    assert "| a row | 40.0 | - |" in page
    assert "| times real time (x) | 0.50 | 0.25 |" in page


def test_the_page_shows_what_the_records_say() -> None:
    import insert_records

    page = insert_records.PAGE.read_text()
    assert insert_records.render(page) == page, "python benchmarks/insert_records.py"
    shown = {match[2] for match in insert_records.PLACE.finditer(page)}
    assert shown == {file.stem.removeprefix("bench_") for file in BENCHMARKS.glob("bench_*.py")}
