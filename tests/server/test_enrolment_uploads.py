"""Bodies of imports: rows are read one by one, hostile archives are refused whole."""

from __future__ import annotations

import io
import json
import stat
import zipfile

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs_server.enrolment.portraits import Portrait
from fvs_server.enrolment.settings import ImportSettings
from fvs_server.enrolment.uploads import NDJSON, TABLE, ZIP, open_upload
from fvs_server.problems import Problem, ServiceError
from tests.registry_desk import number
from tests.server.enrol_fixtures import archive, ndjson, portrait, subject, zipped

SMALL = ImportSettings(max_rows=4, max_picture_bytes=1000, max_unpacked_bytes=60_000)


def rows_of(media_type: str, body: bytes, settings: ImportSettings = SMALL) -> list[Portrait | str]:
    """Every row."""
    return list(open_upload(media_type, body, settings).portraits)


def answer_to(media_type: str, body: bytes) -> list[Portrait | str | Problem]:
    """Every row, or the problem."""
    try:
        return list(rows_of(media_type, body))
    except ServiceError as error:
        return [error.problem]


def refusal_of(media_type: str, body: bytes, settings: ImportSettings = SMALL) -> str:
    """Why all of it is refused."""
    with pytest.raises(ServiceError) as refused:
        open_upload(media_type, body, settings)
    assert refused.value.problem is Problem.INVALID_REQUEST
    return refused.value.violations[0].code


def with_entry(name: str, **changes: object) -> bytes:
    """An archive with an entry that is made by hand."""
    buffer = io.BytesIO()
    entry = zipfile.ZipInfo(name)
    for field, value in changes.items():
        setattr(entry, field, value)
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(TABLE, f"number,picture\n{number(1)},{name}\n")
        file.writestr(entry, b"picture")
    return buffer.getvalue()


class TestNdjson:
    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (b"nonsense", "row_not_understood"),
            (b'{"subject":', "row_not_understood"),
            (b"\xff\xfe", "row_not_understood"),
            (b"[" * 100_000, "row_not_understood"),
            (json.dumps({"subject": subject(1)}).encode(), "row_not_understood"),
            (json.dumps(portrait(1, b"x", path="/etc/passwd")).encode(), "row_not_understood"),
            (json.dumps(portrait(1, b"x", kind="mugshot")).encode(), "row_not_understood"),
            (json.dumps(portrait(1, b"x", portrait_date="2999-01-01")).encode(),
             "date_not_understood"),
            (json.dumps(portrait(1, b"x") | {"subject": {"kind": "citizen_id", "number": "1"}})
             .encode(), "subject_length"),
        ],
    )  # fmt: skip
    def test_a_row_that_cannot_be_read_spoils_no_other(self, line, code):
        """It is its code, in its place."""
        body = ndjson([portrait(1, b"one")]) + line + b"\n" + ndjson([portrait(2, b"two")])
        first, second, third = rows_of(NDJSON, body)
        assert (first.picture, second, third.picture) == (b"one", code, b"two")

    def test_blank_lines_are_no_rows(self):
        """And a last line needs no end."""
        body = b"\n \n" + ndjson([portrait(1, b"one")]).rstrip() + b"\n\n"
        assert [row.picture for row in rows_of(NDJSON, body)] == [b"one"]

    @pytest.mark.parametrize(("rows", "code"), [(0, "no_rows"), (5, "too_many_rows")])
    def test_a_job_has_one_row_at_least_and_not_too_many(self, rows, code):
        """Counted before any is decoded."""
        assert refusal_of(NDJSON, ndjson([portrait(1, b"x")] * rows)) == code

    @given(st.binary(max_size=200))
    def test_any_bytes_are_rows_or_a_refusal(self, body):
        """Nothing else is raised."""
        assert set(answer_to(NDJSON, body)) <= {"row_not_understood", Problem.INVALID_REQUEST}


