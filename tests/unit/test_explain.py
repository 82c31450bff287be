"""The explanation picture shows what the records say, whatever the outcome."""

from dataclasses import replace

import numpy as np
import pytest

from fvs.decide import DecisionPolicy
from fvs.engine import Samples, Verifications
from fvs.operating_points import SameCapturePoint
from fvs.quality import COMPONENTS, QualityPolicy
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
from tests.records import NO_RATE, operating_point, pad_point

pytest.importorskip("PIL", reason="drawing needs the demo extra")

from fvs import advice, explain
from fvs.explain import charts, draw_explanation, theme

POLICY = DecisionPolicy(point=operating_point(), pad=pad_point())
NAMES = tuple(component.name for component in COMPONENTS)


def samples(status=Status.OK, *, picture=True, live=0.9, scalar=80.0):
    """One row: a grey picture with a face in its middle, or without."""
    code = np.array([status], np.uint8)
    has_face = status in (Status.OK, Status.SEVERAL_FACES, Status.QUALITY_TOO_LOW)
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


@pytest.fixture
def written(monkeypatch):
    """Every text that is drawn, as (x, y, words, colour)."""
    texts = []
    write = theme.Sheet.text

    def spy(sheet, x, y, words, size_px, *look, **anchor):
        texts.append((x, y, words, look[0] if look else theme.INK))
        write(sheet, x, y, words, size_px, *look, **anchor)

    monkeypatch.setattr(theme.Sheet, "text", spy)
    return texts


def words_in(texts, area):
    """What is written inside an area."""
    return [
        words
        for x, y, words, _ in texts
        if area.left <= x <= area.right and area.top <= y <= area.bottom
    ]


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


class TestNotCompared:
    """Pictures that were not compared have neither score nor verdict, whatever was measured."""

    CASE = verification(Outcome.NOT_COMPARED, 0.61, probe=samples(Status.QUALITY_TOO_LOW, live=0.1))

    def test_gauge_has_no_marker(self, written):
        """The score of a record that may not be used is neither pointed at nor written."""
        pixels = draw_explanation(self.CASE, 0, POLICY)
        words = words_in(written, explain.SCORE)
        assert "not compared" in words
        assert not any("0.61" in text for text in words)
        marker = theme.OUTCOME_COLOURS[Outcome.NOT_COMPARED]
        assert count(pixels, marker, explain.SCORE) == 0

    def test_marker_is_there_otherwise(self, written):
        """The same score, decided, is pointed at and written."""
        pixels = draw_explanation(verification(Outcome.INCONCLUSIVE, 0.61), 0, POLICY)
        assert "0.610" in words_in(written, explain.SCORE)
        assert count(pixels, theme.AMBER, explain.SCORE) > 0

    def test_liveness_is_not_judged(self, written):
        """A probability below the threshold is grey, for it is none of the reasons."""
        case = replace(self.CASE, probes=samples(live=0.1))
        pixels = draw_explanation(case, 0, POLICY)
        assert count(pixels, theme.RED, explain.LIVENESS) == 0
        assert count(pixels, theme.FAINT, explain.LIVENESS) > 0
        words = words_in(written, explain.LIVENESS)
        assert "not judged" in words
        assert "attack suspected" not in words


class TestLivenessNotRequired:
    """A policy without PAD judges no liveness, and asks for none."""

    POLICY = replace(POLICY, pad=None)

    @pytest.mark.parametrize("live", [0.1, 0.9, np.nan])
    def test_says_so(self, written, live):
        """Whatever the probability, the panel says that it was not required and stays grey."""
        pixels = draw_explanation(verification(probe=samples(live=live)), 0, self.POLICY)
        assert charts.NO_LIVENESS in words_in(written, explain.LIVENESS)
        for colour in (theme.RED, theme.GREEN, theme.BLUE):
            assert count(pixels, colour, explain.LIVENESS) == 0

    def test_required_but_missing_is_advised_on(self, written):
        """Where it was required, the advice stands."""
        case = verification(Outcome.INCONCLUSIVE, reasons=("liveness_not_assessed",))
        draw_explanation(case, 0, POLICY)
        words = " ".join(text for _, _, text, _ in written)
        assert "try again" in words
        assert charts.NO_LIVENESS not in words


