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

from fvs.cli.common import JsonOption
from fvs.cli.exit_codes import ExitCode
from fvs.cli.models_view import (
    allow_commercial_use,
    import_document,
    list_document,
    model_table,
    pack_table,
    print_checks,
    print_import,
    text_of,
)
from fvs.cli.output import ERROR_CONSOLE, OUTPUT_CONSOLE, print_error, print_json, print_line
from fvs.deployment.packs import user_models_dir, weight_dirs
from fvs.dlib_import.install import MODEL_ID as DLIB_MODEL_ID
from fvs.dlib_import.install import import_dlib
from fvs.errors import DeploymentError, ModelIntegrityError, ModelNotFoundError, UsageError
from fvs.insightface_adapter import adopt_folder
from fvs.manifest import to_toml
from fvs.model_download import pull_models
from fvs.model_import import import_weights
from fvs.model_store import (
    find_held,
    holds_weights,
    models_table,
    problem_with,
    read_catalogue,
)
from fvs.packs import describe_folders, list_packs, shipped_models_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from fvs.manifest import ModelManifest
    from fvs.model_store import Catalogue

__all__ = ["app"]

DLIB = Path("dlib")
"""The word that `import` takes for dlib's network, where there is no such path."""

app = typer.Typer(help="List, check, fetch and import weight files.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="A pack or model (see `fvs models list`).")]
DestinationOption = Annotated[
    Path | None,
    typer.Option("--to", help="Folder to write to, instead of this user's own.", metavar="DIR"),
]


@app.command("list")
def list_(
    *,
    json: JsonOption = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table of models/README.md instead.")
    ] = False,
) -> None:
    """List packs and models: task, size, licence, and whether the file is there.

    Exit codes: 0 listed, 3 wrong use.

    Examples:
      fvs models list
      fvs models list --json | jq '.packs[] | select(.complete) | .name'
    """
    catalogue = _catalogue()
    if markdown:
        OUTPUT_CONSOLE.print(models_table(catalogue), end="", soft_wrap=True)
    elif json:
        print_json(list_document(catalogue))
    else:
        OUTPUT_CONSOLE.print(pack_table(catalogue))
        OUTPUT_CONSOLE.print(model_table(catalogue))


@app.command()
def show(name: NameArgument, *, json: JsonOption = False) -> None:
    """Show everything that is known about a pack or a model.

    Exit codes: 0 shown, 3 wrong use.

    Examples:
      fvs models show reference
      fvs models show embed-sface-202112 --json | jq .licence
    """
    catalogue = _catalogue()
    models = catalogue.models_of(name)
    pack = catalogue.packs.get(name)
    if json:
        print_json(models[0] if pack is None else {"pack": pack, "models": models})
        return
    for document in models if pack is None else (pack, *models):
        OUTPUT_CONSOLE.print(to_toml(document), soft_wrap=True)


