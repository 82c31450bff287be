"""Brings weight files from upstream or a mirror into a weight folder."""

from __future__ import annotations

import contextlib
import urllib.parse
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from fvs.errors import ModelDownloadError, ModelIntegrityError, UsageError
from fvs.fetch import NotOfferedError, OnProgress, Policy, fetch, is_http_url
from fvs.model_import import import_weights
from fvs.model_store import Identity, find_held, weights_path, write_verified

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fvs.manifest import ModelManifest

__all__ = ["pull_models"]

PULL_FOLDER_NAME = ".pull"
"""Where archives lie while they are fetched, away from files of the user's own."""


def pull_models(
    manifests: Iterable[ModelManifest],
    destination: Path,
    *,
    mirror: str = "",
    policy: Policy | None = None,
    on_progress: OnProgress = lambda _name, _done, _total: None,
) -> dict[str, Path]:
    """Bring models into a weight folder; what is already there and right is left alone.

    Args:
        manifests: what is wanted.
        destination: a weight folder; each file goes to `<model id>/<file>`.
        mirror: a folder or URL to take `<model id>/<file>` or `<file>` from, instead of upstream.
        policy: of the transfer.
        on_progress: told of every piece that arrives.

    Returns:
        Model id -> file, of all that is wanted.

    Raises:
        ModelDownloadError: a file cannot be had, or is not what the manifest says.
        UsageError: the mirror is neither a folder nor an http(s) URL.
        OSError: the file system refuses.
    """
    if mirror and not is_http_url(mirror) and not Path(mirror).is_dir():
        raise UsageError(f"the mirror {mirror} is neither a folder nor an http(s) URL")
    paths = {m: find_held(m, [destination]) for m in manifests}
    missing = [m for m, path in paths.items() if path is None]
    pull = _Pull(destination, policy or Policy(), on_progress)
    if not mirror:
        pull.from_upstream(missing)
    for manifest in missing if mirror else ():
        if is_http_url(mirror):
            pull.from_server(manifest, mirror.rstrip("/"))
        else:
            pull.from_folder(manifest, Path(mirror))
    return {m.id: path or weights_path(destination, m) for m, path in paths.items()}


def _places(manifest: ModelManifest) -> tuple[str, str]:
    """Where a mirror may hold the file."""
    return f"{manifest.id}/{manifest.file}", manifest.file


@dataclass(frozen=True)
class _Pull:
    """One pull under way."""

    destination: Path
    policy: Policy
    on_progress: OnProgress

    def from_server(self, manifest: ModelManifest, mirror: str) -> None:
        for place in _places(manifest):
            try:
                self._fetch(f"{mirror}/{urllib.parse.quote(place)}", manifest)
            except NotOfferedError:
                continue
            return
        raise self._nowhere(manifest, mirror)

    def from_folder(self, manifest: ModelManifest, mirror: Path) -> None:
        candidates = [mirror / place for place in _places(manifest)]
        path = next((candidate for candidate in candidates if candidate.is_file()), None)
        if path is None:
            raise self._nowhere(manifest, str(mirror))
        target = weights_path(self.destination, manifest)
        try:
            with path.open("rb") as stream:
                write_verified(stream, target, Identity.of(manifest))
        except ModelIntegrityError as error:
            raise ModelDownloadError(f"{path} is not what was asked for: {error}") from error
        self.on_progress(manifest.file, manifest.size_bytes, manifest.size_bytes)

    def from_upstream(self, manifests: list[ModelManifest]) -> None:
        """Fetch all that is published; what is not is told only then, so that it stops nothing."""
        published = [m for m in manifests if m.provenance.url]
        by_archive: dict[str, list[ModelManifest]] = {}
        for manifest in published:
            if manifest.provenance.archive_member:
                by_archive.setdefault(manifest.provenance.url, []).append(manifest)
            else:
                self._fetch(manifest.provenance.url, manifest)
        for url, members in by_archive.items():
            self._from_archive(url, members)
        unpublished = [m.id for m in manifests if not m.provenance.url]
        if unpublished:
            commands = [f"`{m.provenance.made_by}`" for m in manifests if m.provenance.made_by]
            raise ModelDownloadError(
                f"{', '.join(unpublished)}: these files are not published as they are",
                advice=f"Run {', '.join(commands)}."
                if commands
                else "Take them from a --mirror, or run `fvs models import DIR` on a copy.",
            )

    def _fetch(self, url: str, manifest: ModelManifest) -> None:
        target = weights_path(self.destination, manifest)
        fetch(url, target, Identity.of(manifest), self.policy, self.on_progress)

    def _from_archive(self, url: str, members: list[ModelManifest]) -> None:
        """Fetch an archive once for all models in it; it is deleted afterwards."""
        stem = PurePosixPath(urllib.parse.urlsplit(url).path).stem
        archive = self.destination / PULL_FOLDER_NAME / f"{stem}.zip"
        identity = Identity.of_archive(members[0])
        fetch(url, archive, identity, self.policy, self.on_progress)
        try:
            report = import_weights(archive, members, self.destination)
        finally:
            archive.unlink()
        with contextlib.suppress(OSError):  # another archive's part may still lie there
            archive.parent.rmdir()
        lacking = [member.file for member in members if member.id not in report.installed]
        if lacking:
            raise ModelDownloadError(f"{url} does not hold {', '.join(lacking)} of the manifest")

    def _nowhere(self, manifest: ModelManifest, mirror: str) -> ModelDownloadError:
        return ModelDownloadError(f"{mirror} has neither {' nor '.join(_places(manifest))}")
