"""Who is compared with whom: age bands, and cells of people of one source, band, sex and group.

An impostor of the subject's own age, sex and group is the one that a threshold must stop, so
non-mated pairs are formed within cells only. Pictures of one source share camera, size and
compression; pairs across sources would be easier.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.operating_points import EITHER_SEX, SEXES, AgeBand

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fvs.records import Int

__all__ = [
    "AGE_BANDS",
    "ALL_GROUPS",
    "FEWEST_SUBJECTS",
    "Cell",
    "Labels",
    "band_of_age",
    "cells_of",
    "read_labels",
]

AGE_BANDS = (
    AgeBand(name="2-12", youngest=2, oldest=12, adult=False),
    # Thai identity cards are issued from the age of 7, so both bands of minors do occur.
    AgeBand(name="13-19", youngest=13, oldest=19, adult=False),
    AgeBand(name="20-39", youngest=20, oldest=39, adult=True),
    AgeBand(name="40-59", youngest=40, oldest=59, adult=True),
    AgeBand(name="60+", youngest=60, oldest=130, adult=True),
)

ALL_GROUPS = "all groups"

FEWEST_SUBJECTS = 28
"""A cell of 28 has 378 pairs, just enough to show an FMR of 1e-2 (368 without an error)."""

COLUMNS = {"file", "source", "age", "sex", "group"}


@dataclass(frozen=True)
class Labels:
    """What is known of one picture; None or empty where unknown."""

    source: str
    age_years: int | None
    sex: str
    group: str

    @property
    def band(self) -> AgeBand | None:
        """The age band, or None where the age is unknown or in no band."""
        return None if self.age_years is None else band_of_age(self.age_years)


@dataclass(frozen=True, eq=False)
class Cell:
    """People of one source, age band and sex, and of one group or of all.

    Attributes:
        name: as published, `source/band/sex/group`.
        source: where the pictures are from.
        band: their ages; None for the people of a source of whom nothing is known.
        sex: of all of them; `EITHER_SEX` where it is not known or not one.
        rows: (N,) int64 rows of the pictures, one per person.
    """

    name: str
    source: str
    band: AgeBand | None
    sex: str
    rows: Int


def band_of_age(age_years: int) -> AgeBand | None:
    """The band that holds this age, or None."""
    return next((band for band in AGE_BANDS if age_years in band), None)


def read_labels(text: str) -> dict[str, Labels]:
    """Read a table of `file,source,age,sex,group`, blank where unknown.

    Raises:
        UsageError: columns are missing or an age is no number.
    """
    reader = csv.DictReader(io.StringIO(text))
    missing = COLUMNS - set(reader.fieldnames or ())
    if missing:
        raise UsageError(f"the table of labels lacks the columns {', '.join(sorted(missing))}")
    try:
        return {row["file"]: _labels(row) for row in reader}
    except ValueError as error:
        raise UsageError(f"the table of labels has an age that is no number: {error}") from error


def cells_of(labels: Sequence[Labels]) -> tuple[Cell, ...]:
    """Every cell with at least `FEWEST_SUBJECTS` people, by name.

    A cell over all groups is made where a source has more than one group in it. People whose age
    and sex are both unknown are one cell of their source; others who lack either are in none.
    """
    members: dict[tuple[str, str, str, str], list[int]] = {}
    for row, one in enumerate(labels):
        for key in _keys(one):
            members.setdefault(key, []).append(row)
    bands = {band.name: band for band in AGE_BANDS}
    return tuple(
        Cell("/".join(key), key[0], bands.get(key[1]), _sex(key[2]), np.asarray(rows, np.int64))
        for key, rows in sorted(members.items())
        if len(rows) >= FEWEST_SUBJECTS and not _repeats_its_only_group(key, members)
    )


def _sex(name: str) -> str:
    return name if name in SEXES else EITHER_SEX


def _keys(one: Labels) -> tuple[tuple[str, str, str, str], ...]:
    """The cells that a person belongs to: source, band, sex, group."""
    if one.age_years is None and not one.sex:
        return ((one.source, "any age", "any sex", ALL_GROUPS),)
    if one.band is None or not one.sex:
        return ()
    named = (one.source, one.band.name, one.sex)
    return ((*named, one.group or "unknown"), (*named, ALL_GROUPS))


def _labels(row: Mapping[str, str]) -> Labels:
    age_years = int(row["age"]) if row["age"] else None
    return Labels(row["source"], age_years, row["sex"], row["group"])


def _repeats_its_only_group(
    key: tuple[str, str, str, str], members: Iterable[tuple[str, str, str, str]]
) -> bool:
    """True for a cell over all groups whose people are all of one group."""
    return key[3] == ALL_GROUPS and sum(other[:3] == key[:3] for other in members) == 2  # noqa: PLR2004 - itself and that group
