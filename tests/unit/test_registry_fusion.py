"""Fusing scores: each row's rule, by its obvious definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.registry.fusion import FusionRule, fuse

OBVIOUS = {
    FusionRule.MEAN: lambda scores: sum(scores) / len(scores),
    FusionRule.MAX: max,
    FusionRule.NEWEST: lambda scores: scores[-1],
}

score = st.one_of(st.just(np.nan), st.floats(-1, 1, width=32))


@pytest.mark.parametrize("rule", FusionRule)
@given(groups=st.lists(st.lists(score, max_size=4), max_size=6))
def test_rows_are_fused_by_the_rule(rule, groups):
    """Unreadable templates are left out; a row of none has no score."""
    scores = np.array([s for group in groups for s in group], np.float32)
    rows = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    fused, templates = fuse(rule, scores, rows, len(groups))
    usable = [[s for s in group if np.isfinite(s)] for group in groups]
    assert templates.tolist() == [len(group) for group in usable]
    expected = [OBVIOUS[rule](group) if group else np.nan for group in usable]
    np.testing.assert_allclose(fused, np.array(expected, np.float32), atol=1e-6)


@given(groups=st.lists(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=4), max_size=5))
def test_the_mean_never_exceeds_the_maximum(groups):
    """So a threshold that holds for the maximum holds for the mean."""
    scores = np.array([s for group in groups for s in group], np.float32)
    rows = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    mean, _ = fuse(FusionRule.MEAN, scores, rows, len(groups))
    best, _ = fuse(FusionRule.MAX, scores, rows, len(groups))
    assert (mean <= best + 1e-6).all()
