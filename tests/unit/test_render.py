"""The README's tables are what was measured: `benchmarks.render`."""

import msgspec
import pytest

from benchmarks import render
from benchmarks.machine import REPOSITORY, describe_circumstances
from benchmarks.markdown import fill_in, sections_in, table
from benchmarks.render import (
    CARD_SECTIONS,
    PACK_SECTIONS,
    SHARED_SECTIONS,
    documents,
    render_accuracy,
    render_document,
    render_speed,
    with_places,
)
from benchmarks.speed.contenders import CONTENDERS, OURS
from benchmarks.speed.results import (
    ImportCost,
    Interval,
    PairSection,
    PairSize,
    Pictures,
    Runner,
    SingleSection,
    SpeedReport,
    StageSize,
    save_report,
)
from fvs.deployment.packs import DEFAULT_PACK
from fvs.manifest import load_manifest
from fvs.timing import Load, percentiles
from tests.benchmark_records import CIRCUMSTANCES

MODELS = REPOSITORY / "models"

PICTURES = Pictures(megapixels=12.0, selfie_bytes=1, card_bytes=2)


def runner(cpu_ms: float, ratio: float) -> Runner:
    """A contender with one lap."""
    return Runner(
        cpu_ms=percentiles([cpu_ms]),
        wall_ms=percentiles([cpu_ms]),
        cpu_over_ours=Interval(median=ratio, lower_95=ratio - 0.5, upper_95=ratio + 0.5, n=1),
        peak_rss_mb=99.0,
        similarity=0.9,
    )


def report() -> SpeedReport:
    """One size, one lap."""
    second = Interval(median=0.25, lower_95=0.2, upper_95=0.3, n=15)
    load = Load(workers=2, pairs_per_s=12.34, cpu_ms_per_pair=5.0, wall_ms=percentiles([81.0]))
    return SpeedReport(
        pairs=PairSection(
            circumstances=CIRCUMSTANCES,
            load_average_after=(1.0, 1.0, 1.0),
            sizes=(
                PairSize(pictures=PICTURES, runners={OURS: runner(50, 1), "x": runner(200, 4)}),
            ),
        ),
        single=SingleSection(
            circumstances=CIRCUMSTANCES,
            load_average_after=(1.0, 1.0, 1.0),
            imports={"fvs": ImportCost(wall_s=second, cpu_s=second)},
            stages=(StageSize(pictures=PICTURES, stage_cpu_ms={"detect": percentiles([6.54])}),),
            load={"12": (load,)},
        ),
    )


class TestDocuments:
    @pytest.mark.parametrize(
        ("path", "pack"),
        documents().items(),
        ids=lambda value: value if isinstance(value, str) else f"{value.parent.name}-{value.stem}",
    )
    def test_are_up_to_date(self, path, pack):
        """Their tables are those of the committed results."""
        text = path.read_text(encoding="utf-8")
        assert render_document(path, pack) == text, "run `python -m benchmarks.render`"

    def test_hold_every_section(self):
        """No table is rendered for nobody."""
        placed = {n for path in documents() for n in sections_in(path.read_text(encoding="utf-8"))}
        assert placed == {*PACK_SECTIONS, *SHARED_SECTIONS}

    def test_speak_of_the_default_pack_first(self, monkeypatch):
        """The README of the default pack; a card of a pack that has both the model and points."""
        assert documents()[REPOSITORY / "README.md"] == DEFAULT_PACK
        monkeypatch.setattr(render, "DEFAULT_PACK", "buffalo_s")
        found = documents()
        assert found[REPOSITORY / "README.md"] == "buffalo_s"
        assert found[MODELS / "embed-mobilefacenet-202004" / "CARD.md"] == "reference"
        assert MODELS / "embed-w600kmbf-202109" / "CARD.md" not in found

    def test_cards_show_what_is_known_of_their_task(self):
        """A model of a pack with operating points has a place for what they say of it."""
        for path in documents():
            if path.name == "CARD.md":
                wanted = set(CARD_SECTIONS[load_manifest(path.parent).task])
                assert wanted <= set(sections_in(path.read_text(encoding="utf-8")))

    def test_cards_get_the_places_that_they_lack(self):
        """Below the heading, in order; places that are there stay where they are."""
        card = "# x\n\n## Error rates\n\nWords.\n<!-- results:b --><!-- /results:b -->\n"
        placed = with_places(card, ("a", "b", "c"))
        assert sections_in(placed) == ("a", "c", "b")
        assert placed.endswith("\n\nWords.\n<!-- results:b --><!-- /results:b -->\n")
        assert with_places(placed, ("a", "b", "c")) == placed
        with pytest.raises(ValueError, match="Error rates"):
            with_places("# x\n", ("a",))

    def test_refuse_results_that_nobody_knows(self, tmp_path):
        """A misspelt place would stay empty."""
        path = tmp_path / "README.md"
        path.write_text("<!-- results:acuracy --><!-- /results:acuracy -->", encoding="utf-8")
        with pytest.raises(ValueError, match="acuracy"):
            render_document(path, "reference")

    @pytest.mark.parametrize("section", sorted(PACK_SECTIONS))
    def test_of_a_pack_without_points_say_so(self, section):
        """The default pack may be named before it is measured."""
        assert PACK_SECTIONS[section]("buffalo_s") == "Not measured yet."

    def test_every_model_has_a_card(self):
        """A model folder holds its manifest and its card."""
        for manifest in MODELS.glob("*/model.toml"):
            card = (manifest.parent / "CARD.md").read_text(encoding="utf-8")
            assert card.startswith(f"# {manifest.parent.name}\n")
            assert "## Error rates" in card


