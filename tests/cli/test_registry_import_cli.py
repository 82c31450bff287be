"""`fvs registry import`: resumable, parallel, and a second run changes nothing."""

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
import tarfile
import time
from contextlib import closing

import pytest

from fvs.cli.exit_codes import ExitCode
from fvs.deployment.registry_location import Location
from tests.registry_desk import document, number

PORTRAITS = 24


@pytest.fixture(scope="module")
def portraits(shared_dir, tmp_path_factory):
    """A folder of real faces, each of another person and named by a number."""
    folder = tmp_path_factory.mktemp("portraits")
    with tarfile.open(shared_dir / "data" / "pool_lfw.tar") as tar:
        members = (member for member in tar if member.isfile())
        for person, member in zip(range(PORTRAITS), members, strict=False):
            (folder / f"{number(person)}.jpg").write_bytes(tar.extractfile(member).read())
    return folder


@pytest.fixture
def registry(fvs, tmp_path, monkeypatch):
    """An empty registry, and a folder to stand in."""
    monkeypatch.chdir(tmp_path)
    assert fvs("registry", "init", "people", "--legal-basis", "consent").code == 0
    monkeypatch.setenv("FVS_REGISTRY", "people")
    return tmp_path / "people"


def revision(folder):
    """The store's counter."""
    with closing(Location.find(folder).open_store()) as store:
        return store.revision()


def active(folder):
    """Templates that take part."""
    with closing(Location.find(folder).open_store()) as store:
        return store.counts()["active"]


class TestFolder:
    def test_a_second_run_changes_nothing(self, fvs, registry, portraits, tmp_path):
        """What is enrolled is known again: the revision stays, and so does the report."""
        first = document(fvs("registry", "import", portraits, "--workers", 1, "--json").out)
        assert first["enrolled"] + first["refused"] == PORTRAITS
        assert first["enrolled"] > PORTRAITS / 2
        at, report = revision(registry), (tmp_path / "import-refused.csv").read_bytes()
        assert first["revision"] == at

        second = document(fvs("registry", "import", portraits, "--workers", 2, "--json").out)
        assert (second["enrolled"], second["unchanged"]) == (0, first["enrolled"])
        assert second["refused_by_code"] == first["refused_by_code"]
        assert revision(registry) == at
        assert (tmp_path / "import-refused.csv").read_bytes() == report

    @pytest.mark.usefixtures("registry")
    def test_every_refusal_is_reported_and_none_ends_the_run(self, fvs, tmp_path, mated):
        """Place, code and advice in both languages, in a file for its owner alone."""
        folder = tmp_path / "mixed"
        folder.mkdir()
        (folder / f"{number(1)}.jpg").write_bytes(mated[1].read_bytes())
        (folder / f"{number(2)}_passport.jpg").write_bytes(b"no picture")
        (folder / "1234545678782.jpg").write_bytes(mated[1].read_bytes())
        report = tmp_path / "refused.csv"
        ran = fvs("registry", "import", folder, "--report", report, "--workers", 1)
        assert ran.code == ExitCode.NO_DECISION
        assert "1 enrolled, 0 there already, 2 refused" in ran.out
        assert "subject_check_digit" in ran.out
        rows = {row["place"]: row for row in csv.DictReader(io.StringIO(report.read_text()))}
        assert {place: row["code"] for place, row in rows.items()} == {
            f"{number(2)}_passport.jpg": "unsupported_format",
            "1234545678782.jpg": "subject_check_digit",
        }
        assert all(row["advice"] and row["advice_thai"] for row in rows.values())
        assert stat.S_IMODE(report.stat().st_mode) == 0o600
        for secret in (number(1), number(2), "1234545678782"):
            assert secret not in ran.out + ran.err

    @pytest.mark.usefixtures("registry")
    def test_of_nothing_is_done(self, fvs, tmp_path):
        """An empty folder is an import of nothing, and told as such; the report has no rows."""
        (tmp_path / "none").mkdir()
        assert "nothing to import" in fvs("registry", "import", tmp_path / "none").out
        (tmp_path / "empty").mkdir()
        report = tmp_path / "refused.json"
        ran = fvs("registry", "import", tmp_path / "empty", "--report", report, "--json")
        assert ran.code == ExitCode.MATCH
        assert document(ran.out)["enrolled"] == 0
        assert json.loads(report.read_text()) == []


