"""`fvs verify`, `inspect`, `embed` and `compare` on real faces."""

import json
import os
import shutil
import sys

import pytest

from fvs.cli.exit_codes import ExitCode

pytestmark = pytest.mark.usefixtures("weights")

REFERENCE = ("--pack", "reference")
"""The pack that takes both pictures of `mated` for one person, and knows a copy by its score."""


class TestVerify:
    def test_exits_0_on_a_match(self, fvs, mated):
        """Exit code 0 is a match and nothing else."""
        ran = fvs("verify", *mated, *REFERENCE, "--age", 40, "--no-pad", "--fmr", "1e-3")
        assert ran.code == ExitCode.MATCH
        assert ran.out.startswith("match")

    def test_exits_1_on_no_match(self, fvs, non_mated):
        """Exit code 1 is a mismatch."""
        ran = fvs("verify", *non_mated, "--age", 30)
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

    def test_says_that_liveness_is_not_required(self, fvs, mated):
        """Without PAD the answer does not look as if it had been judged."""
        assert "Liveness was not required" in fvs("verify", *mated, "--no-pad").out
        assert "not required" not in fvs("verify", *mated).out

    def test_says_that_liveness_was_not_assessed(self, fvs, mated, tmp_path):
        """In words, with the cause."""
        broken = tmp_path / "broken.jpg"
        broken.write_bytes(b"no picture")
        out = " ".join(fvs("verify", broken, mated[1]).out.split())
        assert "live not assessed (unsupported format)" in out


