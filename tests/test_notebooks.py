"""The notebooks run, hold calls alone, and are committed without outputs."""

import ast
import warnings

import pytest

from tests.conftest import REPOSITORY

nbformat = pytest.importorskip("nbformat", reason="notebooks need the extra notebooks")
nbclient = pytest.importorskip("nbclient", reason="notebooks need the extra notebooks")

FOLDER = REPOSITORY / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LOGIC = (
    ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try, ast.With, ast.Match,
)  # fmt: skip
LONGEST_S = 120
"""Of a cell, on a machine that does much else; alone a notebook takes seconds."""

by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path):
    """The cells that run."""
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def test_there_are_five():
    """Thresholds, attacks, quality, groups, packs."""
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05"]


@by_name
def test_is_valid_and_has_no_outputs(path):
    """What is committed is what was written, not what some machine once printed."""
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    assert notebook.cells[0].cell_type == "markdown"
    assert all(not cell.outputs and cell.execution_count is None for cell in code_cells(path))


@by_name
def test_holds_no_logic(path):
    """Cells call the library; whatever branches or loops belongs there."""
    for cell in code_cells(path):
        tree = ast.parse(cell.source)
        assert not [node for node in ast.walk(tree) if isinstance(node, LOGIC)], cell.source


@by_name
def test_runs(path, monkeypatch):
    """Every cell runs, warnings being errors, and the last one shows something."""
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    notebook = nbformat.read(path, 4)
    client = nbclient.NotebookClient(
        notebook, timeout=LONGEST_S, kernel_name="python3",
        resources={"metadata": {"path": str(FOLDER)}},
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the notebook's machinery in this process
        client.execute()
    shown = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    assert all(output.output_type != "error" for outputs in shown for output in outputs)
    assert not [o for outputs in shown for o in outputs if o.get("name") == "stderr"], shown
    assert shown[-1]
