"""Damaged files end in a status, whatever the damage."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import REPOSITORY
from tests.fuzz.mutations import MUTATIONS, broken_promise, mutant, repaired, seeds

MAX_CPU_S, MAX_MB = 2.0, 500.0


@settings(max_examples=400, deadline=None)
@given(
    content=st.sampled_from(seeds()),
    at=st.integers(0, 3000),
    removed=st.integers(0, 40),
    inserted=st.binary(max_size=40),
    repair=st.booleans(),
)
def test_an_edit_anywhere_ends_in_a_status(content, at, removed, inserted, repair):
    """Replacing any stretch by any other raises nothing and keeps the row's promises."""
    edited = content[:at] + inserted + content[at + removed :]
    assert not broken_promise(repaired(edited) if repair else edited)


@settings(max_examples=200, deadline=None)
@given(
    signature=st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF"]),
    rest=st.binary(max_size=300),
)
def test_arbitrary_bytes_end_in_a_status(signature, rest):
    """Bytes that only begin like a picture raise nothing."""
    assert not broken_promise(signature + rest)


def test_mutants_are_reproducible_and_damaged():
    """A seed names its mutants, and each kind of mutation changes its file."""
    first, again = (mutant(np.random.default_rng(7)) for _ in range(2))
    assert first == again
    rng = np.random.default_rng(0)
    for mutate in MUTATIONS:
        assert any(mutate(content, rng) != content for content in seeds())


def run_mutants(count: int, seed: int) -> dict:
    """Decode mutants in a process of its own; a crash fails here."""
    command = [sys.executable, "-m", "tests.fuzz.mutations", str(count), str(seed)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def check_mutants(report: dict, count: int) -> None:
    """All came to an end in time, in memory, and some of each important kind were met."""
    assert sum(report["outcomes"].values()) == count
    assert not report["broken"]
    assert report["slowest_s"] < MAX_CPU_S
    assert report["peak_mb"] < MAX_MB
    assert {"OK", "CORRUPT_IMAGE", "UNSUPPORTED_FORMAT"} <= report["outcomes"].keys()


def test_a_thousand_mutants_end_in_a_status():
    """1,000 seeded mutants: no crash, no hang, coded statuses, 2 s and 500 MB."""
    check_mutants(run_mutants(1000, 1), 1000)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_forty_thousand_mutants_end_in_a_status(seed):
    """4 x 10,000 seeded mutants: no crash, no hang, coded statuses, 2 s and 500 MB."""
    check_mutants(run_mutants(10_000, 100 + seed), 10_000)
