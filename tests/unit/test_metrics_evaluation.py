"""Evaluations that cannot be right are refused in words, and files give back what was written."""

import sys

import numpy as np
import pytest

from fvs.errors import MissingExtraError, UsageError
from fvs.metrics.evaluation import Evaluation
from fvs.metrics.evaluation_files import read_evaluation, write_evaluation
from fvs.metrics.rates import Sweep

PEOPLE = 12


def columns(seed=0):
    """All pairs of two pictures each of twelve people."""
    first, second = np.triu_indices(2 * PEOPLE, 1)
    mated = first // 2 == second // 2
    rng = np.random.default_rng(seed)
    return {
        "similarity": rng.normal(np.where(mated, 0.6, 0.1), 0.05).astype(np.float32),
        "mated": mated,
        "first_subject": first // 2,
        "second_subject": second // 2,
        "first_picture": np.array([f"p{i}" for i in first]),
        "second_picture": np.array([f"p{i}" for i in second]),
    }


def changed(**others):
    """An evaluation with other columns."""
    return Evaluation(**{**columns(), **others})


class TestRecord:
    def test_empty(self):
        """No pairs are an evaluation, but none that says anything."""
        none = Evaluation.of([], [], [])
        assert (len(none), none.subjects) == (0, 0)
        with pytest.raises(UsageError, match="no mated pairs"):
            none.check()

    def test_reads_off_its_columns(self):
        """The sweep and the pairs are those of the two kinds of row."""
        found = changed().check()
        mated = found.mated
        assert found.subjects == PEOPLE
        assert found.pairs.mated.trials == mated.sum() == PEOPLE
        assert found.pairs.non_mated.trials == (~mated).sum()
        assert found.pairs.mated.subjects == found.pairs.non_mated.subjects == PEOPLE
        expected = Sweep.of(found.similarity[mated], found.similarity[~mated])
        assert np.array_equal(found.sweep.false_matches, expected.false_matches)

    def test_subjects_may_be_names(self):
        """Names become numbers, the same in either column, and are not kept."""
        found = Evaluation.of([0.9, 0.1], ["ann", "ann"], ["ann", "bob"])
        assert found.mated.tolist() == [True, False]
        assert found.second_subject.tolist() == [0, 1]
        assert "ann" not in repr(found)

    def test_some_rows(self):
        """Taking rows takes every column."""
        found = changed().take(np.arange(5))
        assert all(len(column) == 5 for column in found.columns().values())


class TestRefusals:
    def test_scores_that_are_no_numbers(self):
        """They are counted in the message, not in the rates."""
        values = columns()["similarity"].copy()
        values[:3] = np.nan
        with pytest.raises(UsageError, match=r"3 of 276 similarities"):
            changed(similarity=values)

    def test_columns_that_differ_in_length(self):
        """A row has all columns."""
        with pytest.raises(UsageError, match="length"):
            changed(quality=np.zeros(3, np.float32))

    @pytest.mark.parametrize(("kept", "said"), [(True, "non-mated"), (False, "no mated")])
    def test_one_kind_missing(self, kept, said):
        """Rates need both."""
        with pytest.raises(UsageError, match=said):
            changed().take(columns()["mated"] == kept).check()

    def test_labels_that_contradict_subjects(self):
        """One pair called mated has two subjects."""
        mated = columns()["mated"].copy()
        mated[np.flatnonzero(~mated)[0]] = True
        with pytest.raises(UsageError, match="1 of 276"):
            changed(mated=mated).check()

    def test_labels_swapped(self):
        """Mated pairs that score lower are distances or swapped labels."""
        with pytest.raises(UsageError, match="swapped"):
            changed(similarity=-columns()["similarity"]).check()

    def test_pairs_that_stand_twice(self):
        """The same two pictures, either way round, count once."""
        one = changed()
        twice = {name: np.append(c, c[:1]) for name, c in one.columns().items()}
        first, second = twice["first_picture"].copy(), twice["second_picture"].copy()
        first[-1], second[-1] = second[-1], first[-1]
        with pytest.raises(UsageError, match="more than once"):
            Evaluation(**{**twice, "first_picture": first, "second_picture": second}).check()

    def test_a_picture_compared_with_itself(self):
        """It scores 1 and says nothing."""
        with pytest.raises(UsageError, match="itself"):
            changed(second_picture=columns()["first_picture"]).check()

    def test_repetitions_without_names_of_pictures(self):
        """A file that was appended to itself is noticed; a rare equal score is not."""
        bare = {name: column for name, column in columns().items() if "picture" not in name}
        twice = {name: np.concatenate([column, column]) for name, column in bare.items()}
        with pytest.raises(UsageError, match="more than once"):
            Evaluation(**twice).check()
        once_more = {name: np.append(column, column[-1:]) for name, column in bare.items()}
        Evaluation(**once_more).check()

    def test_the_same_people_in_both_folds(self):
        """What a threshold is chosen on must not judge it: no picture, and no person."""
        fold = np.arange(len(columns()["mated"])) % 2
        with pytest.raises(UsageError, match="pictures stand in more than one fold"):
            changed(fold=fold).check()
        bare = {name: column for name, column in columns().items() if "picture" not in name}
        with pytest.raises(UsageError, match="12 subjects stand in more than one fold"):
            Evaluation(**bare, fold=fold).check()

    def test_folds_that_share_nobody(self):
        """A split by subject passes."""
        whole = changed()
        own = (whole.first_subject < 6) == (whole.second_subject < 6)
        kept = whole.take(own)
        fold = (kept.first_subject < 6).astype(np.int64)
        Evaluation(**{**kept.columns(), "fold": fold}).check()

    def test_three_subjects(self):
        """They say nothing of other people."""
        few = columns()["second_subject"] < 3
        with pytest.raises(UsageError, match="3 subjects"):
            changed().take(few).check()


