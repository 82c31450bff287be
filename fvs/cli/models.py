"""`fvs models`: which packs and weight files there are, and how to get them."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from fvs.cli.common import (
    ERROR_CONSOLE,
    OUTPUT_CONSOLE,
    ExitCode,
    JsonOption,
    print_json,
    user_models_dir,
    weight_dirs,
)
from fvs.errors import DeploymentError, UsageError
from fvs.insightface_adapter import adopt_folder
from fvs.manifest import to_toml
from fvs.model_download import pull_models
from fvs.model_import import import_weights
from fvs.model_store import BYTES_PER_MB, holds_weights, models_table, problem_with, read_catalogue
from fvs.packs import list_packs, shipped_models_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fvs.manifest import ModelManifest
    from fvs.model_import import ImportReport
    from fvs.model_store import Catalogue

__all__ = ["app"]

app = typer.Typer(help="List, check, fetch and import weight files.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="A pack or model (see `fvs models list`).")]


@app.command("list")
def list_(
    *,
    json: JsonOption = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table of models/README.md instead.")
    ] = False,
) -> None:
    """List packs and models: task, size, licence, and whether the file is there."""
    catalogue = _catalogue()
    if markdown:
        OUTPUT_CONSOLE.print(models_table(catalogue), end="", markup=False, soft_wrap=True)
    elif json:
        print_json(_listing(catalogue))
    else:
        OUTPUT_CONSOLE.print(_pack_table(catalogue))
        OUTPUT_CONSOLE.print(_model_table(catalogue))


@app.command()
def show(name: NameArgument, *, json: JsonOption = False) -> None:
    """Show everything that is known about a pack or a model."""
    catalogue = _catalogue()
    models = catalogue.models_of(name)
    pack = catalogue.packs.get(name)
    if json:
        print_json(models[0] if pack is None else {"pack": pack, "models": models})
        return
    for document in models if pack is None else (pack, *models):
        OUTPUT_CONSOLE.print(to_toml(document), markup=False, highlight=False, soft_wrap=True)


@app.command()
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Packs or models; all files that are there when none is named."),
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Hash and open weight files; exit with 3 when one of them is bad or missing."""
    catalogue = _catalogue()
    if names:
        models = {m.id: m for name in names for m in catalogue.models_of(name)}
    else:
        models = {m.id: m for m in catalogue.manifests.values() if catalogue.find(m)}
    problems = {model_id: _problem(catalogue, model) for model_id, model in models.items()}
    if json:
        rows = [
            {
                "id": m,
                "path": _path_text(catalogue, models[m]),
                "ok": not problem,
                "problem": problem,
            }
            for m, problem in problems.items()
        ]
        print_json({"models": rows})
    else:
        for model_id, problem in problems.items():
            mark = (
                f"[red]bad[/]  {model_id}: {problem}" if problem else f"[green]ok[/]   {model_id}"
            )
            OUTPUT_CONSOLE.print(mark, highlight=False, soft_wrap=True)
        if not problems:
            OUTPUT_CONSOLE.print("There is no weight file yet: `fvs models pull` fetches some.")
    if any(problems.values()):
        raise typer.Exit(ExitCode.WRONG_USE)


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="A folder, a zip archive or a weight file.")],
    *,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            help="Take SOURCE as an InsightFace model folder and make a pack of it, named after "
            "it, though no manifest knows its files (needs the extra `insightface`).",
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Copy weight files into the user's model folder, known by their hash whatever their names."""
    catalogue = _catalogue()
    destination = user_models_dir()
    if adopt:
        _require_free_name(source.resolve().name)
        with _file_system_errors(destination):
            spec = adopt_folder(source, destination, catalogue.manifests.values())
        if json:
            print_json({"pack": spec, "folder": str(destination)})
        else:
            OUTPUT_CONSOLE.print(f"pack {spec.name}: {', '.join(spec.model_ids)}", highlight=False)
        return
    with _file_system_errors(destination):
        report = import_weights(source, catalogue.manifests.values(), destination)
    if json:
        print_json(_paths_as_text(report))
    else:
        _print_import(report)


