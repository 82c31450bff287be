"""What `fvs models` shows, to people and to programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from fvs.cli.output import print_line
from fvs.model_store import BYTES_PER_MB

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fvs.manifest import ModelManifest
    from fvs.model_import import ImportReport
    from fvs.model_store import Catalogue

__all__ = [
    "allow_commercial_use",
    "import_document",
    "list_document",
    "model_table",
    "pack_table",
    "print_checks",
    "print_import",
    "text_of",
]


def list_document(catalogue: Catalogue) -> dict[str, object]:
    """The document of `fvs models list`."""
    packs = [
        {
            "name": name,
            "summary": spec.summary,
            "models": spec.model_ids,
            "complete": all(catalogue.find(m) for m in catalogue.models_of(name)),
            "commercial_use": allow_commercial_use(catalogue.models_of(name)),
        }
        for name, spec in catalogue.packs.items()
    ]
    models = [
        {
            "id": m.id,
            "task": m.task,
            "file": m.file,
            "size_bytes": m.size_bytes,
            "licence": m.licence.spdx,
            "commercial_use": m.licence.commercial_use,
            "packs": catalogue.packs_of(m.id),
            "path": text_of(catalogue.find(m)),
        }
        for m in catalogue.manifests.values()
    ]
    return {"packs": packs, "models": models}


def text_of(path: Path | None) -> str | None:
    """A path as JSON has it."""
    return None if path is None else str(path)


def allow_commercial_use(models: Iterable[ModelManifest]) -> bool:
    """Whether none of the licences forbids it."""
    return all(model.licence.commercial_use for model in models)


def pack_table(catalogue: Catalogue) -> Table:
    """Packs, and how many of their files are there."""
    table = Table(title="Packs", title_justify="left")
    for heading in ("pack", "summary", "MB", "commercial use", "files"):
        table.add_column(heading, justify="right" if heading == "MB" else "left")
    for name, spec in catalogue.packs.items():
        models = catalogue.models_of(name)
        lacking = sum(catalogue.find(m) is None for m in models)
        table.add_row(
            name,
            spec.summary,
            _megabytes(sum(m.size_bytes for m in models)),
            _yes_no(allow_commercial_use(models)),
            _shown_lack(lacking, len(models)),
        )
    return table


def model_table(catalogue: Catalogue) -> Table:
    """Models, and where their files are."""
    table = Table(title="Models", title_justify="left")
    for heading in ("model", "task", "MB", "licence", "commercial use", "file"):
        table.add_column(heading, justify="right" if heading == "MB" else "left", overflow="fold")
    for model in catalogue.manifests.values():
        path = catalogue.find(model)
        table.add_row(
            model.id,
            model.task,
            _megabytes(model.size_bytes),
            model.licence.spdx,
            _yes_no(model.licence.commercial_use),
            str(path) if path else Text("missing", "yellow"),
        )
    return table


def _shown_lack(lacking: int, of: int) -> Text:
    return Text(f"{lacking} of {of} missing", "yellow") if lacking else Text("complete", "green")


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / BYTES_PER_MB:.1f}"


def _yes_no(value: bool) -> Text:  # noqa: FBT001 - the value is what is shown
    return Text("yes") if value else Text("no", "red")


def print_checks(problems: Mapping[str, str]) -> None:
    """Print model id -> problem, empty where there is none."""
    for model_id, problem in problems.items():
        if problem:
            print_line(("bad", "red"), f"  {model_id}: {problem}")
        else:
            print_line(("ok", "green"), f"   {model_id}")


def import_document(report: ImportReport) -> dict[str, object]:
    """The document of `fvs models import`."""
    return {
        "installed": {model_id: str(path) for model_id, path in report.installed.items()},
        "present": {model_id: str(path) for model_id, path in report.present.items()},
        "ignored": report.ignored,
        "unreadable": report.unreadable,
    }


def print_import(report: ImportReport) -> None:
    """A line for each file."""
    lines = [f"imported {model_id} to {path}" for model_id, path in report.installed.items()]
    lines += [f"{id_} is already there, at {path}" for id_, path in report.present.items()]
    lines += [f"ignored {name}: no manifest knows it" for name in report.ignored]
    lines += [f"cannot read {name}: {why}" for name, why in report.unreadable.items()]
    if any(name.endswith(".onnx") for name in report.ignored):
        lines.append("To use an InsightFace folder that is not known here, add --adopt.")
    for line in lines or ["nothing found"]:
        print_line(line)
