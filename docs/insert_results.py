"""Put the figures of stored results into the documents, and store the result of a run.

``docs/results/NAME.json`` keeps one run: its checks, table, metrics, parameters and versions. The
documents (``README.md``, ``docs/*.md``) say with comments, which a reader does not see, what
belongs where:

``<!-- result NAME -->`` to ``<!-- end -->``
    the table of a run, and when and with what it was made;
``<!-- overview -->`` to ``<!-- end -->``
    one row for each result that the document shows;
``<!-- findings -->`` to ``<!-- end -->``
    one row for each stored result, with the claim that was tested;
``<!-- refuted -->`` to ``<!-- end -->``
    the checks that do not hold, with their numbers;
``<!--= NAME: KEY -->`` to ``<!--/-->``
    one figure: the value of the check called KEY, or ``metrics / KEY``, or ``parameters / KEY``.

NAME is a protocol, or one with a variant, ``fitted_network+apart``. Everything between the comments
is written anew, and so is the verdict figure (``docs/verdict.svg``). Figures of a result that is
not stored read "not run yet"; parameters are those that the protocol has today.

``python -m docs.insert_results`` writes the documents. ``--from results/NAME`` stores that run
first, with ``--as NAME+VARIANT`` under another name, and what it drew for documents
(``figures/X_in_brief.png`` as ``docs/X.png``). ``--check`` changes nothing, and fails where a
document and the results differ.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from docs import verdict_figure
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check, format_number, tally, with_unit
from htm_brian.experiment.protocol import load_protocol
from htm_brian.experiment.report import checks_table
from htm_brian.experiment.results import SUMMARY, describe_parameters

DOCS = Path(__file__).resolve().parent
RESULTS = DOCS / "results"
README = DOCS.parent / "README.md"
PROTOCOLS = DOCS / "protocols.md"
VERDICT = DOCS / "verdict.svg"
BRIEF = "_in_brief.png"
NOT_RUN = "not run yet"
NAME = r"[a-z0-9_]+(?:\+[a-z0-9_]+)?"
INSIDE = r"(?:(?!<!--).)*"
TABLE = re.compile(rf"(<!-- result ({NAME}) -->\n){INSIDE}(<!-- end -->)", re.DOTALL)
OVERVIEW, FINDINGS, REFUTED = (
    re.compile(rf"(<!-- {place} -->\n){INSIDE}(<!-- end -->)", re.DOTALL)
    for place in ("overview", "findings", "refuted")
)
FIGURE = re.compile(rf"(<!--= ({NAME}): (.+?) -->){INSIDE}(<!--/-->)", re.DOTALL)
VERSIONS = ("htm-brian", "brian2", "numpy", "python")

Result = Mapping[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Store runs that are named, then write the documents or compare them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--from", dest="runs", type=Path, nargs="+", default=[], metavar="FOLDER")
    parser.add_argument("--as", dest="name", help="store the one run under this name")
    parser.add_argument("--check", action="store_true", help="compare only")
    given = parser.parse_args(arguments)
    if given.name is not None and len(given.runs) != 1:
        parser.error("--as needs exactly one folder after --from")
    try:
        for folder in given.runs:
            print(f"stored {store(folder, RESULTS, given.name)}")
            for picture in keep_pictures(folder, DOCS):
                print(f"stored {picture}")
        changed = write_documents(given.check)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for path in changed:
        print(f"{'differs from its results' if given.check else 'written'}: {path}")
    return 1 if given.check and changed else 0


def write_documents(check_only: bool = False) -> list[Path]:
    """Render every document and the verdict figure; return those that changed, or would."""
    results = load_results(RESULTS)
    written = {VERDICT: verdict_figure.draw(results, in_order(results))}
    for path in (README, *sorted(DOCS.glob("*.md"))):
        written[path] = render(path.read_text(encoding="utf-8"), results)
    changed = []
    for path, text in written.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            changed.append(path)
            if not check_only:
                path.write_text(text, encoding="utf-8")
    return changed


def in_order(results: Mapping[str, Result]) -> list[str]:
    """Return the names of the results in the order in which docs/protocols.md shows them."""
    shown = [match[2] for match in TABLE.finditer(PROTOCOLS.read_text(encoding="utf-8"))]
    return sorted(results, key=lambda name: (name not in shown, [*shown, name].index(name)))


def store(folder: Path, results: Path, name: str | None = None) -> Path:
    """Keep what a document may show of the run in `folder`, and return the file.

    Raises
    ------
    InputError
        If there is no summary, the run was partial, or its parameters are not the protocol's own
        and no name of a variant is given.
    """
    path = folder / SUMMARY
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}") from None
    protocol, provenance = summary["protocol"], summary["provenance"]
    name = protocol if name is None else name
    if not re.fullmatch(NAME, name) or protocol_of(name) != protocol:
        raise InputError(f"a run of {protocol} is stored as {protocol} or {protocol}+variant")
    if summary["partial"]:
        raise InputError(f"{path} is of a run that was stopped before its end")
    seeds, needed = provenance.get("seeds", 1), load_protocol(protocol).seeds_by_default
    if seeds < needed:
        raise InputError(f"{path} is of {seeds} seed, the outcome is drawn: run it with {needed}")
    other = differences(protocol, provenance["parameters"])
    if other and name == protocol:
        raise InputError(
            f"{path} is of a run with {', '.join(other)}; give it a name of its own: "
            f"--as {protocol}+variant"
        )
    kept = {
        "protocol": protocol,
        "passed": summary["passed"],
        "date": provenance["started"].partition("T")[0],
        "duration_seconds": provenance["duration_seconds"],
        "seed": provenance["seed"],
        "seeds": provenance.get("seeds", 1),
        "git_revision": provenance["git_revision"],
        "versions": {package: provenance["versions"][package] for package in VERSIONS},
        "parameters": provenance["parameters"],
        "checks": summary["checks"],
        "table": summary.get("table"),
        "metrics": summary["metrics"],
    }
    file = results / f"{name}.json"
    file.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def keep_pictures(folder: Path, documents: Path) -> list[Path]:
    """Copy what the run in `folder` drew for documents, and return the copies."""
    return [
        Path(shutil.copyfile(path, documents / path.name.replace(BRIEF, ".png")))
        for path in sorted((folder / "figures").glob(f"*{BRIEF}"))
    ]


def load_results(folder: Path) -> dict[str, Result]:
    """Return all stored results by name."""
    return {
        path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))
    }


def render(text: str, results: Mapping[str, Result]) -> str:
    """Return the document with every marked place written anew.

    Raises
    ------
    InputError
        If a place has no end, or no result has what it names.

    Examples
    --------
    >>> render("<!--= release_cost: parameters / threshold --><!--/--> synapses", {})
    '<!--= release_cost: parameters / threshold -->13<!--/--> synapses'
    """
    names = [match[2] for match in TABLE.finditer(text)]
    rest = text
    for place in (OVERVIEW, FINDINGS, REFUTED, TABLE, FIGURE):
        rest = place.sub("", rest)
    if "<!--" in rest:
        line = rest[rest.index("<!--") :].partition("\n")[0]
        raise InputError(f"a marked place without begin or end: {line}")
    text = OVERVIEW.sub(lambda m: f"{m[1]}{overview(names, results)}\n{m[2]}", text)
    text = FINDINGS.sub(lambda m: f"{m[1]}{findings(results)}\n{m[2]}", text)
    text = REFUTED.sub(lambda m: f"{m[1]}{refuted(results)}\n{m[2]}", text)
    text = TABLE.sub(lambda m: f"{m[1]}{table(m[2], results.get(m[2]))}\n{m[3]}", text)
    return FIGURE.sub(lambda m: f"{m[1]}{figure(m[2], m[3], results.get(m[2]))}{m[4]}", text)


def table(name: str, result: Result | None) -> str:
    """Return the table of a result, with a line on where it comes from."""
    if result is None:
        return f"*`{name}`: {NOT_RUN}.*\n"
    shown = result["table"] or asdict(checks_table([*map(Check.from_dict, result["checks"])]))
    rows = [["**FAIL**" if cell == "FAIL" else cell for cell in row] for row in shown["rows"]]
    lines = [_row(cells) for cells in (shown["columns"], ["---"] * len(shown["columns"]), *rows)]
    return "\n".join([*lines, "", f"*{verdict(result)}. {origin(result)}*", ""])


def overview(names: Sequence[str], results: Mapping[str, Result]) -> str:
    """Return one row for each result: how many checks hold, and how long the run took."""
    lines = [_row(["protocol", "checks that hold", "minutes"]), _row(["---"] * 3)]
    for name in names:
        link, result = f"[`{name}`](#{protocol_of(name)})", results.get(name)
        if result is None:
            lines.append(_row([link, NOT_RUN, ""]))
        else:
            minutes = format_number(round(result["duration_seconds"] / 60, 1))
            lines.append(_row([link, _score(result), minutes]))
    return "\n".join(lines)


def findings(results: Mapping[str, Result]) -> str:
    """Return one row for each result: the claim, and how many checks of it hold."""
    lines = [_row(["claim", "protocol", "checks that hold"]), _row(["---"] * 3)]
    for name in in_order(results):
        claim = load_protocol(protocol_of(name)).claim
        lines.append(
            _row([claim[0].upper() + claim[1:].rstrip("."), _link(name), _score(results[name])])
        )
    return "\n".join(lines)


def refuted(results: Mapping[str, Result]) -> str:
    """Return one line for each check that does not hold: what was found, what was claimed.

    One that is undecided is not refuted.
    """
    missed = [
        f"- {_link(name)}: {check.name}: found {check.found}, claimed {check.target} "
        f"({check.source})"
        for name in in_order(results)
        for stored in results[name]["checks"]
        if not (check := Check.from_dict(stored)).passed and not stored.get("undecided", False)
    ]
    return "\n".join(missed) or "Nothing is refuted so far."


def _link(name: str) -> str:
    """Return a link from the top of the repository to the section of a result."""
    return f"[`{name}`](docs/protocols.md#{protocol_of(name)})"


def figure(name: str, key: str, result: Result | None) -> str:
    """Return one figure of a result, with its unit.

    Raises
    ------
    InputError
        If there is no such key.
    """
    place, slash, rest = key.partition(" / ")
    if slash and place == "parameters":
        described = describe_parameters(load_protocol(protocol_of(name)).parameters)
        if rest not in described:
            raise InputError(f"{name} has no parameter {rest!r}; it has {', '.join(described)}")
        return _value(described[rest])
    if result is None:
        return NOT_RUN
    if slash and place == "metrics":
        return _number(_metric(name, rest, result["metrics"]))
    checks = {check["name"]: check for check in result["checks"]}
    if key not in checks:
        raise InputError(f"{name} has no check {key!r}; it has {', '.join(checks)}")
    check = Check.from_dict(checks[key])
    value = check.value if check.mean is None else check.mean
    return with_unit(format_number(value), check.unit)


def verdict(result: Result) -> str:
    """Say how many checks hold, and name those that do not, or that the interval cannot tell."""
    missed = [check for check in result["checks"] if not check["passed"]]
    by_role = tally([Check.from_dict(check) for check in result["checks"]])
    ending = f": {by_role}" if by_role else ""
    if not missed:
        return f"Every check holds ({_score(result)}){ending}"
    said = f"{_score(result)} checks hold{ending}"
    for what, undecided in (("Missed", False), ("Undecided", True)):
        its = [check["name"] for check in missed if check.get("undecided", False) is undecided]
        said += f". {what}: {'; '.join(its)}" if its else ""
    return said


def origin(result: Result) -> str:
    """Say when and with what a result was made, and where its parameters differ from today's."""
    versions = result["versions"]
    said = f"Run of {result['date']}, Brian2 {versions['brian2']}"
    if result["seed"] is not None:
        said += f", {_seeds(result)}"
    other = differences(result["protocol"], result["parameters"])
    return f"{said}; {', '.join(other)}." if other else f"{said}."


