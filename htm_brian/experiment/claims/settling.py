"""Every claim, and what the results of its protocol say of it.

============== ==================================================================
verdict        when
============== ==================================================================
supported      every check that decides holds
refuted        none holds
depends        some hold, and some do not: the claim is true under conditions
undecided      none fails, but of some the interval is too wide to tell
not run        there is a protocol, and no complete result of it
not tested     there is no protocol
============== ==================================================================
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Any

import xarray as xr

from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check, format_number, with_unit
from htm_brian.experiment.protocol import list_protocols, load_protocol
from htm_brian.experiment.results import FIGURES, SUMMARY, describe_parameters
from htm_brian.experiment.sweep.dataset import CONFIDENCE, checks_of, interval
from htm_brian.experiment.sweep.grid import SEED

SUPPORTED, REFUTED, DEPENDS = "supported", "refuted", "depends"
UNDECIDED, NOT_RUN, NOT_TESTED = "undecided", "not run", "not tested"
VERDICTS = (SUPPORTED, DEPENDS, REFUTED, UNDECIDED, NOT_RUN, NOT_TESTED)
SETTLED = (SUPPORTED, DEPENDS, REFUTED)

SWEEPS = "sweeps"
"""Beside the results: sweeps over seeds, which give a number its interval."""


@dataclass(frozen=True)
class Claim:
    """One claim.

    Parameters
    ----------
    number : int
        Of the list.
    title, says : str
        What it is about, and what it says, in our words.
    thread : str
        The discussion in which it was made.
    protocol : str or None
        What tests it.
    checks : tuple of str
        Patterns of the checks that decide; all if empty.
    shown : str
        Pattern of the check whose number stands for it; the first that decides if empty.
    """

    number: int
    title: str
    says: str
    thread: str
    protocol: str | None = None
    checks: tuple[str, ...] = ()
    shown: str = ""


@dataclass(frozen=True)
class Result:
    """A stored result of a protocol.

    Parameters
    ----------
    protocol : str
    checks : tuple of Check
    date : str
        When it was made.
    versions : dict of str to str
        Of Python and of packages.
    seed : int or None
    parameters : dict
        As `htm_brian.experiment.results.describe_parameters` gives them.
    folder : Path or None
        With figures and a report, where the result is a whole run.
    seeds : xarray.Dataset or None
        The checks over several seeds, where there is such a sweep.
    table : dict
        Its table (``columns``, ``rows``), where it has one.
    n_seeds : int
        How many were run, from `seed` on.
    """

    protocol: str
    checks: tuple[Check, ...]
    date: str
    versions: Mapping[str, Any]
    seed: int | None
    parameters: Mapping[str, Any]
    folder: Path | None = None
    seeds: xr.Dataset | None = None
    table: Mapping[str, Any] = field(default_factory=dict)
    n_seeds: int = 1

    @property
    def figures(self) -> list[Path]:
        """The drawings of the run, as PNG."""
        return [] if self.folder is None else sorted((self.folder / FIGURES).glob("*.png"))


@dataclass(frozen=True)
class Settled:
    """A claim with its verdict.

    Parameters
    ----------
    claim : Claim
    verdict : str
        One of `VERDICTS`.
    deciding : tuple of Check
        The checks that decide.
    shown : Check or None
        The one whose number is shown.
    over_seeds : str
        Mean and interval of that number over seeds, where they are known.
    """

    claim: Claim
    verdict: str
    deciding: tuple[Check, ...] = ()
    shown: Check | None = None
    over_seeds: str = ""

    @property
    def held(self) -> int:
        """How many of the deciding checks hold."""
        return sum(check.passed for check in self.deciding)


def load_claims() -> list[Claim]:
    """Return all claims, by number.

    Examples
    --------
    >>> claims = load_claims()
    >>> len(claims), claims[15].title
    (46, 'NMDA spikes')
    """
    file = resources.files("htm_brian.experiment.claims") / "claims.toml"
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    threads = content["threads"]
    claims = [
        Claim(
            **{
                **entry,
                "thread": threads[entry["thread"]],
                "checks": tuple(entry.get("checks", ())),
            }
        )
        for entry in content["claim"]
    ]
    return sorted(claims, key=lambda claim: claim.number)


def load_results(folders: Iterable[Path]) -> tuple[dict[str, Result], list[str]]:
    """Return the complete results below some folders, by protocol; a later folder comes first.

    A run with other parameters than the protocol's own says nothing of the claim as it stands; it
    is left out.

    Parameters
    ----------
    folders : iterable of Path
        Each with folders of runs (``NAME/summary.json``), or with results that were stored alone
        (``NAME.json``), or both.

    Returns
    -------
    results : dict of str to Result
    left_out : list of str
        What was left out, and why.

    Raises
    ------
    InputError
        If there is no such folder, or a file in it cannot be read.
    """
    found: dict[str, Result] = {}
    left_out: list[str] = []
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"there is no folder {folder} with results; run a protocol first")
        for path in (*sorted(folder.glob("*.json")), *sorted(folder.glob(f"*/{SUMMARY}"))):
            result = _read(path, folder)
            other = [] if result is None else _other_parameters(result)
            if other:
                left_out.append(f"{path} (another {', '.join(other)})")
            elif result is not None:
                found[result.protocol] = result
    return found, left_out


def settle(claim: Claim, results: Mapping[str, Result]) -> Settled:
    """Return the verdict on a claim.

    Raises
    ------
    InputError
        If the result has no check that the claim names.
    """
    if claim.protocol is None:
        return Settled(claim, NOT_TESTED)
    result = results.get(claim.protocol)
    if result is None:
        return Settled(claim, NOT_RUN)
    deciding = tuple(_matching(claim, pattern, result) for pattern in claim.checks or ("*",))
    checks = tuple({check.name: check for some in deciding for check in some}.values())
    missed = [check for check in checks if check.verdict == "FAIL"]
    missed += [check for check in checks if check.undecided]
    first = _matching(claim, claim.shown, result)[0] if claim.shown else checks[0]
    shown = missed[0] if missed else first
    return Settled(claim, verdict_of(checks), checks, shown, _over_seeds(result, shown))


def verdict_of(checks: Sequence[Check]) -> str:
    """Return what checks say of the claim that they decide."""
    found = {check.verdict for check in checks}
    if "FAIL" in found:
        return DEPENDS if "pass" in found else REFUTED
    return UNDECIDED if "undecided" in found else SUPPORTED


def count(settled: Iterable[Settled]) -> dict[str, int]:
    """Return how many claims have each verdict, in the order of `VERDICTS`."""
    found = Counter(each.verdict for each in settled)
    return {verdict: found[verdict] for verdict in VERDICTS}


def _matching(claim: Claim, pattern: str, result: Result) -> list[Check]:
    found = [check for check in result.checks if fnmatchcase(check.name, pattern)]
    if not found:
        raise InputError(
            f"claim {claim.number} names a check {pattern!r}, and the result of {result.protocol} "
            f"has none; run it anew, or mend claims.toml"
        )
    return found


def _read(path: Path, folder: Path) -> Result | None:
    """Return a result; None where it is partial, a variant, or no result."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}") from None
    if not isinstance(content, dict) or not {"protocol", "checks"} <= set(content):
        return None
    alone = path.name != SUMMARY
    if content.get("partial") or (alone and path.stem != content["protocol"]):
        return None
    origin = content.get("provenance", content)
    return Result(
        content["protocol"],
        tuple(map(Check.from_dict, content["checks"])),
        origin.get("date") or str(origin["started"]).partition("T")[0],
        origin["versions"],
        origin.get("seed"),
        origin["parameters"],
        None if alone else path.parent,
        _seeds(folder, content["protocol"]),
        content.get("table") or {},
        origin.get("seeds", 1),
    )


