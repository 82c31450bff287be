"""The explanation picture shows what the records say, whatever the outcome."""

from dataclasses import replace

import numpy as np
import pytest

from fvs.decide import DecisionPolicy
from fvs.engine import Samples, Verifications
from fvs.operating_points import OperatingPoint, PadPoint, Rate
from fvs.quality import COMPONENTS
from fvs.records import (
    Crops,
    Decisions,
    Embeddings,
    Faces,
    Images,
    Liveness,
    Quality,
    Scores,
)
from fvs.status import Outcome, Status

pytest.importorskip("PIL", reason="drawing needs the demo extra")

from fvs import explain
from fvs.explain import charts, draw_explanation, theme

RATE = Rate(errors=0, trials=100, point=0.0, lower_95=0.0, upper_95=0.03)
POINT = OperatingPoint(
    target_fmr=1e-4,
    threshold=0.5,
    strictest_group="any",
    fnmr=RATE,
    fmr_lfw=RATE,
    groups=(),
    bands=(),
)
POLICY = DecisionPolicy(point=POINT, pad=PadPoint(threshold=0.5, refused={}))
NAMES = tuple(component.name for component in COMPONENTS)


def samples(status=Status.OK, *, picture=True, live=0.9, scalar=80.0):
    """One row: a grey picture with a face in its middle, or without."""
    code = np.array([status], np.uint8)
    has_face = status in (Status.OK, Status.QUALITY_TOO_LOW)
    row = np.zeros(1, np.int64)
    nan = np.float32(np.nan)
    box = np.array([[60, 40, 140, 150]], np.float32)
    points = np.array([[[80, 80], [120, 80], [100, 100], [85, 125], [115, 125]]], np.float32)
    refused = np.full((1, len(NAMES)), status == Status.QUALITY_TOO_LOW)
    return Samples(
        images=Images(
            status=code if not picture else np.zeros(1, np.uint8),
            pixels_rgb=(np.full((200, 200, 3), 128, np.uint8) if picture else None,),
            native_wh=np.array([[200, 200]]),
            scale=np.ones(1),
            file_format=("jpeg",),
        ),
        faces=Faces(
            status=code,
            image_index=row,
            xyxy_px=box if has_face else box * nan,
            landmarks_px=points if has_face else points * nan,
            detection_score=np.array([0.9 if has_face else nan], np.float32),
        ),
        crops=Crops(
            status=code if not has_face else np.zeros(1, np.uint8),
            image_index=row,
            pixels_rgb=np.full((1, 112, 112, 3), 90, np.uint8),
            picture_to_crop=np.zeros((1, 2, 3)),
        ),
        quality=Quality(
            status=code,
            image_index=row,
            components=NAMES,
            raw=np.full((1, len(NAMES)), scalar if has_face else nan, np.float32),
            scalar=np.full((1, len(NAMES)), scalar if has_face else nan, np.float32),
            refused=refused,
        ),
        liveness=Liveness(
            status=code,
            image_index=row,
            live_probability=np.array([live if has_face else nan], np.float32),
        ),
        embeddings=Embeddings(
            status=code,
            image_index=row,
            vectors=np.zeros((1, 4), np.float32),
            norm=np.ones(1, np.float32),
            model_id="embed-test-202601",
        ),
    )


def verification(
    outcome=Outcome.MATCH, score=0.8, *, probe=None, reference=None, reasons=(), threshold=0.5
):
    """One verification with the outcome wanted."""
    status = Status.OK if np.isfinite(score) else Status.SCORE_NOT_FINITE
    return Verifications(
        probes=samples() if probe is None else probe,
        references=samples() if reference is None else reference,
        scores=Scores(
            status=np.array([status], np.uint8), similarity=np.array([score], np.float32)
        ),
        decisions=Decisions(
            status=np.zeros(1, np.uint8),
            outcome=(outcome,),
            reasons=(reasons,),
            threshold=np.array([threshold], np.float32),
            target_fmr=np.array([1e-4]),
        ),
    )


def count(pixels, colour, area):
    """Pixels of exactly this colour inside an area."""
    part = pixels[int(area.top) : int(area.bottom), int(area.left) : int(area.right)]
    return int((part == np.array(colour, np.uint8)).all(axis=-1).sum())


