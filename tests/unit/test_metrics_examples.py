"""The examples in docstrings run as they stand, and users find every name in one place."""

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import fvs.metrics

MODULES = [module.name for module in pkgutil.iter_modules(fvs.metrics.__path__, "fvs.metrics.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_say_what_happens(name):
    """What a docstring shows is what comes out."""
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


def test_there_are_examples():
    """The test above runs something."""
    finder = doctest.DocTestFinder()
    modules = (importlib.import_module(name) for name in MODULES)
    examples = [test for module in modules for test in finder.find(module) if test.examples]
    assert len(examples) > 15


def test_every_name_is_where_the_package_says():
    """Names exported by the package are public in the module they come from."""
    for module, names in fvs.metrics._EXPORTS.items():
        assert set(names) <= set(importlib.import_module(f"fvs.metrics.{module}").__all__)
    assert sorted(name for names in fvs.metrics._EXPORTS.values() for name in names) == sorted(
        fvs.metrics.__all__
    )
    assert dir(fvs.metrics) == sorted(fvs.metrics.__all__)


def test_unknown_names_are_attribute_errors():
    """Names are imported on first use; those that are not there fail as in any module."""
    with pytest.raises(AttributeError, match="nobody"):
        fvs.metrics.nobody  # noqa: B018 - looking it up is the test


def test_importing_the_package_loads_no_scipy():
    """Scipy is imported with the first name that needs it."""
    code = "import sys, fvs.metrics; print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
