"""`fvs verify`, `inspect`, `embed` and `compare` on real faces."""

import json

import pytest

from fvs.cli.common import ExitCode

pytestmark = pytest.mark.usefixtures("weights")


class TestVerify:
    def test_exits_0_on_a_match(self, fvs, mated):
        """Exit code 0 is a match and nothing else."""
        ran = fvs("verify", *mated, "--age", 40, "--no-pad", "--fmr", "1e-3")
        assert ran.code == ExitCode.MATCH
        assert ran.out.startswith("match")

    def test_exits_1_on_no_match(self, fvs, non_mated):
        """Exit code 1 is a mismatch."""
        ran = fvs("verify", *non_mated, "--age", 40)
        assert ran.code == ExitCode.NO_MATCH
        assert "no match" in ran.out

    def test_exits_2_where_nothing_can_be_compared(self, fvs, mated, tmp_path):
        """A file that is no picture is no answer, and no mistake of the caller."""
        broken = tmp_path / "broken.jpg"
        broken.write_bytes(b"no picture")
        ran = fvs("verify", broken, mated[1], "--json")
        answer = json.loads(ran.out)
        assert ran.code == ExitCode.NO_DECISION
        assert answer["outcome"] == "not_compared"
        assert answer["score"] is None
        assert [(r["about"], r["code"]) for r in answer["reasons"]] == [
            ("selfie", "unsupported_format")
        ]

    def test_exits_2_at_an_age_without_an_operating_point(self, fvs, mated):
        """Nobody is matched where the error rate is unknown."""
        ran = fvs("verify", *mated, "--age", 1, "--json")
        assert ran.code == ExitCode.NO_DECISION
        assert json.loads(ran.out)["outcome"] == "inconclusive"

    def test_json_holds_advice_in_both_languages_and_no_pixels(self, fvs, mated):
        """The document is complete for a person and safe for a log."""
        ran = fvs("verify", *mated, "--json")
        answer = json.loads(ran.out)
        assert all(reason["english"] and reason["thai"] for reason in answer["reasons"])
        assert answer["selfie"]["quality"]["sharpness"]["scalar"] > 0
        assert len(ran.out) < 10_000

    def test_explains_in_a_picture(self, fvs, mated, tmp_path):
        """`--explain` writes a PNG."""
        ran = fvs("verify", *mated, "--explain", tmp_path / "why.png")
        assert ran.code in set(ExitCode)
        assert (tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")


class TestWrongUse:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("verify",), "Missing argument"),
            (("verify", "a.jpg", "b.jpg", "--nope"), "No such option"),
            (("verify", "a.jpg", "b.jpg", "--age", "-3"), "--age"),
            (("verify", "a.jpg", "b.jpg"), "cannot read a.jpg"),
            (("verify", "a.jpg", "b.jpg", "--fmr", "0.5"), "no operating point for FMR 0.5"),
            (("verify", "a.jpg", "b.jpg", "--pack", "nope"), "no pack 'nope'"),
            (("nope",), "No such command"),
        ],
    )
    def test_exits_3_and_says_what_is_wrong(self, fvs, arguments, words):
        """Exit code 3 is the caller's mistake, told without a traceback."""
        ran = fvs(*arguments)
        assert ran.code == ExitCode.WRONG_USE
        assert words in ran.err
        assert "Traceback" not in ran.err

    def test_of_missing_weights_says_what_to_do(self, fvs, mated, monkeypatch, tmp_path):
        """Weights that are nowhere are named, with the ways to get them."""
        monkeypatch.setenv("FVS_MODELS", str(tmp_path))
        ran = fvs("verify", *mated)
        assert ran.code == ExitCode.WRONG_USE
        assert "yunet_n.onnx" in ran.err
        assert "fvs models pull reference" in ran.err


class TestInspect:
    def test_counts_faces_and_measures_the_chosen_one(self, fvs, mated):
        """Each picture is reported under its path."""
        ran = fvs("inspect", *mated, "--json")
        report = json.loads(ran.out)
        assert list(report) == [str(path) for path in mated]
        for picture in report.values():
            assert len(picture["faces"]) >= 1
            assert picture["chosen"]["status"] == "ok"
        assert ran.code == ExitCode.MATCH

    def test_exits_2_where_a_picture_is_not_fit(self, fvs, mated, tmp_path):
        """One unfit picture among others shows in the exit code."""
        (tmp_path / "empty.jpg").write_bytes(b"")
        ran = fvs("inspect", mated[0], tmp_path / "empty.jpg")
        assert ran.code == ExitCode.NO_DECISION
        assert "empty_file" in ran.out


class TestTemplates:
    def test_compare_like_the_pictures_they_were_made_of(self, fvs, mated, tmp_path):
        """A template stands for its picture to the last bit."""
        assert fvs("embed", *mated, "--out", tmp_path).code == ExitCode.MATCH
        templates = [tmp_path / f"{path.stem}.fvst" for path in mated]
        of_templates = json.loads(fvs("compare", *templates, "--json").out)
        of_pictures = json.loads(fvs("compare", *mated, "--json").out)
        mixed = json.loads(fvs("compare", templates[0], mated[1], "--json").out)
        assert of_templates == of_pictures == mixed
        assert of_templates["status"] == "ok"

    def test_are_refused_when_damaged(self, fvs, mated, tmp_path):
        """A template that was cut off is wrong use, not a low score."""
        fvs("embed", mated[0], "--out", tmp_path)
        template = tmp_path / f"{mated[0].stem}.fvst"
        template.write_bytes(template.read_bytes()[:-1])
        ran = fvs("compare", template, mated[1])
        assert ran.code == ExitCode.WRONG_USE
        assert "damaged" in ran.err

    def test_are_not_written_for_an_unfit_picture(self, fvs, tmp_path):
        """No face, no template, and the reason is told."""
        (tmp_path / "empty.jpg").write_bytes(b"")
        ran = fvs("embed", tmp_path / "empty.jpg", "--out", tmp_path, "--json")
        assert ran.code == ExitCode.NO_DECISION
        assert "empty_file" in ran.out
        assert not list(tmp_path.glob("*.fvst"))


class TestVersion:
    def test_is_printed(self, fvs):
        """`fvs --version` names the program and its version."""
        ran = fvs("--version")
        assert ran.code == ExitCode.MATCH
        assert ran.out.startswith("fvs 0.")
