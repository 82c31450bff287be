"""Every store keeps reviews, and the whole history of a subject, by the same rules."""

import secrets
from datetime import timedelta

import msgspec
import pytest

from fvs.errors import UsageError
from fvs.registry.postgres_store import PostgresStore
from fvs.registry.reviews import ReviewState
from fvs.registry.sqlite_files import check_file
from fvs.registry.sqlite_store import SqliteStore
from tests.stored_records import ENROLLED, DictStore, a_record, a_review, a_subject

LATER = ENROLLED + timedelta(days=1)


@pytest.fixture(params=["sqlite", "postgres", "obvious"])
def store(request, tmp_path):
    """An empty store."""
    if request.param == "obvious":
        store = DictStore()
    elif request.param == "sqlite":
        store = SqliteStore.open(tmp_path / "s.db", create=True)
    else:
        dsn = request.getfixturevalue("postgres_dsn")
        store = PostgresStore.open(dsn, schema=f"v{secrets.token_hex(8)}", create=True)
    yield store
    store.close()


@pytest.fixture
def records(store):
    """Four records of three subjects."""
    records = [a_record(1), a_record(1), a_record(2), a_record(3)]
    store.add(records)
    return records


class TestReviews:
    def test_none(self, store):
        """Nothing added, nothing there."""
        assert store.add_reviews([]) == 0
        assert store.reviews(ReviewState.OPEN, 1) == store.reviews_of(a_subject(1)) == []
        if not isinstance(store, DictStore):
            with pytest.raises(UsageError, match="at least 1"):
                store.reviews(ReviewState.OPEN, 0)

    def test_every_field_returns(self, store, records):
        """What comes back is what was given."""
        review = a_review(records[0], records[2], rank=3, similarity=0.1 + 0.2, purpose="ตรวจ")
        assert store.add_reviews([review]) == 1
        assert store.reviews(ReviewState.OPEN, 9) == [review]
        assert store.revision() == 1

    def test_a_pair_is_listed_once(self, store, records):
        """Listing it again changes nothing, whichever record comes first."""
        first = a_review(records[0], records[2])
        again = a_review(records[2], records[0], similarity=0.9)
        assert store.add_reviews([first, again]) == 1
        assert store.add_reviews([again]) == 0
        assert store.reviews_of(a_subject(2)) == [first]

    def test_oldest_first_up_to_the_limit(self, store, records):
        """A page of the list."""
        new = a_review(records[0], records[2], created_at=LATER)
        old = a_review(records[0], records[3])
        store.add_reviews([new, old])
        assert store.reviews(ReviewState.OPEN, 1) == [old]
        assert store.reviews_of(a_subject(1)) == [old, new]

    def test_resolving(self, store, records):
        """The outcome is kept and may be corrected; an unknown id is said to be so."""
        review = a_review(records[0], records[2])
        store.add_reviews([review])
        for state in (ReviewState.DISMISSED, ReviewState.CONFIRMED):
            assert store.resolve_review(review.review_id, state, "ฝาแฝด", LATER)
            closed = msgspec.structs.replace(review, state=state, note="ฝาแฝด", resolved_at=LATER)
            assert store.reviews(state, 9) == [closed]
        assert store.reviews(ReviewState.OPEN, 9) == []
        assert not store.resolve_review(bytes(16), ReviewState.DISMISSED, "", LATER)

    def test_reviews_go_with_either_record(self, store, records):
        """Erasing one of the two drops the pair, open or not, and lists it never again."""
        one, two = a_review(records[0], records[2]), a_review(records[3], records[2])
        kept = a_review(records[1], records[3])
        store.add_reviews([one, two, kept])
        store.resolve_review(two.review_id, ReviewState.CONFIRMED, "", LATER)
        store.erase([records[2].record_id])
        assert store.reviews(ReviewState.OPEN, 9) == [kept]
        assert store.reviews(ReviewState.CONFIRMED, 9) == []
        assert store.add_reviews([one, two]) == 0


def test_history(store, records):
    """All records of a subject, erased ones too, oldest first; of nobody none."""
    store.erase([records[0].record_id])
    history = store.history(a_subject(1))
    assert {row.record_id for row in history} == {row.record_id for row in records[:2]}
    assert sorted(row.status for row in history) == ["active", "erased"]
    assert store.history(a_subject(9)) == []


def test_erased_reviews_leave_no_trace_in_the_file(tmp_path):
    """No byte of the note or a pseudonym pair stays in SQLite's files."""
    path = tmp_path / "s.db"
    store = SqliteStore.open(path, create=True)
    one, two = a_record(), a_record()
    store.add([one, two])
    note = secrets.token_hex(16)
    review = a_review(one, two, note=note)
    store.add_reviews([review])
    store.erase([one.record_id])
    store.close()
    check_file(path)
    assert note.encode() not in path.read_bytes()
