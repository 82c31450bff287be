"""Evidence -> document, in one language or both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs.report.document import Document, Part
from fvs.report.sections.calibration import calibration_section
from fvs.report.sections.errors import errors_section, quality_section
from fvs.report.sections.groups import groups_section
from fvs.report.sections.pad import pad_section
from fvs.report.sections.provenance import certificate_section, limits_section, provenance_section
from fvs.report.sections.summary import summary_section
from fvs.report.sections.thumbnails import thumbnails_section
from fvs.report.words import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.report.document import Language
    from fvs.report.evidence import Evidence

__all__ = ["compose_report"]

SECTIONS = (
    summary_section,
    errors_section,
    groups_section,
    quality_section,
    calibration_section,
    pad_section,
    thumbnails_section,
    certificate_section,
    provenance_section,
    limits_section,
)
"""In the order in which they are read: what is shown, why, and what is not."""


def compose_report(evidence: Evidence, languages: Sequence[Language]) -> Document:
    """Put everything into words and drawings, a whole part for each language."""
    return Document(parts=tuple(_part(evidence, Words(language)) for language in languages))


def _part(evidence: Evidence, words: Words) -> Part:
    made = evidence.provenance
    values = {"subject": evidence.subject, "created": made.created, "version": made.version}
    sections = (section(evidence, words) for section in SECTIONS)
    return Part(
        language=words.language,
        title=words("title"),
        subtitle=words("subtitle", **values),
        contents_title=words("contents"),
        sections=tuple(section for section in sections if section is not None),
    )
