"""Model files: what is read from them, and one clear line for everything that can be wrong."""

from __future__ import annotations

import gzip
import os
import pickle
from pathlib import Path

import pytest
from brian2 import Quantity, ms, mV, nS, pA, pF, siemens, volt
from brian2.units.fundamentalunits import have_same_dimensions

from htm_brian.errors import InputError
from htm_brian.parameters import (
    FreeRange,
    Key,
    Model,
    ParameterRow,
    list_models,
    load_model,
    read_model,
)
from htm_brian.units import parse_unit

GOOD = """\
[model]
name = "toy"
level = 1
kind = "cell"
description = "A cell to test with."

[soma]
leak_conductance = { value = 20.0, unit = "nS", source = "Paper 2018", low = 5, high = 100 }
resting_potential = { value = -70, unit = "mV", source = "Paper 2018", low = -90, high = -50, note = "at 36 C" }

[branch]
activation_threshold = { value = 13, unit = "1", source = "Poster", low = 8, high = 20 }
"""  # noqa: E501
SOMA = {
    "leak_conductance": Key("siemens", "leak"),
    "resting_potential": Key("volt", "rest"),
}
BRANCH = {"activation_threshold": Key("1", "synapses for a plateau")}


def write(folder: Path, text: str = GOOD, name: str = "toy.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def toy(tmp_path: Path) -> Model:
    return load_model(write(tmp_path))


def test_values_carry_their_units(toy: Model) -> None:
    assert (toy.name, toy.level, toy.kind) == ("toy", 1, "cell")
    assert toy["soma"]["leak_conductance"] == 20 * nS
    assert toy["soma"]["resting_potential"] == -70 * mV
    threshold = toy["branch"]["activation_threshold"]
    assert threshold == 13 and type(threshold) is int
    assert dict(toy["branch"]) == {"activation_threshold": 13}
    assert "soma" in toy and "tuft" not in toy


def test_rows_tell_everything_for_a_report(toy: Model) -> None:
    assert toy.rows() == [
        ("soma.leak_conductance", 20.0, "nS", "Paper 2018", 5, 100, ""),
        ("soma.resting_potential", -70, "mV", "Paper 2018", -90, -50, "at 36 C"),
        ("branch.activation_threshold", 13, "1", "Poster", 8, 20, ""),
    ]
    assert ParameterRow._fields == ("path", "value", "unit", "source", "low", "high", "note")


def test_with_values_returns_a_checked_copy_and_says_so_in_the_source(toy: Model) -> None:
    changed = toy.with_values({"soma.leak_conductance": 0.03 * nS * 1000})
    assert changed["soma"]["leak_conductance"] / nS == pytest.approx(30)
    assert toy["soma"]["leak_conductance"] == 20 * nS
    source = changed["soma"].parameter("leak_conductance").source
    assert source.startswith("set by the caller") and "20 nS (Paper 2018)" in source
    assert (
        type(toy.with_values({"branch.activation_threshold": 9})["branch"]["activation_threshold"])
        is int
    )


def test_the_ends_of_the_range_belong_to_it(toy: Model) -> None:
    for end in (5, 100):
        assert toy.with_values({"soma.leak_conductance": end * nS}).rows()[0].value == end


def test_models_compare_hash_and_pickle(toy: Model) -> None:
    same = pickle.loads(pickle.dumps(toy))
    assert same == toy and hash(same) == hash(toy)
    assert same != toy.with_values({"branch.activation_threshold": 9})


def test_a_model_is_accepted_where_a_name_is(toy: Model) -> None:
    assert load_model(toy) is toy


def test_models_are_frozen(toy: Model) -> None:
    with pytest.raises(AttributeError):
        toy.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("name", list_models())
def test_every_shipped_model_is_whole(name: str) -> None:
    model = load_model(name)
    assert model.name == name and model.file == f"models/{name}.toml"
    for row in model.rows():
        assert row.low < row.high, f"{row.path}: a range of no width"
        assert have_same_dimensions(
            parse_unit(row.unit), model[row.path.split(".")[0]][row.path.split(".")[1]]
        )


LEAK = (
    'leak_conductance = { value = 20.0, unit = "nS", source = "Paper 2018", low = 5, high = 100 }'
)

BAD_FILES = {
    "outside its range": (
        ("value = 20.0", "value = 130.0"),
        "leak_conductance must lie in [5, 100] nS, got 130 nS (FILE, [soma])",
    ),
    "plain number outside its range": (
        ("value = 13", "value = 30"),
        "activation_threshold must lie in [8, 20], got 30 (FILE, [branch])",
    ),
    "range upside down": (
        ("low = 5, high = 100", "low = 100, high = 5"),
        "low of leak_conductance must not exceed its high, got low = 100 and high = 5 "
        "(FILE, [soma])",
    ),
    "not finite": (
        ("value = 20.0", "value = nan"),
        "value of leak_conductance must be a finite number, got nan (FILE, [soma])",
    ),
    "no number": (
        ("value = 20.0", 'value = "20"'),
        "value of leak_conductance must be a finite number, got '20' (FILE, [soma])",
    ),
    "boolean": (
        ("value = 13", "value = true"),
        "value of activation_threshold must be a finite number, got True (FILE, [branch])",
    ),
    "missing source": (
        (', source = "Paper 2018", low = 5', ", low = 5"),
        "missing field of leak_conductance: source (FILE, [soma])",
    ),
    "empty source": (
        ('"Poster"', '" "'),
        "activation_threshold has an empty source; name the paper, data set or calculation that "
        "the value comes from (FILE, [branch])",
    ),
    "source is no text": (
        ('"Poster"', "2018"),
        "source of activation_threshold must be text, got 2018 (FILE, [branch])",
    ),
    "missing unit": (
        (', unit = "nS"', ""),
        "missing field of leak_conductance: unit (FILE, [soma])",
    ),
    "unknown unit": (
        ('"nS"', '"nanosiemens"'),
        "unit of leak_conductance: 'nanosiemens' is not a unit; write one such as 'mV', 'nS', "
        "'pA/ms', or '1' for none (FILE, [soma])",
    ),
    "unit with code in it": (
        ('"nS"', "\"__import__('os')\""),
        "unit of leak_conductance: \"__import__('os')\" is not a unit; write one such as 'mV', "
        "'nS', 'pA/ms', or '1' for none (FILE, [soma])",
    ),
    "unknown field": (
        ("low = 5, ", "low = 5, lows = 4, "),
        "unknown field of leak_conductance: lows; did you mean low? (FILE, [soma])",
    ),
    "bare number": (
        (LEAK, "leak_conductance = 20"),
        "leak_conductance must be written { value = ..., unit = ..., source = ..., low = ..., "
        "high = ... }, got 20 (FILE, [soma])",
    ),
    "parameter outside a table": (
        ("[model]", "speed = 3\n[model]"),
        "speed = 3 stands outside a table; move it into one (FILE)",
    ),
    "no header": (
        ("[model]", "[mdl]"),
        "missing table [model] with the keys name, level, kind, description (FILE)",
    ),
    "header key missing": (('kind = "cell"\n', ""), "missing key kind (FILE, [model])"),
    "header key unknown": (
        ('kind = "cell"', 'kind = "cell"\nlevels = 1'),
        "unknown key levels; did you mean level? (FILE, [model])",
    ),
    "level is text": (
        ("level = 1", 'level = "1"'),
        "level must be an integer from 0 to 3, got '1' (FILE, [model])",
    ),
    "level outside the ladder": (
        ("level = 1", "level = 7"),
        "level must lie in [0, 3], got 7 (FILE, [model])",
    ),
    "name differs from the file's": (
        ('"toy"', '"tory"'),
        "name must be that of the file, 'toy', got 'tory' (FILE, [model])",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_gives_one_line_that_names_the_fault(case: str, tmp_path: Path) -> None:
    (old, new), message = BAD_FILES[case]
    assert GOOD.count(old) >= 1
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ValueError) as caught:
        load_model(path)
    assert str(caught.value) == message.replace("FILE", str(path))


def test_toml_errors_name_file_and_line(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("[soma]", "[soma"))
    with pytest.raises(ValueError, match=r"^not valid TOML: .*line 7.*toy\.toml\)$"):
        load_model(path)


def test_a_file_without_mechanisms_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.split("\n\n")[0])
    with pytest.raises(ValueError, match=r"^no mechanism; .*toy\.toml\)$"):
        load_model(path)


def test_an_unknown_name_gets_the_nearest_or_the_list() -> None:
    with pytest.raises(InputError, match=r"^unknown model 'l5_reducd'; did you mean l5_reduced\?"):
        load_model("l5_reducd")
    with pytest.raises(InputError, match=r"'zzz'; known models: \w+, .* more \(.*\.toml\)$"):
        load_model("zzz")


def test_all_faults_of_a_file_are_found_in_one_reading(tmp_path: Path) -> None:
    text = GOOD.replace("value = 20.0", "value = nan").replace('"mV"', '"mw"')
    text = text.replace("low = 8", "loww = 8")
    faults = read_model(write(tmp_path, text)).faults
    assert [fault.partition(f" ({tmp_path}")[0] for fault in faults] == [
        "value of leak_conductance must be a finite number, got nan",
        "unit of resting_potential: 'mw' is not a unit; "
        "write one such as 'mV', 'nS', 'pA/ms', or '1' for none",
        "unknown field of activation_threshold: loww; did you mean low?",
        "missing field of activation_threshold: low",
    ]


UNREADABLE = {
    "empty": (b"", "is empty; a model needs a table [model]"),
    "blank": (b" \n\n", "is empty; a model needs"),
    "utf-16": (GOOD.encode("utf-16"), "not UTF-8 text (byte 0); save it as UTF-8"),
    "latin-1": (GOOD.replace("Poster", "Müller").encode("latin-1"), "not UTF-8 text (byte "),
    "gzip": (gzip.compress(GOOD.encode()), "it is compressed (gzip); unpack it first"),
    "binary": (b"a\0b\0c", "it is binary, a model is text (TOML)"),
    "large": (b"#" * 2_000_000, "it is larger than 1000 kB"),
    "deep": (b"x = " + b"[" * 3000, "not valid TOML: nested too deeply"),
    "a table": (b"t,x\n1,2\n", "not valid TOML: "),
    "list of tables": (GOOD.replace("[soma]", "[[soma]]").encode(), "write [soma] once"),
    "huge integer": (
        GOOD.replace("value = 13", "value = 1" + "0" * 400).encode(),
        "value of activation_threshold must be a finite number, got 1000",
    ),
    "too large for its unit": (
        GOOD.replace("value = 20.0", "value = 1e308")
        .replace("high = 100", "high = 1.5e308")
        .replace('"nS"', '"Gsiemens"')
        .encode(),
        "leak_conductance is too large a number in its unit",
    ),
    "unit of great power": (
        GOOD.replace('"nS"', '"nS**999999"').encode(),
        "'nS**999999' is not a unit",
    ),
    "unit nested deeply": (
        GOOD.replace('"nS"', f'"{"(" * 5000}"').encode(),
        "is not a unit",
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_is_no_model_is_told_in_one_line(case: str, tmp_path: Path) -> None:
    content, message = UNREADABLE[case]
    path = tmp_path / "toy.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_model(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_byte_order_mark_and_other_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "toy.toml"
    path.write_bytes(GOOD.replace("\n", "\r\n").encode("utf-8-sig"))
    assert load_model(path)["soma"]["leak_conductance"] == 20 * nS


def test_a_folder_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "toy.toml").mkdir()
    with pytest.raises(InputError, match=r"toy\.toml: it is a folder; give a \.toml file$"):
        load_model(tmp_path / "toy.toml")
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(InputError, match=r"pipe\.toml: it is no regular file"):
        load_model(tmp_path / "pipe.toml")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.toml"
    with pytest.raises(ValueError) as caught:
        load_model(path)
    assert str(caught.value) == f"cannot read the model file {path}: No such file or directory"


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "toy.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(
        ValueError, match=r"toy\.toml: not UTF-8 text \(byte 0\); save it as UTF-8$"
    ):
        load_model(path)


def test_neither_name_nor_path() -> None:
    with pytest.raises(InputError, match=r"^a model is given by its name or path, got 3$"):
        load_model(3)  # type: ignore[arg-type]


def test_a_mechanism_gets_exactly_the_keys_that_it_declares(toy: Model) -> None:
    assert toy.require({"soma": SOMA, "branch": BRANCH}) is toy
    assert toy["soma"].require(SOMA) is toy["soma"]


def requirement_error(model: Model, **mechanisms: dict[str, Key]) -> str:
    with pytest.raises(ValueError) as caught:
        model.require(mechanisms)
    return str(caught.value).replace(model.file, "FILE")


def test_keys_and_tables_that_a_mechanism_does_not_know_or_misses(toy: Model) -> None:
    renamed = {("leak_conductanc" if k == "leak_conductance" else k): v for k, v in SOMA.items()}
    assert requirement_error(toy, soma=renamed, branch=BRANCH) == (
        "unknown key leak_conductance; did you mean leak_conductanc? (FILE, [soma])"
    )
    more = SOMA | {"membrane_capacitance": Key("farad", "soma's capacitance")}
    assert requirement_error(toy, soma=more, branch=BRANCH) == (
        "missing key membrane_capacitance: soma's capacitance, in a unit like farad (FILE, [soma])"
    )
    wrong = SOMA | {"leak_conductance": Key("volt", "leak")}
    assert requirement_error(toy, soma=wrong, branch=BRANCH) == (
        "leak_conductance must have a unit like volt, got 'nS' (FILE, [soma])"
    )
    assert requirement_error(toy, soma=SOMA) == "unknown table [branch]; known: soma (FILE)"
    assert requirement_error(toy, soma=SOMA, branch=BRANCH, tuft={"a": Key("1", "")}) == (
        "missing table [tuft] with the keys a (FILE)"
    )


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("soma.leak_conductance", 20 * mV, "must be a quantity like 1*nS, got 20. * mvolt"),
        ("soma.leak_conductance", 20, "must be a quantity like 1*nS, got 20"),
        (
            "soma.leak_conductance",
            [1, 2] * nS,
            "must be one number, got array([1., 2.]) * nsiemens",
        ),
        ("branch.activation_threshold", 9 * ms, "must be a plain number, got 9. * msecond"),
        ("branch.activation_threshold", "9", "must be a plain number, got '9'"),
    ],
)
def test_a_changed_value_of_the_wrong_kind(
    toy: Model, path: str, value: object, message: str
) -> None:
    with pytest.raises(ValueError) as caught:
        toy.with_values({path: value})
    assert str(caught.value) == f"{path} {message}"


