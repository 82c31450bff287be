"""One process from nothing to its first decision; `benchmarks.packs.costs` starts and times it.

`python -m benchmarks.packs.first_decision PACK MODELS WEIGHTS SELFIE CARD LARGE_SELFIE LARGE_CARD`
prints a JSON line when the first pair is decided and another after the large pair.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec

from benchmarks.machine import peak_rss_mb
from fvs.certificates.files import read_certificate
from fvs.decide import DecisionPolicy
from fvs.engine import Engine
from fvs.packs import Pack, load_pack
from fvs.raster import limit_opencv_threads

__all__ = ["Decided", "main", "policy_of"]


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What the process says of itself after a pair.

    Attributes:
        cpu_s: that it took so far, interpreter and imports included.
        peak_rss_mb: highest resident memory so far.
        outcome: of the pair.
    """

    cpu_s: float
    peak_rss_mb: float
    outcome: str


def policy_of(pack: Pack) -> DecisionPolicy:
    """The strictest operating point of a pack; a stand-in for a pack that has none yet.

    Raises:
        CertificateError: no decision may rest on the pack's certificate.
    """
    if not pack.certificate_path.exists():
        from fvs.timing import TIMING_POLICY  # noqa: PLC0415 - whoever has points pays no import

        return TIMING_POLICY
    points = read_certificate(pack.certificate_path).points
    return DecisionPolicy.from_pack(pack, min(point.target_fmr for point in points))


def main(pack_name: str, models_dir: str, weights_dir: str, *pictures: str) -> None:
    """Open a pack, decide one pair after the other, and say what it took."""
    limit_opencv_threads(1)
    pack = load_pack(pack_name, Path(models_dir), [Path(weights_dir)])
    engine, policy = Engine.from_pack(pack), policy_of(pack)
    for selfie, card in zip(pictures[::2], pictures[1::2], strict=True):
        verified = engine.verify([Path(selfie).read_bytes()], [Path(card).read_bytes()], policy)
        decided = Decided(
            cpu_s=time.process_time(),
            peak_rss_mb=peak_rss_mb(),
            outcome=verified.decisions.outcome[0].value,
        )
        print(msgspec.json.encode(decided).decode(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
