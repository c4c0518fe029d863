"""Bad input in bulk: each is an error of one line and status 2, none a traceback or a run.

Model files are made from the real ones by mutations of their values, units, keys, tables, headers
and encoding; settings from the parameters of every protocol; calls from what users call.
"""

from __future__ import annotations

import gzip
import math
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from brian2 import Quantity, mV, nS, volt
from brian2.units.fundamentalunits import have_same_dimensions

import htm_brian
from htm_brian.cli import main
from htm_brian.errors import ExitStatus, InputError
from htm_brian.experiment.protocol import list_protocols, load_protocol
from htm_brian.parameters import list_models, load_model

MODELS = ("l5_reduced", "l5_thick_tufted", "naud_sprekeler", "layer5_pair", "minicolumns")
LONGEST_LINE = 600


def text_of(name: str) -> str:
    return (resources.files("htm_brian.models") / f"{name}.toml").read_text(encoding="utf-8")


# Mutations of one line of a model file: each makes it wrong, whatever the parameter.
LINE_MUTATIONS: dict[str, Callable[[str], str]] = {
    "no unit": lambda line: re.sub(r'unit = "[^"]*", ', "", line),
    "unknown unit": lambda line: re.sub(r'unit = "[^"]*"', 'unit = "zorkmid"', line),
    "other dimension": lambda line: re.sub(r'unit = "[^"]*"', 'unit = "lux"', line),
    "unit is a number": lambda line: re.sub(r'unit = "[^"]*"', "unit = 3", line),
    "nan": lambda line: re.sub(r"value = [^,]*", "value = nan", line),
    "infinite": lambda line: re.sub(r"value = [^,]*", "value = inf", line),
    "text": lambda line: re.sub(r"value = ([^,]*)", r'value = "\1"', line),
    "boolean": lambda line: re.sub(r"value = [^,]*", "value = true", line),
    "list": lambda line: re.sub(r"value = ([^,]*)", r"value = [\1]", line),
    "huge": lambda line: re.sub(r"value = [^,]*", "value = 1e308", line),
    "minus huge": lambda line: re.sub(r"value = [^,]*", "value = -1e308", line),
    "no source": lambda line: re.sub(r'source = "[^"]*"', 'source = ""', line),
    "misspelt field": lambda line: line.replace("source =", "sorce ="),
    "range upside down": lambda line: re.sub(r"low = [^,}]*", "low = 1e9 ", line),
    "misspelt key": lambda line: line[1:],
    "unknown key": lambda line: f"{line}\nzorkmid{line[line.index(' =') :]}",
    "bare number": lambda line: re.sub(r"= \{.*", "= 3", line),
    "no TOML": lambda line: line.replace(" = {", " {", 1),
    "twice": lambda line: f"{line}\n{line}",
    "bad link": lambda line: line.replace(" }", ', same_as = "l5_reduced:soma.zorkmid" }'),
}


def mutated_lines() -> Iterator[tuple[str, str, bytes]]:
    """Yield one mutation of every parameter of some models, all mutations by turns."""
    turn = 0
    for name in MODELS:
        lines = text_of(name).split("\n")
        header = True
        for number, line in enumerate(lines):
            header = header and (not line.startswith("[") or line == "[model]")
            if header or not re.match(r"\w+ = \{", line):
                continue
            kind = list(LINE_MUTATIONS)[turn % len(LINE_MUTATIONS)]
            turn += 1
            if "same_as" in line and kind == "bad link":
                continue
            changed = [*lines[:number], LINE_MUTATIONS[kind](line), *lines[number + 1 :]]
            yield name, f"{line.split(' =')[0]}: {kind}", "\n".join(changed).encode()


def mutated_tables() -> Iterator[tuple[str, str, bytes]]:
    for name in MODELS:
        text = text_of(name)
        required = [table.name for table in load_model(name).tables]
        if name in ("l5_thick_tufted", "naud_sprekeler"):
            required = ["soma", "spike"]
        for table in required:
            yield name, f"[{table}] misspelt", text.replace(f"[{table}]", f"[{table}x]").encode()
            without = re.sub(rf"^\[{table}\]\n(?:(?!\[).*\n)*", "", text, flags=re.M)
            yield name, f"[{table}] missing", without.encode()
        yield name, "another table", (text + "\n[zorkmid]\nx = 3\n").encode()


