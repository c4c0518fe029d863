"""What a benchmark found: printed as tables, kept as JSON, and held against the last commit's.

A benchmark makes one `Record`, adds tables and rows to it as they are measured, and writes it at
its end. The file goes to ``results/bench/NAME/COMMIT.json``, in the folder where it is run. If the
same machine has a record of another commit, what has become faster or slower is printed: times and
rates are divided by those of a calibration loop, which was timed in each of the two runs, so that a
machine that is slower today is not taken for slower code. Ratios to something in the same run need
no such division.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from time import process_time
from typing import Any

RECORDS = Path("results") / "bench"
TIMES, RATE = ("s", "ms", "us", "ns"), "/s"
NOTICEABLE = 1.15
"""Ratio between two commits that is printed; less is noise on a machine that others use too."""
ROUNDS = 200_000


class Table:
    """Rows of one kind, printed as they come.

    Parameters
    ----------
    title : str
    columns : mapping of str to str
        The unit of each column by its name: one of `TIMES`, `RATE`, ``"x"`` for a ratio, or any.
    """

    def __init__(self, title: str, columns: Mapping[str, str]) -> None:
        self.title, self.columns = title, dict(columns)
        self.rows: list[dict[str, Any]] = []
        names = [f"{name} ({unit})" if unit else name for name, unit in self.columns.items()]
        self._widths = [max(10, len(name) + 2) for name in names]
        print(f"\n{title}")
        print(" " * 40 + "".join(f"{n:>{w}}" for n, w in zip(names, self._widths, strict=True)))

    def row(self, label: str, *values: float | None, unit: str | None = None) -> None:
        """Add a row and print it; None where there is no figure.

        `unit` is that of all its values, where it is not the columns' own.
        """
        assert len(values) == len(self.columns), f"{label}: a value for each column"
        units = list(self.columns.values()) if unit is None else [unit] * len(values)
        self.rows.append({"label": label, "values": list(values), "units": units})
        texts = [shown(value) for value in values]
        cells = "".join(f"{text:>{w}}" for text, w in zip(texts, self._widths, strict=True))
        print(f"{label:<40}{cells}", flush=True)

    def as_dict(self) -> dict[str, Any]:
        """Return the table for JSON."""
        return {"title": self.title, "columns": self.columns, "rows": self.rows}


class Record:
    """All that one benchmark finds in one run.

    Parameters
    ----------
    name : str
        Of the benchmark: ``"network"`` for ``bench_network.py``.
    settings : str
        How it was run, where that is not the default.
    """

    def __init__(self, name: str, settings: str = "") -> None:
        self.name, self.settings = name, settings
        self.tables: list[Table] = []
        self._calibration = calibrate()
        self._load = os.getloadavg()[0]
        print(f"{datetime.now():%Y-%m-%d %H:%M}, {machine()}, {', '.join(versions())}")
        if settings:
            print(settings)

    def table(self, title: str, columns: Mapping[str, str]) -> Table:
        """Begin a table."""
        self.tables.append(Table(title, columns))
        return self.tables[-1]

    def as_dict(self) -> dict[str, Any]:
        """Return the record for JSON."""
        return {
            "benchmark": self.name,
            "settings": self.settings,
            "commit": commit(),
            "written": datetime.now().isoformat(timespec="seconds"),
            "machine": machine(),
            "versions": versions(),
            "load": max(self._load, os.getloadavg()[0]),
            "calibration": min(self._calibration, calibrate()),
            "tables": [table.as_dict() for table in self.tables],
        }

    def write(self, folder: Path = RECORDS) -> Path:
        """Keep the record, print what has changed since another commit, and return the file."""
        found = self.as_dict()
        place = folder / self.name
        before = last_of_another_commit(place, found)
        place.mkdir(parents=True, exist_ok=True)
        file = place / f"{found['commit']}.json"
        file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        print(f"\nkept as {file}")
        if before is None:
            print("no record of another commit on this machine to compare with")
        else:
            for line in changes(before, found):
                print(line)
        return file


def shown(value: float | None) -> str:
    """Return a figure with three digits."""
    if value is None or value != value:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return (
        f"{value:.1f}"
        if abs(value) >= 10
        else f"{value:.2f}"
        if abs(value) >= 0.1
        else f"{value:.2g}"
    )


def calibrate() -> float:
    """Return the seconds of a fixed loop over small integers, the least of some passes."""
    least = float("inf")
    for _ in range(7):
        state, start = 1, process_time()
        for _ in range(ROUNDS):
            state = (state * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        least = min(least, process_time() - start)
    return least


def machine() -> str:
    """Return the processor's name and the number of cores; nothing that names this machine."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass  # another system; what Python knows must do
    return f"{name}, {os.cpu_count()} cores"