def _other_parameters(result: Result) -> list[str]:
    """Return the names of parameters of a run that are not those of its protocol."""
    if result.folder is None or result.protocol not in list_protocols():
        return []
    own = describe_parameters(load_protocol(result.protocol).parameters)
    today = json.loads(json.dumps(own))
    names = sorted({*today, *result.parameters})
    return [name for name in names if today.get(name) != result.parameters.get(name)]


def _seeds(folder: Path, protocol: str) -> xr.Dataset | None:
    path = folder / SWEEPS / protocol / f"{protocol}.nc"
    if not path.exists():
        return None
    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        return dataset.load() if set(dataset.sizes) == {SEED} else None


def _over_seeds(result: Result, shown: Check) -> str:
    """Say the mean of a check over seeds, and its interval."""
    if result.seeds is None:
        return ""
    for name in checks_of(result.seeds):
        if result.seeds[name].attrs["long_name"] == shown.name:
            values = result.seeds[name].values
            mean, low, high = interval(values)
            ends = f"{format_number(low)} to {format_number(high)}"
            said = with_unit(format_number(mean), shown.unit)
            return f"{said} over {len(values)} seeds, {CONFIDENCE:.0%} interval {ends}"
    return ""


def unsettled(settled: Sequence[Settled]) -> list[Settled]:
    """Return the claims without a verdict."""
    return [each for each in settled if each.verdict not in SETTLED]
