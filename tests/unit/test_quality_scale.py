"""Raw values to scalars."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.quality import COMPONENTS
from fvs.quality.scale import Sigmoid, Window, cosine_squared


def test_a_sigmoid_is_50_at_its_centre_and_rises_or_falls() -> None:
    """Rule: the centre maps to 50, three widths beyond it to 95, and a negative width mirrors."""
    raw = np.array([-1e9, 4.0, 10.0, 16.0, 1e9, np.nan])
    expected = [0, 4.743, 50, 95.257, 100, np.nan]
    np.testing.assert_allclose(Sigmoid(10, 2)(raw), expected, atol=1e-3)
    np.testing.assert_allclose(Sigmoid(10, -2)(raw), [*expected[:5][::-1], np.nan], atol=1e-3)


def test_a_window_is_low_outside_both_flanks() -> None:
    """Rule: a window is the product of its flanks."""
    window = Window(Sigmoid(0.2, 0.05), Sigmoid(0.8, -0.05))
    low, middle, high = window(np.array([0.0, 0.5, 1.0]))
    assert middle > 99
    assert low < 2
    assert high == pytest.approx(low)


@given(st.floats(-180, 180))
def test_a_pose_scalar_ignores_the_side_and_ends_at_a_right_angle(angle: float) -> None:
    """Rule: left and right cost the same, and beyond 90 degrees nothing is left."""
    there, back = cosine_squared(np.array([angle, -angle]))
    assert there == back
    assert there == pytest.approx(0 if abs(angle) >= 90 else 100 * np.cos(np.radians(angle)) ** 2)


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda c: c.name)
def test_no_values_map_to_no_scalars(component) -> None:
    """Rule: the empty batch passes every scale, and NaN stays NaN without a warning."""
    assert component.scale(np.empty(0)).shape == (0,)
    assert np.isnan(component.scale(np.array([np.nan])))[0]