@app.command()
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Packs or models; all files that are there when none is named."),
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Hash weight files, and open and run their networks.

    Exit codes: 0 all are good, 3 one or more are bad or missing, there are none, or wrong use.

    Examples:
      fvs models verify
      fvs models verify reference --json | jq '.models[] | select(.ok | not)'
    """
    catalogue = _catalogue()
    if names:
        models = {m.id: m for name in names for m in catalogue.models_of(name)}
    else:
        models = {m.id: m for m in catalogue.manifests.values() if catalogue.find(m)}
        _require_any(models, catalogue)
    problems = {model_id: _problem(catalogue, model) for model_id, model in models.items()}
    if json:
        rows = [
            {
                "id": m,
                "path": text_of(catalogue.find(models[m])),
                "ok": not problem,
                "problem": problem,
            }
            for m, problem in problems.items()
        ]
        print_json({"models": rows})
    else:
        print_checks(problems)
    if any(problems.values()):
        raise typer.Exit(ExitCode.WRONG_USE)


@app.command("import")
def import_(
    source: Annotated[
        Path,
        typer.Argument(
            help="A folder, a zip archive or a weight file; or the word `dlib`, for dlib's network "
            "from the installed package face_recognition_models (extra `dlib`)."
        ),
    ],
    *,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            help="With `dlib`: a copy of dlib_face_recognition_resnet_model_v1.dat, instead of the "
            "package's.",
            metavar="PATH",
        ),
    ] = None,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            help="Take SOURCE as an InsightFace model folder and make a pack of it, named after "
            "it, though no manifest knows its files (needs the extra `insightface`).",
        ),
    ] = False,
    to: DestinationOption = None,
    json: JsonOption = False,
) -> None:
    """Copy weight files into this user's model folder, known by their hash whatever their names.

    A file that is found already, beside its manifest, in a folder of FVS_MODELS or in this user's
    own, is not copied. With --to only that folder counts; name it in FVS_MODELS to use it.

    Exit codes: 0 done (the report says what was taken), 3 wrong use.

    Examples:
      fvs models import buffalo_l.zip
      fvs models import ~/.insightface/models/mine --adopt
      fvs models import weights/ --to /srv/models --json | jq .installed
      fvs models import dlib --to /srv/models
    """
    catalogue = _catalogue()
    destination = to or user_models_dir()
    if adopt:
        _require_free_name(source.resolve().name)
        with _file_system_errors(destination):
            spec = adopt_folder(source, destination, catalogue.manifests.values())
        if json:
            print_json({"pack": spec, "folder": str(destination)})
        else:
            print_line(f"pack {spec.name}: {', '.join(spec.model_ids)}")
        return
    find_good = _finder(catalogue, to)
    with _file_system_errors(destination):
        if _means_dlib(source, file):
            report = import_dlib(file, catalogue.manifests[DLIB_MODEL_ID], destination, find_good)
        else:
            report = import_weights(source, catalogue.manifests.values(), destination, find_good)
    _warn_of_bad(catalogue, [catalogue.manifests[model_id] for model_id in report.installed])
    if json:
        print_json(import_document(report))
    else:
        print_import(report)


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
    to: DestinationOption = None,
    json: JsonOption = False,
) -> None:
    """Fetch the files of a pack or model that are missing; every byte is checked.

    They go to this user's model folder. With --to only that folder counts; name it in FVS_MODELS
    to use it.

    Exit codes: 0 all are there, 3 wrong use, or nothing came.

    Examples:
      fvs models pull opencv-zoo
      fvs models pull reference --mirror ../shared/models
      fvs models pull buffalo_s --yes --json
    """
    catalogue = _catalogue()
    wanted = catalogue.models_of(name)
    find_good = _finder(catalogue, to)
    missing = [model for model in wanted if find_good(model) is None]
    _show_licences(missing)
    _require_consent(missing, agreed=yes)
    destination = to or user_models_dir()
    with _file_system_errors(destination), _progress_bars() as bars:
        tasks = {}

        def on_progress(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total)
            bars.update(tasks[file], completed=done)

        pull_models(missing, destination, mirror=mirror, on_progress=on_progress)
    _warn_of_bad(catalogue, wanted)
    paths = {model.id: str(find_good(model)) for model in wanted}
    if json:
        print_json({"models": paths})
        return
    for model_id, path in paths.items():
        print_line(f"{model_id}: {path}")


def _catalogue() -> Catalogue:
    folders = weight_dirs()
    return read_catalogue([shipped_models_dir(), *folders], folders)


def _means_dlib(source: Path, file: Path | None) -> bool:
    """Whether dlib's network is asked for, and not a path of that name.

    Raises:
        UsageError: a file of dlib's is named with another source.
    """
    if file is not None and source != DLIB:
        raise UsageError(
            "--file names dlib's file and goes with `dlib` alone",
            advice=f"Run `fvs models import dlib --file {file}`.",
        )
    return file is not None or (source == DLIB and not source.exists())


def _finder(catalogue: Catalogue, to: Path | None) -> Callable[[ModelManifest], Path | None]:
    """What looks for a model's good file: everywhere, or in the one folder that is asked for."""
    return catalogue.find_good if to is None else lambda model: find_held(model, [to])


def _warn_of_bad(catalogue: Catalogue, models: Iterable[ModelManifest]) -> None:
    """Name files that lie before a good one on the search path and are not what they should be."""
    for model in models:
        path = catalogue.find(model)
        if path is not None and not holds_weights(path, model):
            print_error(
                ModelIntegrityError(
                    f"{path} is found first and is not the file of {model.id}",
                    advice="Remove it, or the good file is not used.",
                )
            )


def _require_any(models: Mapping[str, ModelManifest], catalogue: Catalogue) -> None:
    """Refuse to call nothing good.

    Raises:
        ModelNotFoundError: there is no model.
    """
    if not models:
        raise ModelNotFoundError(
            "there is no weight file yet (looked beside the manifests and in "
            f"{describe_folders(catalogue.weight_dirs)})",
            advice="Name a folder that holds some in FVS_MODELS, or see `fvs models pull --help` "
            "and `fvs models import --help`.",
        )


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
            advice=f"Files go to {folder}; name another folder with --to.",
        ) from error


def _problem(catalogue: Catalogue, model: ModelManifest) -> str:
    path = catalogue.find(model)
    return f"{model.file} is missing" if path is None else problem_with(model, path)


def _show_licences(models: Iterable[ModelManifest]) -> None:
    for notice in dict.fromkeys(f"{m.licence.spdx}: {m.licence.notice}" for m in models):
        ERROR_CONSOLE.print(notice, soft_wrap=True)


def _require_consent(models: Iterable[ModelManifest], *, agreed: bool) -> None:
    """Ask before a licence that forbids commercial use.

    Raises:
        UsageError: nobody is there to be asked, or the answer is no.
    """
    if agreed or allow_commercial_use(models):
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
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=ERROR_CONSOLE,
    )
