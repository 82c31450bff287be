"""What an import is given: file names and tables, good and bad."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.cli.registry.items import COLUMNS, Portrait, Refusal, open_items
from fvs.errors import UsageError
from fvs.registry.records import TemplateKind
from fvs.subjects import SubjectId, SubjectKind

NUMBER = "1234545678781"
CITIZEN = SubjectKind.CITIZEN_ID
SUBJECT = SubjectId.parse(CITIZEN, NUMBER)
TOMORROW = str(datetime.now(UTC).date() + timedelta(days=2))


def table(folder, *lines, encoding="utf-8"):
    """A CSV of these lines."""
    path = folder / "people.csv"
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def codes(items):
    """The code of each row; empty for one that can be enrolled."""
    return [item.code if isinstance(item, Refusal) else "" for item in items]


class TestFolder:
    def test_of_nothing_is_empty(self, tmp_path):
        """An empty folder is an import of nothing."""
        items = open_items(tmp_path, CITIZEN)
        assert (len(items), list(items)) == (0, [])

    @pytest.mark.parametrize(
        ("name", "kind", "day"),
        [
            (f"{NUMBER}.jpg", TemplateKind.CARD, None),
            (f"{NUMBER}.JPEG", TemplateKind.CARD, None),
            ("1-2345-45678-78-1.png", TemplateKind.CARD, None),
            (f"{NUMBER}_passport.webp", TemplateKind.PASSPORT, None),
            (f"{NUMBER}_2024-05-01.jpg", TemplateKind.CARD, date(2024, 5, 1)),
            (f"{NUMBER}_capture_2024-05-01.jpg", TemplateKind.CAPTURE, date(2024, 5, 1)),
        ],
    )
    def test_reads_number_kind_and_day_from_the_name(self, tmp_path, name, kind, day):
        """The pattern is NUMBER, then perhaps a kind, then perhaps a day."""
        (tmp_path / name).touch()
        (item,) = open_items(tmp_path, CITIZEN)
        want = Portrait(
            place=name, subject=SUBJECT, path=tmp_path / name, kind=kind, portrait_date=day
        )
        assert item == want

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("1234545678782.jpg", "subject_check_digit"),
            ("mother.jpg", "subject_characters"),
            (f"{NUMBER}_selfie.jpg", "name_not_understood"),
            (f"{NUMBER}_card_2024-05.jpg", "name_not_understood"),
            (f"{NUMBER}_2024-13-01.jpg", "date_not_understood"),
            (f"{NUMBER}_2567-05-01.jpg", "date_not_understood"),
        ],
    )
    def test_a_name_that_says_something_else_is_refused(self, tmp_path, name, code):
        """With a code and advice in both languages; years of the Buddhist era are noticed."""
        (tmp_path / name).touch()
        (item,) = open_items(tmp_path, CITIZEN)
        assert (item.place, item.code) == (name, code)
        assert item.advice.english
        assert item.advice.thai

    def test_other_files_are_left_alone(self, tmp_path):
        """Only pictures count."""
        (tmp_path / "notes.txt").touch()
        (tmp_path / "older").mkdir()
        assert list(open_items(tmp_path, CITIZEN)) == []


class TestTable:
    def test_of_a_heading_alone_is_empty(self, tmp_path):
        """No row is no error."""
        items = open_items(table(tmp_path, "number,picture"), CITIZEN)
        assert (len(items), list(items)) == (0, [])

    def test_reads_every_column(self, tmp_path):
        """Whatever their order; pictures lie beside the table."""
        row = {
            "number": NUMBER,
            "picture": "a/b.jpg",
            "kind_of_number": "citizen_id",
            "kind": "passport",
            "portrait_date": "2020-02-29",
            "source": "district 12, counter 3",
            "legal_basis": "consent 7",
            "retain_until": TOMORROW,
        }
        assert set(row) == set(COLUMNS)
        names = sorted(row)
        cells = ",".join(f'"{row[name]}"' for name in names)
        (item,) = open_items(table(tmp_path, ",".join(names), cells), CITIZEN)
        assert item == Portrait(
            place="line 2",
            subject=SUBJECT,
            path=tmp_path / "a/b.jpg",
            kind=TemplateKind.PASSPORT,
            portrait_date=date(2020, 2, 29),
            source="district 12, counter 3",
            legal_basis="consent 7",
            retain_until=date.fromisoformat(TOMORROW),
        )

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ("12345,a.jpg,,,", "subject_length"),
            (f"{NUMBER},a.jpg", "row_not_understood"),
            (f"{NUMBER},a.jpg,,,,more", "row_not_understood"),
            (f"{NUMBER},a.jpg,badge,,", "kind_not_understood"),
            (f"{NUMBER},a.jpg,,yesterday,", "date_not_understood"),
            (f"{NUMBER},a.jpg,,2999-01-01,", "date_not_understood"),
            (f"{NUMBER},a.jpg,,,2570-01-01", "date_not_understood"),
            (f"{NUMBER},a.jpg,,,2001-01-01", "date_not_understood"),
        ],
    )
    def test_a_bad_row_is_refused_and_the_next_one_read(self, tmp_path, row, code):
        """Nothing in a row ends an import."""
        heading = "number,picture,kind,portrait_date,retain_until"
        items = open_items(table(tmp_path, heading, row, f"{NUMBER},b.jpg,,,"), CITIZEN)
        assert codes(items) == [code, ""]

    def test_bytes_that_are_no_text_spoil_their_own_row(self, tmp_path):
        """As a table saved in another encoding has them."""
        lines = ["number,picture", "๑๒,a.jpg", f"{NUMBER},b.jpg"]
        items = open_items(table(tmp_path, *lines, encoding="tis-620"), CITIZEN)
        assert codes(items) == ["subject_characters", ""]

    @pytest.mark.parametrize(
        "heading",
        ["", "number", "number,picture,name", "number,picture,number", "picture;number"],
    )
    def test_other_columns_are_refused_before_any_row(self, tmp_path, heading):
        """A column that nobody reads would be a lost instruction, or data that may not be here."""
        with pytest.raises(UsageError, match="columns"):
            open_items(table(tmp_path, heading, f"{NUMBER},a.jpg"), CITIZEN)

    def test_a_table_without_a_heading_shows_nobody(self, tmp_path):
        """Its first row is the number of a person, which no error repeats."""
        with pytest.raises(UsageError, match="2 unknown") as caught:
            open_items(table(tmp_path, f"{NUMBER},a.jpg"), CITIZEN)
        assert NUMBER not in str(caught.value)

    def test_what_is_not_there(self, tmp_path):
        """It is the caller's mistake."""
        with pytest.raises(UsageError, match="cannot read"):
            open_items(tmp_path / "none.csv", CITIZEN)

    @settings(max_examples=50)
    @given(content=st.binary(max_size=300))
    def test_no_content_ends_an_import(self, content, tmp_path_factory):
        """Rows are read or refused, whatever bytes follow the heading."""
        path = tmp_path_factory.mktemp("any") / "people.csv"
        path.write_bytes(b"number,picture\n" + content)
        for item in open_items(path, CITIZEN):
            assert isinstance(item, Portrait | Refusal)
