"""Codes that travel with every row: what became of a picture, and what was decided."""

from enum import IntEnum, StrEnum

__all__ = ["Outcome", "Role", "Status"]


class Status(IntEnum):
    """What became of one row; `OK` is the only code whose numbers may be used.

    A failing row keeps the *first* failing code through all later stages, so that the answer
    names the cause and not its consequences. Codes are stored as uint8 columns and shown in
    lower case (`Status.NO_FACE.code == "no_face"`).
    """

    OK = 0

    # bytes -> image
    EMPTY_FILE = 10
    FILE_TOO_LARGE = 11
    UNSUPPORTED_FORMAT = 12
    ANIMATED_IMAGE = 13
    TOO_MANY_PIXELS = 14
    IMAGE_TOO_SMALL = 15
    CORRUPT_IMAGE = 16

    # image -> face
    NO_FACE = 20
    SEVERAL_FACES = 21

    # face -> quality, liveness, embedding
    QUALITY_TOO_LOW = 30
    LIVENESS_NOT_ASSESSED = 40
    EMBEDDING_NOT_FINITE = 50

    # comparison
    SCORE_NOT_FINITE = 60
    NO_REFERENCE = 61
    REFERENCE_UNREADABLE = 62

    @property
    def code(self) -> str:
        """The code as shown to people and programs, for example `no_face`."""
        return self.name.lower()


class Outcome(StrEnum):
    """The answer to one verification; only `MATCH` accepts the claim."""

    MATCH = "match"
    NO_MATCH = "no_match"
    INCONCLUSIVE = "inconclusive"
    NOT_COMPARED = "not_compared"


class Role(StrEnum):
    """What a picture is for; it decides which face is taken when there are several."""

    SELFIE = "selfie"
    CARD = "card"
