"""`fvs monitor`: exit codes, JSON, words, and what is refused."""

import json

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

import fvs.cli.monitor as command
from fvs.cli.app import app
from fvs.cli.monitor import MonitorCode
from fvs.errors import FvsError, MissingExtraError, UsageError
from fvs.monitoring import Baseline, CanaryReport, DriftReport, LiveBounds, load_canary
from tests.unit.test_monitoring_canary import Engine

FACES = 4


def run(*words):
    """Run `fvs monitor ...`; errors are raised as `main` would see them."""
    result = CliRunner().invoke(app, ["monitor", *map(str, words)])
    if isinstance(result.exception, FvsError):
        raise result.exception
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def write_scores(path, count, mean=0.3, seed=0):
    """A table of scores and qualities."""
    rng = np.random.default_rng(seed)
    rows = zip(rng.normal(mean, 0.1, count), rng.uniform(20, 90, count), strict=True)
    path.write_text("similarity,quality\n" + "".join(f"{a:.5f},{b:.2f}\n" for a, b in rows))
    return path


@pytest.fixture
def known(tmp_path):
    """A baseline file."""
    path = tmp_path / "baseline.json"
    run("baseline", write_scores(tmp_path / "good.csv", 2000), "--out", path, "--of", "a pilot")
    return path


class TestBaseline:
    def test_prints_the_document_it_writes(self, tmp_path, known):
        """`--json` prints what stands in the file; the table has a row a signal."""
        table = tmp_path / "good.csv"
        printed = run("baseline", table, "--out", known, "--json").stdout
        assert msgspec.json.decode(printed, type=Baseline) == msgspec.json.decode(
            known.read_bytes(), type=Baseline
        )
        shown = run("baseline", table, "--out", known, "--column", "quality").stdout
        assert "quality" in shown
        assert "similarity" not in shown

    def test_output_is_checked_first(self, tmp_path):
        """A folder that is not there is told before anything is read."""
        with pytest.raises(UsageError, match="cannot write"):
            run("baseline", tmp_path / "nowhere.csv", "--out", tmp_path / "no" / "b.json")


class TestCheck:
    @pytest.mark.parametrize(
        ("count", "mean", "code", "words"),
        [
            (0, 0.3, MonitorCode.CANNOT_TELL, "too few values to tell: 0, need "),
            (3000, 0.3, MonitorCode.HOLDS, "similarity: steady"),
            (3000, 0.4, MonitorCode.BROKEN, "similarity: drifted (by sequential, psi, ks, seen"),
        ],
        ids=["no rows", "steady", "drifted"],
    )
    def test_answers(self, tmp_path, known, count, mean, code, words):
        """Each answer has an exit code, words, and a JSON document with the same verdict."""
        live = write_scores(tmp_path / "live.csv", count, mean, seed=1)
        result = run("check", live, "--against", known)
        assert result.exit_code == code
        assert words in result.stdout
        as_json = run("check", live, "--against", known, "--json")
        assert as_json.exit_code == code
        report = msgspec.json.decode(as_json.stdout, type=DriftReport)
        verdicts = {0: "steady", 1: "drifted", 2: "too_few"}
        assert report.verdict == verdicts[code]

    def test_plot(self, tmp_path, known):
        """A plot is drawn whatever the verdict; its name is checked before any work."""
        live = write_scores(tmp_path / "live.csv", 50, 0.9)
        result = run("check", live, "--against", known, "--plot", tmp_path / "drift.svg")
        assert result.exit_code == MonitorCode.BROKEN
        assert (tmp_path / "drift.svg").read_text().startswith("<?xml")
        with pytest.raises(UsageError, match="cannot write"):
            run("check", live, "--against", known, "--plot", tmp_path / "no" / "drift.svg")

    def test_without_scipy(self, known, monkeypatch):
        """Without the `eval` extra the command says how to install it."""
        monkeypatch.setitem(__import__("sys").modules, "fvs.monitoring", None)
        monkeypatch.delattr("fvs.monitoring")
        with pytest.raises(MissingExtraError) as caught:
            run("check", known, "--against", known)
        assert "[eval]" in caught.value.advice