EVERY_CASE = {
    "match": verification(),
    "no_match": verification(Outcome.NO_MATCH, 0.1, reasons=("below_threshold",)),
    "attack": verification(
        Outcome.INCONCLUSIVE,
        probe=samples(live=0.1),
        reasons=("presentation_attack_suspected", "age_unknown"),
    ),
    "age_not_supported": verification(
        Outcome.INCONCLUSIVE, threshold=np.nan, reasons=("age_band_not_supported",)
    ),
    "no_face": verification(
        Outcome.NOT_COMPARED, np.nan, probe=samples(Status.NO_FACE), reasons=("no_face",)
    ),
    "corrupt_file": verification(
        Outcome.NOT_COMPARED,
        np.nan,
        reference=samples(Status.CORRUPT_IMAGE, picture=False),
        reasons=("corrupt_image",),
    ),
    "bad_quality": verification(
        Outcome.NOT_COMPARED, np.nan, probe=samples(Status.QUALITY_TOO_LOW, scalar=3.0)
    ),
}


class TestDrawExplanation:
    """`draw_explanation`."""

    @pytest.mark.parametrize("case", EVERY_CASE)
    def test_draws_every_outcome(self, case):
        """Whatever the outcome, the sheet has its size and the outcome's colour."""
        drawn = EVERY_CASE[case]
        pixels = draw_explanation(drawn, 0, POLICY)
        assert pixels.shape == (explain.HEIGHT_PX, explain.WIDTH_PX, 3)
        assert pixels.dtype == np.uint8
        assert tuple(pixels[2, 2]) == theme.OUTCOME_COLOURS[drawn.decisions.outcome[0]]

    def test_is_deterministic(self):
        """The same verification gives the same pixels."""
        first, second = (draw_explanation(EVERY_CASE["match"], 0, POLICY) for _ in range(2))
        assert np.array_equal(first, second)

    def test_refusing_components_are_red(self):
        """A component that refuses is drawn red, one that does not is not."""
        refused = draw_explanation(EVERY_CASE["bad_quality"], 0, POLICY)
        passed = draw_explanation(EVERY_CASE["match"], 0, POLICY)
        assert count(refused, theme.RED, explain.QUALITY) > 0
        assert count(passed, theme.RED, explain.QUALITY) == 0

    def test_suspected_attack_is_red(self):
        """Below the PAD threshold the bar is red; from it on, green."""
        attack = draw_explanation(EVERY_CASE["attack"], 0, POLICY)
        live = draw_explanation(verification(probe=samples(live=0.5)), 0, POLICY)
        assert count(attack, theme.RED, explain.LIVENESS) > count(live, theme.RED, explain.LIVENESS)
        assert count(live, theme.GREEN, explain.LIVENESS) > 0

    def test_without_pad_nothing_is_judged(self):
        """Where PAD is not required its bar is neither red nor green."""
        policy = replace(POLICY, pad=None)
        pixels = draw_explanation(EVERY_CASE["attack"], 0, policy)
        bar = theme.Area(*explain.LIVENESS.xyxy)
        assert count(pixels, theme.BLUE, bar) > 0

    def test_missing_picture_is_a_grey_box(self):
        """A corrupt file has no picture: its place is grey and holds the code."""
        pixels = draw_explanation(EVERY_CASE["corrupt_file"], 0, POLICY)
        area = explain.CARD
        assert count(pixels, theme.TRACK, area) > area.width * area.height / 2
        assert count(pixels, theme.RED, area) > 0

    def test_face_box_lies_where_the_face_is(self):
        """The box is scaled with the picture."""
        pixels = draw_explanation(EVERY_CASE["match"], 0, POLICY)
        rows, columns = np.nonzero((pixels == theme.GREEN).all(axis=-1))
        inside = (rows > explain.SELFIE.top) & (rows < explain.SELFIE.bottom)
        inside &= columns < explain.SELFIE.right
        height, width = np.ptp(rows[inside]) + 1, np.ptp(columns[inside]) + 1
        assert height / width == pytest.approx(110 / 80, rel=0.02)


class TestScale:
    """The score's scale."""

    @pytest.mark.parametrize(
        ("value", "share"), [(-1.0, 0.0), (charts.SCALE_FROM, 0.0), (0.4, 0.5), (1.0, 1.0)]
    )
    def test_is_linear_and_clipped(self, value, share):
        """A cosine stands in proportion, and at the edge when it is off the scale."""
        assert charts._at(theme.Area(100, 0, 300, 10), value) == pytest.approx(100 + 200 * share)
