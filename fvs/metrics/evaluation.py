"""An evaluation: scores with what is known of their pairs, refused where it cannot be right.

Error rates of mislabelled pairs look like error rates. So before anything is counted this asks
whether scores are finite, both kinds of pair are there, labels agree with subjects, mated pairs
score higher than others, no comparison stands twice, and folds share nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from fvs.errors import UsageError
from fvs.metrics.rates import Sweep
from fvs.metrics.subject_pairs import KindsOfPairs, SubjectPairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fvs.records import F32, Bool, Int

__all__ = [
    "FEWEST_SUBJECTS",
    "OPTIONAL_COLUMNS",
    "REQUIRED_COLUMNS",
    "Evaluation",
    "Names",
    "number_subjects",
]

Names = npt.NDArray[np.str_]

FEWEST_SUBJECTS = 10
"""With fewer there are at most four pairs of which no two share a person."""

MOST_REPEATED = 0.01
"""Share of rows that may repeat others by chance where pictures are not named."""

REQUIRED_COLUMNS = ("similarity", "mated", "first_subject", "second_subject")
OPTIONAL_COLUMNS = (
    "first_picture",
    "second_picture",
    "group",
    "band",
    "sex",
    "quality",
    "age_gap_years",
    "fold",
)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Comparisons, one a row; `check` says whether they can be what they are said to be.

    Attributes:
        similarity: (N,) float32 scores, higher is more alike.
        mated: (N,) True where both pictures show one person.
        first_subject: (N,) int64 number of the person on the first picture, from 0.
        second_subject: (N,) int64 likewise.
        first_picture: (N,) names of pictures, or None where they are not known.
        second_picture: (N,) likewise.
        group: (N,) names of the group both belong to, empty where they differ.
        band: (N,) names of age bands.
        sex: (N,) as the register has it.
        quality: (N,) float32 of the worse picture, higher is better; NaN where not assessed.
        age_gap_years: (N,) float32 between the pictures of a pair.
        fold: (N,) int64 part of a split that the pair belongs to.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> first, second = np.triu_indices(60, 1)
        >>> person = lambda picture: picture // 2
        >>> mated = person(first) == person(second)
        >>> scores = rng.normal(np.where(mated, 0.6, 0.1), 0.1)
        >>> found = Evaluation.of(scores, person(first), person(second))
        >>> found.check()
        Evaluation(mated=30, non_mated=1740, subjects=30)
        >>> found.sweep.fnmr_at_fmr(0.01).errors
        0
    """

    similarity: F32
    mated: Bool
    first_subject: Int
    second_subject: Int
    first_picture: Names | None = None
    second_picture: Names | None = None
    group: Names | None = None
    band: Names | None = None
    sex: Names | None = None
    quality: F32 | None = None
    age_gap_years: F32 | None = None
    fold: Int | None = None

    def __post_init__(self) -> None:
        """Refuse columns of different lengths and scores that are no numbers.

        Raises:
            UsageError: so it is.
        """
        lengths = {name: len(column) for name, column in self.columns().items()}
        if len(set(lengths.values())) != 1:
            raise UsageError(f"columns differ in length: {lengths}")
        bad = int((~np.isfinite(self.similarity)).sum())
        if bad:
            raise UsageError(
                f"{bad:,} of {len(self):,} similarities are no finite numbers",
                advice="Leave out pairs that could not be compared; count them as failures.",
            )

    @classmethod
    def of(
        cls, similarity: npt.ArrayLike, first_subject: npt.ArrayLike, second_subject: npt.ArrayLike
    ) -> Self:
        """An evaluation of scores and subjects alone.

        Args:
            similarity: (N,).
            first_subject: (N,) whose picture it is: numbers or names.
            second_subject: (N,) likewise.

        Raises:
            UsageError: lengths differ, or a score is not finite.
        """
        first, second = number_subjects(np.asarray(first_subject), np.asarray(second_subject))
        values = np.asarray(similarity, np.float32)
        return cls(values, first == second, first, second)

    def __len__(self) -> int:
        return len(self.similarity)

    def __repr__(self) -> str:
        mated = int(self.mated.sum())
        return f"Evaluation(mated={mated}, non_mated={len(self) - mated}, subjects={self.subjects})"

    def columns(self) -> Mapping[str, npt.NDArray[Any]]:
        """The columns that are there, by name."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: column for name, column in values if column is not None}

    def take(self, rows: Int | Bool) -> Evaluation:
        """Some of the rows; subjects keep their numbers."""
        return Evaluation(**{name: column[rows] for name, column in self.columns().items()})

    @cached_property
    def subjects(self) -> int:
        """People who appear."""
        return len(np.unique(np.concatenate([self.first_subject, self.second_subject])))

    @cached_property
    def sweep(self) -> Sweep:
        """Both errors at every threshold."""
        return Sweep.of(self.similarity[self.mated], self.similarity[~self.mated])

    @cached_property
    def pairs(self) -> KindsOfPairs:
        """Both kinds of pair with their subjects, for intervals."""
        numbered = 1 + max(
            int(numbers.max(initial=-1)) for numbers in (self.first_subject, self.second_subject)
        )
        mated, others = self.take(self.mated), self.take(~self.mated)
        return KindsOfPairs(
            mated=SubjectPairs.mated(mated.similarity, mated.first_subject, numbered),
            non_mated=SubjectPairs.non_mated(
                others.similarity, others.first_subject, others.second_subject, numbered
            ),
        )

    def check(self) -> Self:
        """This evaluation, if it can be what it is said to be.

        Raises:
            UsageError: one kind of pair is missing, labels contradict subjects or seem swapped,
                comparisons stand twice, folds share people or pictures, or there are too few
                subjects to say anything of others.
        """
        self._check_kinds()
        self._check_labels()
        self._check_repeats()
        self._check_folds()
        if self.subjects < FEWEST_SUBJECTS:
            raise UsageError(
                f"{self.subjects} subjects say nothing of other people",
                advice=f"At least {FEWEST_SUBJECTS} are needed, and hundreds for narrow intervals.",
            )
        return self

    def _check_kinds(self) -> None:
        mated = int(self.mated.sum())
        for kind, count in (("mated", mated), ("non-mated", len(self) - mated)):
            if not count:
                raise UsageError(
                    f"there are no {kind} pairs",
                    advice="Error rates need pairs of the same person and of different people.",
                )

    def _check_labels(self) -> None:
        same = self.first_subject == self.second_subject
        wrong = int((same != self.mated).sum())
        if wrong:
            raise UsageError(
                f"{wrong:,} of {len(self):,} pairs are called mated but have two subjects, or "
                "non-mated but have one",
                advice="Compare the column `mated` with the subjects.",
            )
        mated, others = self.similarity[self.mated], self.similarity[~self.mated]
        if np.median(mated) < np.median(others):
            raise UsageError(
                "mated pairs score lower than non-mated ones: labels seem swapped, or these are "
                "distances",
                advice="Swap the labels, or give minus the distance as similarity.",
            )

    def _check_repeats(self) -> None:
        if self.first_picture is not None and self.second_picture is not None:
            pictures = number_subjects(self.first_picture, self.second_picture)
            if np.any(pictures[0] == pictures[1]):
                raise UsageError("a picture is compared with itself")
            repeated, allowed = _repeats(*pictures), 0.0
        else:
            # Without names of pictures, rows that agree in all else may still be two comparisons.
            score = self.similarity.view(np.int32)
            repeated = _repeats(self.first_subject, self.second_subject, score)
            allowed = MOST_REPEATED * len(self)
        if repeated > allowed and len(np.unique(self.similarity)) > 1:
            raise UsageError(
                f"{repeated:,} of {len(self):,} pairs stand there more than once",
                advice="Leave out repetitions; if they are comparisons of other pictures, name "
                "them in the columns first_picture and second_picture.",
            )

    def _check_folds(self) -> None:
        if self.fold is None:
            return
        owners = {"subjects": (self.first_subject, self.second_subject)}
        if self.first_picture is not None and self.second_picture is not None:
            owners["pictures"] = number_subjects(self.first_picture, self.second_picture)
        for name in reversed(owners):
            shared = _in_several_folds(owners[name], self.fold)
            if shared:
                raise UsageError(
                    f"{shared:,} {name} stand in more than one fold",
                    advice="Split by subject: what a threshold is chosen on must not judge it.",
                )


def number_subjects(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> tuple[Int, Int]:
    """Numbers from 0 for names, the same for the same name in either column."""
    _, numbers = np.unique(np.concatenate([first, second]), return_inverse=True)
    return numbers[: len(first)].astype(np.int64), numbers[len(first) :].astype(np.int64)


def _repeats(first: Int, second: Int, *others: npt.NDArray[Any]) -> int:
    """Rows that repeat an earlier one, the order within a pair aside."""
    columns = [np.minimum(first, second), np.maximum(first, second), *others]
    order = np.lexsort(columns)
    equal = [column[order][1:] == column[order][:-1] for column in columns]
    return int(np.logical_and.reduce(equal).sum())


def _in_several_folds(owners: tuple[Int, Int], fold: Int) -> int:
    """How many owners stand in more than one fold."""
    numbers, folds = np.concatenate(owners), np.concatenate([fold, fold])
    together = np.unique(np.stack([numbers, folds], axis=1), axis=0)
    return int((np.unique(together[:, 0], return_counts=True)[1] > 1).sum())