def versions() -> list[str]:
    """Return what the figures depend on."""
    packages = [f"{name} {version(name)}" for name in ("brian2", "numpy", "numba", "cython")]
    return [f"Python {platform.python_version()}", *packages]


def commit() -> str:
    """Return the commit that is checked out, with a + where files differ from it."""
    try:
        head = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed else "")


def _git(*words: str) -> str:
    said = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    return said.stdout.strip()


def last_of_another_commit(place: Path, found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the newest record that this machine has of another commit, run in the same way."""
    known = [json.loads(file.read_text(encoding="utf-8")) for file in place.glob("*.json")]
    alike = [
        each
        for each in known
        if each["commit"] != found["commit"]
        and all(each[key] == found[key] for key in ("machine", "settings"))
    ]
    return max(alike, key=lambda each: str(each["written"]), default=None)


def figures(record: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str], float, str]]:
    """Yield what names a figure (table, row, column), its value and its unit."""
    for table in record["tables"]:
        for row in table["rows"]:
            cells = zip(table["columns"], row["values"], row["units"], strict=True)
            for column, value, unit in cells:
                if value:
                    yield (table["title"], row["label"], column), float(value), unit


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return a line for each figure that has changed noticeably, and one that counts the others."""
    pace = float(now["calibration"]) / float(before["calibration"])
    older = {name: value for name, value, _ in figures(before)}
    lines, same = [], 0
    for name, value, unit in figures(now):
        if name not in older or unit not in (*TIMES, RATE, "x"):
            continue
        factor = value / older[name]
        # How much longer the same work takes: more time, or fewer steps in a second.
        slower = factor / pace if unit in TIMES else 1 / (factor * pace) if unit == RATE else factor
        if 1 / NOTICEABLE < slower < NOTICEABLE:
            same += 1
            continue
        said = "a higher ratio" if unit == "x" and slower > 1 else "slower" if slower > 1 else ""
        said = said or ("a lower ratio" if unit == "x" else "faster")
        table, row, column = name
        lines.append(
            f"{table}: {row}, {column}: {shown(older[name])} -> {shown(value)} {unit}, "
            f"{max(slower, 1 / slower):.2f} times {said}"
        )
    head = (
        f"since {before['commit']} ({before['written']}), the machine {pace:.2f} times as slow: "
        f"{same} figures within {NOTICEABLE:.2f}, {len(lines)} not"
    )
    return [head, *lines]


def markdown(record: Mapping[str, Any]) -> str:
    """Return the tables of a record for the documents, and on what machine it was made."""
    lines: list[str] = []
    for table in record["tables"]:
        heads = [f"{name} ({unit})" if unit else name for name, unit in table["columns"].items()]
        lines += [f"*{table['title']}*", "", f"| | {' | '.join(heads)} |"]
        lines += ["| --- |" + " --- |" * len(heads)]
        for row in table["rows"]:
            own = "" if row["units"] == list(table["columns"].values()) else f" ({row['units'][0]})"
            cells = " | ".join(shown(value) for value in row["values"])
            lines.append(f"| {row['label']}{own} | {cells} |")
        lines.append("")
    told = f"{record['machine']}, {', '.join(record['versions'])}"
    told += f", {record['written'][:10]}"
    if record["load"] is not None:
        told += f", load {record['load']:.1f}"
    lines.append(told + (f"; {record['settings']}." if record["settings"] else "."))
    return "\n".join(lines) + "\n"
