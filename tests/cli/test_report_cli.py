"""`fvs report`: what is written, printed, refused, and told by the exit code."""

import json

import numpy as np
import pytest

from fvs.cli.exit_codes import ExitCode
from fvs.metrics import write_evaluation
from fvs.raster import encode_png
from tests.conftest import REPOSITORY
from tests.report_evidence import evaluation

PAD_RESULTS = REPOSITORY / "benchmarks" / "results" / "pad.json"


@pytest.fixture
def scores(tmp_path):
    """A CSV of compared pairs."""
    path = tmp_path / "my scores.csv"
    write_evaluation(evaluation(), path)
    return path


class TestReport:
    def test_writes_both_files(self, fvs, scores, tmp_path):
        """HTML and PDF are written, the verdicts printed, and the exit code is 0."""
        out, pdf = tmp_path / "r.html", tmp_path / "r.pdf"
        ran = fvs("report", "--scores", scores, "--fmr", "1e-2", "--out", out, "--pdf", pdf)
        assert ran.code == ExitCode.MATCH
        assert "not met" in ran.out
        assert f"written: {out}" in ran.out
        assert out.read_text().startswith("<!DOCTYPE html>")
        assert pdf.read_bytes().startswith(b"%PDF-")

    def test_json_holds_every_verdict(self, fvs, scores, tmp_path):
        """Each requirement with its verdict, counts and bounds; own targets last."""
        ran = fvs("report", "--scores", scores, "--fmr", "1e-2", "--target", "fnmr=0.5",
                  "--pad", PAD_RESULTS, "--pad-system", "pad-fvs", "--out", tmp_path / "r.html",
                  "--json")  # fmt: skip
        verdicts = json.loads(ran.out)["verdicts"]
        own = verdicts[-1]
        assert (own["source"], own["measure"], own["limit"]) == ("own", "fnmr", 0.5)
        assert (own["verdict"], own["rate"]["trials"], own["subjects"]) == ("met", 240, 80)
        assert own["bound_95"] <= 0.5
        assert {v["verdict"] for v in verdicts} <= {"met", "not_met", "not_shown"}
        iapar = next(v for v in verdicts if v["measure"] == "iapar")
        assert (iapar["verdict"], iapar["why"]) == ("not_shown", "only_apcer")

    def test_pack_without_scores(self, fvs, tmp_path):
        """The default is the shipped pack, from its operating points alone."""
        ran = fvs("report", "--out", tmp_path / "r.html", "--language", "both", "--json")
        fmr = json.loads(ran.out)["verdicts"][0]
        assert fmr["rate"]["trials"] > 1_000_000
        page = (tmp_path / "r.html").read_text()
        assert 'lang="th"' in page
        assert "pack standard" in page

    @pytest.mark.parametrize(
        ("fail_on", "targets", "code"),
        [
            ("never", ["fnmr=0.0001"], ExitCode.MATCH),
            ("not-met", ["fnmr=0.0001"], ExitCode.NO_MATCH),
            ("not-shown", ["fnmr=0.0001"], ExitCode.NO_MATCH),
        ],
    )
    def test_exit_code_tells_verdicts_where_asked(
        self, fvs, scores, tmp_path, fail_on, targets, code
    ):
        """0 unless --fail-on asks; then 1 for not met, and the report is written all the same."""
        out = tmp_path / "r.html"
        ran = fvs("report", "--scores", scores, "--fmr", "1e-2", "--fail-on", fail_on, "--out", out,
                  *(word for target in targets for word in ("--target", target)))  # fmt: skip
        assert ran.code == code
        assert out.exists()


class TestExitCode:
    @pytest.mark.parametrize(
        ("verdicts", "never", "not_met", "not_shown"),
        [
            ([], 0, 0, 0),
            (["met"], 0, 0, 0),
            (["met", "not_shown"], 0, 0, 2),
            (["met", "not_met"], 0, 1, 1),
            (["not_shown", "not_met"], 0, 1, 1),
        ],
    )
    def test_worst_verdict_counts(self, verdicts, never, not_met, not_shown):
        """Not met is 1, not shown is 2, each only where it was asked for."""
        from fvs.cli.report import FailOn, _exit_code  # noqa: PLC0415 - beside what it tests

        expected = {FailOn.NEVER: never, FailOn.NOT_MET: not_met, FailOn.NOT_SHOWN: not_shown}
        assert {how: int(_exit_code(verdicts, how)) for how in FailOn} == expected


class TestPrivacy:
    def test_thumbnails_only_where_asked(self, fvs, tmp_path):
        """With --thumbnails the pictures of the worst pairs are there; else none, and no name."""
        pictures = tmp_path / "pictures"
        few = evaluation().take(evaluation().second_subject < 12)
        scores = tmp_path / "few.csv"
        write_evaluation(few, scores)
        names = {*few.first_picture, *few.second_picture}
        grey = encode_png(np.full((20, 20, 3), 90, np.uint8))
        for name in names:
            path = pictures / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(grey)
        out = tmp_path / "r.html"
        words = ("report", "--scores", scores, "--fmr", "0.1", "--out", out)
        fvs(*words, "--pictures", pictures)
        assert "<img" not in out.read_text()
        ran = fvs(*words, "--pictures", pictures, "--thumbnails")
        assert ran.code == ExitCode.MATCH
        assert out.read_text().count("<img") == 16
        assert "Person_" not in out.read_text()


class TestRefusals:
    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--target", "far=1"], "no requirement"),
            (["--threshold", "0.5"], "--threshold is for --scores"),
            (["--thumbnails"], "--thumbnails needs --scores"),
            (["--fmr", "0.123"], "no operating point"),
            (["--scores", "missing.csv"], "missing.csv"),
            (["--scores", "a.csv", "--lfw", "b.tar"], "two things to measure"),
            (["--pad", "missing.json"], "cannot read"),
            (["--pdf", "no/folder/r.pdf"], "no folder"),
        ],
    )
    def test_wrong_use_is_3_and_writes_nothing(self, fvs, tmp_path, words, message):
        """What cannot be right is refused before anything is written."""
        out = tmp_path / "r.html"
        ran = fvs("report", "--out", out, *words)
        assert ran.code == ExitCode.WRONG_USE
        assert message in ran.err
        assert not out.exists()

    def test_a_report_replaces_no_input(self, fvs, scores):
        """The files to write are none of those read, nor one another."""
        before = scores.read_bytes()
        ran = fvs("report", "--scores", scores, "--out", scores)
        assert ran.code == ExitCode.WRONG_USE
        assert scores.read_bytes() == before
        both = scores.with_name("r.html")
        assert fvs("report", "--out", both, "--pdf", both).code == ExitCode.WRONG_USE
