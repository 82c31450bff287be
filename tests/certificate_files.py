"""Certificates made for tests: issued, signed and spoilt."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from fvs.certificates import Certificate, IssueTerms, TrustStore, issue, write_certificate
from fvs.certificates.signing import PrivateJwk, generate_key
from fvs.distributions import Distribution, Signal, distribution_of
from tests.records import operating_points

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TERMS = IssueTerms(
    issuer="A tester",
    issued=datetime(2026, 1, 1, tzinfo=UTC),
    valid_days=365,
    licence="none",
    limits=("Nothing was measured.",),
)


def certificate(terms: IssueTerms = TERMS, **changes: object) -> Certificate:
    """Of the made-up pack."""
    return issue(operating_points(**changes), terms)


def distribution(
    name: str = "similarity", mean: float = 0.3, missing: int = 0, count: int = 600
) -> Distribution:
    """Of normal numbers; nothing here was measured."""
    values = np.random.default_rng(0).normal(mean, 0.1, count)
    values[:missing] = np.nan
    found = distribution_of(Signal(name, values), "mated pairs made up for a test")
    assert found is not None
    return found


def signed(folder: Path, **changes: object) -> tuple[Path, PrivateJwk, TrustStore]:
    """A signed certificate in a folder, its key, and a store that trusts it."""
    key = generate_key("A tester's key")
    path = folder / "certificate.json"
    write_certificate(path, certificate(**changes), key)
    return path, key, TrustStore.of(key.public)


def made_up_pack(name: str = "made-up", embedder_sha256: str = "e" * 64, pad: int = 0):
    """A pack of these hashes: what a certificate asks of one."""
    hashes = ["d" * 64, embedder_sha256, *["p" * 64] * pad]
    files = tuple(SimpleNamespace(manifest=SimpleNamespace(sha256=each)) for each in hashes)
    return SimpleNamespace(name=name, files=files, pad=files[2:])