class TestExplain:
    def test_never_replaces_an_input(self, fvs, mated, tmp_path):
        """Not even through a link; nothing is verified."""
        link = tmp_path / "link.png"
        link.symlink_to(mated[0])
        before = mated[0].read_bytes()
        for target in (mated[0], link):
            ran = fvs("verify", *mated, "--explain", target)
            assert ran.code == ExitCode.WRONG_USE
            assert "would replace" in ran.err
            assert ran.out == ""
        assert mated[0].read_bytes() == before

    def test_never_replaces_what_is_no_png(self, fvs, mated, tmp_path):
        """An older explanation may be replaced, a letter may not."""
        target = tmp_path / "why.png"
        target.write_text("a letter")
        ran = fvs("verify", *mated, "--explain", target)
        assert ran.code == ExitCode.WRONG_USE
        assert "is no PNG" in ran.err
        assert target.read_text() == "a letter"
        target.unlink()
        assert fvs("verify", *mated, "--explain", target).err == ""
        first = target.stat().st_mtime_ns
        assert fvs("verify", *mated, "--explain", target).err == ""
        assert target.stat().st_mtime_ns > first

    @pytest.mark.parametrize("name", ["why.jpg", "why"])
    def test_is_named_what_it_is(self, fvs, mated, tmp_path, name):
        """A PNG under another name is refused before anything is verified."""
        ran = fvs("verify", *mated, "--explain", tmp_path / name)
        assert ran.code == ExitCode.WRONG_USE
        assert "why.png" in ran.err
        assert ran.out == ""

    @pytest.mark.parametrize("target", [".", "nowhere/why.png"])
    def test_target_is_checked_before_anything_is_verified(self, fvs, mated, tmp_path, target):
        """A place that cannot be written is wrong use, without an answer."""
        ran = fvs("verify", *mated, "--explain", tmp_path / target)
        assert ran.code == ExitCode.WRONG_USE
        assert "cannot write" in ran.err
        assert ran.out == ""

    def test_extra_is_checked_before_anything_is_verified(self, fvs, mated, tmp_path, monkeypatch):
        """Without Pillow the command says how to get it."""
        for name in [name for name in sys.modules if name.startswith("fvs.explain")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.delitem(sys.modules, "fvs.lettering", raising=False)
        monkeypatch.setitem(sys.modules, "PIL", None)
        ran = fvs("verify", *mated, "--explain", tmp_path / "why.png")
        assert ran.code == ExitCode.WRONG_USE
        assert "[demo]" in ran.err
        assert ran.out == ""

    @pytest.mark.parametrize("error", [OSError(28, "disk full"), ZeroDivisionError("oops")])
    def test_answer_survives_a_drawing_that_fails(self, fvs, mated, tmp_path, monkeypatch, error):
        """The answer and its exit code are those of the verification."""

        def fail(*_):
            raise error

        monkeypatch.setattr("fvs.explain.draw_explanation", fail)
        plain = fvs("verify", *mated, "--age", 40, "--json")
        ran = fvs("verify", *mated, "--age", 40, "--json", "--explain", tmp_path / "why.png")
        assert (ran.code, ran.out) == (plain.code, plain.out)
        assert "could not be drawn" in ran.err


class TestReplay:
    def test_of_the_cards_own_picture_is_no_match(self, fvs, mated):
        """Who sends the card's picture as the selfie has shown the card, not the face."""
        ran = fvs("verify", mated[0], mated[0], *REFERENCE, "--age", 40, "--no-pad", "--json")
        assert ran.code == ExitCode.NO_DECISION
        assert "same_capture_suspected" in ran.out


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

    def test_of_a_picture_that_is_not_there_says_what_to_do(self, fvs, mated):
        """An error comes with advice, for programs too."""
        ran = fvs("verify", "nosuch.jpg", mated[1], "--json")
        assert ran.code == ExitCode.WRONG_USE
        assert "Check the path" in ran.err
        assert json.loads(ran.out)["error"]["advice"].startswith("Check the path")

    def test_of_missing_weights_says_what_to_do(self, fvs, mated, monkeypatch, tmp_path):
        """Weights that are nowhere are named, with the ways to get them."""
        monkeypatch.setenv("FVS_MODELS", str(tmp_path))
        ran = fvs("verify", *mated, "--pack", "reference")
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
        assert "0 x 0" not in ran.out
        assert "not assessed (empty file)" in ran.out

    def test_one_unreadable_file_does_not_stop_the_others(self, fvs, mated, tmp_path):
        """All are reported, in order, before exit code 3."""
        paths = [tmp_path / "nowhere.jpg", mated[0], tmp_path]
        ran = fvs("inspect", *paths, "--json")
        report = json.loads(ran.out)
        assert ran.code == ExitCode.WRONG_USE
        statuses = [report[str(path)]["chosen"]["status"] for path in paths]
        assert statuses == ["cannot_read", "ok", "cannot_read"]
        assert "cannot read" in ran.err
        ran = fvs("inspect", *paths)
        assert ran.code == ExitCode.WRONG_USE
        assert f"{paths[0]}: cannot_read" in ran.out
        assert f"{mated[0]}: ok" in ran.out

    def test_nothing_readable(self, fvs, tmp_path):
        """The empty batch."""
        ran = fvs("inspect", tmp_path / "nowhere.jpg")
        assert ran.code == ExitCode.WRONG_USE
        assert "cannot_read" in ran.out


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
        out = fvs("embed", tmp_path / "empty.jpg", "--out", tmp_path).out
        assert "empty.jpg: refused\n- empty_file\n    The file is empty" in out

    @pytest.mark.parametrize("swapped", [False, True])
    def test_comparison_says_which_side_failed(self, fvs, mated, tmp_path, swapped):
        """The side, the code and what to do."""
        empty = tmp_path / "empty.jpg"
        empty.write_bytes(b"")
        sides = [mated[0], empty] if swapped else [empty, mated[0]]
        ran = fvs("compare", *sides)
        assert ran.code == ExitCode.NO_DECISION
        assert f"{empty}: empty_file\n    The file is empty" in ran.out
        assert str(mated[0]) not in ran.out
        of_each = json.loads(fvs("compare", *sides, "--json").out)["of_each"]
        assert of_each[sides.index(empty)] == "empty_file"
        assert sorted(of_each) == ["empty_file", "ok"]

    def test_are_their_owners_alone(self, fvs, mated, tmp_path):
        """Nobody else may read biometric data, whatever the umask."""
        before = os.umask(0)
        try:
            fvs("embed", mated[0], "--out", tmp_path)
        finally:
            os.umask(before)
        (template,) = tmp_path.glob("*.fvst")
        assert template.stat().st_mode & 0o777 == 0o600

    def test_of_one_name_are_refused_before_anything_is_written(self, fvs, mated, tmp_path):
        """Two pictures never share a template."""
        (tmp_path / "other").mkdir()
        twin = shutil.copy(mated[1], tmp_path / "other" / f"{mated[0].stem}.png")
        ran = fvs("embed", mated[1], mated[0], twin, "--out", tmp_path / "out")
        assert ran.code == ExitCode.WRONG_USE
        assert f"{mated[0].stem}.fvst" in ran.err
        assert not (tmp_path / "out").exists()

    def test_are_replaced_on_request_only(self, fvs, mated, tmp_path):
        """A second run needs --overwrite, and then leaves the same template."""
        fvs("embed", mated[0], "--out", tmp_path)
        (template,) = tmp_path.glob("*.fvst")
        content = template.read_bytes()
        template.write_bytes(b"mine")
        template.chmod(0o644)
        ran = fvs("embed", mated[0], "--out", tmp_path)
        assert ran.code == ExitCode.WRONG_USE
        assert "--overwrite" in ran.err
        assert template.read_bytes() == b"mine"
        assert fvs("embed", mated[0], "--out", tmp_path, "--overwrite").code == ExitCode.MATCH
        assert template.read_bytes() == content
        assert template.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("out", ["file", "file/below"])
    def test_need_a_folder(self, fvs, mated, tmp_path, out):
        """A file in its place is wrong use."""
        (tmp_path / "file").write_text("")
        ran = fvs("embed", mated[0], "--out", tmp_path / out)
        assert ran.code == ExitCode.WRONG_USE
        assert "cannot make" in ran.err


class TestVersion:
    def test_is_printed(self, fvs):
        """`fvs --version` names the program and its version."""
        ran = fvs("--version")
        assert ran.code == ExitCode.MATCH
        assert ran.out.startswith("fvs 0.")
