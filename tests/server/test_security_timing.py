"""How long a refusal takes says nothing about the key that was shown."""

from __future__ import annotations

import gc
import time

import numpy as np
import pytest

from fvs.subjects import Private
from fvs_server.database import Database
from fvs_server.identity.api_keys import ApiKeys
from fvs_server.identity.key_check import KeyCheck
from fvs_server.identity.key_text import KeyText
from fvs_server.identity.refusals import RefusedCredentialsError
from fvs_server.secrets import ServerSecrets
from fvs_server.wiring import utc_now
from tests.server.identity_fixtures import create, order

ROUNDS = 20_000
MOST_AUC_OFF_HALF = 0.1
"""Lenient, for a busy machine."""


@pytest.fixture
def key(tmp_path):
    """A check that has read its key, and the key."""
    database = Database.open(f"sqlite:///{tmp_path / 'own.db'}")
    database.migrate()
    keys = ApiKeys(ServerSecrets.generate())
    issued = create(database, keys, order(), utc_now())
    check = KeyCheck(database, keys, utc_now, remember_s=3600)
    check.check(issued.text.reveal())
    yield check, issued.text
    database.close()


def with_secret(key: KeyText, position: int) -> str:
    """The same key with one byte of its secret changed."""
    secret = bytearray(key.secret.reveal())
    secret[position] ^= 1
    return KeyText(key_id=key.key_id, secret=Private(bytes(secret))).reveal()


def auc(check: KeyCheck, first: str, second: str) -> float:
    """How well the time tells which of two wrong keys was shown: 0.5 is not at all."""
    texts, took = (first, second), np.empty((ROUNDS, 2))
    for text in texts:
        _timed(check, text)
    gc.collect()
    for turn in range(ROUNDS):
        for which in (turn % 2, 1 - turn % 2):
            took[turn, which] = _timed(check, texts[which])
    one, other = took.T
    return float(np.searchsorted(np.sort(one), other).mean() / ROUNDS)


def _timed(check: KeyCheck, text: str) -> int:
    began = time.perf_counter_ns()
    try:
        check.check(text)
    except RefusedCredentialsError:
        return time.perf_counter_ns() - began
    raise AssertionError("a wrong key was taken")


@pytest.mark.slow
class TestTiming:
    def test_the_measure_can_tell(self, key):
        """A key of another form, for which nothing is computed, is told by its time."""
        check, text = key
        assert abs(auc(check, with_secret(text, 0), "fvs_x") - 0.5) > 0.4

    def test_how_much_of_a_secret_is_right(self, key):
        """A secret that is wrong at its first byte takes as long as one wrong at its last."""
        check, text = key
        found = auc(check, with_secret(text, 0), with_secret(text, 31))
        assert abs(found - 0.5) < MOST_AUC_OFF_HALF

    def test_whether_an_id_exists(self, key):
        """An unknown id takes as long as a known one with a wrong secret."""
        check, text = key
        found = auc(check, with_secret(text, 0), KeyText.generate().reveal())
        assert abs(found - 0.5) < MOST_AUC_OFF_HALF
