"""The one file of secrets that a server needs: a root from which keys are derived."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Self

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fvs.errors import DeploymentError, UsageError
from fvs.subjects import Private, Pseudonymiser

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ServerSecrets"]

_ROOT_BYTES = 32
_OWNER_ONLY = 0o600
_OTHERS = 0o077
_DOMAIN = b"fvs server 1: "


class _SecretsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file, JSON; `root` in base64."""

    format: str = "fvs-server-secrets-1"
    root: bytes


class ServerSecrets:
    """Keys of this service, the same for all its replicas; printed, it shows none."""

    __slots__ = ("_root",)

    def __init__(self, root: bytes) -> None:
        """Use `generate` or `read`.

        Raises:
            UsageError: the root is not 32 bytes.
        """
        if len(root) != _ROOT_BYTES:
            raise UsageError(f"the root secret has {_ROOT_BYTES} bytes")
        self._root = root

    @classmethod
    def generate(cls) -> Self:
        """New secrets."""
        return cls(secrets.token_bytes(_ROOT_BYTES))

    @classmethod
    def read(cls, path: Path) -> Self:
        """From a file that only its owner may read.

        Raises:
            DeploymentError: it is missing, malformed or open to others.
        """
        try:
            with path.open("rb") as file:
                if os.name == "posix" and os.fstat(file.fileno()).st_mode & _OTHERS:
                    raise DeploymentError(
                        f"{path} is open to others", advice=f"Run `chmod 600 {path}`."
                    )
                content = file.read()
        except OSError as error:
            raise DeploymentError(
                f"cannot read {path}: {error.strerror}",
                advice="Name the file of `fvs server init` in [secrets] file.",
            ) from error
        try:
            return cls(msgspec.json.decode(content, type=_SecretsFile).root)
        except (msgspec.DecodeError, UsageError):
            # Not chained: the error quotes what it found.
            raise DeploymentError(
                f"{path} holds no secrets of a server", advice="Restore it from its backup."
            ) from None

    def write(self, path: Path) -> None:
        """Write a new file that only its owner may read.

        Raises:
            UsageError: there is one already.
        """
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        except FileExistsError as error:
            raise UsageError(f"{path} is there already", advice="Name another file.") from error
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(_SecretsFile(root=self._root)))

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (HKDF-SHA-256, RFC 5869); other purposes tell nothing of it."""
        hkdf = HKDF(hashes.SHA256(), _ROOT_BYTES, salt=None, info=_DOMAIN + purpose.encode())
        return hkdf.derive(self._root)

    @property
    def pseudonyms(self) -> Pseudonymiser:
        """Of subjects, in the server's own tables."""
        return Pseudonymiser(Private(self.derive("subjects")))

    def __repr__(self) -> str:
        return "ServerSecrets(...)"
