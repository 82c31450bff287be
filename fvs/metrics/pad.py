"""Error rates of presentation attack detection (ISO/IEC 30107-3:2023).

The boundary rule is that of comparisons: `score >= threshold` accepts, so the scores are of being
live. Attacks are counted by species, and the highest rate is the one that counts: a mean over
species describes a mixture that no attacker is bound to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.intervals import rate

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from fvs.operating_points import Rate
    from fvs.records import F32

__all__ = [
    "AverageError",
    "PadRates",
    "WholeSystemRates",
    "average_error",
    "pad_rates",
    "whole_system_rates",
]


@dataclass(frozen=True, eq=False)
class PadRates:
    """Errors of the PAD subsystem at one threshold.

    Attributes:
        apcer: species -> attack presentations called bona fide, of those that got a response.
        apnrr: species -> attack presentations without a response, of all.
        bpcer: bona fide presentations called attacks, of those that got a response.
        bpnrr: bona fide presentations without a response, of all.
    """

    apcer: Mapping[str, Rate]
    apnrr: Mapping[str, Rate]
    bpcer: Rate
    bpnrr: Rate

    @property
    def worst_species(self) -> str:
        """The species with the highest APCER; of equals the one with the higher bound."""
        return max(self.apcer, key=lambda name: (self.apcer[name].point, self.apcer[name].upper_95))

    @property
    def highest_apcer(self) -> Rate:
        """APCER of the worst species: the APCER of its attack potential."""
        return self.apcer[self.worst_species]


@dataclass(frozen=True)
class AverageError:
    """ACER with what it hides: the standard deprecates it, so it never stands alone.

    Attributes:
        highest_apcer: of the worst species.
        bpcer: of bona fide presentations.
    """

    highest_apcer: Rate
    bpcer: Rate

    @property
    def acer(self) -> float:
        """Mean of the two."""
        return (self.highest_apcer.point + self.bpcer.point) / 2.0


@dataclass(frozen=True, eq=False)
class WholeSystemRates:
    """Errors of PAD and comparison together.

    Attributes:
        iapar: species -> impostor attack presentations that the whole system accepts.
        frr: bona fide mated transactions that it rejects, for whatever reason.
    """

    iapar: Mapping[str, Rate]
    frr: Rate

    @property
    def highest_iapar(self) -> Rate:
        """IAPAR of the worst species."""
        return max(self.iapar.values(), key=lambda one: (one.point, one.upper_95))

    @property
    def riapar(self) -> float:
        """IAPAR of the worst species plus FRR: security and convenience in one number, 0..2."""
        return self.highest_iapar.point + self.frr.point


def pad_rates(
    attack_scores: Mapping[str, npt.ArrayLike], bona_fide_scores: npt.ArrayLike, threshold: float
) -> PadRates:
    """Count by species.

    Args:
        attack_scores: species -> (N,) scores of being live, NaN where there was no response.
        bona_fide_scores: (M,) likewise.
        threshold: `score >= threshold` is called bona fide.

    Raises:
        UsageError: there is no species, or a kind of presentation never got a response.

    Example:
        >>> found = pad_rates({"print": [0.1, 0.6], "replay": [0.2, 0.3]}, [0.9, 0.4], 0.5)
        >>> found.worst_species, found.highest_apcer.point, found.bpcer.point
        ('print', 0.5, 0.5)
    """
    if not attack_scores:
        raise UsageError("attacks are counted by species, and there is none")
    attacks = {name: np.asarray(scores, np.float32) for name, scores in attack_scores.items()}
    live = np.asarray(bona_fide_scores, np.float32)
    boundary = np.float32(threshold)
    if np.isnan(boundary):
        raise UsageError("the threshold is NaN")
    return PadRates(
        apcer={
            name: rate(int((scores >= boundary).sum()), _answered(scores, name))
            for name, scores in attacks.items()
        },
        apnrr={name: _silent(scores, name) for name, scores in attacks.items()},
        bpcer=rate(int((live < boundary).sum()), _answered(live, "bona fide")),
        bpnrr=_silent(live, "bona fide"),
    )


def average_error(rates: PadRates) -> AverageError:
    """ACER of the worst species, beside its parts."""
    return AverageError(rates.highest_apcer, rates.bpcer)


def whole_system_rates(
    attack_accepted: Mapping[str, npt.ArrayLike], bona_fide_accepted: npt.ArrayLike
) -> WholeSystemRates:
    """Count what PAD and comparison together decided.

    Args:
        attack_accepted: species -> (N,) True where an attack that mimics the enrolled person was
            accepted; no response is no acceptance.
        bona_fide_accepted: (M,) True where the person was.

    Raises:
        UsageError: there is no species, or one without presentations.

    Example:
        >>> found = whole_system_rates({"print": [True, False, False, False]}, [True, True])
        >>> found.highest_iapar.point, found.riapar
        (0.25, 0.25)
    """
    if not attack_accepted:
        raise UsageError("attacks are counted by species, and there is none")
    attacks = {name: np.asarray(one, np.bool_) for name, one in attack_accepted.items()}
    accepted = np.asarray(bona_fide_accepted, np.bool_)
    return WholeSystemRates(
        iapar={name: rate(int(one.sum()), len(one)) for name, one in attacks.items()},
        frr=rate(int((~accepted).sum()), len(accepted)),
    )


def _answered(scores: F32, name: str) -> int:
    answered = int((~np.isnan(scores)).sum())
    if not answered:
        raise UsageError(f"no presentation of {name} got a response")
    return answered


def _silent(scores: F32, name: str) -> Rate:
    return rate(len(scores) - _answered(scores, name), len(scores))
