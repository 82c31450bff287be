"""One verified ONNX network: pixels of a batch in, named arrays of the same batch out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import onnxruntime as ort

from fvs.errors import ModelIntegrityError, ProviderError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fvs.manifest import DetectHead, ModelManifest, PixelInput
    from fvs.records import F32, U8

__all__ = ["Network", "Provider", "Runtime", "pixels_to_tensor"]

Provider = Literal["cpu", "cuda", "tensorrt", "openvino"]

PROVIDER_NAMES: Mapping[Provider, str] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}

PROVIDER_OPTIONS: Mapping[Provider, Mapping[str, str]] = {
    # TensorFloat-32 has ten bits of mantissa, and error rates were measured with 23. The default
    # search tries every algorithm for every new size of a batch, while somebody waits.
    "cuda": {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"},
}
"""Ours, where onnxruntime's would not do."""

NVIDIA: frozenset[Provider] = frozenset({"cuda", "tensorrt"})

LOG_ERRORS_ONLY = 3

YUNET_WIDTHS = (1, 1, 4, 10)
"""Columns of a YuNet's outputs: class, object, box, five landmarks."""

SCRFD_WIDTHS = (1, 4, 10)
"""Columns of an SCRFD's outputs: score, box, five landmarks."""


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """Where and how networks run.

    One thread per session and no spinning: callers parallelise over pictures instead, which on
    two busy cores gave three times the throughput of onnxruntime's defaults.

    Attributes:
        provider: execution provider, which must be present; there is no silent fallback.
        intra_op_threads: threads inside one operator.
        options: of the provider, by onnxruntime's names; None is ours (`PROVIDER_OPTIONS`).
    """

    provider: Provider = "cpu"
    intra_op_threads: int = 1
    options: Mapping[str, str] | None = None

    @property
    def provider_options(self) -> dict[str, str]:
        """What the session is opened with."""
        ours = PROVIDER_OPTIONS.get(self.provider, {})
        return dict(ours if self.options is None else self.options)


class Network:
    """An ONNX session whose file, inputs and outputs are what its manifest declares.

    `run` may be called from many threads at once.
    """

    def __init__(self, manifest: ModelManifest, weights: Path, runtime: Runtime) -> None:
        """Check the file's hash, open it, and check its inputs and outputs with a warm-up run.

        Raises:
            ModelIntegrityError: hash, input or output differ from the manifest.
            ProviderError: the runtime's provider is not available.
        """
        self.manifest = manifest
        content = _read_verified(manifest, weights)
        self._session = _open_session(content, manifest.id, runtime)
        self._fixed_batch_size = self._check_input()
        self._output_names = self._check_output_names()
        self._warm_up()

    def __repr__(self) -> str:
        return f"Network({self.manifest.id!r}, {self._session.get_providers()[0]})"

    def run(self, pixels_rgb: U8) -> dict[str, F32]:
        """Run a batch.

        Args:
            pixels_rgb: (N, H, W, 3) uint8 RGB; N may be 0.

        Returns:
            Output name as the manifest has it -> (N, ...) float32, in the manifest's order. Row i
            depends on picture i only.

        Raises:
            UsageError: the pixels have the wrong type or shape.
        """
        _require_pixels(pixels_rgb, self.manifest.input)
        if len(pixels_rgb) == 0:
            height, width = pixels_rgb.shape[1:3]
            template = self._run_tensor(np.zeros((1, 3, height, width), np.float32))
            return {name: array[:0] for name, array in template.items()}
        tensor = pixels_to_tensor(pixels_rgb, self.manifest.input)
        step = self._fixed_batch_size or len(tensor)
        parts = [self._run_tensor(tensor[i : i + step]) for i in range(0, len(tensor), step)]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _run_tensor(self, tensor: F32) -> dict[str, F32]:
        feed = {self.manifest.input.name: tensor}
        arrays = self._session.run(list(self._output_names), feed)
        if self.manifest.detect is not None:
            # SCRFD exports flatten the batch into the rows; give it back its axis.
            arrays = [array.reshape(len(tensor), -1, array.shape[-1]) for array in arrays]
        return dict(zip(_declared_outputs(self.manifest), arrays, strict=True))

    def _blank_tensor(self) -> F32:
        side = self.manifest.input.size_px or self.manifest.input.multiple_of_px
        return np.zeros((1, 3, side, side), np.float32)

    def _check_input(self) -> int | None:
        """The batch size that the graph insists on, or None; only 1 can be served."""
        inputs = self._session.get_inputs()
        expected = self.manifest.input
        names = [node.name for node in inputs]
        if names != [expected.name]:
            raise self._mismatch("inputs", [expected.name], names)
        shape = inputs[0].shape
        side = expected.size_px
        fits = len(shape) == 4 and all(  # noqa: PLR2004 - NCHW
            not isinstance(got, int) or want is None or got == want
            for got, want in zip(shape, (None, 3, side, side), strict=True)
        )
        if not fits or (isinstance(shape[0], int) and shape[0] != 1):
            raise self._mismatch("input shape", ["N or 1", 3, side, side], shape)
        return 1 if isinstance(shape[0], int) else None

    def _check_output_names(self) -> tuple[str, ...]:
        """The graph's names of the manifest's outputs, in the manifest's order."""
        declared = _declared_outputs(self.manifest)
        present = [node.name for node in self._session.get_outputs()]
        if declared == ("",) and len(present) == 1:
            return (present[0],)
        if not set(declared) <= set(present):
            raise self._mismatch("outputs", list(declared), present)
        return declared

    def _warm_up(self) -> None:
        """Run once, so that the first caller need not wait, and check what comes out."""
        tensor = self._blank_tensor()
        try:
            arrays = self._run_tensor(tensor)
        except Exception as error:  # onnxruntime's exceptions share no base but Exception
            raise ModelIntegrityError(
                f"{self.manifest.id}: its first run failed: {error}"
            ) from error
        for name, shape in _declared_shapes(self.manifest, tensor.shape[-1]).items():
            got = arrays[name]
            if got.shape != shape or got.dtype != np.float32:
                raise self._mismatch(
                    f"output {name!r}", f"float32 {shape}", f"{got.dtype} {got.shape}"
                )

    def _mismatch(self, what: str, expected: object, got: object) -> ModelIntegrityError:
        return ModelIntegrityError(
            f"{self.manifest.id}: {what} differ from model.toml (got {got}, expected {expected})"
        )


