"""The engine: the one module that knows the order of the stages.

Read `Engine._process` from top to bottom to see what becomes of a picture, and `Engine.compare`
for what becomes of two.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import numpy as np

from fvs.align import align_faces, align_for_embedder
from fvs.choose import choose_faces
from fvs.compare import compare_pairs
from fvs.decide import Evidence, decide
from fvs.detect import CompanyLook, FaceSearch, FitScore, detect_faces
from fvs.embed import embed_crops
from fvs.errors import UsageError
from fvs.image import DecodeLimits, decode_images
from fvs.liveness import assess_liveness
from fvs.network import Network, Runtime
from fvs.operating_points import EITHER_SEX, SEXES
from fvs.quality import QualityPolicy, assess_quality
from fvs.recognisability import grade_recognisability
from fvs.refine import refine_faces
from fvs.samples import Judgements, Samples, Verifications
from fvs.status import Role
from fvs.template import embeddings_to_templates
from fvs.template import needs_reenrol as template_needs_reenrol
from fvs.turn import quarter_turns, turn_faces, turn_images

if TYPE_CHECKING:
    from collections.abc import Sequence, Sized
    from concurrent.futures import Future

    from fvs.decide import DecisionPolicy
    from fvs.packs import ModelFiles, Pack
    from fvs.records import (
        Decisions,
        Faces,
        Images,
        Pixels,
        Scores,
    )

__all__ = ["Engine", "EngineSettings", "Judgements", "Samples", "Verifications"]

QUALITY_POLICIES = {
    Role.SELFIE: QualityPolicy.for_selfie(),
    Role.CARD: QualityPolicy.for_card_portrait(),
}

FACE_SEARCHES = {
    Role.SELFIE: FaceSearch(),
    # A card's portrait is small and scores less, whichever way up: 88 % of 120 photographed
    # specimen cards reach this score at the first look (58 % that of selfies), none of 160 upside
    # down and of 320 on their side does.
    Role.CARD: FaceSearch(
        yunet_fit=FitScore(surely_upright=0.9, after_every_turn=0.75),
        of_card=True,
        company=CompanyLook(),
    ),
}


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """How the engine spends its machine.

    Attributes:
        workers: threads that process pictures side by side; networks use one thread each.
        batch_size: pictures that go through a network at once. 1 is best on a CPU, where
            batching gains nothing; larger feeds a GPU. Results do not depend on it.
        limits: of files, checked before they are decoded.
        selfie_long_side_px: large selfies are decoded at the strongest reduction that keeps this
            long side, at which a face at arm's length is twice the size of the crop.
        card_long_side_px: likewise of cards, whose portrait is small: eyes 50 px apart where the
            card takes two thirds of the width. Less would often mean decoding twice.
        fine_inter_eye_px: faces with closer eyes are decoded again, less reduced, where the file
            has more to give. At 50 px the reference embedding keeps a cosine of 0.998 with that
            of the picture in full, at 35 px (the crop's own distance) 0.991, at 20 px 0.952
            (means over 150 All-Age-Faces pictures).
    """

    workers: int = 1
    batch_size: int = 1
    limits: DecodeLimits = field(default_factory=DecodeLimits)
    selfie_long_side_px: int = 800
    card_long_side_px: int = 1600
    fine_inter_eye_px: int = 50

    def long_side_px(self, role: Role) -> int:
        """The long side to keep when a picture of this role is decoded."""
        return self.selfie_long_side_px if role is Role.SELFIE else self.card_long_side_px


class Engine:
    """Extract, enrol and verify faces with the networks of one pack.

    An engine holds no state between calls; one may serve many threads.
    """

    def __init__(
        self,
        detector: Network,
        embedder: Network,
        pad: Sequence[Network],
        settings: EngineSettings | None = None,
    ) -> None:
        """Use opened networks; `from_pack` opens them."""
        self.detector = detector
        self.embedder = embedder
        self.pad = tuple(pad)
        self.settings = settings if settings is not None else EngineSettings()

    @classmethod
    def from_pack(
        cls, pack: Pack, settings: EngineSettings | None = None, runtime: Runtime | None = None
    ) -> Self:
        """Open a pack's networks.

        Raises:
            ModelIntegrityError: a file is not what its manifest declares.
            ProviderError: the runtime's provider is not available.
        """
        where = runtime if runtime is not None else Runtime()

        def opened(files: ModelFiles) -> Network:
            return Network(files.manifest, files.weights, where)

        pad = [opened(files) for files in pack.pad]
        return cls(opened(pack.detector), opened(pack.embedder), pad, settings)

    def extract(self, files: Sequence[bytes], role: Role) -> Samples:
        """Find, judge and embed the face of each picture.

        Args:
            files: contents of N picture files.
            role: what the pictures are for.

        Returns:
            N rows; a picture that fails keeps the code of its first failure throughout.
        """
        with ThreadPoolExecutor(self.settings.workers) as pool:
            return _joined(self._submit(pool, files, role))

    def extract_here(self, files: Sequence[bytes], role: Role) -> Samples:
        """Like `extract`, as one batch in the calling thread, for callers who have threads."""
        return self._process(files, role)

    def find_faces(self, files: Sequence[bytes]) -> tuple[Images, Faces]:
        """Every face of each picture, in the frame of the pictures as decoded.

        `extract` works with the one that counts; this is for people who want to see the others.
        """
        images = decode_images(
            files,
            limits=self.settings.limits,
            min_long_side_px=self.settings.card_long_side_px,
        )
        return images, detect_faces(images, self.detector)

    def enrol(self, files: Sequence[bytes], role: Role = Role.CARD) -> tuple[bytes, ...]:
        """One template a picture; empty bytes where none may be made.

        Use `extract` where the reasons are wanted.
        """
        samples = self.extract(files, role)
        templates = embeddings_to_templates(samples.embeddings, self.embedder.manifest)
        return tuple(b"" if samples.refusals(i) else t for i, t in enumerate(templates))

    def needs_reenrol(self, template: bytes) -> bool:
        """Whether a template was made by another embedder or in another format.

        Raises:
            UsageError: these bytes are no template.
        """
        return template_needs_reenrol(template, self.embedder.manifest)

    def verify(
        self,
        selfies: Sequence[bytes],
        cards: Sequence[bytes],
        policy: DecisionPolicy,
        ages_years: Sequence[int | None] | None = None,
        sexes: Sequence[str] | None = None,
    ) -> Verifications:
        """Verify selfie i against ID card i.

        Args:
            selfies: contents of N picture files.
            cards: contents of N picture files.
            policy: operating point and PAD point.
            ages_years: of the subjects as the register knows them; None is unknown.
            sexes: likewise, `female` or `male`; empty is unknown.

        Raises:
            UsageError: the lists differ in length, or a sex is none of these.
            CertificateExpiredError: as of `compare`.
        """
        _require_pairs(selfies, cards)
        with ThreadPoolExecutor(self.settings.workers) as pool:
            # Submitted together, so that both pictures of a pair run side by side.
            probes = self._submit(pool, selfies, Role.SELFIE)
            references = self._submit(pool, cards, Role.CARD)
            return self.compare(_joined(probes), _joined(references), policy, ages_years, sexes)

    def compare(
        self,
        probes: Samples,
        references: Samples,
        policy: DecisionPolicy,
        ages_years: Sequence[int | None] | None = None,
        sexes: Sequence[str] | None = None,
    ) -> Verifications:
        """Compare selfie i with ID card i and decide.

        Raises:
            UsageError: the sides differ in length, or in number from the ages or sexes, a sex is
                none, or the policy was measured with other weights.
            CertificateExpiredError: the time of the policy's certificate is over.
        """
        _require_pairs(probes, references)
        scores = compare_pairs(probes.embeddings, references.embeddings)
        refusals = [probes.refusals(i) + references.refusals(i) for i in range(len(probes))]
        evidence = _evidence(probes, scores, refusals, ages_years, sexes)
        return Verifications(probes, scores, self._decide(evidence, policy), references)

    def judge(
        self,
        probes: Samples,
        scores: Scores,
        policy: DecisionPolicy,
        ages_years: Sequence[int | None] | None = None,
        sexes: Sequence[str] | None = None,
    ) -> Judgements:
        """Decide, as `compare` does, on selfies that were scored against stored templates.

        Args:
            probes: N selfies.
            scores: N cosines of theirs; a status that is not OK says why there is none.
            policy: as of `compare`, and so is what is raised.
            ages_years: likewise.
            sexes: likewise.
        """
        _require_pairs(probes, scores)
        refusals = [probes.refusals(i) for i in range(len(probes))]
        evidence = _evidence(probes, scores, refusals, ages_years, sexes)
        return Judgements(probes, scores, self._decide(evidence, policy))

    def _decide(self, evidence: Evidence, policy: DecisionPolicy) -> Decisions:
        self._require_measured_with(policy)
        policy.require_unexpired(datetime.now(UTC))
        return decide(evidence, policy)

    def _require_measured_with(self, policy: DecisionPolicy) -> None:
        present = (self.detector.manifest.sha256, self.embedder.manifest.sha256)
        if policy.measured_with and policy.measured_with != present:
            raise UsageError(
                "this operating point was measured with other weights than the engine runs",
                advice="Take the policy from the pack that the engine was made of.",
            )

    def _submit(
        self, pool: ThreadPoolExecutor, files: Sequence[bytes], role: Role
    ) -> list[Future[Samples]]:
        step = self.settings.batch_size
        starts = range(0, max(len(files), 1), step)  # an empty call is one empty batch
        return [pool.submit(self._process, files[i : i + step], role) for i in starts]

    def _process(self, files: Sequence[bytes], role: Role) -> Samples:
        """Take one batch through the stages, in their order."""
        settings = self.settings
        # 1. Bytes to pixels, large pictures reduced while they are decoded.
        images = decode_images(
            files, limits=settings.limits, min_long_side_px=settings.long_side_px(role)
        )
        # 2. and 3. All faces, then the one that counts.
        found = detect_faces(images, self.detector, FACE_SEARCHES[role])
        faces = choose_faces(found, images, role)
        # 4. A small face is worth a finer decoding.
        images, faces = self._decoded_finer(files, images, faces)
        # 5. Its landmarks, found again with the face upright.
        faces = refine_faces(images, faces, self.detector)
        # 6. Pictures that lie on their side are righted.
        turns = quarter_turns(faces)
        images, faces = turn_images(images, turns), turn_faces(faces, images, turns)
        # 7. to 10. Alignment, quality, liveness (of selfies only), embedding.
        crops = align_faces(images, faces)
        embedder_crops = align_for_embedder(images, faces, crops, self.embedder.manifest)
        quality = assess_quality(images, faces, crops, QUALITY_POLICIES[role])
        pad = self.pad if role is Role.SELFIE else ()
        liveness = assess_liveness(images, faces, pad)
        embeddings = embed_crops(embedder_crops, self.embedder)
        # 11. What the embedder could make of the face is one more measure of quality.
        scale = self.embedder.manifest.recognisability
        quality = grade_recognisability(quality, embeddings, scale)
        return Samples(images, faces, crops, quality, liveness, embeddings)

    def _decoded_finer(
        self, files: Sequence[bytes], images: Images, faces: Faces
    ) -> tuple[Images, Faces]:
        """Decode again those pictures that were reduced too far for their face."""
        enlargement = self.settings.fine_inter_eye_px / faces.inter_eye_px
        rows = np.flatnonzero(faces.ok & (images.scale < 1) & (enlargement > 1))
        for row in rows.tolist():
            old = images.pixels_rgb[row]
            if old is None:
                continue
            long_side_px = int(np.ceil(max(old.shape[:2]) * enlargement[row]))
            finer = decode_images(
                [files[row]], limits=self.settings.limits, min_long_side_px=long_side_px
            )
            new = finer.pixels_rgb[0]
            if new is not None:
                images = images.with_rows([row], finer)
                faces = faces.with_rows([row], _scaled(faces.take([row]), old, new))
        return images, faces


def _joined(futures: list[Future[Samples]]) -> Samples:
    return Samples.concatenate([future.result() for future in futures])


def _scaled(faces: Faces, old: Pixels, new: Pixels) -> Faces:
    """Faces of a picture in the frame of the same picture decoded to another size."""
    factor = np.array([new.shape[1] / old.shape[1], new.shape[0] / old.shape[0]], np.float32)
    return replace(
        faces,
        xyxy_px=faces.xyxy_px * np.tile(factor, 2),
        landmarks_px=faces.landmarks_px * factor,
    )


def _require_sexes(probes: Sized, sexes: Sequence[str] | None) -> None:
    if sexes is None:
        return
    _require_pairs(probes, sexes)
    if not {EITHER_SEX, *SEXES}.issuperset(sexes):
        raise UsageError(
            "a sex is not one that the register knows",
            advice=f"Give {' or '.join(SEXES)}, or nothing where it is unknown.",
        )


def _evidence(
    probes: Samples,
    scores: Scores,
    refusals: Sequence[tuple[str, ...]],
    ages_years: Sequence[int | None] | None,
    sexes: Sequence[str] | None,
) -> Evidence:
    ages = ages_years if ages_years is not None else [None] * len(probes)
    _require_pairs(probes, ages)
    _require_sexes(probes, sexes)
    return Evidence(
        scores=scores,
        refusals=tuple(refusals),
        liveness=probes.liveness,
        ages_years=ages,
        sexes=sexes or (),
    )


def _require_pairs(one: Sized, other: Sized) -> None:
    if len(one) != len(other):
        raise UsageError(f"cannot pair {len(one)} with {len(other)}")
