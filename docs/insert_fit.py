"""Put the scores of stored fits into ``docs/fitting.md``.

``docs/fits/NAME.json`` is a ``score.json`` or ``fit.json`` of ``htm-brian fit``. Its table stands
between ``[fit]: # (NAME)`` and ``[end]: # (fit)``, which a reader does not see.
``python -m docs.insert_fit`` writes the tables anew; ``--from FILE --as NAME`` stores a result
first; ``--check`` changes nothing, and fails where the page and the results differ.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from htm_brian.fitting.score import rows_of

DOCS = Path(__file__).resolve().parent
PAGE, FITS = DOCS / "fitting.md", DOCS / "fits"
PLACE = re.compile(r"(\[fit\]: # \(([a-z0-9_]+)\)\n).*?(\[end\]: # \(fit\))", re.DOTALL)
PATHS = re.compile(r"(?<=[ =])\S*/\S+")


def table(found: dict[str, Any]) -> str:
    """Return the scores of a result as Markdown."""
    score = found["score"]
    head, *rows = (f"| {' | '.join(row)} |" for row in rows_of(score["by_role"]))
    lines = [head, "| --- |" + " --- | --- |" * len(score["by_role"]), *rows]
    lines += ["", *(_robust(role, its) for role, its in score["fragility"].items())]
    worst = ", ".join(
        f"`{each['parameter']}` {each['change']} ({each['lost']})"
        for each in score["changes_that_break_most"]
    )
    lines += [
        f"Of {score['changes']} changes {score['changes_that_break_nothing']} break no check that "
        f"holds; most are lost by {worst}.",
    ]
    outside = ", ".join(f"`{path}`" for path in found.get("outside_range", []))
    if outside:
        lines.append(f"Outside the range of the literature: {outside}.")
    touched = ", ".join(f"`{path}`" for path in found.get("at_bounds", []))
    if touched:
        lines.append(f"At a bound, so the fit failed: {touched}.")
    versions = found["identity"]["versions"]
    made = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines += ["", f"`{found['model']}`, {found['written'][:10]}, {made}."]
    return "\n".join(lines) + "\n"


def _robust(role: str, its: dict[str, Any]) -> str:
    return (
        f"Of the {its['hold']} checks that hold ({role}) {its['robust']} do so in at least 90 % of "
        "the changes."
    )


def render(text: str) -> str:
    """Return the page with every table written anew."""

    def anew(match: re.Match[str]) -> str:
        found = json.loads((FITS / f"{match[2]}.json").read_text(encoding="utf-8"))
        return f"{match[1]}\n{table(found)}\n{match[3]}"

    return PLACE.sub(anew, text)


def store(file: Path, name: str) -> None:
    """Store a result under a name; nothing of the machine is kept."""
    found = json.loads(file.read_text(encoding="utf-8"))
    found["command"] = PATHS.sub("FOLDER", found["command"])
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (FITS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main() -> int:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="file", type=Path)
    parser.add_argument("--as", dest="name")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    if given.file is not None:
        store(given.file, given.name)
    text = PAGE.read_text(encoding="utf-8")
    new = render(text)
    if given.check:
        return int(new != text)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
