"""`model.toml`: what one weight file is, how it wants its pixels, and where it comes from."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import msgspec

from fvs.errors import ManifestError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "MANIFEST_FILE_NAME",
    "DetectHead",
    "EmbedHead",
    "Licence",
    "ModelManifest",
    "PadHead",
    "PixelInput",
    "Provenance",
    "RecognisabilityScale",
    "Task",
    "load_manifest",
    "read_toml",
    "to_toml",
]

Task = Literal["detect", "embed", "pad"]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
MaybeSha256 = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?\Z")]
PlainName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")]
Positive = Annotated[int, msgspec.Meta(gt=0)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
Triple = tuple[float, float, float]

MANIFEST_FILE_NAME = "model.toml"
HIGHEST_SCORE = 100.0


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A frozen struct in which a misspelt key is an error."""


class PixelInput(_Strict, frozen=True, kw_only=True):
    """What the network wants: `(pixel - mean) / std` with pixels 0..255, NCHW float32.

    Attributes:
        name: the ONNX input's name.
        channels: order of the three planes.
        mean: per plane, in the order of `channels`.
        std: per plane, in the order of `channels`.
        size_px: side of the square input; None where any multiple of `multiple_of_px` will do.
        multiple_of_px: granularity of a free input size.
    """

    name: str
    channels: Literal["rgb", "bgr"]
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)
    size_px: Positive | None = None
    multiple_of_px: Positive = 32


class DetectHead(_Strict, frozen=True, kw_only=True):
    """How to read an anchor-free detector's outputs.

    Attributes:
        family: `yunet` (cls, obj, bbox, kps per stride) or `scrfd` (score, bbox, kps).
        strides_px: one per level, finest first.
        outputs: ONNX output names, per kind and stride: all `cls`, all `obj` (yunet only),
            all `bbox`, all `kps`.
        anchors_per_cell: candidates in each cell.
        score_threshold: candidates below are no faces.
        nms_iou: of two candidates that overlap more, the weaker goes.
        vote_iou: candidates that overlap a winner by this much have a say in where its box and
            landmarks are (`fvs.detect_heads.winners`); unset, the winner speaks alone.
        upright_score: best score of a selfie from which its face is surely upright, so that the
            search ends (`fvs.detect.FitScore.surely_upright`); unset, the family's.
        upright_card_score: likewise of a card.
        face_score: from which it is a face once all turns were compared
            (`fvs.detect.FitScore.after_every_turn`); unset, the family's.
        refined_score: from which a face shown upright is surely so (`fvs.refine`); unset, the
            family's.
        least_refined_score: a face that scores less when it is shown upright is none
            (`fvs.refine`); unset, whatever is seen again is a face.
    """

    family: Literal["yunet", "scrfd"]
    strides_px: tuple[Positive, ...]
    outputs: tuple[str, ...]
    anchors_per_cell: Positive = 1
    score_threshold: Fraction
    nms_iou: Fraction
    vote_iou: Fraction | None = None
    upright_score: Fraction | None = None
    upright_card_score: Fraction | None = None
    face_score: Fraction | None = None
    refined_score: Fraction | None = None
    least_refined_score: Fraction = 0.0


class EmbedHead(_Strict, frozen=True, kw_only=True):
    """What an embedder returns.

    Attributes:
        dimension: length of the vector.
        alignment: five-point template of the crop, a name in `fvs.geometry.FACE_TEMPLATES`.
        output: the ONNX output's name; empty where it has only one and its name does not matter.
    """

    dimension: Positive
    alignment: Literal["arcface", "dlib", "dlib_wide"]
    output: str = ""


class RecognisabilityScale(_Strict, frozen=True, kw_only=True):
    """How an embedder's vectors grade the faces themselves, for its unified quality score.

    A raw grade is the length before normalisation plus, where there is a direction, the unit
    vector's component along it.

    Attributes:
        raw: raw grades, ascending.
        score: what each is worth, ascending within 0..100; raw grades between are worth what lies
            linearly between, those beyond either end what that end is.
        direction: in units of the length; empty where the length alone grades.
        measured_on: the portraits whose percentiles the scores are.
    """

    raw: tuple[float, ...]
    score: tuple[float, ...]
    direction: tuple[float, ...] = ()
    measured_on: str

    def __post_init__(self) -> None:
        """Refuse a scale on which a higher raw grade could be worth less."""
        if len(self.raw) != len(self.score) or len(self.raw) < 2:  # noqa: PLR2004 - a line's ends
            raise ValueError("recognisability needs as many raw grades as scores, at least two")
        if not all(map(math.isfinite, (*self.raw, *self.score, *self.direction))):
            raise ValueError("recognisability's numbers must be finite")
        if not all(low < high for axis in (self.raw, self.score) for low, high in pairwise(axis)):
            raise ValueError("recognisability.raw and .score must ascend")
        if self.score[0] < 0 or self.score[-1] > HIGHEST_SCORE:
            raise ValueError("recognisability.score lies in 0..100")


