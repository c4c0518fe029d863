"""Tell a run that misses what its stored result misses from one that has become worse.

``python -m docs.regressions results/quick/NAME ...`` reads what runs left in these folders. A check
that fails there and holds in ``docs/results/NAME.json``, or is not in it, is a regression: it is
named, and the status is 1. A check that the stored result misses, too, is named and changes
nothing; the documents show it as missed. Nor does one that is undecided, where the interval over a
quick form's few seeds holds the target: it is named as such, and the stored run has more seeds.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from docs.insert_results import RESULTS, load_results
from htm_brian.experiment.results import SUMMARY


def main(arguments: Sequence[str] | None = None) -> int:
    """Print each missed check of the runs; return 1 if there is a regression, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    given = parser.parse_args(arguments)
    stored = load_results(RESULTS)
    worse = False
    for folder in given.folders:
        path = folder / SUMMARY
        summary = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        if summary is None or summary["partial"]:
            print(f"regression: {folder}: the run did not end")
            worse = True
            continue
        known, undecided, new = missed(summary, stored.get(summary["protocol"], {}))
        for name in known:
            print(f"{summary['protocol']}: missed, as in the stored result: {name}")
        for name in undecided:
            print(f"{summary['protocol']}: undecided over so few seeds: {name}")
        for name in new:
            print(f"regression: {summary['protocol']}: {name}")
        worse = worse or bool(new)
    return int(worse)


def missed(
    summary: Mapping[str, Any], result: Mapping[str, Any]
) -> tuple[list[str], list[str], list[str]]:
    """Return the checks that a run misses: as its stored result, undecided ones, others."""
    before = {check["name"] for check in result.get("checks", []) if not check["passed"]}
    misses = [check for check in summary["checks"] if not check["passed"]]
    new = [check for check in misses if check["name"] not in before]
    return (
        [check["name"] for check in misses if check["name"] in before],
        [check["name"] for check in new if check["undecided"]],
        [check["name"] for check in new if not check["undecided"]],
    )


if __name__ == "__main__":
    raise SystemExit(main())
