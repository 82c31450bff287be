"""What `import fvs` may cost: no module that the engine does not need."""

import subprocess
import sys

import pytest

HEAVY = (
    "insightface",
    "matplotlib",
    "onnx",
    "PIL",
    "requests",
    "scipy",
    "skimage",
    "typer",
    "rich",
)
"""Each takes 0.05 to 0.5 s to import; only drawing, deriving and the command line need them."""


@pytest.mark.parametrize("module", ["fvs", "fvs.engine"])
def test_import_is_light(module):
    """A fresh interpreter that imports the engine has none of the heavy modules."""
    program = f"import sys, {module}; print(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "fvs" in loaded
    assert not loaded.intersection(HEAVY)