class PadHead(_Strict, frozen=True, kw_only=True):
    """How to cut a PAD network's picture and read its classes.

    Attributes:
        box_scale: the face box is enlarged by this factor about its centre.
        classes: names of the outputs in order; exactly one is `live`.
        output: the ONNX output's name (logits).
        live_threshold: probability of `live` from which a capture counts as live, by the card's
            measurements; 0.5 is the network's own even odds.
    """

    box_scale: float
    classes: tuple[str, ...]
    output: str
    live_threshold: Fraction = 0.5


class Licence(_Strict, frozen=True, kw_only=True):
    """Terms of the weights.

    Attributes:
        spdx: identifier, or `LicenseRef-...` for terms of its own.
        commercial_use: False asks before a download and shows in every listing.
        notice: one or two sentences for people.
    """

    spdx: str
    commercial_use: bool
    notice: str


class Provenance(_Strict, frozen=True, kw_only=True):
    """Where the weights come from.

    Attributes:
        source: project and path upstream.
        commit: the pinned revision or release.
        url: where `fvs models pull` fetches the file; empty where there is none.
        archive_member: the file's path inside `url` where that is a zip archive.
        archive_sha256: hash of that archive.
        archive_size_bytes: its size.
        made_by: command that makes the file here; empty where there is none.
        trained_on: data set, as its authors state it.
    """

    source: str
    commit: str
    url: str = ""
    made_by: str = ""
    archive_member: str = ""
    archive_sha256: MaybeSha256 = ""
    archive_size_bytes: int = 0
    trained_on: str

    def __post_init__(self) -> None:
        """Refuse what could not be fetched safely."""
        if self.url and not self.url.startswith(("https://", "http://")):
            raise ValueError("url must begin with https:// or http://")
        archive = (self.archive_member, self.archive_sha256, self.archive_size_bytes)
        if any(archive) and not (all(archive) and self.url):
            raise ValueError("an archive needs url, archive_member, _sha256 and _size_bytes")


class ModelManifest(_Strict, frozen=True, kw_only=True):
    """One weight file; exactly one of `detect`, `embed`, `pad` is set and equals `task`.

    An embedder may have a `recognisability` scale too.
    """

    id: PlainName
    task: Task
    file: PlainName
    sha256: Sha256
    size_bytes: Positive
    summary: str
    input: PixelInput
    licence: Licence
    provenance: Provenance
    detect: DetectHead | None = None
    embed: EmbedHead | None = None
    pad: PadHead | None = None
    recognisability: RecognisabilityScale | None = None

    def __post_init__(self) -> None:
        """Refuse a manifest that contradicts itself (msgspec turns this into a path)."""
        heads = {"detect": self.detect, "embed": self.embed, "pad": self.pad}
        given = [task for task, head in heads.items() if head is not None]
        if given != [self.task]:
            raise ValueError(f"task is {self.task!r} but the sections given are {given}")
        if self.recognisability is not None:
            dimension = self.embed.dimension if self.embed is not None else None
            if dimension is None or len(self.recognisability.direction) not in (0, dimension):
                raise ValueError("recognisability is for an embedder, its direction as long")
        if not all(math.isfinite(mean) for mean in self.input.mean):
            raise ValueError("input.mean must be finite")
        if not all(math.isfinite(s) and s > 0 for s in self.input.std):
            raise ValueError("input.std must be positive")
        if self.pad is not None and self.pad.classes.count("live") != 1:
            raise ValueError("pad.classes must name 'live' exactly once")


T = TypeVar("T", bound=msgspec.Struct)


def read_toml(path: Path, kind: type[T]) -> T:
    """Read and check a TOML file.

    Raises:
        ManifestError: the file is missing, is no TOML, or breaks its schema (with the path of
            the field).
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise ManifestError(f"cannot read {path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path}: {error}") from error


def load_manifest(folder: Path) -> ModelManifest:
    """Read `folder/model.toml`.

    Raises:
        ManifestError: as `read_toml`, or the folder is not named after the model.
    """
    manifest = read_toml(folder / MANIFEST_FILE_NAME, ModelManifest)
    if manifest.id != folder.name:
        raise ManifestError(f"{folder}: the manifest inside is for {manifest.id!r}")
    return manifest


def to_toml(document: msgspec.Struct) -> str:
    """The TOML that `read_toml` reads back as an equal document; unset fields are left out."""
    fields = {
        key: value for key, value in msgspec.to_builtins(document).items() if value is not None
    }
    tables = {key: value for key, value in fields.items() if isinstance(value, dict)}
    lines = _toml_lines({key: value for key, value in fields.items() if key not in tables})
    for name, table in tables.items():
        lines += ["", f"[{name}]", *_toml_lines(table)]
    return "\n".join(lines) + "\n"


def _toml_lines(table: dict[str, object]) -> list[str]:
    # JSON's strings, numbers, booleans and arrays are TOML's, but for the one character.
    return [
        f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")
        for key, value in table.items()
        if value is not None
    ]
