"""The report of an evaluation: one HTML file, and a PDF of the same content.

Data flows one way: scores, a pack's operating points and PAD results become `Evidence`; that
becomes a `Document` of sections in English, Thai or both; and that becomes HTML or PDF. Needs the
extra `report`; the engine never imports it.
"""

from fvs.report.compose import compose_report
from fvs.report.document import Document
from fvs.report.evidence import DataFile, Evidence, Provenance
from fvs.report.html import render_html
from fvs.report.lfw import measure_pictures
from fvs.report.measures import ErrorMeasures, measure_evaluation
from fvs.report.pad import PadEvidence, read_pad_results, select_system
from fvs.report.pdf import render_pdf
from fvs.report.requirements import (
    OWN,
    STANDARD_REQUIREMENTS,
    Measure,
    Requirement,
    parse_requirements,
)
from fvs.report.sources import describe_file, measure_scores, provenance_of
from fvs.report.thumbnails import ExtremePairs, extreme_pairs
from fvs.report.verdicts import Finding, Measured, Verdict, judge, judge_all

__all__ = [
    "OWN",
    "STANDARD_REQUIREMENTS",
    "DataFile",
    "Document",
    "ErrorMeasures",
    "Evidence",
    "ExtremePairs",
    "Finding",
    "Measure",
    "Measured",
    "PadEvidence",
    "Provenance",
    "Requirement",
    "Verdict",
    "compose_report",
    "describe_file",
    "extreme_pairs",
    "judge",
    "judge_all",
    "measure_evaluation",
    "measure_pictures",
    "measure_scores",
    "parse_requirements",
    "provenance_of",
    "read_pad_results",
    "render_html",
    "render_pdf",
    "select_system",
]
