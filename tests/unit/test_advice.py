"""Advice exists for every code, in both languages."""

import re

import pytest

from fvs.advice import advice_for
from fvs.errors import UsageError
from fvs.quality import QUALITY_REASONS
from fvs.status import Status

DECISION_REASONS = (
    "presentation_attack_suspected",
    "age_band_not_supported",
    "age_unknown",
    "challenge_not_answered",
    "frames_differ",
    "portrait_old",
    "same_capture_suspected",
    "liveness_not_required",
    "between_thresholds",
    "below_threshold",
)
ALL_CODES = sorted({*(status.code for status in Status), *QUALITY_REASONS, *DECISION_REASONS})
FORMAT_NAMES = {"JPEG", "PNG", "WebP"}


@pytest.mark.parametrize("code", ALL_CODES)
def test_every_code_has_advice_in_english_and_thai(code: str) -> None:
    """Rule: the map is total; English is a sentence, Thai is Thai but for names of formats."""
    advice = advice_for(code)
    assert re.fullmatch(r"[A-Z][ -~]+\.", advice.english)
    assert set(re.findall(r"[A-Za-z]+", advice.thai)) <= FORMAT_NAMES
    assert re.search(r"[\u0e00-\u0e7f]", advice.thai)
    assert not re.search(r"[^\u0e00-\u0e7fA-Za-z, ]", advice.thai)


def test_different_codes_have_different_advice() -> None:
    """Rule: no two codes share their words, in either language."""
    advice = [advice_for(code) for code in ALL_CODES]
    assert len({a.english for a in advice}) == len({a.thai for a in advice}) == len(ALL_CODES)


def test_advice_is_short() -> None:
    """Rule: advice fits two lines of a telephone."""
    assert max(len(advice_for(code).english) for code in ALL_CODES) <= 100
    assert max(len(advice_for(code).thai) for code in ALL_CODES) <= 100


@pytest.mark.parametrize("code", ["", "OK", "no such code"])
def test_an_unknown_code_is_refused(code: str) -> None:
    """Rule: a code that nobody gives is a caller's mistake."""
    with pytest.raises(UsageError, match="no code"):
        advice_for(code)
