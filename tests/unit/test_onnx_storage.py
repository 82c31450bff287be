"""Weights stored as float16 take half the room and change results by their rounding alone."""

import sys
import time

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from fvs.errors import MissingExtraError
from fvs.onnx_storage import SMALLEST_STORED_VALUES, store_as_float16

FLOAT16_ROUNDING = 2.0**-11
"""Largest relative error of a value rounded to float16."""

LARGE = (64, 128)
RNG = np.random.default_rng(0)


def model_of(*weights, inputs=()):
    """A product x @ w for each weight; those named in `inputs` are also inputs of the graph."""
    nodes = [helper.make_node("MatMul", ["x", name], [f"y_{name}"]) for name, _ in weights]
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape)
        for name, array in weights
        if name in inputs
    ]
    graph = helper.make_graph(
        nodes,
        "products",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", len(weights[0][1])]), *values],
        [
            helper.make_tensor_value_info(f"y_{n}", TensorProto.FLOAT, ["N", a.shape[1]])
            for n, a in weights
        ],
        [numpy_helper.from_array(array, name) for name, array in weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def weights_of(shape=LARGE, scale=1.0):
    """Random float32 values."""
    return (RNG.normal(size=shape) * scale).astype(np.float32)


def session_of(model):
    """One thread of onnxruntime, as the engine opens networks."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])


def stored_types(model):
    """Element type of each initialiser."""
    return {t.name: t.data_type for t in model.graph.initializer}


class TestResults:
    """What comes out."""

    def test_equal_to_rounded_weights(self):
        """The network computes, in float32, with exactly the rounded weights."""
        weights, x = weights_of(), weights_of((7, LARGE[0]))
        (got,) = session_of(store_as_float16(model_of(("w", weights)))).run(None, {"x": x})
        (want,) = session_of(model_of(("w", weights.astype(np.float16).astype(np.float32)))).run(
            None, {"x": x}
        )
        assert got.dtype == np.float32
        np.testing.assert_array_equal(got, want)

    def test_within_rounding(self):
        """No output moves by more than the weights' rounding allows."""
        weights, x = weights_of(), weights_of((7, LARGE[0]))
        (got,) = session_of(store_as_float16(model_of(("w", weights)))).run(None, {"x": x})
        (want,) = session_of(model_of(("w", weights))).run(None, {"x": x})
        allowed = FLOAT16_ROUNDING * (np.abs(x) @ np.abs(weights)) + 1e-5
        assert np.all(np.abs(got - want) <= allowed)
        assert np.any(got != want)

    def test_half_the_size(self):
        """Of a file that is nearly all weights, about half is left."""
        model = model_of(("w", weights_of((512, 512))))
        ratio = store_as_float16(model).ByteSize() / model.ByteSize()
        assert 0.5 <= ratio < 0.51

    def test_original_is_untouched(self):
        """The model that was given stays what it was."""
        model = model_of(("w", weights_of()))
        before = model.SerializeToString()
        store_as_float16(model)
        assert model.SerializeToString() == before

    def test_valid_and_repeatable(self):
        """The result is valid ONNX, is the same each time, and stored again does not change."""
        model = model_of(("w", weights_of()))
        stored = store_as_float16(model)
        onnx.checker.check_model(stored, full_check=True)
        assert store_as_float16(model).SerializeToString() == stored.SerializeToString()
        assert store_as_float16(stored).SerializeToString() == stored.SerializeToString()

    def test_casts_are_folded(self, tmp_path):
        """No Cast is left when onnxruntime has opened the file, so none costs time."""
        options = ort.SessionOptions()
        options.optimized_model_filepath = str(tmp_path / "opened.onnx")
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        stored = store_as_float16(model_of(("w", weights_of())))
        ort.InferenceSession(stored.SerializeToString(), options, ["CPUExecutionProvider"])
        opened = onnx.load(tmp_path / "opened.onnx")
        assert [node.op_type for node in stored.graph.node] == ["Cast", "MatMul"]
        assert "Cast" not in [node.op_type for node in opened.graph.node]


class TestWhatStays:
    """Tensors that are stored as they were."""

    @pytest.mark.parametrize(
        ("shape", "want"),
        [
            ((1, SMALLEST_STORED_VALUES - 1), TensorProto.FLOAT),
            ((1, SMALLEST_STORED_VALUES), TensorProto.FLOAT16),
        ],
    )
    def test_small(self, shape, want):
        """A tensor below the smallest size stays float32."""
        stored = store_as_float16(model_of(("w", weights_of(shape))))
        assert list(stored_types(stored).values()) == [want]

    @pytest.mark.parametrize("value", [65536.0, -1e30, np.inf, np.nan])
    def test_beyond_float16(self, value):
        """A tensor with a value that float16 cannot hold stays; the others do not wait for it."""
        wide = weights_of()
        wide[3, 5] = value
        stored = store_as_float16(model_of(("wide", wide), ("w", weights_of())))
        assert stored_types(stored) == {
            "wide": TensorProto.FLOAT,
            "w_float16": TensorProto.FLOAT16,
        }

    def test_other_types(self):
        """Integers and tensors that are float16 already stay."""
        model = model_of(("w", weights_of()))
        for name, kind in (("i", np.int64), ("h", np.float16), ("d", np.float64)):
            model.graph.initializer.append(
                numpy_helper.from_array(np.ones(SMALLEST_STORED_VALUES, kind), name)
            )
        assert stored_types(store_as_float16(model)) == {
            "w_float16": TensorProto.FLOAT16,
            "i": TensorProto.INT64,
            "h": TensorProto.FLOAT16,
            "d": TensorProto.DOUBLE,
        }

    def test_replaceable(self):
        """A weight that a caller may replace through an input stays, under its name."""
        stored = store_as_float16(model_of(("w", weights_of()), inputs=("w",)))
        assert stored_types(stored) == {"w": TensorProto.FLOAT}
        onnx.checker.check_model(stored, full_check=True)

    def test_no_weights(self):
        """A graph without weights is copied."""
        model = model_of(("w", weights_of()), inputs=("w",))
        del model.graph.initializer[:]
        assert store_as_float16(model) == model


def test_without_onnx(monkeypatch):
    """Without the package the error says what to install."""
    model = model_of(("w", weights_of()))
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match="onnx") as caught:
        store_as_float16(model)
    assert "pip install" in caught.value.advice


@pytest.mark.slow
def test_same_speed():
    """A stored network takes no longer than the one it came from (best of many, 20 % allowed)."""
    model = model_of(("w", weights_of((1024, 1024))))
    x = weights_of((64, 1024))

    def best_s(session):
        times = []
        for _ in range(50):
            start = time.perf_counter()
            session.run(None, {"x": x})
            times.append(time.perf_counter() - start)
        return min(times)

    plain, stored = session_of(model), session_of(store_as_float16(model))
    assert best_s(stored) <= 1.2 * best_s(plain)
