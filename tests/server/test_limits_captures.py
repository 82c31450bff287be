"""A capture that was sent is refused again: its bytes at once, its looks once it was accepted."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import numpy as np
import pytest
import sqlalchemy
from hypothesis import given
from hypothesis import strategies as st

from fvs_server.limits import Capture, Captures, LimitsSettings
from fvs_server.limits.captures import _bands
from fvs_server.limits.tables import captures as table
from fvs_server.looks import hamming_distance
from fvs_server.problems import Problem, ServiceError
from tests.server import limits_fixtures
from tests.server.limits_fixtures import KEY, NOW, OTHER_SUBJECT, SECOND, SUBJECT, refusal

database_url, database = limits_fixtures.database_url, limits_fixtures.database

CAPTURES = Captures(LimitsSettings(), KEY)
BITS64 = st.integers(0, 2**64 - 1)


def capture(name: str, perceptual: int | None = None) -> Capture:
    """A frame with those bytes and looks."""
    return Capture(sha256=hashlib.sha256(name.encode()).digest(), perceptual=perceptual)


def remember(database, *frames, now=NOW, accepted=True, subject=SUBJECT):
    """Remember them."""
    with database.writing() as connection:
        CAPTURES.remember(connection, subject, frames, now, accepted=accepted)


def is_replayed(database, *frames, now=NOW, subject=SUBJECT) -> bool:
    """Whether they would be refused."""
    with database.reading() as connection:
        try:
            CAPTURES.refuse_replayed(connection, subject, frames, now)
        except ServiceError as error:
            return error.problem is Problem.CAPTURE_REPLAYED
    return False


def with_bits_turned(perceptual: int, bits: tuple[int, ...]) -> int:
    """The hash with those bits turned."""
    return perceptual ^ sum(1 << bit for bit in bits)


class TestReplays:
    def test_nothing_is_no_replay(self, database):
        """No frames, nothing remembered, nothing refused."""
        remember(database)
        assert not is_replayed(database)

    def test_the_same_bytes_are_refused_for_the_window(self, database):
        """By whichever request; one frame of several is enough; after 30 days they are free."""
        remember(database, capture("a"), accepted=False)
        assert is_replayed(database, capture("b"), capture("a"))
        assert not is_replayed(database, capture("b"))
        late = NOW + timedelta(days=30)
        assert is_replayed(database, capture("a"), now=late - SECOND)
        assert not is_replayed(database, capture("a"), now=late)
        remember(database, capture("a"), now=late)

    @pytest.mark.parametrize("hash64", [0, 2**64 - 1, 2**63, 0x0123456789ABCDEF])
    @pytest.mark.parametrize("bits", [(), (0,), (63, 0), (0, 16, 32), (47, 48, 63)])
    def test_the_same_looks_are_refused(self, database, hash64, bits):
        """Up to three bits differ, wherever they are."""
        remember(database, capture("a", hash64))
        assert is_replayed(database, capture("b", with_bits_turned(hash64, bits)))

    def test_other_looks_are_not(self, database):
        """Four bits are another picture; looks that are not known are compared with none."""
        remember(database, capture("a", 12345), capture("c"))
        assert not is_replayed(database, capture("b", with_bits_turned(12345, (3, 20, 40, 60))))
        assert not is_replayed(database, capture("b"))

    def test_other_people_may_look_alike(self, database):
        """Looks are compared for one subject, bytes for all: nobody's wall is another's replay."""
        remember(database, capture("a", 12345))
        assert not is_replayed(database, capture("b", 12345), subject=OTHER_SUBJECT)
        assert is_replayed(database, capture("a", 12345), subject=OTHER_SUBJECT)

    def test_an_honest_retry_is_no_replay(self, database):
        """Whoever was refused looks the same a moment later."""
        remember(database, capture("a", 12345), accepted=False)
        assert not is_replayed(database, capture("b", 12345))

    def test_frames_of_one_request_may_look_alike(self, database):
        """A burst of frames, and even one twice, is remembered as it is."""
        remember(database, capture("a", 12345), capture("b", 12345), capture("a", 12345))
        assert is_replayed(database, capture("c", 12344))

    def test_the_second_of_two_at_once_is_refused(self, database):
        """Both passed the first check; only one is remembered and answered."""
        assert not is_replayed(database, capture("a"))
        remember(database, capture("a"))
        late = refusal(database, lambda c: CAPTURES.remember(c, SUBJECT, [capture("a")], NOW))
        assert late.problem is Problem.CAPTURE_REPLAYED

    def test_a_clock_set_back_forgets_nothing(self, database):
        """What was seen in the future was seen."""
        remember(database, capture("a"))
        assert is_replayed(database, capture("a"), now=NOW - timedelta(days=365))


class TestHashes:
    @given(BITS64, BITS64)
    def test_the_veil_keeps_distances(self, a, b):
        """A permutation and a mask of bits change none; the stored hash is another."""
        veil = CAPTURES._veil(SUBJECT)
        assert hamming_distance(veil.over(a), veil.over(b)) == hamming_distance(a, b)

    @given(BITS64, st.sets(st.integers(0, 63), max_size=3))
    def test_near_hashes_agree_in_a_band(self, a, bits):
        """Three bits cannot touch four bands."""
        b = with_bits_turned(a, tuple(bits))
        assert any(x == y for x, y in zip(_bands(a), _bands(b), strict=True))

    def test_another_key_or_subject_veils_otherwise(self):
        """Neither databases of two servers nor rows of two subjects can be joined by looks."""
        ours = CAPTURES._veil(SUBJECT).over(12345)
        other = Captures(LimitsSettings(), bytes(32))
        assert other._veil(SUBJECT).over(12345) != ours
        assert CAPTURES._veil(OTHER_SUBJECT).over(12345) != ours

    def test_the_database_tells_nothing(self, database):
        """Neither the hash of the bytes nor that of the looks stands there."""
        remember(database, capture("a", 12345))
        with database.reading() as connection:
            row = connection.execute(sqlalchemy.select(table)).one()
        assert row.digest != capture("a").sha256
        assert row.looks + (1 << 63) != 12345


def test_looks_are_found_through_the_index(database):
    """The plan of the look-up scans no table, so that millions of rows cost no more."""
    rows = 3000
    random = np.random.default_rng(1)
    frames = [capture(str(n), int(random.integers(0, 2**63))) for n in range(rows)]
    with database.writing() as connection:
        from_captures = [
            {
                "digest": CAPTURES._digest(frame),
                "seen_at": NOW,
                "looks": None,
                **{f"band_{n}": band for n, band in enumerate(_bands(frame.perceptual))},
            }
            for frame in frames
        ]
        connection.execute(sqlalchemy.insert(table), from_captures)
        connection.exec_driver_sql("ANALYZE captures")
    statements = []
    sqlalchemy.event.listen(
        database._engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, parameters, *_: statements.append((statement, parameters)),
    )
    assert not is_replayed(database, capture("new", 12345))
    statement, parameters = next(each for each in statements if "band_0" in each[0])
    explain = "EXPLAIN " if database.is_postgres else "EXPLAIN QUERY PLAN "
    with database.reading() as connection:
        plan = connection.exec_driver_sql(explain + statement, parameters).all()
    text = "\n".join(str(row) for row in plan)
    assert "Seq Scan" not in text
    assert "SCAN captures" not in text
    assert text.count("ix_captures_band") == 4