def mutated_headers() -> Iterator[tuple[str, str, bytes]]:
    for name in MODELS:
        text = text_of(name)
        model = load_model(name)
        changes = {
            "no level": (f"level = {model.level}\n", ""),
            "level as text": (f"level = {model.level}", f'level = "{model.level}"'),
            "level 7": (f"level = {model.level}", "level = 7"),
            "level 3": (f"level = {model.level}", "level = 3"),
            "no kind": (f'kind = "{model.kind}"\n', ""),
            "unknown kind": (f'kind = "{model.kind}"', 'kind = "zorkmid"'),
            "kind is a number": (f'kind = "{model.kind}"', "kind = 3"),
            "other name": (f'name = "{name}"', 'name = "zorkmid"'),
            "no header": ("[model]", "[modell]"),
            "empty description": (f'"{model.description}"', '""'),
        }
        for what, (old, new) in changes.items():
            assert old in text
            yield name, what, text.replace(old, new, 1).encode()


def other_encodings() -> Iterator[tuple[str, str, bytes]]:
    for name in MODELS:
        text = text_of(name)
        yield name, "empty", b""
        yield name, "utf-16", text.encode("utf-16")
        yield name, "gzip", gzip.compress(text.encode())
        yield name, "binary", bytes(range(256)) * 4
        yield name, "cut short", text[: 2 * len(text) // 3].encode()
        yield name, "semicolons", text.replace(" = ", "; ").encode()


FILES = [*mutated_lines(), *mutated_tables(), *mutated_headers(), *other_encodings()]


def the_lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Run the program on something wrong, and return the lines that it says."""
    status = main(arguments)
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert status == ExitStatus.BAD_INPUT, (arguments, captured.out, captured.err)
    assert captured.out == ""
    assert lines and all(line.startswith("error: ") for line in lines), captured.err
    assert all(len(line) <= LONGEST_LINE for line in lines), max(lines, key=len)
    return lines


@pytest.fixture(autouse=True)
def no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A protocol that would start is a fault of the test."""

    def start(*arguments: object) -> None:
        raise AssertionError("bad input reached the run")

    monkeypatch.setattr("htm_brian.experiment.runner.run_protocol", start)


@pytest.mark.parametrize("part", range(8))
def test_bad_model_files(capsys: pytest.CaptureFixture[str], tmp_path: Path, part: int) -> None:
    for name, what, content in FILES[part::8]:
        path = tmp_path / f"{name}.toml"
        path.write_bytes(content)
        lines = the_lines(capsys, "check", str(path))
        assert all(str(path) in line for line in lines), (name, what, lines)


def test_bad_model_files_stop_a_protocol_before_it_runs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    options = {"l5_reduced": "--cell-model", "minicolumns": "--model"}
    for name, what, content in FILES[::3]:
        if name in options:
            path = tmp_path / f"{name}.toml"
            path.write_bytes(content)
            lines = the_lines(
                capsys, "validate", options[name], str(path), "-o", str(tmp_path / "r")
            )
            assert len(lines) == 1 and str(path) in lines[0], (what, lines)
    assert not (tmp_path / "r").exists()


def bad_texts(value: Any, turn: int) -> str | None:
    """Return a text that is wrong for a parameter with a default, or None for free text."""
    if isinstance(value, bool):
        return "perhaps"
    if isinstance(value, int):
        return ("x", "1.5", "-1", "1e3", "99999999999999", "nan", "3 ms", "")[turn % 8]
    if isinstance(value, float):
        return ("x", "nan", "1e308", "-1e308", "inf", "3 ms", "")[turn % 7]
    if isinstance(value, Quantity) and value.ndim == 0:
        other = "3 mV" if not have_same_dimensions(value, volt) else "3 ms"
        unit = str(value.get_best_unit())
        texts = ("3", other, f"1e308 {unit}", f"-1e308 {unit}", "x", "3 zorkmid", f"1e999 {unit}")
        return texts[turn % len(texts)]
    if isinstance(value, tuple) and value:
        return bad_texts(value[0], turn)
    if isinstance(value, str) and value in list_models():
        wrong = "minicolumns" if load_model(value).kind != "network" else "l5_reduced"
        return ("zorkmid", "nowhere.toml", wrong, value[:-1], ".")[turn % 5]
    return None


def bad_settings() -> list[tuple[str, str]]:
    found, turn = [], 0
    for name in list_protocols():
        parameters = load_protocol(name).parameters
        for field in fields(parameters):
            text = bad_texts(getattr(parameters, field.name), turn)
            if text is not None:
                found.append((name, f"{field.name}={text}"))
                turn += 1
        found += [(name, "zorkmid=3"), (name, "seed"), (name, f"{fields(parameters)[0].name}x=1")]
    return found


def test_bad_settings(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "results"
    settings = bad_settings()
    for name, setting in settings:
        (line,) = the_lines(capsys, "run", name, "--set", setting, "-o", str(folder))
        parameter = setting.partition("=")[0]
        text = setting.partition("=")[2]
        assert parameter in line or text in line, (name, setting, line)
    assert not folder.exists()
    assert len(settings) > 200


OPTIONS = [
    "validate --seed 4294967296",
    "validate --seed -1",
    "validate --seed 1.5",
    "validate --codegen x",
    "validate --codegen cyton",
    "validate --columns 0",
    "validate --columns -8",
    "validate --columns 1e3",
    "validate --columns 99999999999999999999",
    "validate --cells 0",
    "validate --steps 0",
    "validate --jobs 0",
    "validate --mode ''",
    "validate --model ''",
    "validate --model .",
    "validate --model l5_reduced",
    "validate --cell-model minicolumns",
    "validate --cell-model l5_thick_tufted",
    "validate --cell-model passive",
    "validate --cell-model layer5_pair",
    "validate --cell-model l5_reducd",
    "validate --output ''",
    "validate a.csv b.csv",
    "validate --value-column",
    "validat",
    "run",
    "run validate --set",
    "run zorkmid",
    "run bac_firng",
    "run validate --set seed=4294967296",
    "run validate --set training_share=nan",
    "run prediction_lead --set 'delay=1 s'",
    "run prediction_lead --set delay=1",
    "run nmda_spike --set 'time_step=5000 ms'",
    "run nmda_spike --set 'time_step=1e-300 ms'",
    "run validate --output ''",
    "check",
    "check ''",
    "check zorkmid",
    "check .",
    "check /dev/null",
    "check nowhere.toml",
    "models zorkmid",
    "models nowhere.toml",
    "list zorkmid",
    "--zorkmid",
]


def test_bad_options(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in OPTIONS:
        assert len(the_lines(capsys, *shlex.split(line))) == 1, line
    assert list(tmp_path.iterdir()) == []


def bad_calls() -> list[tuple[str, Callable[[], object]]]:
    """Return calls of the public names with one wrong argument each."""
    reduced = load_model("l5_reduced")
    calls: list[tuple[str, Callable[[], object]]] = []
    memory, pooler = htm_brian.TemporalMemory, htm_brian.SpatialPooler
    for value in (0, -1, 1.5, "x", None, math.nan, True):
        calls += [
            (f"SDR({value!r})", lambda v=value: htm_brian.SDR(v, [])),
            (f"TemporalMemory({value!r}, 4)", lambda v=value: memory(v, 4)),
            (f"TemporalMemory(64, {value!r})", lambda v=value: memory(64, v)),
            (f"SpatialPooler({value!r}, 64)", lambda v=value: pooler(v, 64)),
        ]
    for value in (-0.1, 1.5, math.nan, "x", [0.5], math.inf):
        for key in ("initial_permanence", "connected_permanence", "permanence_increment"):
            calls.append(
                (f"TemporalMemory({key}={value!r})", lambda k=key, v=value: memory(64, 4, **{k: v}))
            )
    wrong = (3, 3 * mV, "3 nS", [1, 2] * nS, math.nan * nS, 1e308 * nS, 0 * nS, None)
    for number, value in enumerate(wrong):
        change = {"soma.leak_conductance": value}
        calls.append((f"leak_conductance, {number}", lambda c=change: reduced.with_values(c)))
    calls += [
        ("unknown path", lambda: reduced.with_values({"soma.zorkmid": 3})),
        ("load_model(3)", lambda: load_model(3)),  # type: ignore[arg-type]
        ("load_model(None)", lambda: load_model(None)),  # type: ignore[arg-type]
        ("load_model('')", lambda: load_model("")),
        ("load_model of a null", lambda: load_model("a\0b.toml")),
        ("SDR of a repeated bit", lambda: htm_brian.SDR(8, [1, 1])),
        ("SDR of a bit too high", lambda: htm_brian.SDR(8, [8])),
        ("SDR of floats", lambda: htm_brian.SDR(8, [1.0])),
        ("SDR of two dimensions", lambda: htm_brian.SDR(8, [[1]])),
    ]
    return calls


def test_bad_calls() -> None:
    calls = bad_calls()
    for what, call in calls:
        with pytest.raises(InputError) as caught:
            call()
            pytest.fail(f"accepted: {what}")
        message = str(caught.value)
        assert message and "\n" not in message and len(message) <= LONGEST_LINE, what


def test_there_are_many_of_them() -> None:
    assert len(FILES) + len(bad_settings()) + len(OPTIONS) + len(bad_calls()) > 500
