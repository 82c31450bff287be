"""`fvs registry search`, `dedupe` and `reviews`: off without a purpose, and never an answer."""

import json

import pytest

from fvs.cli.exit_codes import ExitCode
from tests.registry_desk import document, enrol_made_up, number

PURPOSE = ("--duplicates-purpose", "one person, one card")
BASIS = ("--duplicates-legal-basis", "regulation 12")
NO_ID = "00" * 16


@pytest.fixture
def allowed(fvs, tmp_path, monkeypatch):
    """A registry with a purpose: persons 1 and 2 have one face, the others one each."""
    folder = tmp_path / "people"
    made = fvs("registry", "init", folder, "--legal-basis", "consent", *PURPOSE, *BASIS)
    assert made.code == ExitCode.MATCH
    monkeypatch.setenv("FVS_REGISTRY", str(folder))
    enrol_made_up(folder, [1, 2, 3, 4], faces=[1, 1, 3, 4])
    return folder


@pytest.fixture
def forbidden(fvs, tmp_path, monkeypatch):
    """A registry without a purpose."""
    folder = tmp_path / "people"
    assert fvs("registry", "init", folder, "--legal-basis", "consent").code == 0
    monkeypatch.setenv("FVS_REGISTRY", str(folder))
    enrol_made_up(folder, [1, 2], faces=[1, 1])
    return folder


class TestWithoutAPurpose:
    @pytest.mark.usefixtures("forbidden")
    def test_nobody_is_searched_for(self, fvs, tmp_path):
        """Refused before any picture is read, with what would allow it."""
        for command in (("dedupe",), ("search", tmp_path / "none.jpg")):
            ran = fvs("registry", *command)
            assert ran.code == ExitCode.WRONG_USE
            assert "states no purpose" in ran.err
            assert "[duplicates]" in ran.err
            assert "legal_basis" in ran.err


class TestDedupe:
    @pytest.mark.usefixtures("allowed")
    def test_lists_pairs_with_what_they_are_worth(self, fvs):
        """The pair, its score, operating point, FPIR and purpose; a second run adds nothing."""
        found = document(fvs("registry", "dedupe", "--json").out)
        assert (found["pairs"], found["new"], found["gallery_size"]) == (1, 1, 4)
        assert found["fpir"] == pytest.approx(1 - (1 - 1e-4) ** 4)
        again = document(fvs("registry", "dedupe", "--json").out)
        assert (again["pairs"], again["new"]) == (1, 0)
        (review,) = document(fvs("registry", "reviews", "--json").out)["reviews"]
        assert review["similarity"] == pytest.approx(1, abs=1e-5)
        assert review["state"] == "open"
        assert review["target_fmr"] == pytest.approx(1e-4)
        assert (review["purpose"], review["legal_basis"]) == (PURPOSE[1], BASIS[1])
        assert review["first_subject"] != review["second_subject"]

    @pytest.mark.usefixtures("allowed")
    def test_says_how_everybody_is_compared(self, fvs):
        """The plan's kind, parameters and sentences; workers find the same."""
        found = document(fvs("registry", "dedupe", "--workers", "2", "--json").out)
        assert found["pairs"] == 1
        assert (found["plan"]["kind"], found["plan"]["parameters"]) == ("flat_float32", {})
        sentences = " ".join(found["plan"]["explanation"])
        assert sentences.startswith("4 vectors, no more than 2,000,000, are scanned whole.")
        shown = " ".join(fvs("registry", "dedupe").out.split())
        assert sentences in shown
        ran = fvs("registry", "dedupe", "--engine", "abacus")
        assert ran.code == ExitCode.WRONG_USE
        assert "no bulk engine" in ran.err

    def test_in_too_little_memory_is_refused(self, fvs, allowed):
        """The file bounds what searching may take; the advice says what would do."""
        file = allowed / "registry.toml"
        assert "search_memory_gb = 16.0" in file.read_text()
        little = file.read_text().replace("search_memory_gb = 16.0", "search_memory_gb = 1e-9")
        file.write_text(little)
        ran = fvs("registry", "dedupe")
        assert ran.code == ExitCode.WRONG_USE
        assert "no index of 4 vectors" in ran.err

    @pytest.mark.usefixtures("allowed")
    def test_a_hit_changes_nothing_for_anybody(self, fvs):
        """Both stay enrolled and verified until a person decides otherwise."""
        before = document(fvs("registry", "stats", "--json").out)
        out = fvs("registry", "dedupe").out
        assert "FPIR" in out
        after = document(fvs("registry", "stats", "--json").out)
        assert (after["active"], after["subjects"]) == (before["active"], before["subjects"])
        shown = out + fvs("registry", "reviews").out
        assert all(number(person) not in shown for person in (1, 2))