class TestTable:
    @pytest.mark.usefixtures("registry")
    def test_rows_are_enrolled_with_what_they_say(self, fvs, tmp_path, mated):
        """Kind, day, source, legal basis; the same picture of another number is another person."""
        (tmp_path / "face.jpg").write_bytes(mated[1].read_bytes())
        table = tmp_path / "people.csv"
        table.write_text(
            "number,picture,kind,portrait_date,source,legal_basis\n"
            f"{number(1)},face.jpg,passport,2024-05-01,district 12,consent 7\n"
            f"{number(2)},face.jpg,,,,\n"
            f"{number(3)},nosuch.jpg,,,,\n"
            f"{number(1)},face.jpg,passport,,,\n"
        )
        report = tmp_path / "refused.json"
        arguments = ("registry", "import", table, "--workers", 1, "--report", report, "--json")
        answer = document(fvs(*arguments).out)
        assert (answer["enrolled"], answer["unchanged"], answer["refused"]) == (2, 1, 1)
        (refused,) = json.loads(report.read_text())
        assert (refused["place"], refused["code"]) == ("line 4", "cannot_read")
        out = tmp_path / "export.json"
        assert fvs("registry", "export", number(1), "--out", out).code == 0
        (record,) = json.loads(out.read_text())["records"]
        assert record["kind"] == "passport"
        assert record["portrait_date"] == "2024-05-01"
        assert (record["source"], record["legal_basis"]) == ("district 12", "consent 7")

    @pytest.mark.usefixtures("registry")
    def test_an_erased_portrait_is_not_brought_back(self, fvs, tmp_path, mated):
        """It is refused with a code of its own."""
        folder = tmp_path / "one"
        folder.mkdir()
        (folder / f"{number(1)}.jpg").write_bytes(mated[1].read_bytes())
        assert fvs("registry", "import", folder, "--workers", 1).code == 0
        erase = ("registry", "erase", number(1), "--out", tmp_path / "proof.json", "--yes")
        assert fvs(*erase).code == 0
        answer = document(fvs("registry", "import", folder, "--workers", 1, "--json").out)
        assert answer["refused_by_code"] == {"erased_before": 1}


class TestEngines:
    @pytest.mark.slow
    def test_a_cluster_enrols_the_same(self, fvs, registry, portraits):
        """Dask workers find what this machine's processes find; nothing is enrolled twice."""
        first = ("registry", "import", portraits, "--engine", "dask", "--workers", 2, "--json")
        enrolled = document(fvs(*first).out)["enrolled"]
        assert enrolled == active(registry) > PORTRAITS / 2
        again = document(fvs("registry", "import", portraits, "--workers", 2, "--json").out)
        assert (again["enrolled"], again["unchanged"]) == (0, enrolled)


class TestKilled:
    def test_a_run_that_was_killed_is_simply_run_again(self, fvs, registry, portraits):
        """SIGKILL between chunks: what was enrolled stays, the rest follows, nothing is twice."""
        environment = {**os.environ, "FVS_REGISTRY": str(registry)}
        command = ["-m", "fvs", "registry", "import", str(portraits), "--workers", "1"]
        process = subprocess.Popen(
            [sys.executable, *command],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while active(registry) == 0:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        survived = active(registry)
        answer = document(fvs("registry", "import", portraits, "--workers", 1, "--json").out)
        assert answer["unchanged"] >= survived > 0
        assert active(registry) == answer["enrolled"] + answer["unchanged"]
        assert answer["enrolled"] + answer["unchanged"] + answer["refused"] == PORTRAITS
        assert document(fvs("registry", "check", "--json").out)["ok"] is True


class TestWrongUse:
    @pytest.mark.usefixtures("registry")
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (("nosuch.csv",), "cannot read"),
            ((".", "--engine", "spark"), "no bulk engine"),
            ((".", "--scheduler", "tcp://x:1"), "no address"),
            ((".", "--workers", "-1"), "--workers"),
            ((".", "--report", "nowhere/refused.csv"), "cannot write"),
            ((".", "--kind-of-number", "dog"), "--kind-of-number"),
        ],
    )
    def test_is_told_before_anything_is_read(self, fvs, options, words):
        """Exit 3, and what is wrong."""
        ran = fvs("registry", "import", *options)
        assert ran.code == ExitCode.WRONG_USE
        assert words in ran.err
