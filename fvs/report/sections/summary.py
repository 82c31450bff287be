"""What the data show, requirement by requirement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs.report.document import Badge, Bullets, Paragraph, Plain, Section, Table
from fvs.report.requirements import FIDO_STYLE, FVS, OWN, SPACE, Measure
from fvs.report.sections.tables import columns, interval_words, number, rate_words
from fvs.report.verdicts import Verdict, Why

if TYPE_CHECKING:
    from fvs.report.document import Block, Cell, Tone
    from fvs.report.evidence import Evidence
    from fvs.report.requirements import Requirement
    from fvs.report.verdicts import Finding
    from fvs.report.words import Words

__all__ = ["summary_section"]

TONES: dict[Verdict, Tone] = {
    Verdict.MET: "good",
    Verdict.NOT_MET: "bad",
    Verdict.NOT_SHOWN: "open",
}
SOURCE_TEXTS = {FIDO_STYLE: "source_fido", FVS: "source_fvs", OWN: "source_own"}


def summary_section(evidence: Evidence, words: Words) -> Section:
    """Verdicts first, then how they are reached."""
    findings = evidence.findings
    table = Table(
        caption=words("verdicts_caption"),
        columns=(
            *columns(words, "requirement", "verdict", "measured_interval", numbers_from=3),
            *columns(words, "one_sided_bound", "trials", "subjects", numbers_from=0),
        ),
        rows=tuple(_row(finding, words) for finding in findings),
    )
    told = {(f.requirement.measure, f.requirement.limit, f.why): f for f in reversed(findings)}
    reasons = tuple(text for f in reversed(told.values()) if (text := _reason(f, words)))
    blocks: list[Block] = [Paragraph(_headline(evidence, words)), table]
    if reasons:
        blocks.append(Bullets(reasons))
    blocks.append(
        Paragraph(words("verdict_convention", method=words(f"method_{_method(evidence)}")))
    )
    return Section(name="summary", title=words("summary"), blocks=tuple(blocks))


def _method(evidence: Evidence) -> str:
    """Only scores tell whose pairs were compared."""
    return "pairs" if evidence.measures is None else "subjects"


def _headline(evidence: Evidence, words: Words) -> str:
    verdicts = [finding.verdict for finding in evidence.findings]
    return words(
        "headline",
        met=verdicts.count(Verdict.MET),
        not_met=verdicts.count(Verdict.NOT_MET),
        not_shown=verdicts.count(Verdict.NOT_SHOWN),
        all=len(verdicts),
    )


def _row(finding: Finding, words: Words) -> tuple[Cell, ...]:
    requirement, measured = finding.requirement, finding.measured
    key = SOURCE_TEXTS.get(requirement.source)
    source = words(key) if key else requirement.source
    name = f"{source}: {_limit_words(requirement, words)}"
    verdict = Badge(words(finding.verdict), TONES[finding.verdict])
    if measured is None:
        return (Plain(name), verdict, *(Plain("-"),) * 4)
    of = f"{measured.of}: " if measured.of else ""
    bound = "-" if finding.bound is None else rate_words(finding.bound)
    sign = "≥" if finding.verdict is Verdict.NOT_MET else "≤"
    return (
        Plain(name),
        verdict,
        Plain(of + interval_words(measured.rate)),
        Plain(f"{sign}{SPACE}{bound}"),
        Plain(number(measured.rate.trials)),
        Plain(number(measured.subjects)),
    )


def _limit_words(requirement: Requirement, words: Words) -> str:
    if requirement.measure is Measure.GROUP_FMR:
        return words("in_every_group", requirement=requirement.words)
    return requirement.words


def _reason(finding: Finding, words: Words) -> str:
    """What is missing, or by what a requirement is met that was not itself measured."""
    requirement = _limit_words(finding.requirement, words)
    if finding.why is Why.BOUND:
        return ""
    if finding.why is Why.NOT_MEASURED:
        return words(
            "why_not_measured", requirement=requirement, need=number(finding.trials_needed)
        )
    if finding.why is Why.TOO_FEW_TRIALS:
        key = "why_no_number" if finding.trials_needed is None else "why_too_few"
        of = "" if finding.measured is None else finding.measured.of
        have = number(0 if finding.measured is None else int(finding.measured.effective_trials))
        where = f"{requirement} ({of})" if of else requirement
        return words(key, requirement=where, need=number(finding.trials_needed), have=have)
    return words(f"why_{finding.why}", requirement=requirement)
