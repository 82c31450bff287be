"""Evidence becomes sections in two languages that say the same."""

import itertools
import re
import string
from dataclasses import replace

import numpy as np
import pytest

from fvs.certificates.files import read_certificate
from fvs.metrics import Evaluation
from fvs.packs import shipped_models_dir
from fvs.report import compose_report, measure_scores
from fvs.report.document import Bullets, Column, Figure, Gallery, Paragraph, Plain, Table
from fvs.report.requirements import Measure
from fvs.report.sections.provenance import certificate_section
from fvs.report.texts import TEXTS
from fvs.report.verdicts import TWO_SIDED, upper_bound
from fvs.report.words import Words
from tests.certificate_files import certificate, distribution
from tests.conftest import REPOSITORY
from tests.report_evidence import document, evidence

THAI = re.compile(r"[\u0e00-\u0e7f]")
ONLY_ABBREVIATIONS = {"fmr_column", "fnmr_column", "apcer", "bpcer", "sha256"}


def places(text):
    """Names of the values that a text takes."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def section(part, name):
    """By name, or None."""
    return next((s for s in part.sections if s.name == name), None)


def words_of(blocks):
    """Everything that some blocks say."""
    said = []
    for block in blocks:
        if isinstance(block, Paragraph):
            said.append(block.text)
        elif isinstance(block, Bullets):
            said += block.items
        elif isinstance(block, Table):
            said += [block.caption, *(cell.text for row in block.rows for cell in row)]
        elif isinstance(block, Figure | Gallery):
            said.append(block.caption)
    return " ".join(said)


class TestTexts:
    def test_both_languages_take_the_same_values(self):
        """No number is told in one language alone, and Thai is Thai."""
        assert TEXTS
        for key, (english, thai) in TEXTS.items():
            assert places(english) == places(thai), key
            assert key in ONLY_ABBREVIATIONS or THAI.search(thai), key
            assert not THAI.search(english), key

    def test_every_text_is_used(self):
        """The table holds nothing that no section says."""
        code = "".join(
            path.read_text()
            for folder in ("fvs/report", "fvs/cli") for path in (REPOSITORY / folder).rglob("*.py")
            if path.parent.name != "texts"
        )  # fmt: skip
        composed = r"(origin|why|method|det|rates|histogram|reliability|entropy|worst|best)_\w+"
        unused = [
            key for key in TEXTS if f'"{key}"' not in code and not re.fullmatch(composed, key)
        ]
        assert unused == []

    def test_an_unknown_key_is_a_mistake(self):
        """There is no silent gap."""
        with pytest.raises(KeyError):
            Words("en")("no such text")


class TestSections:
    def test_both_languages_have_the_same_blocks(self):
        """The Thai part has the sections, tables and figures of the English one."""
        english, thai = document("en", "th").parts
        assert [s.name for s in english.sections] == [s.name for s in thai.sections]
        for one, other in zip(english.sections, thai.sections, strict=True):
            assert [type(b) for b in one.blocks] == [type(b) for b in other.blocks]

    def test_scores_tell_everything_but_operating_points(self):
        """With scores and attacks there are verdicts, curves, groups, quality and calibration."""
        (part,) = document("en").parts
        assert [s.name for s in part.sections] == [
            "summary", "errors", "groups", "quality", "calibration", "pad", "provenance", "limits",
        ]  # fmt: skip

    def test_empty_evidence_says_what_is_missing(self):
        """With nothing measured every requirement is not shown, and the gaps are told."""
        nothing = replace(evidence(), measures=None, pad=None)
        (part,) = compose_report(nothing, ["en"]).parts
        assert [s.name for s in part.sections] == ["summary", "pad", "provenance", "limits"]
        table = next(b for b in section(part, "summary").blocks if isinstance(b, Table))
        assert {row[1].text for row in table.rows} == {"not shown by this data"}
        assert "Nothing is said of presentation attacks" in words_of(section(part, "limits").blocks)

    def test_verdicts_carry_interval_and_counts(self):
        """Each row of a measured rate has its interval, trials and, for pairs, people."""
        (part,) = document("en").parts
        table = next(b for b in section(part, "summary").blocks if isinstance(b, Table))
        by_name = {row[0].text.replace("\xa0", " "): row for row in table.rows}
        fmr = by_name["SP 800-63A-4: FMR ≤ 0.0001"]
        assert re.fullmatch(r"[\d.]+\s% \[[\d.]+\s%, [\d.]+\s%\]", fmr[2].text)
        assert (fmr[4].text, fmr[5].text) == ("3,160", "80")
        assert "mask <rubber>" in by_name["SP 800-63A-4: IAPAR < 0.07"][2].text

    def test_a_threshold_chosen_on_the_same_scores_is_told(self):
        """So that nobody takes optimistic rates for a promise."""
        (part,) = document("en").parts
        assert "chosen on these same scores" in words_of(section(part, "errors").blocks)
        assert "chosen on the scores that it is judged by" in words_of(
            section(part, "limits").blocks
        )

    def test_a_pack_alone_is_judged_by_its_point(self):
        """Groups, ages, thresholds and hashes come from the operating points."""
        certificate = read_certificate(shipped_models_dir() / "packs/standard/certificate.json")
        point = certificate.at(1e-3)
        pack = replace(evidence(), measures=None, certificate=certificate, point=point)
        (part,) = compose_report(pack, ["en"]).parts
        assert section(part, "errors") is None
        told = words_of(section(part, "certificate").blocks)
        for fact in ("embedder_sha256", "certificate_id", "issuer", "issued", "expires"):
            assert getattr(certificate, fact) in told
        groups = words_of(section(part, "groups").blocks)
        for group in point.groups:
            assert group.group in groups

    @pytest.mark.parametrize("spread", [0.0, 0.02, 0.06, 0.3])
    def test_any_scores_can_be_reported(self, spread):
        """Few people, scores of one value, kinds that do not overlap at all, or hardly tell."""
        first, second = np.array(list(itertools.combinations_with_replacement(range(12), 2))).T
        noise = np.random.default_rng(3).normal(0.0, 1.0, len(first)) * spread
        few = Evaluation.of(np.where(first == second, 0.6, 0.3) + noise, first, second)
        scores = replace(evidence(), pad=None, measures=measure_scores(few, 0.3, None, None))
        (part,) = compose_report(scores, ["en"]).parts
        assert len([b for b in section(part, "errors").blocks if isinstance(b, Figure)]) == 3
        assert "Only 12 people took part" in words_of(section(part, "limits").blocks)

    def test_names_of_sections_and_figures_are_unique(self):
        """Links lead to one place."""
        for part in document("en", "th").parts:
            names = [s.name for s in part.sections]
            assert len(names) == len(set(names))
        figures = [
            b.name for p in document("en", "th").parts for s in p.sections for b in s.blocks
            if isinstance(b, Figure)
        ]  # fmt: skip
        assert len(figures) == len(set(figures)) >= 12


class TestCertificate:
    @pytest.mark.parametrize("language", ["en", "th"])
    def test_distributions_are_told_briefly(self, language):
        """Of what, how many, how many missing; in both languages that no camera's are meant."""
        stated = certificate(distributions=(distribution(missing=60),))
        words_in = Words(language)
        shown = certificate_section(replace(evidence(), certificate=stated), words_in)
        told = words_of(shown.blocks)
        for words in ("similarity", stated.distributions[0].of, "600", "60 (10"):
            assert words in told
        assert words_in("distributions_note") in told
        without = certificate_section(replace(evidence(), certificate=certificate()), words_in)
        assert words_in("distributions_note") not in words_of(without.blocks)

    def test_groups_are_judged_by_their_certificates_bounds(self):
        """The one-sided bound is of as many trials as the two-sided bound stated is worth."""
        certificate = read_certificate(shipped_models_dir() / "packs/standard/certificate.json")
        point = certificate.at(1e-3)
        pack = replace(evidence(), measures=None, certificate=certificate, point=point)
        stated = {group.group: group for group in point.groups if group.adult}
        judged = {measured.of: measured for measured in pack.measured[Measure.GROUP_FMR]}
        assert set(judged) == set(stated)
        for name, measured in judged.items():
            group, trials = stated[name], measured.effective_trials
            assert trials <= group.fmr.trials
            if group.fmr.errors:
                again = upper_bound(trials * group.fmr.point, trials, TWO_SIDED)
                assert again <= group.upper_bound * (1 + 1e-6)
                assert group.fmr.point < measured.upper_95 < group.upper_bound * (1 + 1e-6)
            else:
                assert trials == group.subjects // 2


class TestRecords:
    def test_a_figure_needs_a_text(self):
        """No drawing is for those alone who see it."""
        with pytest.raises(ValueError, match="alternative text"):
            Figure("a", "<svg/>", " ", "caption")

    def test_a_row_fits_its_columns(self):
        """A table whose rows do not fit their headings is a mistake."""
        assert Table("empty", (Column("a"),), ()).rows == ()
        with pytest.raises(ValueError, match="does not fit"):
            Table("wrong", (Column("a"), Column("b")), ((Plain("1"),),))
