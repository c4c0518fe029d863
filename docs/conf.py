"""How Sphinx makes the documentation: ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from htm_brian import __version__

project = "htm_brian"
author = "the htm_brian authors"
copyright = f"{author}, BSD 3-Clause"
release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["results", "fits", "gallery", "Thumbs.db"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = f"htm_brian {release}"
html_copy_source = False

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
suppress_warnings = [
    "myst.xref_missing",  # links to scripts and stored results, which are no pages
    "config.cache",
    "myst.duplicate_def",  # what marks the place of a fit, several times on a page
    "ref.python",  # attributes of two classes may have one name
]

autosummary_generate = True
autodoc_typehints = "none"  # the docstrings say types with shapes and units
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "examples",
    "filename_pattern": r"\.py$",
    "download_all_examples": False,
    "show_memory": False,
    "min_reported_time": 1e6,
    "abort_on_example_error": True,
}
