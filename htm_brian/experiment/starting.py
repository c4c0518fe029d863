"""A working start for a protocol or a model file of one's own."""

from __future__ import annotations

import json
import keyword
import os
import re
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from htm_brian.errors import InputError
from htm_brian.experiment.finding import protocol_names
from htm_brian.experiment.model_kinds import load_checked
from htm_brian.parameters import Model, list_models, read_model

_HEADER_NAME = re.compile(r'(^\[model\]\s*$[^[]*?^name\s*=\s*)"[^"]*"', re.MULTILINE)


def new_protocol(name: str, folder: str | os.PathLike[str] = ".") -> list[Path]:
    """Write a protocol that runs, and the module that draws it; return the files.

    Parameters
    ----------
    name : str
        Of the protocol and its file: small letters, digits and underscores.
    folder : path
        Where the files go.

    Raises
    ------
    InputError
        If the name is none, or taken, or a file is there or cannot be written.
    """
    _check_name(name, "protocol", protocol_names())
    environment = Environment(
        loader=PackageLoader("htm_brian.experiment", "."),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    kind = "".join(word.capitalize() for word in name.split("_"))
    templates = {
        f"{name}.py": "new_protocol.py.jinja",
        f"{name}_figures.py": "new_figures.py.jinja",
    }
    texts = {
        Path(folder) / file: environment.get_template(template).render(name=name, kind=kind)
        for file, template in templates.items()
    }
    return _write_new(texts)


def new_model(name: str, folder: str | os.PathLike[str] = ".", like: str = "l5_reduced") -> Path:
    """Write a model file, a copy of another under its own name; return it.

    Parameters
    ----------
    name : str
        Of the model and its file.
    folder : path
        Where it goes.
    like : str
        The model that is copied, or a file.

    Raises
    ------
    InputError
        If the name is none, or taken, or the file is there or cannot be written.
    """
    _check_name(name, "model", list_models())
    return export_model(like, Path(folder) / f"{name}.toml")


def new_model_from_swc(
    name: str,
    swc: str | os.PathLike[str],
    folder: str | os.PathLike[str] = ".",
    like: str = "l5_thick_tufted",
    branches: int | None = None,
) -> tuple[Path, list[str]]:
    """Write a model of level 2 with the geometry of a reconstruction; return it and what was lost.

    Parameters
    ----------
    name : str
        Of the model and its file.
    swc : path
        The reconstruction.
    folder : path
        Where the model goes.
    like : str
        The model whose membrane and mechanisms it gets.
    branches : int, optional
        Most branches of a kind; see `htm_brian.morphology.reduction`.

    Raises
    ------
    InputError
        If the name is none, or taken, the reconstruction is none, or the file is there or cannot
        be written.
    """
    from htm_brian.morphology.reduction import BRANCHES, reduce_swc

    _check_name(name, "model", list_models())
    mechanisms = load_checked(like, "cell", 2)
    made = reduce_swc(Path(swc), name, mechanisms, BRANCHES if branches is None else branches)
    path = Path(folder) / f"{name}.toml"
    return _write_new({path: model_text(made.model, made.lost)})[0], made.lost


def model_text(model: Model, remarks: Iterable[str] = ()) -> str:
    """Return the text of a model file, with remarks before it; links and free ranges are left out.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> model_text(load_model("passive")).splitlines()[:2]
    ['[model]', 'name = "passive"']
    """
    lines = [f"# {remark}" for remark in remarks]
    lines += ["", "[model]"] if lines else ["[model]"]
    lines += [f"name = {_quoted(model.name)}", f"level = {model.level}"]
    lines += [f"kind = {_quoted(model.kind)}", f"description = {_quoted(model.description)}"]
    for table in model.tables:
        lines += ["", f"[{table.name}]"]
        for each in table.parameters:
            note = f", note = {_quoted(each.note)}" if each.note else ""
            lines.append(
                f"{each.key} = {{ value = {each.value:.12g}, unit = {_quoted(each.unit)}, "
                f"source = {_quoted(each.source)}, low = {each.low:.12g}, "
                f"high = {each.high:.12g}{note} }}"
            )
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def export_model(model: str, file: str | os.PathLike[str]) -> Path:
    """Write a model to a file of one's own, under the name of that file; return it.

    Parameters
    ----------
    model : str
        Name of a model of the package, or path of a file.
    file : path
        Ends in .toml, and is not there yet.

    Raises
    ------
    InputError
        If there is no such model or it has a fault, or the file is there or cannot be written.
    """
    path = Path(file)
    if path.suffix != ".toml":
        raise InputError(f"a model file ends in .toml, got {path}")
    reading = read_model(model)
    if reading.faults:
        raise InputError(reading.faults[0])
    if model in list_models():
        text = (resources.files("htm_brian.models") / f"{model}.toml").read_text(encoding="utf-8")
    else:
        text = Path(model).read_text(encoding="utf-8-sig")
    named, n = _HEADER_NAME.subn(lambda match: f'{match[1]}"{path.stem}"', text, count=1)
    if n == 0:
        raise InputError(f"the name of {model} is not found in its table [model]")
    return _write_new({path: named})[0]


def _check_name(name: str, what: str, taken: list[str]) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise InputError(
            f"the name of a {what} has small letters, digits and underscores and begins with a "
            f"letter, such as my_{what}; got {name!r}"
        )
    if name in taken:
        raise InputError(f"there is a {what} {name} already; choose another, such as my_{name}")


def _write_new(texts: dict[Path, str]) -> list[Path]:
    """Write files, all or none, over nothing that is there."""
    for path in texts:
        if path.exists():
            raise InputError(f"{path} is there already; move it away, or choose another name")
    written: list[Path] = []
    try:
        for path, text in texts.items():
            with path.open("x", encoding="utf-8") as file:
                written.append(path)
                file.write(text)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise InputError(f"cannot write {path}: {error.strerror}; choose another folder") from None
    return written