def pixels_to_tensor(pixels_rgb: U8, spec: PixelInput) -> F32:
    """(N, H, W, 3) uint8 RGB -> (N, 3, H, W) float32 as `spec` wants it."""
    ordered = pixels_rgb if spec.channels == "rgb" else pixels_rgb[..., ::-1]
    planes = np.ascontiguousarray(ordered.transpose(0, 3, 1, 2), dtype=np.float32)
    if any(spec.mean):
        planes -= np.asarray(spec.mean, np.float32)[:, None, None]
    if any(s != 1.0 for s in spec.std):
        planes /= np.asarray(spec.std, np.float32)[:, None, None]
    return planes


def _read_verified(manifest: ModelManifest, weights: Path) -> bytes:
    try:
        content = weights.read_bytes()
    except OSError as error:
        raise ModelIntegrityError(f"{manifest.id}: cannot read {weights}") from error
    got = hashlib.sha256(content).hexdigest()
    if got != manifest.sha256:
        raise ModelIntegrityError(
            f"{manifest.id}: {weights} is not the file of model.toml "
            f"(got sha256 {got[:12]}…, expected {manifest.sha256[:12]}…)",
            advice="Fetch it again with `fvs models pull`, or import a good copy.",
        )
    return content


def _open_session(content: bytes, model_id: str, runtime: Runtime) -> ort.InferenceSession:
    name = PROVIDER_NAMES[runtime.provider]
    available = ort.get_available_providers()
    if name not in available:
        raise ProviderError(
            f"{runtime.provider} was asked for but this onnxruntime has {', '.join(available)}",
            advice="Install the onnxruntime build for it, or ask for cpu.",
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = runtime.intra_op_threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = LOG_ERRORS_ONLY
    if runtime.provider in NVIDIA:
        ort.preload_dlls()  # of the nvidia-* packages, which the loader does not find by itself
    try:
        session = ort.InferenceSession(
            content, options, providers=[name], provider_options=[runtime.provider_options]
        )
    except Exception as error:  # onnxruntime's exceptions share no base but Exception
        raise ModelIntegrityError(f"{model_id}: onnxruntime cannot open it: {error}") from error
    if session.get_providers()[0] != name:
        raise ProviderError(
            f"{runtime.provider} was asked for but onnxruntime fell back to "
            f"{session.get_providers()[0]}",
            advice="Check the driver and libraries of the provider.",
        )
    return session


def _declared_outputs(manifest: ModelManifest) -> tuple[str, ...]:
    if manifest.detect is not None:
        return manifest.detect.outputs
    if manifest.embed is not None:
        return (manifest.embed.output,)
    return (manifest.pad.output,) if manifest.pad is not None else ()


def _declared_shapes(manifest: ModelManifest, side_px: int) -> dict[str, tuple[int, ...]]:
    """Shape of each output for one picture of `side_px`."""
    if manifest.embed is not None:
        return {manifest.embed.output: (1, manifest.embed.dimension)}
    if manifest.pad is not None:
        return {manifest.pad.output: (1, len(manifest.pad.classes))}
    return (
        {} if manifest.detect is None else _detector_shapes(manifest.id, manifest.detect, side_px)
    )


def _detector_shapes(model_id: str, head: DetectHead, side_px: int) -> dict[str, tuple[int, ...]]:
    """(1, rows, width): per kind of output and level, a row for each anchor of each cell."""
    widths = YUNET_WIDTHS if head.family == "yunet" else SCRFD_WIDTHS
    rows = [(side_px // stride) ** 2 * head.anchors_per_cell for stride in head.strides_px]
    shapes = [(1, n, width) for width in widths for n in rows]
    if len(shapes) != len(head.outputs):
        raise ModelIntegrityError(
            f"{model_id}: {head.family} with {len(head.strides_px)} strides has {len(shapes)} "
            f"outputs, model.toml names {len(head.outputs)}"
        )
    return dict(zip(head.outputs, shapes, strict=True))


def _require_pixels(pixels_rgb: U8, spec: PixelInput) -> None:
    ok = pixels_rgb.dtype == np.uint8 and pixels_rgb.ndim == 4 and pixels_rgb.shape[3] == 3  # noqa: PLR2004
    if not ok:
        raise UsageError(
            f"expected (N, H, W, 3) uint8 pixels, got {pixels_rgb.shape} {pixels_rgb.dtype}"
        )
    height, width = pixels_rgb.shape[1:3]
    if spec.size_px is not None and (height, width) != (spec.size_px, spec.size_px):
        raise UsageError(f"expected {spec.size_px} px squares, got {width} x {height}")
    if spec.size_px is None and (
        min(height, width) == 0 or height % spec.multiple_of_px or width % spec.multiple_of_px
    ):
        raise UsageError(f"sides must be positive multiples of {spec.multiple_of_px} px")
