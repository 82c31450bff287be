"""What users may import."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import fvs

OPTIONAL = ("fvs.explain", "fvs.lettering", "fvs.specimen", "fvs.cli.demo")
"""Modules that need the `demo` extra, which the tests have."""

MODULES = [
    module.name
    for module in pkgutil.walk_packages(fvs.__path__, "fvs.")
    if module.name != "fvs.__main__"
]


@pytest.mark.parametrize("name", ["fvs", *MODULES])
def test_every_module_lists_its_public_names_in_order(name):
    """`__all__` holds only names that exist, each once, sorted as ruff sorts them."""
    module = importlib.import_module(name)
    names = getattr(module, "__all__", [])
    assert len(set(names)) == len(names)
    assert all(hasattr(module, public) for public in names)


def test_the_package_exports_all_that_its_readme_needs():
    """Users import from `fvs`, never from its inside."""
    assert {"Engine", "DecisionPolicy", "load_pack", "Outcome"} <= set(fvs.__all__)


HEAVY = ("scipy", "skimage", "matplotlib", "PIL", "onnx", "insightface", "requests", "rich")


def test_importing_the_engine_loads_nothing_heavy():
    """A service starts quickly: drawing, statistics and training oracles stay out."""
    code = "import sys, fvs; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)