class TestReasons:
    """Every code is explained; those that decided come first."""

    @pytest.mark.parametrize("code", sorted(advice._OF_DECISION))
    def test_every_code_of_a_decision_is_explained(self, written, code):
        """The header names the code, the panel gives its advice."""
        draw_explanation(verification(Outcome.INCONCLUSIVE, reasons=(code,)), 0, POLICY)
        assert code.replace("_", " ") in words_in(written, explain.HEADER)
        drawn = " ".join(words_in(written, explain.REASONS))
        assert f"comparison: {code}" in drawn
        assert advice.advice_for(code).english in drawn

    @pytest.mark.parametrize("side", ["probe", "reference"])
    def test_several_faces_are_named_on_their_picture(self, written, side):
        """The chosen face is boxed, and the banner says why it was refused, on its side alone."""
        case = verification(Outcome.NOT_COMPARED, np.nan, **{side: samples(Status.SEVERAL_FACES)})
        pixels = draw_explanation(case, 0, POLICY)
        areas = {"probe": explain.SELFIE, "reference": explain.CARD}
        for name, area in areas.items():
            assert ("several faces" in words_in(written, area)) == (name == side)
            assert (count(pixels, theme.RED, area) > 0) == (name == side)


class TestQuality:
    """Components are coloured by what they can do."""

    def test_what_never_refuses_is_grey(self, written):
        """Exactly the components with no minimum on either side have muted names."""
        draw_explanation(verification(), 0, POLICY)
        colours = {words: colour for _, _, words, colour in written}
        assert any("grey: information only" in words for words in colours)
        policies = QualityPolicy.for_selfie(), QualityPolicy.for_card_portrait()
        for name in NAMES:
            may_refuse = any(policy.minimum(name) > 0 for policy in policies)
            expected = theme.INK if may_refuse else theme.MUTED
            assert colours[charts._spaced(name)] == expected, name

    @pytest.mark.parametrize(
        ("component", "refused", "fill"),
        [
            ("head_size", False, theme.FAINT),
            ("sharpness", False, theme.BLUE),
            ("sharpness", True, theme.RED),
        ],
    )
    def test_bar_colour(self, component, refused, fill):
        """Grey where nothing is at stake, blue where it passed, red where it refuses."""
        quality = replace(samples().quality, components=(component,), refused=np.array([[refused]]))
        sheet = theme.Sheet(300, 20)
        line = theme.Area(0, 10, 300, 10)
        charts._draw_measure(sheet, line, quality, (0, 0), QualityPolicy.for_selfie())
        shown = {
            colour: count(sheet.pixels_rgb, colour, theme.Area(0, 0, 260, 20))
            for colour in (theme.FAINT, theme.BLUE, theme.RED)
        }
        assert [colour for colour, pixels in shown.items() if pixels] == [fill]


class TestGauge:
    """Zones and threshold of the score's scale."""

    ZONES = tuple(charts._pale(c) for c in (theme.RED, theme.AMBER, theme.GREEN))

    def zones(self, case, policy=POLICY):
        """Which of red, amber and green are drawn."""
        pixels = draw_explanation(case, 0, policy)
        return [count(pixels, colour, explain.SCORE) > 0 for colour in self.ZONES]

    def test_no_threshold_no_zones(self, written, monkeypatch):
        """Where no threshold holds there is neither a tick nor a promise, only a sentence."""
        ticks = []
        monkeypatch.setattr(charts, "_draw_threshold", lambda *drawn: ticks.append(drawn))
        assert self.zones(EVERY_CASE["age_not_supported"]) == [False, False, False]
        assert ticks == []
        words = words_in(written, explain.SCORE)
        assert charts.NO_THRESHOLD in words
        assert not any("stranger" in text for text in words)

    def test_threshold_is_marked(self, written):
        """Where one holds, it is written and the zones meet at it."""
        assert self.zones(EVERY_CASE["match"]) == [True, False, True]
        assert "threshold 0.500" in words_in(written, explain.SCORE)

    def test_higher_threshold_of_an_age_leaves_a_doubtful_zone(self):
        """Between the adults' threshold and the subject's own it is amber."""
        assert self.zones(verification(threshold=0.7)) == [True, True, True]

    def test_likeness_beyond_belief_is_no_match(self):
        """From the same-capture threshold on, green ends."""
        policy = replace(
            POLICY, same_capture=SameCapturePoint(threshold=0.9, reached=NO_RATE, caught=NO_RATE)
        )
        assert self.zones(EVERY_CASE["match"], policy) == [True, True, True]
