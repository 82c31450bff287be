"""Thumbnails of the worst pairs: only where asked for, small, and without names."""

from dataclasses import replace

import numpy as np
import pytest

from fvs.errors import UsageError
from fvs.folders import PictureSet
from fvs.image import decode_images
from fvs.metrics import Evaluation
from fvs.raster import encode_png
from fvs.report import compose_report, extreme_pairs, render_html, render_pdf
from fvs.report.thumbnails import PAIRS_SHOWN, SIDE_PX, extreme_rows
from tests.report_evidence import evidence

NAMES = ("Somchai/1.png", "Somchai/2.png", "Malee/1.png", "broken.png")


@pytest.fixture
def pictures(tmp_path):
    """Pictures of one colour each, and a file that is none."""
    folder = tmp_path / "pictures"
    for number, name in enumerate(NAMES):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(np.full((150, 90, 3), 60 * number, np.uint8)))
    (folder / NAMES[-1]).write_bytes(b"no picture")
    return PictureSet.open(folder)


@pytest.fixture
def scores():
    """Three pairs of those."""
    return Evaluation(
        similarity=np.array([0.2, 0.9, 0.8], np.float32),
        mated=np.array([True, False, False]),
        first_subject=np.array([0, 0, 0]),
        second_subject=np.array([0, 1, 2]),
        first_picture=np.array([NAMES[0]] * 3),
        second_picture=np.array(NAMES[1:]),
    )


class TestExtremeRows:
    @pytest.mark.parametrize(
        ("similarity", "highest", "expected"),
        [
            ([], True, []),
            ([0.1, 0.5, 0.3], True, [1, 2, 0]),
            ([0.1, 0.5, 0.3], False, [0, 2, 1]),
            ([0.4, 0.4, 0.4], True, [0, 1, 2]),
        ],
    )
    def test_most_extreme_first_ties_by_row(self, similarity, highest, expected):
        """Highest or lowest first; equals in the order of the scores."""
        values = np.array(similarity, np.float32)
        rows = extreme_rows(values, np.ones(len(values), np.bool_), highest=highest)
        assert rows.tolist() == expected

    def test_no_more_than_are_shown(self):
        """Of many only a few, and only chosen ones."""
        chosen = np.arange(100) % 2 == 0
        rows = extreme_rows(np.linspace(0, 1, 100, dtype=np.float32), chosen, highest=True)
        assert len(rows) == PAIRS_SHOWN
        assert np.all(rows % 2 == 0)


class TestExtremePairs:
    def test_pairs_are_told_by_row(self, scores, pictures):
        """Each shows its two pictures side by side, with its score and its row from 1."""
        pairs = extreme_pairs(scores, pictures)
        assert [(p.row, round(p.score, 3)) for p in pairs.worst_mated] == [(1, 0.2)]
        assert [(p.row, round(p.score, 3)) for p in pairs.best_non_mated] == [(2, 0.9), (3, 0.8)]
        (image,) = decode_images([pairs.best_non_mated[0].png]).pixels_rgb
        assert image.shape == (SIDE_PX, 2 * SIDE_PX, 3)
        assert (image[50, 10, 0], image[50, -10, 0]) == (0, 120)

    def test_without_names_there_is_nothing_to_show(self, scores, pictures):
        """Scores that do not say which pictures were compared have no thumbnails."""
        with pytest.raises(UsageError, match="which pictures"):
            extreme_pairs(replace(scores, first_picture=None), pictures)

    def test_no_name_reaches_the_report(self, scores, pictures):
        """Neither file holds the name of a picture or a person, with thumbnails or without."""
        with_pairs = replace(evidence(), pairs=extreme_pairs(scores, pictures), measures=None)
        shown = compose_report(with_pairs, ["en"])
        page = render_html(shown)
        assert page.count("<img") == 3
        for content in (page, render_html(compose_report(evidence(), ["en"]))):
            assert not any(name in content for name in ("Somchai", "Malee", "Person_"))
        assert b"Somchai" not in render_pdf(shown)
