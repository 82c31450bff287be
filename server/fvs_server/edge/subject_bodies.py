"""A subject as requests name one: in the body, for addresses are logged."""

from __future__ import annotations

import msgspec

from fvs.subjects import SubjectError, SubjectFault, SubjectId, SubjectKind
from fvs_server.faults import Violation
from fvs_server.problems import Problem, ServiceError

__all__ = ["SubjectBody"]

_LONGEST = 64


class SubjectBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Kind and number of a subject; `to_subject` checks them.

    Attributes:
        kind: of the identifier.
        number: as it is written.
    """

    kind: SubjectKind
    number: str

    def __repr__(self) -> str:
        return f"SubjectBody(kind={self.kind.value!r}, number=...)"

    def to_subject(self, pointer: str = "/subject") -> SubjectId:
        """The identifier, which prints masked.

        Args:
            pointer: where the request holds it.

        Raises:
            ServiceError: INVALID_REQUEST, with the fault and never the number.
        """
        try:
            if len(self.number) <= _LONGEST:
                return SubjectId.parse(self.kind, self.number)
            fault = SubjectFault.SUBJECT_LENGTH
        except SubjectError as error:
            fault = error.code
        # Outside the handler: chained to nothing that has seen the number.
        violation = Violation.of_number(f"{pointer}/number", SubjectError(fault))
        raise ServiceError(Problem.INVALID_REQUEST, violations=(violation,))