class TestFillIn:
    def test_replaces_only_what_is_between_the_markers(self):
        """The words around stay, and filling in twice changes nothing."""
        document = "a\n<!-- results:x -->\nold\n<!-- /results:x -->\nb\n"
        filled = fill_in(document, {"x": r"new \1"})
        assert filled == "a\n<!-- results:x -->\nnew \\1\n<!-- /results:x -->\nb\n"
        assert fill_in(filled, {"x": r"new \1"}) == filled

    @pytest.mark.parametrize(
        "document",
        ["", "<!-- results:x -->", "<!-- results:x --><!-- /results:x -->" * 2],
    )
    def test_refuses_a_document_without_one_place_for_the_table(self, document):
        """A table that silently goes nowhere would leave old numbers standing."""
        with pytest.raises(ValueError, match="once"):
            fill_in(document, {"x": "new"})


class TestTables:
    def test_align_numbers_right(self):
        """The first column is words."""
        assert table(["a", "b"], [["c", "1"]]) == "| a | b |\n| --- | ---: |\n| c | 1 |"

    def test_without_results_say_so(self, tmp_path):
        """Nothing measured is not an empty table."""
        assert render_speed(tmp_path) == "Not measured yet."
        assert render_accuracy("standard", None, tmp_path / "no.json") == "Not measured yet."

    def test_speed_shows_ratios_with_intervals_and_circumstances(self, tmp_path):
        """A number never comes without how sure it is and what it was measured on."""
        save_report(report(), tmp_path / "speed.json")
        lines = render_speed(tmp_path).splitlines()
        assert "| fvs | 50 | 99 |" in lines
        assert "| x | 200 (4.00 [3.50, 4.50]) | 99 |" in lines
        assert "| detect | 6.5 |" in lines
        assert "| 12 MP, 2 | 12.3 | 81 | 81 | 81 |" in lines
        assert "`import fvs` 0.25 s (0.25 s CPU)." in lines
        assert sum("commit abc, A processor, 2 cores" in line for line in lines) == 2

    def test_speed_report_survives_its_file(self, tmp_path):
        """What is read is what was written."""
        save_report(report(), tmp_path / "speed.json")
        content = (tmp_path / "speed.json").read_bytes()
        assert msgspec.json.decode(content, type=SpeedReport) == report()


class TestCircumstances:
    def test_say_where_and_when(self):
        """Every field is filled on this machine."""
        here = describe_circumstances()
        assert here.commit
        assert here.cpu
        assert here.cores >= 1
        assert here.memory_gb > 0
        assert {"python", "numpy", "onnxruntime"} <= here.versions.keys()


class TestContenders:
    def test_ours_is_one_of_them(self):
        """Ratios need their denominator."""
        assert OURS in CONTENDERS
