"""`fvs demo` runs the whole job offline, tells the truth about it and exits by what came out."""

import json
import socket
from dataclasses import replace

import pytest

from fvs.cli import demo as demo_module
from fvs.cli import main
from fvs.decide import DecisionPolicy
from fvs.deployment.packs import MODELS_VARIABLE
from fvs.status import Outcome
from tests.records import operating_point, pad_point

pytest.importorskip("PIL", reason="the demo needs its extra")
pytest.importorskip("skimage", reason="the demo needs its extra")
pytest.importorskip("matplotlib", reason="the demo needs its extra")

from fvs.cli import demo_cases

NUMERIC = ("threshold", "live", "ms")
POLICY = DecisionPolicy(point=operating_point(), pad=pad_point())


def run(monkeypatch, capsys, *arguments):
    """Run `fvs demo` with the reference pack; returns its exit code, output and error output.

    tests/test_stand_alone.py runs it with the default pack.
    """
    monkeypatch.setattr("sys.argv", ["fvs", "demo", "--pack", "reference", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    return ended.value.code, captured.out, captured.err


@pytest.fixture
def weights(monkeypatch, shared_dir):
    """The reference weights, and a policy that does not change when points are derived anew."""
    monkeypatch.setenv(MODELS_VARIABLE, str(shared_dir / "models"))
    monkeypatch.setattr(demo_module, "open_policy", lambda *_, **__: POLICY)


@pytest.fixture(scope="module")
def cases():
    """The demo's cases, made once."""
    return demo_cases.build_cases()


@pytest.fixture
def offline(monkeypatch):
    """Any attempt to open a connection fails the test."""

    def refuse(*_, **__):
        raise AssertionError("the demo looked for a network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


class TestCases:
    """`build_cases`."""

    def test_cover_what_can_happen(self, cases):
        """Every outcome is expected at least once, and names are file stems of their own."""
        assert {case.expected for case in cases} == set(Outcome)
        assert len({case.name for case in cases}) == len(cases)

    def test_are_the_same_every_time(self, cases):
        """The pictures do not depend on chance."""
        assert demo_cases.build_cases() == cases


class TestDemo:
    """`fvs demo`."""

    @pytest.mark.usefixtures("weights", "offline")
    def test_every_case_comes_out_as_expected(self, monkeypatch, capsys, tmp_path):
        """Exit code 0, each case in the document with its pictures, and no network."""
        code, out, _ = run(monkeypatch, capsys, "--out", tmp_path, "--json")
        document = json.loads(out)
        assert code == 0
        assert all(case["as_expected"] or case["known_miss"] for case in document["cases"])
        assert sum(not case["as_expected"] for case in document["cases"]) <= 1
        written = {path.name for path in tmp_path.iterdir()}
        for case in document["cases"]:
            for kind in ("selfie.jpg", "card.jpg", "explained.png"):
                assert f"{case['name']}-{kind}" in written
        assert "one photograph" in document["note"]

    @pytest.mark.usefixtures("weights")
    def test_a_difference_is_named_and_exits_1(self, monkeypatch, capsys, tmp_path, cases):
        """A case that comes out otherwise is never passed over."""
        wrong = replace(cases[0], expected=Outcome.NO_MATCH)
        monkeypatch.setattr(demo_cases, "build_cases", lambda: (wrong,))
        code, out, _ = run(monkeypatch, capsys, "--out", tmp_path)
        assert code == 1
        assert "mated did not come out as expected" in out
        assert "wanted no match, got match" in " ".join(out.split())

    @pytest.mark.usefixtures("weights")
    def test_a_known_miss_is_shown_but_does_not_count(self, monkeypatch, capsys, tmp_path, cases):
        """Exit code 0, and the table says what should have come out and why it did not."""
        wrong = replace(cases[0], expected=Outcome.NO_MATCH, known_miss="it cannot see this")
        monkeypatch.setattr(demo_cases, "build_cases", lambda: (wrong,))
        code, out, _ = run(monkeypatch, capsys, "--out", tmp_path)
        assert code == 0
        assert "did not come out as expected" in " ".join(out.split())
        assert "a known miss: it cannot see this" in " ".join(out.split())
        row = out.splitlines()[1]
        assert row.startswith("mated ")
        assert row.endswith("known miss")

    @pytest.mark.usefixtures("weights")
    def test_the_table_fits_a_terminal_of_80_columns(self, monkeypatch, capsys, tmp_path, cases):
        """The widest words, and none of them broken or cut."""
        monkeypatch.setattr(demo_module.OUTPUT_CONSOLE, "_width", 80)
        widest = max((case.name for case in cases), key=len)
        wrong = replace(cases[-1], name=widest, expected=Outcome.INCONCLUSIVE, known_miss="why")
        monkeypatch.setattr(demo_cases, "build_cases", lambda: (wrong,))
        _, out, _ = run(monkeypatch, capsys, "--out", tmp_path)
        headings, row = out.splitlines()[:2]
        assert headings.split() == ["case", "expected", "outcome", "score", *NUMERIC]
        assert row.startswith(f"{widest} inconclusive not compared ")
        assert row.endswith(" known miss")
        assert "…" not in out

    def test_missing_weights_say_what_to_do(self, monkeypatch, capsys, tmp_path):
        """Exit code 3, nothing written, and both ways to get weights are named."""
        monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "nothing"))
        code, _, error = run(monkeypatch, capsys, "--out", tmp_path / "out")
        assert code == 3
        assert MODELS_VARIABLE in error
        assert "fvs models pull reference" in error
        assert not (tmp_path / "out").exists()

    @pytest.mark.usefixtures("weights")
    def test_a_folder_that_cannot_be_made_is_wrong_use(self, monkeypatch, capsys, tmp_path):
        """Exit code 3 and the reason."""
        in_the_way = tmp_path / "file"
        in_the_way.write_text("")
        code, _, error = run(monkeypatch, capsys, "--out", in_the_way / "out")
        assert code == 3
        assert "cannot make" in error
