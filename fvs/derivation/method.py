"""How thresholds were set, in words: the `method` of a certificate."""

from __future__ import annotations

from dataclasses import dataclass

from fvs.derivation.bounds import BOUND_IN_WORDS
from fvs.derivation.duplicates import cleaning_scale
from fvs.derivation.points import CLEANING_MARGIN, ERRORS_TO_SPARE

__all__ = ["EVALUATED", "THRESHOLDS", "DoublesFound", "method_words"]

THRESHOLDS = (
    "score >= threshold accepts. The threshold is the lowest multiple of 0.0001 at which the upper "
    "two-sided 95 % bound of FMR is within the target in every adult group with enough non-mated "
    f"pairs to show it in spite of {ERRORS_TO_SPARE} errors, and at which the measured rate is so "
    f"in every smaller one, up to {ERRORS_TO_SPARE} errors aside. Where ages are known, some band "
    f"of adults must show the target by itself. The bound is {BOUND_IN_WORDS}."
)
"""What all protocols have in common."""

EVALUATED = (
    "Thresholds were chosen and rates counted on the same people; the bound, not the rate, is what "
    "the target is held against."
)

PAIRS = (
    "Pairs are formed within one source, age band, sex and group, and within one source, age band "
    "and sex, one picture per person; LFW over all its people."
)

FNMR = "FNMR is that of mated LFW pairs: photographs from the press, not selfies against ID cards."


@dataclass(frozen=True, kw_only=True)
class DoublesFound:
    """Who found the people that stand twice, and how many pictures that made too many.

    Attributes:
        pack: that looked for them.
        embedder_id: of that pack.
        by_itself: whether these are the weights whose operating points are derived.
        dropped: pictures.
        pictures: in all.
    """

    pack: str
    embedder_id: str
    by_itself: bool
    dropped: int
    pictures: int


def method_words(doubles: DoublesFound, trained_on: int, same_capture: str) -> str:
    """The whole method.

    Args:
        doubles: what was found.
        trained_on: pictures left out because the pack was trained on them.
        same_capture: the sentence on that score.
    """
    return " ".join(
        [
            THRESHOLDS,
            PAIRS,
            EVALUATED,
            *_training(trained_on),
            _cleaning(doubles),
            FNMR,
            same_capture,
        ]
    )


def _training(pictures: int) -> list[str]:
    if not pictures:
        return []
    return [f"{pictures} pictures of the pool that the pack was trained on were left out."]


def _cleaning(doubles: DoublesFound) -> str:
    scale = cleaning_scale(doubles.embedder_id)
    told = (
        f"People found twice were dropped first, {doubles.dropped} of {doubles.pictures} pictures "
        f"by the scores of pack {doubles.pack} ({doubles.embedder_id}): the same photograph by its "
        f"pixels at any age, the same adult by a score of {scale.same_person:.2f} or more with the "
        "mean of the pictures already found"
    )
    caveat = (
        f"; a point's threshold must lie {CLEANING_MARGIN} below that."
        if doubles.by_itself
        else "; thresholds are on the scale of another embedder and so not circular, but strangers "
        "whom both take for one person were dropped too, more of them if one embedder taught the "
        "other."
    )
    return f"{told}{caveat} {scale.left_by_eye}"
