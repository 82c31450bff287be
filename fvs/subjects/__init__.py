"""Identifiers of data subjects: validated, printed masked, stored as keyed pseudonyms only.

Citizen IDs (people of every category), passports, travel cards and juristic persons are one type,
`SubjectId`. The engine compares faces and never learns whose they are: it does not import this.
"""

from fvs.subjects.faults import SubjectError, SubjectFault
from fvs.subjects.mrz import Mrz, parse_mrz
from fvs.subjects.mrz_fields import BirthDate, HolderNames, Sex
from fvs.subjects.private import Private
from fvs.subjects.pseudonyms import Pseudonymiser
from fvs.subjects.subject_id import MIN_KEY_BYTES, PSEUDONYM_BYTES, SubjectId, SubjectKind
from fvs.subjects.thai_numbers import CitizenCategory

__all__ = [
    "MIN_KEY_BYTES",
    "PSEUDONYM_BYTES",
    "BirthDate",
    "CitizenCategory",
    "HolderNames",
    "Mrz",
    "Private",
    "Pseudonymiser",
    "Sex",
    "SubjectError",
    "SubjectFault",
    "SubjectId",
    "SubjectKind",
    "parse_mrz",
]