@app.command()
def pull(
    name: NameArgument,
    *,
    mirror: Annotated[
        str,
        typer.Option(
            help="Folder or URL that holds MODEL/FILE or FILE, instead of upstream.",
            metavar="DIR|URL",
        ),
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Accept the licence without being asked.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Fetch the files of a pack or model that are missing; every byte is checked."""
    catalogue = _catalogue()
    wanted = catalogue.models_of(name)
    missing = [model for model in wanted if not holds_weights(catalogue.find(model), model)]
    _show_licences(missing)
    _require_consent(missing, agreed=yes)
    destination = user_models_dir()
    with _file_system_errors(destination), _progress_bars() as bars:
        tasks = {}

        def on_progress(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total)
            bars.update(tasks[file], completed=done)

        pull_models(missing, destination, mirror=mirror, on_progress=on_progress)
    paths = {model.id: str(catalogue.find(model)) for model in wanted}
    if json:
        print_json({"models": paths})
        return
    for model_id, path in paths.items():
        OUTPUT_CONSOLE.print(f"{model_id}: {path}", highlight=False, markup=False, soft_wrap=True)


def _catalogue() -> Catalogue:
    folders = weight_dirs()
    return read_catalogue([shipped_models_dir(), *folders], folders)


def _require_free_name(name: str) -> None:
    if name in list_packs(shipped_models_dir()):
        raise UsageError(
            f"there is a pack {name!r} already",
            advice="Import without --adopt if the files are its own, else rename the folder.",
        )


@contextmanager
def _file_system_errors(folder: Path) -> Iterator[None]:
    """Turn a full disk or a forbidden folder into an error with advice."""
    try:
        yield
    except OSError as error:
        raise DeploymentError(
            f"cannot write: {error}",
            advice=f"Files go to {folder}; name another folder first in FVS_MODELS.",
        ) from error


def _listing(catalogue: Catalogue) -> dict[str, object]:
    packs = [
        {
            "name": name,
            "summary": spec.summary,
            "models": spec.model_ids,
            "complete": all(catalogue.find(m) for m in catalogue.models_of(name)),
            "commercial_use": _commercial(catalogue.models_of(name)),
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
            "path": _path_text(catalogue, m),
        }
        for m in catalogue.manifests.values()
    ]
    return {"packs": packs, "models": models}


def _path_text(catalogue: Catalogue, model: ModelManifest) -> str | None:
    path = catalogue.find(model)
    return None if path is None else str(path)


def _commercial(models: Iterable[ModelManifest]) -> bool:
    return all(model.licence.commercial_use for model in models)


def _pack_table(catalogue: Catalogue) -> Table:
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
            _yes_no(_commercial(models)),
            f"[yellow]{lacking} of {len(models)} missing[/]" if lacking else "[green]complete[/]",
        )
    return table


def _model_table(catalogue: Catalogue) -> Table:
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
            str(path) if path else "[yellow]missing[/]",
        )
    return table


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / BYTES_PER_MB:.1f}"


def _yes_no(value: bool) -> str:  # noqa: FBT001 - the value is what is shown
    return "yes" if value else "[red]no[/]"


def _problem(catalogue: Catalogue, model: ModelManifest) -> str:
    path = catalogue.find(model)
    return f"{model.file} is missing" if path is None else problem_with(model, path)


def _paths_as_text(report: ImportReport) -> dict[str, object]:
    return {
        "installed": {model_id: str(path) for model_id, path in report.installed.items()},
        "present": {model_id: str(path) for model_id, path in report.present.items()},
        "ignored": report.ignored,
        "unreadable": report.unreadable,
    }


def _print_import(report: ImportReport) -> None:
    lines = [f"imported {model_id} to {path}" for model_id, path in report.installed.items()]
    lines += [f"already there: {path}" for path in report.present.values()]
    lines += [f"ignored {name}: no manifest knows it" for name in report.ignored]
    lines += [f"cannot read {name}: {why}" for name, why in report.unreadable.items()]
    if any(name.endswith(".onnx") for name in report.ignored):
        lines.append("To use an InsightFace folder that is not known here, add --adopt.")
    for line in lines or ["nothing found"]:
        OUTPUT_CONSOLE.print(line, highlight=False, markup=False, soft_wrap=True)


def _show_licences(models: Iterable[ModelManifest]) -> None:
    for notice in dict.fromkeys(f"{m.licence.spdx}: {m.licence.notice}" for m in models):
        ERROR_CONSOLE.print(notice, highlight=False, markup=False, soft_wrap=True)


def _require_consent(models: Iterable[ModelManifest], *, agreed: bool) -> None:
    """Ask before a licence that forbids commercial use.

    Raises:
        UsageError: nobody is there to be asked, or the answer is no.
    """
    if agreed or _commercial(models):
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "this licence forbids commercial use and nobody is there to accept it",
            advice="Add --yes to accept it.",
        )
    if not typer.confirm("No commercial use is allowed. Accept?", err=True):
        raise UsageError("the licence was not accepted, so nothing was fetched")


def _progress_bars() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=ERROR_CONSOLE,
    )