class TestBound:
    @pytest.mark.parametrize(
        ("wrong", "count", "code", "words"),
        [
            (0.0, 2, MonitorCode.CANNOT_TELL, "(needs 3688 pairs without an error)"),
            (0.0, 4000, MonitorCode.HOLDS, "holds, at threshold 0.5"),
            (0.1, 4000, MonitorCode.BROKEN, "broken (seen after "),
        ],
        ids=["too few", "holds", "broken"],
    )
    def test_answers(self, tmp_path, wrong, count, code, words):
        """Known cases are counted at the pack's threshold; each verdict has its exit code."""
        rng = np.random.default_rng(1)
        scores = np.where(rng.random(count) < wrong, 0.9, 0.1)
        rows = "".join(f"{score},false\n" for score in scores)
        (tmp_path / "cases.csv").write_text(f"similarity,mated\n{rows}")
        result = run("bound", tmp_path / "cases.csv", "--fmr", "1e-3")
        assert result.exit_code == code
        assert words in result.stdout
        printed = run("bound", tmp_path / "cases.csv", "--fmr", "1e-3", "--json")
        assert printed.exit_code == code
        assert msgspec.json.decode(printed.stdout, type=LiveBounds).fmr.rate.trials == count


@pytest.fixture
def canaries(tmp_path, monkeypatch):
    """Pictures in a folder per person, and a stand-in for the engine of the standard pack."""
    for person in range(FACES):
        folder = tmp_path / "canaries" / f"P{person}"
        folder.mkdir(parents=True)
        for picture in range(2):
            (folder / f"{picture}.jpg").write_text(f"{person} {picture} face")
    monkeypatch.setattr(command, "open_engine", lambda _: Engine())
    return tmp_path / "canaries"


class TestCanary:
    def test_recorded_and_found_again(self, tmp_path, canaries):
        """What was recorded is alive; the threshold is that of the pack's operating point."""
        out = tmp_path / "canary.json"
        words = run("canary-record", "--pictures", canaries, "--out", out, "--fmr", "1e-3").stdout
        assert "4 mated and 6 non-mated pairs of pack standard" in words
        assert load_canary(out).threshold == pytest.approx(0.545, abs=0.02)
        result = run("canary", out, "--pictures", canaries)
        assert result.exit_code == MonitorCode.HOLDS
        assert "alive" in result.stdout
        assert "cannot tell (needs 3688 pairs without an error)" in result.stdout

    def test_changed(self, tmp_path, canaries, monkeypatch):
        """An engine that finds something else exits with 1 and says how much changed."""
        out = tmp_path / "canary.json"
        printed = run("canary-record", "--pictures", canaries, "--out", out, "--json").stdout
        assert json.loads(printed) == json.loads(out.read_text())
        monkeypatch.setattr(command, "open_engine", lambda _: Engine(noise=0.01, sha256="e"))
        result = run("canary", out, "--pictures", canaries)
        assert result.exit_code == MonitorCode.BROKEN
        assert "NOT as recorded" in result.stdout
        assert "not the weights" in result.stdout
        report = msgspec.json.decode(
            run("canary", out, "--pictures", canaries, "--json").stdout, type=CanaryReport
        )
        assert report.pairs_changed == report.pairs == 10

    def test_names_of_pictures_are_not_printed(self, tmp_path, canaries):
        """Reports say how many, never which: names of pictures are often names of people."""
        out = tmp_path / "canary.json"
        run("canary-record", "--pictures", canaries, "--out", out)
        for more in ((), ("--json",)):
            assert "P1/" not in run("canary", out, "--pictures", canaries, *more).stdout

    def test_unknown_target(self, tmp_path, canaries):
        """A target without an operating point is refused."""
        with pytest.raises(FvsError, match="no operating point"):
            run("canary-record", "--pictures", canaries, "--out", tmp_path / "c", "--fmr", "1e-9")
