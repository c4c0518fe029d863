from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import fields
from importlib import resources
from pathlib import Path

import pytest
from brian2 import Network, NeuronGroup, defaultclock, prefs
from typer.testing import CliRunner

import htm_brian
from htm_brian.cli import app, main
from htm_brian.errors import ExitStatus
from htm_brian.experiment import doctor
from htm_brian.experiment.protocol import list_protocols, load_protocol
from htm_brian.synapses.release.stochastic import ReleaseSynapses

EXTRA = Path(__file__).parent / "experiment" / "extra"


def fault(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the program on something wrong; return its one line."""
    assert main(arguments) == ExitStatus.BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ")
    return line.removeprefix("error: ")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"htm-brian {htm_brian.__version__}\n"


def test_no_command_shows_the_help_and_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == ExitStatus.BAD_INPUT
    assert "validate" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command", ["validate", "list", "run", "models", "check", "new", "doctor", "sweep", "report"]
)
def test_every_command_has_help(command: str) -> None:
    result = CliRunner().invoke(app, [command, "-h"])
    assert result.exit_code == 0
    assert "Usage" in result.output


@pytest.mark.usefixtures("extra_protocols")
def test_list_shows_every_protocol_with_its_claim(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Counts of a Poisson process vary" in out
    for name in list_protocols():
        assert name in out


@pytest.mark.usefixtures("extra_protocols")
def test_help_after_the_name_of_a_protocol_lists_its_parameters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run", "poisson_counts", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.startswith("poisson_counts: Counts of a Poisson process vary")
    assert "rate 40 Hz" in shown
    assert "htm-brian run poisson_counts --quick" in shown
    assert main(["run", "prediction_lead", "-h"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "delay 30 ms From the basal synapses to the volley." in shown
    assert main(["run", "release_cost", "--help", "--json"]) == 0
    (first, *_) = json.loads(capsys.readouterr().out)
    assert first["name"] == "budget"
    assert first["meaning"] == "Model with the shares of cortical energy."


@pytest.mark.usefixtures("extra_protocols")
def test_quiet_prints_nothing_and_json_the_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["run", "poisson_counts", "-o", str(tmp_path), "--set", "largest_fano=0.8"]
    assert main([*arguments, "--quiet"]) == ExitStatus.FAILED
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert main([*arguments, "--json"]) == ExitStatus.FAILED
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "summary.json").read_text())
    assert printed["passed"] is False


def test_lists_and_models_as_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in listed] == list_protocols()
    assert main(["models", "--json"]) == 0
    assert {"model": "passive", "level": "2", "kind": "cell"}.items() <= next(
        entry for entry in json.loads(capsys.readouterr().out) if entry["model"] == "passive"
    ).items()
    assert main(["models", "l5_reduced", "--json"]) == 0
    (leak,) = [
        entry
        for entry in json.loads(capsys.readouterr().out)
        if entry["path"] == "soma.leak_conductance"
    ]
    assert leak["unit"] == "nS"
    assert leak["source"]
    assert main(["check", "nowhere.toml", "--json"]) == ExitStatus.BAD_INPUT
    assert "No such file" in json.loads(capsys.readouterr().out)["faults"][0]


def test_new_writes_a_protocol_that_runs_and_a_model_that_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert main(["new", "protocol", "door_rheobase"]) == 0
    assert capsys.readouterr().out.endswith("run it with: htm-brian run ./door_rheobase.py\n")
    assert main(["run", "./door_rheobase.py", "--set", "n_currents=21", "--quiet"]) == 0
    folder = tmp_path / "results" / "door_rheobase"
    assert (folder / "figures" / "spikes.svg").exists()
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["provenance"]["parameters"]["n_currents"]["value"] == 21
    assert len(summary["provenance"]["source_sha256"]) == 64
    assert main(["new", "model", "my_cell", "--like", "l23_pyramidal"]) == 0
    assert main(["check", "my_cell.toml"]) == 0
    assert main(["models", "passive", "--export", "my_passive.toml"]) == 0
    assert main(["check", "my_passive.toml"]) == 0


def test_a_defect_of_a_protocol_of_ones_own_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert main(["new", "protocol", "door_defect"]) == 0
    path = tmp_path / "door_defect.py"
    path.write_text(path.read_text().replace("p = self.parameters\n", "p = self.parametres\n"))
    assert main(["run", "./door_defect.py", "-o", "out"]) == ExitStatus.DEFECT
    err = capsys.readouterr().err
    assert "AttributeError" in err
    assert err.endswith("htm-brian: this is a defect of the protocol ./door_defect.py\n")


def test_a_shell_completes_protocols_and_models_without_loading_brian2() -> None:
    for words, expected in (("run release_", "release_cost"), ("models l5_", "l5_reduced")):
        environment = os.environ | {
            "_HTM_BRIAN_COMPLETE": "complete_bash",
            "COMP_WORDS": f"htm-brian {words}",
            "COMP_CWORD": "2",
        }
        code = (
            "import sys\nfrom htm_brian.cli import main\n"
            "try:\n    main([])\nfinally:\n    assert 'brian2' not in sys.modules\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert expected in done.stdout.split(), done.stderr


def test_doctor_examines_and_tells_with_its_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["doctor", "--no-compile", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)
    assert {"part", "found", "state", "remedy"} == set(findings[0])
    fail = doctor.Finding("brian2", "gone", doctor.FAIL, "pip install brian2")
    monkeypatch.setattr(doctor, "examine", lambda compiling: iter([fail]))
    assert main(["doctor"]) == ExitStatus.FAILED
    assert "pip install brian2" in capsys.readouterr().out


def test_models_lists_all_and_shows_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    listed = capsys.readouterr().out
    for entry in resources.files("htm_brian.models").iterdir():
        if entry.name.endswith(".toml"):
            assert entry.name.removesuffix(".toml") in listed
    assert main(["models", "l5_reduced"]) == 0
    shown = capsys.readouterr().out
    assert "soma.leak_conductance" in shown
    assert "nS" in shown
    assert "source" in shown


@pytest.mark.usefixtures("extra_protocols")
def test_run_writes_results_under_the_name_of_the_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "poisson_counts", "--set", "window=0.5 s", "--set", "trials=300"]) == 0
    summary = json.loads((tmp_path / "results/poisson_counts/summary.json").read_text())
    assert summary["provenance"]["parameters"]["trials"] == {"value": 300, "unit": "1"}
    assert "every check holds" in capsys.readouterr().out


@pytest.mark.usefixtures("extra_protocols")
def test_run_quick_uses_the_quick_form_and_says_what_it_leaves_undecided(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["run", "poisson_counts", "--quick", "--set", "seed=3", "-o", str(tmp_path)]
    assert main(arguments) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "every check holds (1 of 1; 1 undecided at this size)" in out
    assert "50 counts do not tell a variance" in out
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["provenance"]["parameters"]["trials"] == {"value": 50, "unit": "1"}
    assert summary["undecided"] == {"Fano factor": "50 counts do not tell a variance"}
    assert "Fano factor" in (tmp_path / "report.html").read_text()


@pytest.mark.usefixtures("extra_protocols")
def test_a_failing_check_gives_status_1(tmp_path: Path) -> None:
    arguments = ["run", "poisson_counts", "--set", "largest_fano=0.8", "-o", str(tmp_path)]
    assert main(arguments) == ExitStatus.FAILED


@pytest.mark.usefixtures("extra_protocols")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("zzz", "No such command 'zzz'"),
        ("poisson_counts", "No such command 'poisson_counts'; it is a protocol: htm-brian run "),
        ("run", "Missing argument 'name'; see htm-brian run --help"),
        ("run zzz", "unknown protocol 'zzz'; known protocols: "),
        ("run ./zzz.py", "cannot read the protocol zzz.py: no such file"),
        ("run zzz --help", "unknown protocol 'zzz'; known protocols: "),
        ("new protocl mine", "KIND must be protocol or model, got 'protocl'; did you mean proto"),
        ("new protocol Mine", "the name of a protocol has small letters, digits and underscores"),
        ("new protocol mine --like passive", "--like goes with a model; a protocol starts from"),
        ("new model passive", "there is a model passive already; choose another"),
        ("sweep release_cost", "a sweep needs --over name=start:stop:step, or --seeds, or both"),
        ("sweep release_cost --over x=1,2", "release_cost has no parameter 'x'; "),
        ("sweep release_cost --over step=0.03", "step must divide 0.1, got 0.03"),
        ("sweep release_cost --seeds 2 --workers 0", "workers must be at least 1, got 0"),
        ("sweep zzz --seeds 2", "unknown protocol 'zzz'"),
        ("sweep plot", "htm-brian sweep plot needs the one folder of a sweep"),
        ("sweep plot nowhere", "nowhere holds no sweep: "),
        ("run release_cost --seeds 0", "seeds must be at least 1, got 0"),
        ("run relay_modes --seeds 2", "relay_modes has no parameter seed, it draws nothing; omit"),
        ("report --from nowhere", "there is no folder nowhere with results; run a protocol first"),
        ("models --export x.toml", "--export needs a model: htm-brian models l5_reduced --exp"),
        ("models passive --export x.txt", "a model file ends in .toml, got x.txt"),
        ("run poisson_counts --set trials=1", "trials must be at least 2, got 1"),
        ("run spatial_pooler_noise --quick", "spatial_pooler_noise has no quick form; run it"),
        ("run poisson_counts --set trials=x", "trials must be an integer, got 'x'"),
        ("run poisson_counts --set rate=4", "rate must be a number with a unit like Hz"),
        ("run poisson_counts --set rte=4", "unknown parameter 'rte'; did you mean rate?"),
        ("run poisson_counts --set ending=input", "the series is too short; give one of"),
        ("run poisson_counts --set ending=memory", "poisson_counts needs more memory than"),
        ("run poisson_counts -o /dev/null/x", "cannot write results to /dev/null/x: Not a"),
        ("run poisson_counts --output=", "--output must name a folder, got ''; write -o . for"),
        ("run poisson_count", "unknown protocol 'poisson_count'; did you mean poisson_counts?"),
        ("validte", "No such command 'validte'. Did you mean 'validate'?"),
        ("models zzz", "unknown model 'zzz'; known models: "),
        ("models zzz.toml", "cannot read the model file zzz.toml: No such file"),
        ("validate nowhere.csv", "there is no file nowhere.csv; check the path"),
        ("validate --value-column zzz", "electricity_demand_2000.csv has no column 'zzz'; its "),
        ("validate --model zzz", "unknown model 'zzz'; known models: "),
        ("validate --columns 0", "columns must be at least 8, got 0"),
        ("validate --columns x", "Invalid value for '--columns': "),
        ("validate --colums 3", "No such option: --colums"),
        ("validate --mode zzz", "mode must be one of both, transplant, apart, got 'zzz'"),
        ("validate --steps 1", "steps must be at least 16, got 1"),
        ("validate --columns 100000000 --cells 100", "100000000 × 100 cells"),
    ],
)
def test_a_users_mistake_is_one_line_that_says_what_and_how(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: str,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fault(capsys, *arguments.split()).startswith(message)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", "a.csv is empty; "),
        ("a.csv", "t,x\n2000-01-01,nan\n", "a.csv, line 2: x is 'nan', not a finite number; "),
        ("a.csv", "x\n1\n", "a.csv has 1 values, at least 16 are needed"),
    ],
)
def test_bad_input_files(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    assert fault(capsys, "validate", str(tmp_path / name)).startswith(message)


def test_check_says_what_a_model_is_or_every_fault(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["check", "l5_thick_tufted"]) == 0
    assert "a biophysical cell (level 2)" in capsys.readouterr().out
    text = (resources.files("htm_brian.models") / "l5_reduced.toml").read_text(encoding="utf-8")
    path = tmp_path / "l5_reduced.toml"
    path.write_text(text.replace("[burst]", "[brust]").replace("value = -50", "value = nan", 1))
    for command in ("check", "models"):
        assert main([command, str(path)]) == ExitStatus.BAD_INPUT
        captured = capsys.readouterr()
        assert captured.out == ""
        assert len(captured.err.splitlines()) == 3
        assert all(line.startswith("error: ") for line in captured.err.splitlines())


def test_a_model_file_with_a_wrong_unit(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = (resources.files("htm_brian.models") / "l5_reduced.toml").read_text(encoding="utf-8")
    path = tmp_path / "l5_reduced.toml"
    path.write_text(text.replace('"nS"', '"zorkmid"', 1))
    message = fault(capsys, "models", str(path))
    assert "'zorkmid' is not a unit" in message
    assert "l5_reduced.toml" in message


@pytest.mark.usefixtures("extra_protocols")
@pytest.mark.parametrize("ending", ["defect", "defect in set-up"])
def test_a_defect_shows_its_traceback(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, ending: str
) -> None:
    arguments = ["run", "poisson_counts", "--set", f"ending={ending}", "-o", str(tmp_path)]
    assert main(arguments) == ExitStatus.DEFECT
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "ValueError: " in err
    assert err.endswith("this is a defect of the program, not of your input\n")


def test_a_mistake_that_only_brian2_meets_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def prepare(*arguments: object) -> None:
        cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="", name="g")
        synapses = ReleaseSynapses(cells, cells, "layer5_pair", on_release="", name="s")
        synapses.connect()
        network = Network(cells, synapses)
        network.run(defaultclock.dt)
        synapses.variables["release_probability"].set_value(1.5)
        network.run(defaultclock.dt)

    prefs.codegen.target = "numpy"
    monkeypatch.setattr(load_protocol("validate"), "run", prepare)
    message = fault(capsys, "validate", "--columns", "64", "-o", str(tmp_path))
    assert message == "release_probability of s must lie in [0, 1], got 1.5"


def test_validates_options_are_parameters_of_the_protocol_with_these_defaults() -> None:
    parameters = load_protocol("validate").parameters
    names = {field.name for field in fields(parameters)}
    (command,) = [c for c in app.registered_commands if c.callback.__name__ == "validate"]
    options = set(command.callback.__annotations__) - {
        "output",
        "settings",
        "quiet",
        "as_json",
        "return",
    }
    assert options <= names
    shown = " ".join(
        CliRunner().invoke(app, ["validate", "--help"]).output.replace("│", "").split()
    )
    for name in ("columns", "cells", "seed", "mode", "model", "cell_model", "jobs", "codegen"):
        help_text = shown.split(f"--{name.replace('_', '-')} ", 1)[1]
        assert help_text.split("[default: ", 1)[1].startswith(f"{getattr(parameters, name)}]"), name


PROGRAM = f"""
import sys
import htm_brian.protocols, htm_brian.figures
htm_brian.protocols.__path__.append({str(EXTRA / "protocols")!r})
htm_brian.figures.__path__.append({str(EXTRA / "figures")!r})
from htm_brian.cli import main
sys.exit(main())
"""


def test_the_program_as_a_process_does_not_spam_a_file(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", PROGRAM, "run", "poisson_counts"]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "counting: 400 steps\n"
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
    assert "report: results/poisson_counts/report.html" in done.stdout
    summary = json.loads((tmp_path / "results/poisson_counts/summary.json").read_text())
    assert summary["provenance"]["command"] == "htm-brian run poisson_counts"


def test_ctrl_c_leaves_a_partial_result(tmp_path: Path) -> None:
    arguments = [
        sys.executable,
        "-c",
        PROGRAM,
        "run",
        "poisson_counts",
        "--set",
        "trials=999999999",
    ]
    process = subprocess.Popen(
        arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "counting: 999999999 steps\n"
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=100)
    assert process.returncode == ExitStatus.INTERRUPTED, err
    assert "partial result" in out
    summary = json.loads((tmp_path / "results/poisson_counts/summary.json").read_text())
    assert summary["partial"] is True
    assert summary["passed"] is False


def test_a_reader_that_goes_away_is_no_defect() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    arguments = [sys.executable, "-c", PROGRAM, "models", "l5_reduced"]
    done = subprocess.run(arguments, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=100)
    os.close(writer)
    assert done.stderr == ""
