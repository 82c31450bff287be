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

    from fvs.manifest import ModelManifest, PixelInput
    from fvs.records import F32, U8

__all__ = ["Network", "Provider", "Runtime", "pixels_to_tensor"]

Provider = Literal["cpu", "cuda", "tensorrt", "openvino"]

PROVIDER_NAMES: Mapping[Provider, str] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}

LOG_ERRORS_ONLY = 3


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """Where and how networks run.

    One thread per session and no spinning: callers parallelise over pictures instead, which on
    two busy cores gave three times the throughput of onnxruntime's defaults.

    Attributes:
        provider: execution provider, which must be present; there is no silent fallback.
        intra_op_threads: threads inside one operator.
    """

    provider: Provider = "cpu"
    intra_op_threads: int = 1


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
        self._output_names = _declared_outputs(manifest)
        self._check_outputs()

    def __repr__(self) -> str:
        return f"Network({self.manifest.id!r}, {self._session.get_providers()[0]})"

    def run(self, pixels_rgb: U8) -> dict[str, F32]:
        """Run a batch.

        Args:
            pixels_rgb: (N, H, W, 3) uint8 RGB; N may be 0.

        Returns:
            Output name -> (N, ...) float32, in the manifest's order. Row i depends on picture i
            only.

        Raises:
            UsageError: the pixels have the wrong type or shape.
        """
        _require_pixels(pixels_rgb, self.manifest.input)
        if len(pixels_rgb) == 0:
            template = self._run_tensor(self._blank_tensor())
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
        return dict(zip(self._output_names, arrays, strict=True))

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

    def _check_outputs(self) -> None:
        present = [node.name for node in self._session.get_outputs()]
        missing = [name for name in self._output_names if name not in present]
        if missing:
            raise self._mismatch("outputs", list(self._output_names), present)
        arrays = self._run_tensor(self._blank_tensor())
        for name, width in _declared_widths(self.manifest).items():
            if arrays[name].shape[-1] != width:
                raise self._mismatch(f"width of output {name}", width, arrays[name].shape[-1])

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
    try:
        session = ort.InferenceSession(content, options, providers=[name])
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


def _declared_widths(manifest: ModelManifest) -> dict[str, int]:
    """Length of the last axis of each output."""
    if manifest.embed is not None:
        return {manifest.embed.output: manifest.embed.dimension}
    if manifest.pad is not None:
        return {manifest.pad.output: len(manifest.pad.classes)}
    head = manifest.detect
    if head is None:
        return {}
    kinds = [1, 1, 4, 10] if head.family == "yunet" else [1, 4, 10]
    widths = np.repeat(kinds, len(head.strides_px)).tolist()
    if len(widths) != len(head.outputs):
        raise ModelIntegrityError(
            f"{manifest.id}: {head.family} with {len(head.strides_px)} strides has {len(widths)} "
            f"outputs, model.toml names {len(head.outputs)}"
        )
    return dict(zip(head.outputs, widths, strict=True))


def _require_pixels(pixels_rgb: U8, spec: PixelInput) -> None:
    ok = pixels_rgb.dtype == np.uint8 and pixels_rgb.ndim == 4 and pixels_rgb.shape[3] == 3  # noqa: PLR2004
    if not ok:
        raise UsageError(
            f"expected (N, H, W, 3) uint8 pixels, got {pixels_rgb.shape} {pixels_rgb.dtype}"
        )
    height, width = pixels_rgb.shape[1:3]
    if spec.size_px is not None and (height, width) != (spec.size_px, spec.size_px):
        raise UsageError(f"expected {spec.size_px} px squares, got {width} x {height}")
    if height % spec.multiple_of_px and spec.size_px is None:
        raise UsageError(f"sides must be multiples of {spec.multiple_of_px} px")
