"""Which pictures are trained on, and how they are drawn."""

import hashlib
import tarfile
from pathlib import Path

import numpy as np
import pytest

from training.embedder.data import Label, Replay, cells_of, draw_alike
from training.embedder.lists import duplicates, is_held_out, meets, person_of
from training.embedder.prepare import chosen_uses


def label(file="a.jpg", age=30.0, sex="male", group="white", use="train"):
    """A row of the index."""
    return Label(file, "", "utk", age, sex, group, use)


class TestHoldOut:
    def test_about_every_fifth_picture_is_held_out(self):
        """The hash spreads evenly: one in five within sampling error."""
        share = np.mean([is_held_out(f"utk/{i}.jpg") for i in range(5000)])
        assert abs(share - 0.2) < 0.02

    def test_folder_does_not_matter(self):
        """Only the file's name is hashed, so moving a picture keeps its part."""
        names = [f"{i}.jpg" for i in range(50)]
        assert [is_held_out(f"x/y/{n}") for n in names] == [is_held_out(n) for n in names]


class TestDuplicates:
    @pytest.mark.parametrize("count", [0, 1, 7, 60])
    def test_equals_the_obvious_loop(self, count):
        """A row goes if and only if an earlier row that stays is too near."""
        rows = np.random.default_rng(count).normal(size=(count, 3)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        stays = []
        for i in range(count):
            stays.append(not any(stays[j] and rows[i] @ rows[j] > 0.7 for j in range(i)))
        assert duplicates(rows, 0.7).tolist() == [not s for s in stays]


class TestWall:
    def test_names_the_file_that_meets_evaluation_each_way(self):
        """Same name, same person, and same bytes are each found; strangers are not."""
        files = ["lfw/Ann_Lee_0001.jpg", "lfw/Ann_Lee_0009.jpg", "web/7.jpg", "lfw/Bo_Li_0001.jpg"]
        hashes = ["1", "2", "same", "4"]
        found = meets(files, hashes, ["Ann_Lee/Ann_Lee_0001.jpg"], {"same"})
        assert found == files[:3]

    def test_person_of_reads_lfw_names_only(self):
        """`Name_0001` states a person; other sources' numbers do not."""
        assert person_of("lfw/Abba_Eban_0001.jpg") == "Abba_Eban"
        assert person_of("aaf/00000A02.jpg") is None
        assert person_of("utk/100_1_0_20170110183726390.jpg.chip.jpg") is None

    def test_each_reason_keeps_a_picture_from_training(self):
        """Evaluation faces go first, then duplicates; the rest is trained on or held out."""
        files = ["Ann_Lee_0002.jpg", "1.jpg", "2.jpg", "3.jpg"]
        held = is_held_out("2.jpg")
        pool = np.eye(4, 5, dtype=np.float32)
        pool[3] = pool[2]
        lfw = pool[1:2]
        uses = chosen_uses(files, list("abcd"), pool, ["Ann_Lee_0001.jpg"], ["z"], lfw)
        rest = "heldout" if held else "train"
        assert uses == ["meets-evaluation", "meets-evaluation", rest, "duplicate"]

    def test_no_picture_of_the_real_pool_meets_the_evaluation_set(self, shared_dir):
        """By name, person and exact bytes, pool tars and `lfw_eval.tar` share nothing."""

        def content(path: Path) -> dict[str, str]:
            with tarfile.open(path) as archive:
                return {
                    member.name: hashlib.sha256(archive.extractfile(member).read()).hexdigest()
                    for member in archive
                    if member.name.endswith(".jpg")
                }

        evaluation = content(shared_dir / "data" / "lfw_eval.tar")
        assert len(evaluation) == 7701
        for path in sorted((shared_dir / "data").glob("pool_*.tar")):
            pool = content(path)
            assert pool
            assert meets(pool, pool.values(), evaluation, set(evaluation.values())) == []


class TestCells:
    def test_bands_groups_and_sexes_nest(self):
        """A picture stands in its band, in its group within it, and in its sex within that."""
        labels = [label(age=a) for a in (25, 29, 30)] + [label(age=26, group="asian", sex="female")]
        cells = {c.name: c for c in cells_of(labels, np.arange(4), (20, 30, 40), smallest=1)}
        assert cells["20-30"].rows.tolist() == [0, 1, 3]
        assert cells["20-30 white male"].rows.tolist() == [0, 1]
        assert cells["20-30 east-asian female"].rows.tolist() == [3]
        assert cells["30-40"].rows.tolist() == [2]
        assert sum(c.weight for c in cells.values()) == pytest.approx(1.0)

    def test_small_cells_and_unknown_ages_are_left_out(self):
        """A cell too small for a batch is none, and NaN is in no band."""
        labels = [label(age=25)] * 3 + [label(age=float("nan"))] * 9
        cells = cells_of(labels, np.arange(12), (20, 30), smallest=4)
        assert cells == []

    def test_two_east_asian_sources_are_one_group(self):
        """The pool's sources name the same people differently."""
        assert label(group="asian").region == label(group="east-asian (mostly)").region

    def test_draws_different_pictures_of_one_cell(self):
        """A batch holds no picture twice: the two would be pushed apart."""
        labels = [label(age=20 + i % 20) for i in range(40)]
        cells = cells_of(labels, np.arange(40), (20, 30, 40), smallest=10)
        drawn = draw_alike(cells, 10, np.random.default_rng(0))
        assert len(set(drawn.tolist())) == 10
        assert len({labels[i].age < 30 for i in drawn}) == 1


class TestReplay:
    def test_forgets_the_oldest(self):
        """After more views than fit, the last ones are there, each with its own answer."""
        replay = Replay(4, 1, 1)
        for i in range(6):
            replay.add(np.full((1, 1, 1, 3), i, np.uint8), np.full((1, 1), i, np.float32))
        views, answers = replay.draw(4, np.random.default_rng(0))
        assert sorted(answers[:, 0].tolist()) == [2, 3, 4, 5]
        assert (views[:, 0, 0, 0] == answers[:, 0]).all()

    def test_empty_gives_none(self):
        """Before anything is remembered, a draw is an empty batch."""
        views, answers = Replay(4, 2, 3).draw(2, np.random.default_rng(0))
        assert views.shape == (0, 2, 2, 3)
        assert answers.shape == (0, 3)
