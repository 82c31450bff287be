"""The import rules of ARCHITECTURE.md hold, and its pictures of the code are true."""

import re

from importlinter.cli import lint_imports

from tests.conftest import REPOSITORY

MAX_FILE_LINES = 400


def test_imports_follow_the_layers():
    """`lint-imports` keeps every contract of pyproject.toml."""
    assert lint_imports(config_filename=str(REPOSITORY / "pyproject.toml")) == 0


def test_every_module_named_on_the_page_exists():
    """ARCHITECTURE.md speaks of the code as it is."""
    page = (REPOSITORY / "ARCHITECTURE.md").read_text()
    paths = re.findall(r"`((?:fvs|models|tests)/[\w/.]+\.(?:py|md|json))`", page)
    modules = [name.replace(".", "/") for name in re.findall(r"`(fvs(?:\.\w+)+)`", page)]
    assert paths
    for path in paths:
        assert (REPOSITORY / path).exists(), path
    for path in modules:
        found = (REPOSITORY / path).is_dir() or (REPOSITORY / f"{path}.py").exists()
        assert found, path


def test_files_stay_readable():
    """No file grows beyond 400 lines."""
    for path in [
        p for d in ("fvs", "server", "benchmarks") for p in REPOSITORY.glob(f"{d}/**/*.py")
    ]:
        assert len(path.read_text().splitlines()) <= MAX_FILE_LINES, path
