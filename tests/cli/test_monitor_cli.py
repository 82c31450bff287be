"""`fvs monitor`: exit codes, JSON, words, and what is refused."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

import fvs.cli.monitor as command
from fvs.certificates import (
    CertificateTamperedError,
    CertificateUnknownKeyError,
    TrustStore,
    write_certificate,
)
from fvs.certificates.signing import generate_key
from fvs.cli.app import app
from fvs.cli.monitor import MonitorCode
from fvs.errors import FvsError, MissingExtraError, UsageError
from fvs.monitoring import (
    Baseline,
    CanaryReport,
    DriftReport,
    LiveBounds,
    baseline_of_points,
    load_canary,
)
from tests.certificate_files import TERMS, certificate, distribution
from tests.unit.test_monitoring_canary import Engine

FACES = 4


def run(*words):
    """Run `fvs monitor ...`; errors are raised as `main` would see them."""
    result = CliRunner().invoke(app, ["monitor", *map(str, words)])
    if isinstance(result.exception, FvsError):
        raise result.exception
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def write_scores(path, count, mean=0.3, seed=0, gaps=0):
    """A table of scores and qualities, some scores missing here and there."""
    rng = np.random.default_rng(seed)
    rows = zip(rng.normal(mean, 0.1, count), rng.uniform(20, 90, count), strict=True)
    missing = set(rng.permutation(count)[:gaps].tolist())
    lines = [f"{'' if k in missing else f'{a:.5f}'},{b:.2f}\n" for k, (a, b) in enumerate(rows)]
    path.write_text("similarity,quality\n" + "".join(lines))
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


class TestCheckAgainstACertificate:
    @pytest.fixture
    def certified(self, tmp_path, monkeypatch):
        """A valid certificate with the distribution of similarity alone, by a trusted key."""
        stated = (distribution(count=2000, missing=20),)
        terms = replace(TERMS, issued=datetime.now(UTC) - timedelta(days=1))
        key = generate_key("A tester's key")
        path = tmp_path / "certificate.json"
        write_certificate(path, certificate(terms, distributions=stated), key)
        monkeypatch.setattr(command, "trust_store", lambda: TrustStore.of(key.public))
        monkeypatch.setattr(command, "certificate_path", lambda _: path)
        return path

    @pytest.mark.parametrize(
        ("mean", "code"), [(0.3, MonitorCode.HOLDS), (0.4, MonitorCode.BROKEN)]
    )
    def test_answers_as_a_baseline_does(self, tmp_path, certified, mean, code):
        """By file or by pack; what the certificate lacks is not watched, and that is said."""
        live = write_scores(tmp_path / "live.csv", 3000, mean, seed=1, gaps=30)
        for against in (("--against", certified), ("--pack", "made-up")):
            result = run("check", live, *against)
            assert result.exit_code == code
            assert "compared with similarity: mated pairs made up for a test" in result.stdout
            assert "quality is not watched" in result.stderr
            report = msgspec.json.decode(
                run("check", live, *against, "--json").stdout, type=DriftReport
            )
            assert [one.name for one in report.signals] == ["similarity"]

    def test_failing_to_find_faces_is_drift(self, tmp_path, certified):
        """A tenth of the comparisons without a number, where a hundredth was measured."""
        live = write_scores(tmp_path / "live.csv", 3000, seed=1, gaps=300)
        assert run("check", live, "--against", certified).exit_code == MonitorCode.BROKEN

    @pytest.mark.usefixtures("certified")
    def test_plot(self, tmp_path):
        """As of a baseline."""
        live = write_scores(tmp_path / "live.csv", 50)
        run("check", live, "--pack", "made-up", "--plot", tmp_path / "drift.svg")
        assert (tmp_path / "drift.svg").read_text().startswith("<?xml")

    def test_a_column_that_is_named_must_be_there(self, tmp_path, certified):
        """Who asks for a signal is told that the certificate has none."""
        live = write_scores(tmp_path / "live.csv", 50)
        with pytest.raises(UsageError, match="no signal 'quality'"):
            run("check", live, "--against", certified, "--column", "quality")

    def test_is_refused_as_for_decisions(self, tmp_path, certified, monkeypatch):
        """Nothing is held to numbers that were changed, or that nobody vouches for."""
        live = write_scores(tmp_path / "live.csv", 50)
        content = certified.read_bytes()
        certified.write_bytes(content.replace(b"made up", b"made UP"))
        with pytest.raises(CertificateTamperedError):
            run("check", live, "--against", certified)
        certified.write_bytes(content)
        monkeypatch.setattr(command, "trust_store", TrustStore.of)
        with pytest.raises(CertificateUnknownKeyError):
            run("check", live, "--against", certified)

    def test_one_without_distributions(self):
        """It says what to do instead."""
        with pytest.raises(UsageError, match="states no distributions") as caught:
            baseline_of_points(certificate())
        assert "fvs monitor baseline" in caught.value.advice

    @pytest.mark.parametrize("both", [False, True])
    def test_exactly_one_thing_to_compare_with(self, tmp_path, certified, both):
        """Neither is guessed."""
        words = ("--against", certified, "--pack", "standard") if both else ()
        with pytest.raises(UsageError, match="name one thing"):
            run("check", tmp_path / "live.csv", *words)

    def test_a_file_that_is_not_there(self, tmp_path):
        """Told as of any baseline."""
        with pytest.raises(UsageError, match="cannot read"):
            run("check", tmp_path / "live.csv", "--against", tmp_path / "no.json")


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