class TestZip:
    def test_rows_name_pictures_of_the_archive(self):
        """The table's columns are those of `fvs registry import`."""
        row = {
            "number": number(1),
            "picture": "deep/a.jpg",
            "kind_of_number": "citizen_id",
            "kind": "passport",
            "portrait_date": "2024-05-01",
            "source": "office 7",
            "legal_basis": "section 7",
            "retain_until": "",
        }
        (found,) = rows_of(ZIP, archive([row], {"deep/a.jpg": b"face"}, list(row)))
        assert found.picture == b"face"
        assert found.subject.number.reveal() == number(1)
        assert (found.kind, found.source, found.legal_basis) == (
            "passport",
            "office 7",
            "section 7",
        )
        assert (str(found.portrait_date), found.retain_until) == ("2024-05-01", None)

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ({"number": number(1), "picture": "b.jpg"}, "picture_missing"),
            ({"number": number(1), "picture": ""}, "picture_missing"),
            ({"number": number(1), "picture": "../../etc/passwd"}, "picture_missing"),
            ({"number": "1", "picture": "a.jpg"}, "subject_length"),
            ({"number": "", "picture": "a.jpg"}, "subject_empty"),
        ],
    )
    def test_a_row_that_cannot_be_read_spoils_no_other(self, row, code):
        """It is its code, in its place."""
        good = {"number": number(2), "picture": "a.jpg"}
        body = archive([row, good], {"a.jpg": b"face"})
        first, second = rows_of(ZIP, body)
        assert (first, second.picture) == (code, b"face")

    def test_a_row_with_too_many_cells_is_refused(self):
        """Which cell is which cannot be known."""
        table = f"number,picture\n{number(1)},a.jpg,more\n".encode()
        assert rows_of(ZIP, zipped({TABLE: table, "a.jpg": b"x"})) == ["row_not_understood"]

    def test_a_damaged_picture_is_that_row_s_matter(self):
        """Its checksum does not fit."""
        whole = archive([{"number": number(1), "picture": "a.jpg"}], {"a.jpg": bytes(range(200))})
        damaged = whole.replace(bytes(range(100, 200)), bytes(100))
        assert damaged != whole
        assert rows_of(ZIP, damaged) == ["picture_missing"]

    @pytest.mark.parametrize(
        "name",
        ["../a.jpg", "/a.jpg", "a/../../b.jpg", "..", "a\\b.jpg", "C:a.jpg", "./a.jpg", "a//b.jpg"],
    )
    def test_names_that_lead_out_refuse_all(self, name):
        """Though nothing is ever written under them."""
        assert (
            refusal_of(ZIP, zipped({TABLE: b"number,picture\n1,a\n", name: b"x"})) == "unsafe_name"
        )

    def test_links_refuse_all(self):
        """An entry that is a symbolic link."""
        body = with_entry("a.jpg", external_attr=(stat.S_IFLNK | 0o777) << 16)
        assert refusal_of(ZIP, body) == "unsafe_name"

    def test_other_methods_refuse_all(self):
        """Stored and deflated are enough."""
        body = with_entry("a.jpg", compress_type=zipfile.ZIP_LZMA)
        assert refusal_of(ZIP, body) == "unsupported_entry"

    def test_encrypted_entries_refuse_all(self):
        """Nobody has their password."""
        body = bytearray(with_entry("a.jpg"))
        body[body.rindex(b"PK\x01\x02") + 8] |= 1
        assert refusal_of(ZIP, bytes(body)) == "unsupported_entry"

    def test_bombs_refuse_all(self):
        """By ratio, by size of one entry, by size of all; before anything is decompressed."""
        row = {"number": number(1), "picture": "a.jpg"}
        noise = bytes(range(250)) * 4
        assert refusal_of(ZIP, archive([row], {"a.jpg": bytes(1000)})) == "ratio"
        assert refusal_of(ZIP, archive([row], {"a.jpg": bytes(100_000)})) == "too_large_unpacked"
        many = {f"{i}.jpg": noise for i in range(61)}
        wide = msgspec.structs.replace(SMALL, max_rows=100)
        assert refusal_of(ZIP, archive([row], many), wide) == "too_large_unpacked"

    def test_more_entries_than_rows_refuse_all(self):
        """Counted before the directory is read into memory."""
        many = {f"{i}.jpg": b"" for i in range(SMALL.max_rows + 100)}
        row = {"number": number(1), "picture": "1.jpg"}
        assert refusal_of(ZIP, archive([row], many)) == "too_many_rows"

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"", "not_zip"),
            (b"PK\x05\x06", "not_zip"),
            (zipped({"a.jpg": b"x"}), "no_table"),
            (zipped({TABLE: b""}), "no_rows"),
            (zipped({TABLE: b"number,picture\n"}), "no_rows"),
            (zipped({TABLE: b"1234567890123,a.jpg\n1234567890123,b.jpg\n"}), "wrong_columns"),
            (zipped({TABLE: b"number,picture\n" + b"1,a\n" * 5}), "too_many_rows"),
        ],
    )
    def test_what_is_no_archive_of_portraits_is_refused(self, body, code):
        """With its code; cells of a table without a heading are not repeated."""
        assert refusal_of(ZIP, body) == code

    @given(st.data())
    def test_altered_archives_are_rows_or_a_refusal(self, data):
        """Whatever bytes are changed, nothing else is raised."""
        whole = archive([{"number": number(1), "picture": "a.jpg"}], {"a.jpg": b"face" * 9})
        body = bytearray(whole)
        for _ in range(data.draw(st.integers(1, 4))):
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
        (answer,) = answer_to(ZIP, bytes(body))
        assert isinstance(answer, (Portrait, str)) or answer is Problem.INVALID_REQUEST


def test_other_media_types_are_refused():
    """Whatever the body is."""
    with pytest.raises(ServiceError) as refused:
        open_upload("text/csv", b"", SMALL)
    assert refused.value.problem is Problem.UNSUPPORTED_MEDIA_TYPE