def _seeds(result: Result) -> str:
    first, n = result["seed"], result.get("seeds", 1)
    return f"seed {first}" if n == 1 else f"seeds {first} to {first + n - 1}, 95 % intervals"


def differences(protocol: str, parameters: Mapping[str, Any]) -> list[str]:
    """Return the parameters of a run that are not those which the protocol has today."""
    today = describe_parameters(load_protocol(protocol).parameters)
    named = [
        f"{name} = {_value(parameters[name])}"
        for name in parameters
        if json.loads(json.dumps(today.get(name))) != parameters[name]
    ]
    return named + [f"no {name}" for name in today if name not in parameters]


def protocol_of(name: str) -> str:
    """Return the protocol of a result that may be a variant."""
    return name.partition("+")[0]


def _score(result: Result) -> str:
    checks = result["checks"]
    return f"{sum(check['passed'] for check in checks)} of {len(checks)}"


def _metric(name: str, path: str, metrics: Any) -> Any:
    found = metrics
    for key in path.split(" / "):
        if not isinstance(found, Mapping) or key not in found:
            known = ", ".join(found) if isinstance(found, Mapping) else "nothing"
            raise InputError(f"{name} has no metric {path!r}; where {key!r} is sought are: {known}")
        found = found[key]
    return found


def _value(described: Mapping[str, Any]) -> str:
    """Return a parameter as `describe_parameters` gives it, with its unit."""
    value, unit = described["value"], described["unit"]
    if isinstance(value, list):
        return with_unit(", ".join(_number(entry) for entry in value), unit or "1")
    return with_unit(_number(value), unit or "1")


def _number(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        return str(value)
    return format_number(value)


def _row(cells: Sequence[str]) -> str:
    inner = " | ".join(cell.replace("|", r"\|") for cell in cells)
    return f"| {inner} |"


if __name__ == "__main__":
    sys.exit(main())
