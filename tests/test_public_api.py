"""What users may import, and what they pay for it."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

import fvs

MODULES = [
    "fvs",
    *(
        module.name
        for module in pkgutil.walk_packages(fvs.__path__, "fvs.")
        if module.name != "fvs.__main__"  # runs the command line
    ),
]

HEAVY = (
    "cryptography",
    "insightface",
    "joserfc",
    "matplotlib",
    "onnx",
    "PIL",
    "requests",
    "rich",
    "scipy",
    "skimage",
    "typer",
)
"""Each takes 0.05 to 0.5 s to import; only drawing, deriving and the command line need them."""


def imports_of(name):
    """(module, name) of everything that a module imports from this package."""
    tree = ast.parse(Path(importlib.import_module(name).__file__).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            yield from ((node.module, alias.name) for alias in node.names)


@pytest.fixture(scope="module")
def used_elsewhere():
    """Module -> names that other modules import from it, modules left out."""
    used = defaultdict(set)
    for name in MODULES:
        for module, imported in imports_of(name):
            if f"{module}.{imported}" not in MODULES:
                used[module].add(imported)
    return used


@pytest.mark.parametrize("name", MODULES)
def test_every_module_lists_its_public_names(name, used_elsewhere):
    """`__all__` is there, holds names that exist, each once, and all that others import.

    Its order is ruff's to check (RUF022).
    """
    module = importlib.import_module(name)
    names = module.__all__
    assert len(set(names)) == len(names)
    assert [public for public in names if not hasattr(module, public)] == []
    assert used_elsewhere[name] - set(names) == set()


def test_imports_are_found(used_elsewhere):
    """The test above looks at something."""
    assert "Status" in used_elsewhere["fvs.status"]


def test_the_package_exports_all_that_its_readme_needs():
    """Users import from `fvs`, never from its inside."""
    assert {"Engine", "DecisionPolicy", "load_pack", "Outcome"} <= set(fvs.__all__)


def test_unknown_names_are_attribute_errors():
    """Names are imported on first use; those that are not there fail as in any module."""
    assert set(dir(fvs)) == set(fvs.__all__)
    with pytest.raises(AttributeError, match="nobody"):
        fvs.nobody  # noqa: B018 - looking it up is the test


@pytest.mark.parametrize("statement", ["from fvs import *", "import fvs.engine"])
def test_importing_the_engine_loads_nothing_heavy(statement):
    """A service starts quickly: drawing, statistics and the command line stay out."""
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "numpy" in loaded
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)
