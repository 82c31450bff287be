"""Columns of numbers from files: what is read, what is missing, what is refused."""

import numpy as np
import pytest

from fvs.errors import MissingExtraError, UsageError
from fvs.monitoring import read_signals

CSV = "time,similarity,quality,note\n1,0.5,80,a\n2,,null,b\n3,nan,7e1,c\n"


def write(tmp_path, text, name="live.csv"):
    """A file of this text."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", ["similarity\n", "similarity,quality\n\n"])
def test_no_rows(tmp_path, text):
    """A header alone is a table of no values."""
    assert len(read_signals(write(tmp_path, text))[0].values) == 0


def test_reads_the_usual_columns_it_has(tmp_path):
    """Where none are named, similarity, quality and live probability are; blanks are missing."""
    signals = read_signals(write(tmp_path, "\ufeff" + CSV))
    assert [one.name for one in signals] == ["similarity", "quality"]
    np.testing.assert_array_equal(signals[0].values, [0.5, np.nan, np.nan])
    np.testing.assert_array_equal(signals[1].values, [80, np.nan, 70])


def test_reads_the_columns_named(tmp_path):
    """Any column of numbers can be watched, in the order asked for."""
    signals = read_signals(write(tmp_path, CSV), ["quality", "time"])
    assert [one.name for one in signals] == ["quality", "time"]


def test_parquet_equals_csv(tmp_path):
    """The same table in Parquet gives the same signals."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"similarity": [0.5, None, np.nan], "note": ["a", "b", "c"]})
    parquet.write_table(table, tmp_path / "live.parquet")
    (signal,) = read_signals(tmp_path / "live.parquet")
    np.testing.assert_array_equal(signal.values, [0.5, np.nan, np.nan])


@pytest.mark.parametrize(
    ("text", "columns", "words"),
    [
        ("", [], "no column any of"),
        ("a,b\n1,2\n", [], "no column any of"),
        (CSV, ["distance"], "no column distance"),
        ("similarity,b\n1\n", [], "shorter or longer"),
        ("similarity\nhigh\n", [], "no number"),
    ],
)
def test_refusals(tmp_path, text, columns, words):
    """A table without what is asked for, ragged, or of words is refused."""
    with pytest.raises(UsageError, match=words):
        read_signals(write(tmp_path, text), columns)


def test_cells_are_not_repeated(tmp_path):
    """A column named by mistake may hold what is nobody's business."""
    with pytest.raises(UsageError) as caught:
        read_signals(write(tmp_path, "similarity\n1101700230708\nSomchai\n"))
    assert "Somchai" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("name", ["nowhere.csv", "broken.parquet"])
def test_files_that_cannot_be_read(tmp_path, name):
    """A missing file and one of another kind are named."""
    (tmp_path / "broken.parquet").write_text("no parquet")
    with pytest.raises(UsageError, match="cannot read"):
        read_signals(tmp_path / name)


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    """Without the extra, its name is told."""
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError) as caught:
        read_signals(tmp_path / "live.parquet")
    assert "[eval]" in caught.value.advice
