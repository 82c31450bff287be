"""A registry as an operator has it, and made-up people to fill it with."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fvs.deployment.registry_location import Location
from fvs.records import Embeddings
from fvs.registry.enrolment import Enrolment, EnrolmentReceipt
from fvs.registry.records import TemplateKind
from fvs.status import Status
from fvs.subjects import SubjectId, SubjectKind
from fvs.subjects.thai_numbers import thai_check_digit
from fvs.template import embeddings_to_templates


def number(person: int) -> str:
    """A citizen ID that nobody was given."""
    first_twelve = f"1{person:011d}"
    return first_twelve + thai_check_digit(first_twelve)


def enrol_made_up(
    folder: Path, people: Sequence[int], faces: Sequence[int] | None = None, **changes: object
) -> EnrolmentReceipt:
    """Enrol random templates: of `people`, with `faces` where two are to share one."""
    location = Location.find(folder)
    pack = location.open_pack()
    model = pack.embedder.manifest
    vectors = [_unit(face, model.embed.dimension) for face in (faces or people)]
    templates = embeddings_to_templates(_embeddings(np.array(vectors), model.id), model)
    values = {"kind": TemplateKind.CARD, "legal_basis": "made up", **changes}
    with location.opened(pack) as registry:
        return registry.enrol(
            [
                Enrolment(
                    subject=SubjectId.parse(SubjectKind.CITIZEN_ID, number(person)),
                    template=template,
                    portrait_sha256=hashlib.sha256(template + bytes([person % 256])).digest(),
                    **values,
                )
                for person, template in zip(people, templates, strict=True)
            ]
        )


def _unit(face: int, dimension: int) -> np.ndarray:
    vector = np.random.default_rng(face).normal(size=dimension)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _embeddings(vectors: np.ndarray, model_id: str) -> Embeddings:
    count = len(vectors)
    return Embeddings(
        status=np.full(count, Status.OK, np.uint8),
        image_index=np.arange(count),
        vectors=vectors,
        norm=np.ones(count, np.float32),
        model_id=model_id,
    )


def document(text: str) -> dict:
    """What `--json` printed."""
    return json.loads(text)
