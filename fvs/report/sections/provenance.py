"""Where every number comes from, what is in force, and what this report cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs.report.document import Bullets, Column, Paragraph, Section, Table
from fvs.report.sections.tables import columns, number, plain, rate_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs.certificates import Certificate
    from fvs.report.document import Block
    from fvs.report.evidence import Evidence
    from fvs.report.words import Words

__all__ = ["certificate_section", "limits_section", "provenance_section"]

FEWEST_SUBJECTS = 245
"""Below this FIDO's programme, as commonly quoted, would not begin; a report says so."""


def certificate_section(evidence: Evidence, words: Words) -> Section | None:
    """The certificate in force; nothing where no pack is spoken of."""
    certificate = evidence.certificate
    if certificate is None:
        return None
    blocks: list[Block] = [
        _facts(words("certificate_caption"), _certificate_facts(certificate, words), words),
        Table(
            caption=words("points_table_caption"),
            columns=columns(words, "target_fmr", "threshold", "fnmr_column", "strictest_group"),
            rows=tuple(
                plain(
                    f"{point.target_fmr:g}",
                    f"{point.threshold:.4f}",
                    f"{100 * point.fnmr.point:.3g} %",
                    point.strictest_group,
                )
                for point in certificate.points
            ),
        ),
        Paragraph(words("points_method", method=certificate.method)),
        *_distributions(certificate, words),
        Paragraph(words("certificate_limits")),
        Bullets(certificate.limits),
    ]
    return Section(name="certificate", title=words("certificate"), blocks=tuple(blocks))


def provenance_section(evidence: Evidence, words: Words) -> Section:
    """Files by their hashes, and what made the report."""
    made = evidence.provenance
    facts = (
        (words("created"), made.created),
        (words("software"), f"fvs {made.version}, {made.commit}"),
        (words("machine"), made.machine),
    )
    blocks: list[Block] = [_facts(words("made_caption"), facts, words)]
    if made.files:
        blocks.append(
            Table(
                caption=words("files_caption"),
                columns=columns(words, "file_role", "file", "size", "sha256", numbers_from=9),
                rows=tuple(
                    plain(words(file.role), file.name, number(file.size), file.sha256)
                    for file in made.files
                ),
            )
        )
    if evidence.certificate is not None:
        blocks.append(_data_table(evidence.certificate, words))
    return Section(name="provenance", title=words("provenance"), blocks=tuple(blocks))


def limits_section(evidence: Evidence, words: Words) -> Section:
    """What a reader must not conclude."""
    return Section(
        name="limits", title=words("limits"), blocks=(Bullets(tuple(_limits(evidence, words))),)
    )


def _limits(evidence: Evidence, words: Words) -> Iterator[str]:
    yield words("limit_data")
    yield words("limit_independence")
    measures = evidence.measures
    if measures is not None and measures.origin == "same_scores":
        yield words("limit_same_scores")
    if measures is not None and measures.subjects < FEWEST_SUBJECTS:
        yield words("limit_few_subjects", n=measures.subjects)
    if measures is None or not measures.groups:
        yield words("limit_no_groups")
    if evidence.pad is None:
        yield words("limit_no_pad")
    else:
        yield words("limit_simulated_pad")
    yield words("limit_fido")
    yield words("limit_attempts")


def _facts(caption: str, facts: tuple[tuple[str, str], ...], words: Words) -> Table:
    heads = (Column(words("fact")), Column(words("value")))
    return Table(caption=caption, columns=heads, rows=tuple(plain(*fact) for fact in facts))


def _certificate_facts(certificate: Certificate, words: Words) -> tuple[tuple[str, str], ...]:
    return (
        (words("pack"), certificate.pack),
        (words("certificate_id"), certificate.certificate_id),
        (words("issuer"), certificate.issuer),
        (words("issued"), certificate.issued),
        (words("expires"), certificate.expires),
        (words("licence"), certificate.licence),
        (words("created"), certificate.created),
        (words("software"), certificate.commit),
        (words("machine"), certificate.machine),
        (words("detector"), certificate.detector_sha256),
        (words("embedder"), certificate.embedder_sha256),
        *((words("pad_network"), sha256) for sha256 in certificate.pad_sha256),
    )


def _distributions(certificate: Certificate, words: Words) -> tuple[Block, ...]:
    """What live signals can be compared with; nothing where the certificate states none."""
    summaries = [one.summary for one in certificate.distributions]
    if not summaries:
        return ()
    keys = ("values", "missing", "fifth_percentile", "median", "ninety_fifth_percentile")
    table = Table(
        caption=words("distributions_caption"),
        columns=(Column(words("signal")), *columns(words, "measured_on", *keys)),
        rows=tuple(
            plain(
                one.name,
                one.of,
                number(one.values),
                f"{number(one.missing)} ({rate_words(one.missing / one.values)})",
                f"{one.fifth_percentile:.4g}",
                f"{one.median:.4g}",
                f"{one.ninety_fifth_percentile:.4g}",
            )
            for one in summaries
        ),
    )
    return table, Paragraph(words("distributions_note"))


def _data_table(certificate: Certificate, words: Words) -> Table:
    keys = ("data_set", "pictures", "people", "failed", "terms", "sha256")
    heads = (
        Column(words(keys[0])),
        *(Column(words(key), is_number=True) for key in keys[1:4]),
        *(Column(words(key)) for key in keys[4:]),
    )
    return Table(
        caption=words("data_caption"),
        columns=heads,
        rows=tuple(
            plain(
                source.name,
                number(source.pictures),
                number(source.subjects),
                number(source.failed_to_acquire),
                source.terms,
                source.sha256,
            )
            for source in certificate.data
        ),
    )
