"""Takes weight files from a folder or zip archive, known by their hash whatever their names."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING

from fvs.errors import UsageError
from fvs.model_store import Identity, find_held, sha256_of, weights_path, write_verified

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fvs.manifest import ModelManifest

__all__ = ["FindGood", "ImportReport", "import_weights"]

FindGood = Callable[["ModelManifest"], "Path | None"]

ARCHIVE_SUFFIX = ".zip"

UNREADABLE_ARCHIVE = (
    zipfile.BadZipFile,  # no archive, or a checksum that fails
    zlib.error,
    EOFError,
    NotImplementedError,  # a compression method that zipfile does not know
    RuntimeError,  # an encrypted member
)


@dataclass(frozen=True)
class ImportReport:
    """What became of each file found.

    Attributes:
        installed: model id -> where its file was put.
        present: model id -> where its file already was.
        ignored: names of files that no manifest knows; an archive's members are named
            `archive.zip: member`.
        unreadable: name of an archive -> why it could not be read to its end.
    """

    installed: dict[str, Path] = field(default_factory=dict)
    present: dict[str, Path] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


def import_weights(
    source: Path,
    manifests: Iterable[ModelManifest],
    destination: Path,
    find_good: FindGood = lambda _manifest: None,
) -> ImportReport:
    """Copy every weight file that a manifest knows to `destination/<model id>/<file>`.

    Archive members are read one by one and written under the manifests' own names: nothing is
    unpacked to a path that an archive names. What is already there and right stays as it is, and
    a folder is never copied into itself.

    Args:
        source: a folder (searched to the bottom), a zip archive, or one weight file.
        manifests: of the models looked for.
        destination: a weight folder; made where it is missing.
        find_good: a model's good file elsewhere, which makes a copy needless; or None.

    Raises:
        UsageError: `source` is not there, or is an archive that cannot be read; or it is
            `destination` and holds a weight file under a name by which it is not found.
        OSError: the file system refuses.
    """
    if not source.exists():
        raise UsageError(
            f"{source} is not there",
            advice="Name a folder, a zip archive or a weight file; `fvs models list` names those "
            "that packs need.",
        )
    run = _Import(tuple(manifests), source, destination, find_good, ImportReport())
    if not source.is_dir():
        run.take_file(source, source.name)
        if run.report.unreadable:
            raise UsageError(f"cannot read {source}: {run.report.unreadable[source.name]}")
        return run.report
    for path in sorted(source.rglob("*")):
        if path.is_file():
            run.take_file(path, path.relative_to(source).as_posix())
    return run.report


@dataclass(frozen=True)
class _Import:
    """One import under way."""

    manifests: tuple[ModelManifest, ...]
    source: Path
    destination: Path
    find_good: FindGood
    report: ImportReport

    def take_file(self, path: Path, name: str) -> None:
        if path.suffix.lower() != ARCHIVE_SUFFIX:
            self._take(name, path.stat().st_size, partial(_open_file, path))
            return
        try:
            self._take_members(path, name)
        except UNREADABLE_ARCHIVE as error:
            self.report.unreadable[name] = str(error)

    def _take_members(self, path: Path, name: str) -> None:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    opener = partial(archive.open, member)
                    self._take(f"{name}: {member.filename}", member.file_size, opener)

    def _take(self, name: str, size_bytes: int, open_: Callable[[], IO[bytes]]) -> None:
        """Install the file for every manifest that knows it, reading only files of a known size."""
        fitting = [m for m in self.manifests if m.size_bytes == size_bytes]
        if fitting:
            with open_() as stream:
                sha256 = sha256_of(stream)
            fitting = [m for m in fitting if m.sha256 == sha256]
        if not fitting:
            self.report.ignored.append(name)
        for manifest in fitting:
            if manifest.id in self.report.installed or manifest.id in self.report.present:
                continue
            there = find_held(manifest, [self.destination]) or self.find_good(manifest)
            if there is not None:
                self.report.present[manifest.id] = there
                continue
            self._require_another_folder(name, manifest)
            target = weights_path(self.destination, manifest)
            with open_() as stream:
                write_verified(stream, target, Identity.of(manifest))
            self.report.installed[manifest.id] = target

    def _require_another_folder(self, name: str, manifest: ModelManifest) -> None:
        if self.source.resolve() == self.destination.resolve():
            raise UsageError(
                f"{self.source} is itself the folder that files are imported to",
                advice=f"{name} is {manifest.file} of {manifest.id}: rename it, or name another "
                "folder with --to.",
            )


def _open_file(path: Path) -> IO[bytes]:
    return path.open("rb")