def test_a_changed_value_outside_its_range_or_under_no_known_name(toy: Model) -> None:
    with pytest.raises(ValueError, match=r"leak_conductance must lie in \[5, 100\] nS, got 1 nS"):
        toy.with_values({"soma.leak_conductance": 1 * nS})
    with pytest.raises(ValueError, match=r"unknown parameter 'soma\.leak'; did you mean soma\."):
        toy.with_values({"soma.leak": 20 * nS})


def test_unknown_table_or_key_of_a_model(toy: Model) -> None:
    with pytest.raises(KeyError, match=r"has no table \[some\]; did you mean soma"):
        toy["some"]
    with pytest.raises(KeyError, match=r"has no 'leak'; known: leak_conductance"):
        toy["soma"]["leak"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mV", mV),
        ("volt", volt),
        ("1", 1.0),
        ("pA/ms", pA / ms),
        ("1/ms", 1 / ms),
        ("pF*mV**2", pF * mV**2),
        ("siemens/(volt*ms)", siemens / (volt * ms)),
    ],
)
def test_units_as_text(text: str, expected: Quantity | float) -> None:
    unit = parse_unit(text)
    assert have_same_dimensions(unit, expected)
    assert float(unit) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize("text", ["", "2", "mv", "mV+mV", "mV**0.5", "mV mV", "1**2/", "-mV"])