class TestSavedIndex:
    @pytest.mark.parametrize("precision", ["float32", "float16", "int8x2", "int8"])
    def test_finds_the_same_and_is_checked_against_the_store(self, fvs, allowed, precision):
        """Kept where the file says, followed by changes, and never believed unchecked."""
        file = allowed / "registry.toml"
        table = f'precision = "{precision}"\nfolder = "index"'
        file.write_text(file.read_text().replace('precision = "float32"', table))
        for expected in (1, 0):
            assert document(fvs("registry", "dedupe", "--json").out)["new"] == expected
            assert any((allowed / "index").iterdir())
        enrol_made_up(allowed, [5], faces=[3])
        assert document(fvs("registry", "dedupe", "--json").out)["pairs"] == 2
        assert document(fvs("registry", "check", "--json").out)["ok"] is True


class TestReviews:
    @pytest.mark.usefixtures("allowed")
    def test_are_resolved_by_a_person(self, fvs):
        """The state and the note are kept; what is resolved is no longer open."""
        fvs("registry", "dedupe")
        (review,) = document(fvs("registry", "reviews", "--json").out)["reviews"]
        resolve = ("registry", "reviews", review["review_id"], "--as", "dismissed")
        assert fvs(*resolve, "--note", "twins").code == ExitCode.MATCH
        assert "there is none" in fvs("registry", "reviews").out
        listed = fvs("registry", "reviews", "--state", "dismissed", "--json").out
        (kept,) = document(listed)["reviews"]
        assert (kept["note"], kept["state"]) == ("twins", "dismissed")
        assert kept["resolved_at"]

    @pytest.mark.usefixtures("allowed")
    def test_are_listed_by_an_id_that_can_be_typed(self, fvs):
        """In a terminal of 80 columns too, and beside a long note: what is shown is whole."""
        fvs("registry", "dedupe")
        (review,) = document(fvs("registry", "reviews", "--json").out)["reviews"]
        assert review["review_id"] in fvs("registry", "reviews").out
        note = "looked at both pictures, and they are twins"
        fvs("registry", "reviews", review["review_id"], "--as", "dismissed", "--note", note)
        assert review["review_id"] in fvs("registry", "reviews", "--state", "dismissed").out

    @pytest.mark.usefixtures("allowed")
    @pytest.mark.parametrize("join", ["", " ", "-"])
    def test_take_no_number_in_a_note(self, fvs, join):
        """A number beside a pseudonym would undo it: the review stays open."""
        fvs("registry", "dedupe")
        (review,) = document(fvs("registry", "reviews", "--json").out)["reviews"]
        note = f"the same as {join.join(number(2))}"
        resolve = ("registry", "reviews", review["review_id"], "--as", "confirmed", "--note", note)
        ran = fvs(*resolve)
        assert ran.code == ExitCode.WRONG_USE
        assert "number of a person" in ran.err
        assert number(2) not in ran.err
        assert review["review_id"] in fvs("registry", "reviews").out

    @pytest.mark.usefixtures("allowed")
    def test_of_an_unknown_id(self, fvs):
        """No decision; what is no id is wrong use."""
        ran = fvs("registry", "reviews", NO_ID, "--as", "confirmed")
        assert ran.code == ExitCode.NO_DECISION
        assert "no such review" in ran.out
        for no_id in ("xyz", "0011"):
            assert fvs("registry", "reviews", no_id, "--as", "confirmed").code == ExitCode.WRONG_USE
        assert fvs("registry", "reviews", NO_ID).code == ExitCode.WRONG_USE
        assert fvs("registry", "reviews", "--as", "confirmed").code == ExitCode.WRONG_USE
        assert fvs("registry", "reviews", NO_ID, "--as", "open").code == ExitCode.WRONG_USE


class TestSearch:
    @pytest.mark.usefixtures("allowed")
    def test_finds_a_face_under_another_number(self, fvs, mated, non_mated):
        """By pseudonym, with score and FPIR; a stranger finds nobody."""
        assert fvs("registry", "enrol", number(9), mated[1]).code == ExitCode.MATCH
        ran = fvs("registry", "search", mated[1], "--role", "card", "--json")
        assert ran.code == ExitCode.MATCH
        found = document(ran.out)
        (hit,) = found["hits"]
        assert hit["score"] == pytest.approx(1, abs=1e-5)
        assert found["gallery_size"] == 5
        assert found["plan"]["kind"] == "flat_float32"
        assert found["purpose"] == PURPOSE[1]
        stranger = fvs("registry", "search", non_mated[1])
        assert stranger.code == ExitCode.MATCH
        assert "0 people" in stranger.out
        assert "FPIR" in stranger.out
        assert number(9) not in ran.out + stranger.out

    @pytest.mark.usefixtures("allowed")
    def test_of_a_picture_that_is_not_fit(self, fvs, tmp_path):
        """No search, and the reason."""
        broken = tmp_path / "broken.jpg"
        broken.write_bytes(b"no picture")
        ran = fvs("registry", "search", broken, "--json")
        assert ran.code == ExitCode.NO_DECISION
        answer = json.loads(ran.out)
        assert answer["refused_for"] == ["unsupported_format"]
        assert answer["hits"] == []
