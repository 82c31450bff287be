"""The worst mated and best non-mated pairs, only where they were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs.report.document import Gallery, Paragraph, Picture, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.report.evidence import Evidence
    from fvs.report.thumbnails import PairPicture
    from fvs.report.words import Words

__all__ = ["thumbnails_section"]


def thumbnails_section(evidence: Evidence, words: Words) -> Section | None:
    """Faces are told by the row of their pair, never by a name."""
    pairs = evidence.pairs
    if pairs is None:
        return None
    return Section(
        name="pairs",
        title=words("pairs"),
        blocks=(
            Paragraph(words("pairs_intro")),
            _gallery(pairs.worst_mated, "worst_mated", words),
            _gallery(pairs.best_non_mated, "best_non_mated", words),
        ),
    )


def _gallery(pairs: Sequence[PairPicture], key: str, words: Words) -> Gallery:
    return Gallery(
        caption=words(key),
        pictures=tuple(
            Picture(
                name=f"{key.replace('_', '-')}-{number}-{words.language}",
                png=pair.png,
                alt=words(f"{key}_alt", number=number, score=f"{pair.score:.3f}"),
                caption=words("pair_caption", row=pair.row, score=f"{pair.score:.3f}"),
            )
            for number, pair in enumerate(pairs, start=1)
        ),
    )