def test_what_is_no_unit(text: str) -> None:
    with pytest.raises(ValueError, match="is not a unit; write one such as"):
        parse_unit(text)


def with_free(tmp_path: Path, free: str) -> Path:
    text = GOOD.replace("low = 5, high = 100 }", f"low = 5, high = 100, free = {free} }}", 1)
    return write(tmp_path, text)


def test_a_parameter_may_have_a_range_for_fits(tmp_path: Path) -> None:
    path = with_free(tmp_path, '{ low = 10, high = 40, source = "Paper 2019" }')
    parameter = load_model(path)["soma"].parameter("leak_conductance")
    assert parameter.free == FreeRange(10, 40, "Paper 2019")
    changed = load_model(path).with_values({"soma.leak_conductance": 50 * nS})
    assert changed["soma"].parameter("leak_conductance").free == parameter.free


@pytest.mark.parametrize(
    ("free", "message"),
    [
        ("7", "free of leak_conductance must be written { low = ..., high = ..., source = ... }"),
        ("{ low = 10, high = 40 }", "missing field of free of leak_conductance: source"),
        (
            '{ low = 10, high = 40, source = "x", hi = 1 }',
            "unknown field of free of leak_conductance: hi; did you mean high?",
        ),
        ('{ low = 10, high = 40, source = " " }', "free of leak_conductance needs a source"),
        (
            '{ low = 1, high = 40, source = "x" }',
            "must be a range inside of [5, 100], got low = 1 and high = 40",
        ),
        (
            '{ low = 40, high = 10, source = "x" }',
            "must be a range inside of [5, 100], got low = 40 and high = 10",
        ),
        (
            '{ low = "a", high = 10, source = "x" }',
            "low and high of free of leak_conductance must be finite numbers",
        ),
    ],
)
def test_a_wrong_range_for_fits_is_named(tmp_path: Path, free: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_model(with_free(tmp_path, free))
    assert message in str(caught.value)
    assert "toy.toml, [soma])" in str(caught.value)
