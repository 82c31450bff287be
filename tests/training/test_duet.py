"""The graph that joins two embedders, against the same steps in numpy."""

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from fvs.geometry import ARCFACE_TEMPLATE_112, FACE_TEMPLATES, similarity_transforms
from training.duet.graph import (
    CANVAS_PX,
    DLIB_WINDOW_XYXY_PX,
    INPUT_NAME,
    OWN_WINDOW_XYXY_PX,
    RAW_OUTPUTS,
    Whitening,
    compose_duet,
    compose_raw,
    whitening_of,
)

OWN_SHARE = 0.3


def pooled_network(side_px, seed, opset):
    """A network that averages a grid of blocks and projects them to 128 values."""
    matrix = np.random.default_rng(seed).normal(size=(3 * 2 * 2, 128)).astype(np.float32)
    block = side_px // 2
    nodes = [
        helper.make_node(
            "AveragePool", ["in"], ["blocks"], kernel_shape=[block] * 2, strides=[block] * 2
        ),
        helper.make_node("Flatten", ["blocks"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["out"]),
    ]
    graph = helper.make_graph(
        nodes,
        "pooled",
        [helper.make_tensor_value_info("in", TensorProto.FLOAT, ["N", 3, side_px, side_px])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", 128])],
        [numpy_helper.from_array(matrix, "matrix")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    return model, matrix


DLIB, DLIB_MATRIX = pooled_network(150, 0, 17)
OWN, OWN_MATRIX = pooled_network(112, 1, 18)


def run(model, crops):
    """All outputs for crops (N, 184, 184, 3)."""
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    planes = np.ascontiguousarray(crops.transpose(0, 3, 1, 2), np.float32)
    return session.run(None, {INPUT_NAME: planes})


def blocks_of(picture, matrix):
    """What `pooled_network` answers, in numpy."""
    half = picture.shape[0] // 2
    means = [picture[y : y + half, x : x + half].mean((0, 1)) for y in (0, half) for x in (0, half)]
    return np.stack(means, axis=-1).reshape(-1) @ matrix


def window(picture, xyxy):
    """A part of a picture."""
    left, top, right, bottom = xyxy
    return picture[top:bottom, left:right].astype(np.float64)


def oracle_raw(picture):
    """Mean answers of both networks over the picture and its mirror image."""
    answers = []
    for view in (picture, picture[:, ::-1]):
        chip = (window(view, DLIB_WINDOW_XYXY_PX) - (122.782, 117.001, 104.298)) / 256
        # Scaling by 2 / 3 keeps the mean of a smooth picture, which is all this network sees.
        own = (window(view, OWN_WINDOW_XYXY_PX) - 127.5) / 128
        answers.append((blocks_of(chip, DLIB_MATRIX), blocks_of(own, OWN_MATRIX)))
    return np.mean([a for a, _ in answers], axis=0), np.mean([b for _, b in answers], axis=0)


def unit(vectors):
    """Each row with length 1."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


PLAIN = Whitening(np.zeros(128, np.float32), np.eye(128))


@pytest.fixture(scope="module")
def crops():
    """Smooth pictures, no two alike."""
    y, x = np.mgrid[:CANVAS_PX, :CANVAS_PX] / CANVAS_PX
    waves = [
        np.stack([np.sin(k * x + c) * np.cos((k + 1) * y - c) for c in range(3)], axis=-1)
        for k in range(1, 5)
    ]
    return np.round(127 + 100 * np.stack(waves)).astype(np.uint8)


class TestGraph:
    """`compose_raw` and `compose_duet`."""

    def test_raw_answers(self, crops):
        """Each network sees its window of the crop and of its mirror image."""
        model = compose_raw(DLIB, OWN)
        assert [output.name for output in model.graph.output] == list(RAW_OUTPUTS)
        dlib, own = run(model, crops)
        for row, crop in enumerate(crops):
            want_dlib, want_own = oracle_raw(crop)
            np.testing.assert_allclose(dlib[row], want_dlib, atol=1e-4)
            np.testing.assert_allclose(own[row], want_own, atol=2e-2)

    def test_cosine_is_the_weighted_mean(self, crops):
        """Of dlib's whitened cosine and our own; the length is the mean of both lengths."""
        dlib, own = run(compose_raw(DLIB, OWN), crops)
        matrix = np.random.default_rng(2).normal(size=(128, 128))
        whitening = Whitening(dlib.mean(axis=0), matrix)
        (joined,) = run(compose_duet(DLIB, OWN, whitening, OWN_SHARE), crops)
        centred = dlib - whitening.centre
        lengths = [np.linalg.norm(part, axis=1) for part in (centred, own, joined)]
        np.testing.assert_allclose(lengths[2], np.sqrt(lengths[0] * lengths[1]), rtol=1e-4)
        parts = [unit(centred @ matrix), unit(own)]
        want = (1 - OWN_SHARE) * parts[0] @ parts[0].T + OWN_SHARE * parts[1] @ parts[1].T
        np.testing.assert_allclose(unit(joined) @ unit(joined).T, want, atol=1e-4)

    def test_mirror_images_are_one(self, crops):
        """A crop and its mirror image have one embedding, since both were looked at."""
        model = compose_duet(DLIB, OWN, PLAIN, OWN_SHARE)
        np.testing.assert_allclose(
            run(model, crops)[0][:, :128], run(model, crops[:, :, ::-1])[0][:, :128], atol=1e-3
        )

    def test_batches(self, crops):
        """One by one as all together; none gives none."""
        model = compose_duet(DLIB, OWN, PLAIN, OWN_SHARE)
        (together,) = run(model, crops)
        alone = np.concatenate([run(model, crops[row : row + 1])[0] for row in range(len(crops))])
        np.testing.assert_allclose(together, alone, atol=1e-5)
        assert run(model, crops[:0])[0].shape == (0, 256)


class TestWhitening:
    """`whitening_of`."""

    def test_whitens(self):
        """At power 1 the used directions have one variance, and unused ones are dropped."""
        mixed = np.random.default_rng(3).normal(size=(4000, 5)) * [3, 1, 0.5, 0.4, 1e-6]
        turn = np.linalg.qr(np.random.default_rng(4).normal(size=(5, 5)))[0]
        vectors = (mixed @ turn + 7).astype(np.float32)
        whitening = whitening_of(vectors, 1.0)
        variances = np.linalg.eigvalsh(np.cov(((vectors - whitening.centre) @ whitening.matrix).T))
        assert variances[0] == pytest.approx(0.0, abs=1e-9)
        np.testing.assert_allclose(variances[1:], variances[-1], rtol=1e-3)

    def test_only_centres(self):
        """At power 0 a vector without unused directions keeps its shape."""
        vectors = np.random.default_rng(5).normal(size=(200, 4)).astype(np.float32)
        np.testing.assert_allclose(whitening_of(vectors, 0.0).matrix, np.eye(4), atol=1e-6)


class TestWindows:
    """Where the parts lie in the crop."""

    def test_dlib_chip(self):
        """The chip of dlib is the window, to the pixel."""
        landmarks = FACE_TEMPLATES["dlib_wide"] * CANVAS_PX - DLIB_WINDOW_XYXY_PX[:2]
        np.testing.assert_allclose(landmarks, FACE_TEMPLATES["dlib"] * 150, atol=1e-9)

    def test_arcface_crop(self):
        """The other window, scaled, is nearly the ArcFace crop of a mean face."""
        side = OWN_WINDOW_XYXY_PX[2] - OWN_WINDOW_XYXY_PX[0]
        inside = (FACE_TEMPLATES["dlib_wide"] * CANVAS_PX - OWN_WINDOW_XYXY_PX[:2]) * 112 / side
        wanted = similarity_transforms(inside[None], ARCFACE_TEMPLATE_112)[0]
        assert np.hypot(*wanted[:, 0]) == pytest.approx(1.0, abs=0.03)
        np.testing.assert_allclose(inside.mean(axis=0), ARCFACE_TEMPLATE_112.mean(axis=0), atol=1.5)
