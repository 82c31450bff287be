"""`fvs subject`: what is printed, what never is, and the exit codes."""

import io
import json
import types

import pytest

from fvs.cli.exit_codes import ExitCode
from tests.zones import PASSPORT_SPECIMEN, Holder

NUMBER = "1234545678781"
WRONG = "1234545678782"


@pytest.fixture
def typed(monkeypatch):
    """`typed(b"...")` is what standard input holds."""

    def give(content):
        monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(content)))

    return give


class TestCheck:
    """`fvs subject check`."""

    @pytest.mark.parametrize("content", [b"", b"\n", b" - \n"])
    def test_nothing_is_invalid(self, fvs, typed, content):
        """Empty input is told from a wrong number."""
        typed(content)
        ran = fvs("subject", "check", "-")
        assert ran.code == ExitCode.NO_MATCH
        assert "subject_empty" in ran.out

    @pytest.mark.parametrize(
        "content",
        [
            b"1234545678781",
            b"1-2345-45678-78-1\r\n",
            "๑๒๓๔๕๔๕๖๗๘๗๘๑\n".encode(),
            "\ufeff1234545678781\n".encode(),
        ],
    )
    def test_reads_standard_input(self, fvs, typed, content):
        """Numbers stay out of the shell's history; any way to type them is understood."""
        typed(content)
        ran = fvs("subject", "check", "-")
        assert ran.code == ExitCode.MATCH
        assert "citizen_id 1-2345-xxxxx-xx-x: valid" in ran.out
        assert "category 1: Thai" in ran.out
        assert "คนสัญชาติไทย" in ran.out
        assert NUMBER not in ran.out + ran.err

    @pytest.mark.parametrize(
        "words", [[NUMBER], ["1-2345-45678-78-1"], ["1", "2345", "45678", "78", "1"]]
    )
    def test_reads_the_command_line(self, fvs, words):
        """A number with spaces needs no quotes."""
        assert fvs("subject", "check", *words).code == ExitCode.MATCH

    def test_json_of_a_valid_number(self, fvs):
        """One document: kind, mask and category."""
        printed = json.loads(fvs("subject", "check", NUMBER, "--json").out)
        category = printed.pop("category")
        assert printed == {"valid": True, "kind": "citizen_id", "masked": "1-2345-xxxxx-xx-x"}
        assert category["digit"] == 1
        assert category["english"]
        assert category["thai"]

    @pytest.mark.parametrize(
        ("kind", "number", "masked"),
        [
            ("juristic_person", "0105536112014", "0-10-5-xxx-xxxxx-x"),
            ("passport", "UTO L898902C3", "UTO-xxxxxxxxx"),
            ("travel_card", "UTO D23145890734", "UTO-xxxxxxxxx"),
        ],
    )
    def test_other_kinds(self, fvs, kind, number, masked):
        """The kind is stated, and only citizen IDs have a category."""
        printed = json.loads(fvs("subject", "check", number, "--kind", kind, "--json").out)
        assert printed == {"valid": True, "kind": kind, "masked": masked, "category": None}

    @pytest.mark.parametrize("number", [WRONG, "12345", "9999999999994", "12345x5678781"])
    @pytest.mark.parametrize("options", [[], ["--json"]])
    def test_invalid_is_told_without_the_number(self, fvs, typed, number, options):
        """Exit 1, a code and advice in both languages; no part of the number."""
        typed(number.encode())
        ran = fvs("subject", "check", "-", *options)
        assert ran.code == ExitCode.NO_MATCH
        assert "subject_" in ran.out
        assert "กรุณา" in ran.out
        assert number[:4] not in ran.out + ran.err

    def test_json_of_an_invalid_number(self, fvs):
        """One document: code, message and advice."""
        printed = json.loads(fvs("subject", "check", WRONG, "--json").out)
        assert printed["valid"] is False
        assert printed["code"] == "subject_check_digit"
        assert set(printed) == {"valid", "code", "message", "advice"}
        assert set(printed["advice"]) == {"english", "thai"}

    def test_bytes_that_are_no_text(self, fvs, typed):
        """They are characters that no number has."""
        typed(b"\xff\xfe1")
        ran = fvs("subject", "check", "-")
        assert ran.code == ExitCode.NO_MATCH
        assert "subject_characters" in ran.out

    def test_wrong_use(self, fvs, typed, monkeypatch):
        """No number, an unknown kind, too much input or closed input: the caller's mistakes."""
        assert fvs("subject", "check").code == ExitCode.WRONG_USE
        assert fvs("subject", "check", NUMBER, "--kind", "dog").code == ExitCode.WRONG_USE
        typed(b"1" * 10_000)
        assert fvs("subject", "check", "-").code == ExitCode.WRONG_USE
        monkeypatch.setattr("sys.stdin", None)
        assert fvs("subject", "check", "-").code == ExitCode.WRONG_USE


class TestMrz:
    """`fvs subject mrz`."""

    def test_a_specimen(self, fvs, typed):
        """The document, masked; nothing of the holder that could name them."""
        typed(PASSPORT_SPECIMEN.encode())
        ran = fvs("subject", "mrz", "-")
        assert ran.code == ExitCode.MATCH
        assert "passport UTO-xxxxxxxxx: valid" in ran.out
        assert "nationality UTO, female, expired 2012-04-15" in ran.out
        for secret in ("ERIKSSON", "ANNA", "L898902C3", "1974", "740812", "ZE184226B"):
            assert secret not in ran.out + ran.err

    def test_a_thai_passport(self, fvs, tmp_path):
        """From a file; the citizen ID is found and masked."""
        path = tmp_path / "zone.txt"
        path.write_text(Holder(optional=NUMBER, expiry="500130").passport())
        ran = fvs("subject", "mrz", path)
        assert ran.code == ExitCode.MATCH
        assert "expires 2050-01-30" in ran.out
        assert "citizen ID 1-2345-xxxxx-xx-x" in ran.out
        printed = json.loads(fvs("subject", "mrz", path, "--json").out)
        assert printed["valid"] is True
        assert printed["document"]["masked"] == "THA-xxxxxxxxx"
        assert printed["citizen_id"]["masked"] == "1-2345-xxxxx-xx-x"
        assert printed["expires"] == "2050-01-30"
        assert printed["expired"] is False

    @pytest.mark.parametrize("options", [[], ["--json"]])
    def test_a_misread_zone(self, fvs, typed, options):
        """Exit 1 and the field that was misread."""
        typed(PASSPORT_SPECIMEN.replace("C36", "C37").encode())
        ran = fvs("subject", "mrz", "-", *options)
        assert ran.code == ExitCode.NO_MATCH
        assert "mrz_number_check_digit" in ran.out
        assert "ERIKSSON" not in ran.out + ran.err

    def test_nothing(self, fvs, typed):
        """Empty input is no zone."""
        typed(b"")
        assert fvs("subject", "mrz", "-").code == ExitCode.NO_MATCH

    def test_wrong_use(self, fvs, tmp_path):
        """A file that is not there, a folder, and a file of something else."""
        large = tmp_path / "large"
        large.write_bytes(b"<" * 10_000)
        for source in (tmp_path / "nothing", tmp_path, large):
            assert fvs("subject", "mrz", source).code == ExitCode.WRONG_USE
