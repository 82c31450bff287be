"""PAD results are read as they are written, and the right system is told from them."""

import pytest

from fvs.errors import UsageError
from fvs.report.pad import PadResults, PadRow, read_pad_results, select_system
from tests.conftest import REPOSITORY
from tests.report_evidence import rate

RESULTS = PadResults(
    sha256={"a": ["1"], "b": ["2", "3"]},
    thresholds={"a": 0.3, "b": 0.4},
    threshold_rule="a rule",
    apcer=[
        PadRow("paper", "print, trained on", {"a": rate(1, 150), "b": rate(2, 150)}),
        PadRow("mask", "print, held out", {"a": rate(3, 150)}),
    ],
    bpcer=[PadRow("group", "", {"a": rate(1, 9)}), PadRow("all", "", {"a": rate(5, 90)})],
)


class TestSelectSystem:
    def test_by_name_or_weights(self):
        """A name counts, else the weights of the pack."""
        assert select_system(RESULTS, "a").system == "a"
        assert select_system(RESULTS, None, ("1",)).system == "a"

    def test_all_pictures_come_first(self):
        """BPCER is that of all live pictures, whatever the order of the rows."""
        assert select_system(RESULTS, "a").bpcer[0] == ("all", rate(5, 90))

    def test_species_held_out_are_marked(self):
        """A species that was never trained on is told from others."""
        species = {name: held_out for name, _, held_out in select_system(RESULTS, "a").apcer}
        assert species == {"paper": False, "mask": True}

    @pytest.mark.parametrize(
        ("name", "weights"), [(None, ()), ("c", ()), (None, ("9",)), ("b", ())]
    )
    def test_doubt_is_refused(self, name, weights):
        """Several systems and no choice, an unknown one, or one without live pictures."""
        with pytest.raises(UsageError):
            select_system(RESULTS, name, weights)


class TestRead:
    def test_committed_results(self):
        """The file of the benchmark is read, fields that a report does not need left out."""
        results = read_pad_results(REPOSITORY / "benchmarks" / "results" / "pad.json")
        assert results.apcer
        assert results.bpcer[0].name == "all"

    @pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"sha256": 1}'])
    def test_nonsense_is_refused(self, tmp_path, content):
        """Anything else is a mistake of the caller."""
        path = tmp_path / "pad.json"
        path.write_bytes(content)
        with pytest.raises(UsageError):
            read_pad_results(path)
        with pytest.raises(UsageError):
            read_pad_results(tmp_path / "missing.json")
