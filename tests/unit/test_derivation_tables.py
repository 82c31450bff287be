"""Tables of scores: what is sound is counted, what is nonsense is refused in words."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from fvs.derivation.measuring import measure_evaluation
from fvs.derivation.points import derive_points
from fvs.derivation.tables import scores_of_table
from fvs.errors import UsageError
from fvs.metrics.evaluation_files import read_evaluation
from tests.score_tables import PEOPLE, columns, write_csv


def changed(name, row, value):
    """The sound columns but for one value."""
    table = columns()
    table[name] = [*table[name][:row], value, *table[name][row + 1 :]]
    return table


def of_one_kind(kind):
    """Only mated or only other pairs."""
    table = columns()
    rows = [row for row, value in enumerate(table["mated"]) if value == kind]
    return {name: [values[row] for row in rows] for name, values in table.items()}


def with_swapped_labels():
    """Distances, or labels the wrong way round: strangers more alike than one person."""
    table = columns()
    return table | {"similarity": [str(-float(value)) for value in table["similarity"]]}


def folded(fold_of):
    """The sound columns with a fold a row."""
    table = columns()
    sides = zip(table["first_subject"], table["second_subject"], strict=True)
    return table | {"fold": [fold_of(int(a[1:]), int(b[1:])) for a, b in sides]}


def pictures_twice():
    """Named pictures, the first pair of them once more with its sides turned."""
    table = columns()
    rows = range(len(table["mated"]))
    table |= {"first_picture": [f"a{row}" for row in rows]}
    table |= {"second_picture": [f"b{row}" for row in rows]}
    table["first_picture"][1], table["second_picture"][1] = "b0", "a0"
    return table


NONSENSE = {
    "not a number": (changed("similarity", 3, "nan"), "no finite numbers"),
    "infinite": (changed("similarity", 3, "inf"), "no finite numbers"),
    "no score": (changed("similarity", 3, ""), "no finite numbers"),
    "no cosine": (changed("similarity", 3, "87.5"), "beyond -1 to 1"),
    "words": (changed("similarity", 3, "high"), "column similarity"),
    "neither true nor false": (changed("mated", 3, "2"), "column mated"),
    "labels against subjects": (changed("mated", 3, "1"), "1 of 1,830 pairs are called mated"),
    "no mated pair": (of_one_kind("0"), "no mated pair"),
    "no other pair": (of_one_kind("1"), "no non-mated pair"),
    "empty": ({name: [] for name in columns()}, "no mated pair"),
    "labels swapped": (with_swapped_labels(), "labels seem swapped"),
    "pictures twice": (pictures_twice(), "more than once"),
    "three people": (columns(people=3), "3 subjects"),
    "too few people": (columns(people=20), "20 people, and at least 28"),
    "person in both folds": (
        folded(lambda a, b: "fit" if a + b < PEOPLE else "held_out"),
        "stand in more than one fold",
    ),
    "one fold": (folded(lambda *_: "test"), "1 folds"),
    "unknown column": (columns() | {"simlarity": columns()["mated"]}, "unknown columns simlarity"),
    "missing column": ({"similarity": ["0.5"], "mated": ["1"]}, "lacks first_subject"),
    "unknown sex": (columns() | {"sex": ["F"] * len(columns()["mated"])}, "column sex holds 'F'"),
    "unknown band": (
        columns() | {"band": ["20-40"] * len(columns()["mated"])},
        "column band holds '20-40'",
    ),
}


class TestNonsense:
    @pytest.mark.parametrize(("table", "words"), NONSENSE.values(), ids=NONSENSE)
    def test_is_refused_in_words(self, tmp_path, table, words):
        """Each mistake has its own sentence, and none is counted."""
        with pytest.raises(UsageError, match=words):
            scores_of_table(write_csv(tmp_path / "scores.csv", table))

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "lacks similarity"),
            (b"\xff\xfe", "cannot be read as CSV"),
            (b"similarity,mated\n0.5\n", "row 2"),
        ],
    )
    def test_no_table(self, tmp_path, content, words):
        """A file that is something else."""
        path = tmp_path / "scores.csv"
        path.write_bytes(content)
        with pytest.raises(UsageError, match=words):
            scores_of_table(path)

    @pytest.mark.parametrize("name", ["scores.csv", "scores.parquet"])
    def test_missing_file(self, tmp_path, name):
        """Named in the error."""
        with pytest.raises(UsageError, match="cannot be read"):
            scores_of_table(tmp_path / name)


class TestSound:
    def test_parquet_is_csv(self, tmp_path):
        """Both say the same."""
        table = columns()
        typed = {
            "similarity": [float(value) for value in table["similarity"]],
            "mated": [value == "1" for value in table["mated"]],
            "first_subject": table["first_subject"],
            "second_subject": table["second_subject"],
        }
        parquet.write_table(pa.table(typed), tmp_path / "scores.parquet")
        write_csv(tmp_path / "scores.csv", table)
        one = read_evaluation(tmp_path / "scores.parquet")
        other = read_evaluation(tmp_path / "scores.csv")
        assert np.array_equal(one.similarity, other.similarity)
        assert np.array_equal(one.mated, other.mated)
        assert np.array_equal(one.first_subject, other.first_subject)

    def test_folds_set_and_check_thresholds(self, tmp_path):
        """People of one fold set thresholds, and those of the other are counted anew."""
        people = 2 * PEOPLE
        table = {name: list(values) for name, values in columns(people).items()}
        sides = zip(table["first_subject"], table["second_subject"], strict=True)
        parity = [(int(a[1:]) % 2, int(b[1:]) % 2) for a, b in sides]
        rows = [row for row, (a, b) in enumerate(parity) if a == b]
        kept = {name: [values[row] for row in rows] for name, values in table.items()}
        kept["fold"] = ["held_out" if parity[row][0] else "fit" for row in rows]
        scores = scores_of_table(write_csv(tmp_path / "scores.csv", kept))
        assert scores.fit.non_mated.trials == PEOPLE * (PEOPLE - 1) // 2
        assert scores.held_out.non_mated.trials == PEOPLE * (PEOPLE - 1) // 2
        assert len(scores.fit.mated) == len(scores.held_out.mated) == PEOPLE

    def test_groups_are_those_that_the_table_names(self, tmp_path):
        """As a whole, by band and sex, and by group within them."""
        table = columns()
        rows = len(table["mated"])
        table |= {"band": ["20-39"] * rows, "sex": ["male"] * rows, "group": ["g"] * rows}
        path = write_csv(tmp_path / "s.csv", table)
        measured = measure_evaluation(read_evaluation(path), "s")
        assert [(g.name, g.adult, g.sex) for g in measured.groups] == [
            ("s/any age/any sex/all groups", True, ""),
            ("s/20-39/male/all groups", True, "male"),
            ("s/20-39/male/g", True, "male"),
        ]

    def test_order_of_rows_does_not_matter(self, tmp_path):
        """A permutation of the table sets the same thresholds."""
        table = columns()
        order = np.random.default_rng(7).permutation(len(table["mated"]))
        turned = {name: [values[row] for row in order] for name, values in table.items()}
        paths = [write_csv(tmp_path / "a.csv", table), write_csv(tmp_path / "b.csv", turned)]
        measured = [measure_evaluation(read_evaluation(path), "s") for path in paths]
        one, other = (derive_points(each, [2e-2]) for each in measured)
        assert one[0][0].threshold == other[0][0].threshold
        assert one[0][0].fnmr == other[0][0].fnmr