class TestFiles:
    @pytest.mark.parametrize("name", ["scores.csv", "scores.parquet"])
    def test_what_was_written_is_read(self, name, tmp_path):
        """Every column, every score to its last bit, gaps as gaps."""
        n = len(columns()["mated"])
        quality = np.linspace(0, 100, n).astype(np.float32)
        quality[0] = np.nan
        written = changed(
            group=np.array(["north", "süd"])[np.arange(n) % 2],
            quality=quality,
            age_gap_years=np.full(n, 2.5, np.float32),
            sex=np.array(["f", "m"])[np.arange(n) % 2],
        )
        write_evaluation(written, tmp_path / name)
        found = read_evaluation(tmp_path / name)
        assert found.columns().keys() == written.columns().keys()
        for column, values in written.columns().items():
            equal_nan = values.dtype.kind == "f"
            assert np.array_equal(found.columns()[column], values, equal_nan=equal_nan), column

    def test_subjects_by_name_and_labels_in_words(self, tmp_path):
        """A spreadsheet's export is read as it is, byte order mark and all."""
        lines = ["similarity, mated,first_subject,second_subject".replace(" ", "")]
        bare = columns()
        lines += [
            f"{s},{'Yes' if m else 'no'},person {a},person {b}"
            for s, m, a, b in zip(
                *(bare[n] for n in ("similarity", "mated", "first_subject", "second_subject")),
                strict=True,
            )
        ]
        path = tmp_path / "scores.csv"
        path.write_text("\n".join(lines), encoding="utf-8-sig")
        assert read_evaluation(path).pairs.mated.trials == PEOPLE

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "lacks similarity"),
            ("similarity,mated\n0.1,1\n", "lacks first_subject, second_subject"),
            ("similarity,mated,first_subject,second_subject,colour\n", "unknown columns colour"),
            (
                "similarity,mated,first_subject,second_subject\nx,1,a,a\n",
                "value 1 of the column similarity is no number",
            ),
            (
                "similarity,mated,first_subject,second_subject\n0.1,0,,a\n",
                "1 rows do not say whose",
            ),
            ("similarity,similarity,mated\n0.1,0.2,1\n", "two columns of one name"),
            ("similarity,mated,first_subject,second_subject\n,1,a,a\n", "1 of 1 similarities"),
            ("similarity,mated,first_subject,second_subject\n0.1,maybe,a,a\n", "maybe"),
            ("similarity,mated,first_subject,second_subject\n0.1,1,a\n", "row 2"),
            ('similarity,mated,first_subject,second_subject\n"0.1,1,a,a\n', "as CSV"),
            ("similarity,mated,first_subject,second_subject\n", "no mated pairs"),
        ],
    )
    def test_files_that_are_no_evaluation(self, text, said, tmp_path):
        """Each is refused with what is wrong with it."""
        path = tmp_path / "scores.csv"
        path.write_text(text)
        with pytest.raises(UsageError, match=said):
            read_evaluation(path)

    @pytest.mark.parametrize("name", ["scores.csv", "scores.parquet"])
    def test_files_that_cannot_be_read(self, name, tmp_path):
        """Absent, or bytes of something else."""
        path = tmp_path / name
        with pytest.raises(UsageError, match="cannot be read"):
            read_evaluation(path)
        path.write_bytes(b"\xff\xfe\x00nonsense")
        with pytest.raises(UsageError, match="cannot be read"):
            read_evaluation(path)

    def test_parquet_without_pyarrow(self, tmp_path, monkeypatch):
        """The way to install it is told."""
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(MissingExtraError) as caught:
            read_evaluation(tmp_path / "scores.parquet")
        assert "pip install" in caught.value.advice
