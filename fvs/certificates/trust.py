"""Trust stores: folders of public keys whose certificates are believed.

A key is one JSON file, a public JWK. Those that came with this installation lie beside the models;
an operator adds folders. The caller names them: nothing here reads the environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import msgspec

from fvs.certificates.errors import TrustStoreError
from fvs.certificates.signing import PublicJwk
from fvs.packs import shipped_models_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["TRUST_FOLDER_NAME", "TrustStore", "shipped_trust"]

TRUST_FOLDER_NAME = "trust"
PRIVATE_MEMBER = b'"d"'


@dataclass(frozen=True)
class TrustStore:
    """Public keys by kid, and the folders that were read, for messages.

    An empty store trusts nobody, and so no certificate.
    """

    keys: Mapping[str, PublicJwk]
    folders: tuple[Path, ...] = ()

    @classmethod
    def of(cls, *keys: PublicJwk) -> Self:
        """A store of these keys."""
        return cls({key.kid: key for key in keys})

    @classmethod
    def open(cls, folders: Iterable[Path]) -> Self:
        """Read every `*.json` of some folders; one that does not exist holds no keys.

        Raises:
            TrustStoreError: a file cannot be read, or is no public Ed25519 JWK.
        """
        named = tuple(folders)
        keys = [_read_key(path) for folder in named for path in sorted(folder.glob("*.json"))]
        return cls({key.kid: key for key in keys}, named)

    def __len__(self) -> int:
        return len(self.keys)


def shipped_trust() -> TrustStore:
    """The keys that came with this installation."""
    return TrustStore.open([shipped_models_dir() / TRUST_FOLDER_NAME])


def _read_key(path: Path) -> PublicJwk:
    try:
        content = path.read_bytes()
        if PRIVATE_MEMBER in content:
            raise TrustStoreError(
                f"{path} holds a private key",
                advice="A trust folder holds public keys alone: move it away and make a new key, "
                "for whoever could read the folder could sign with this one.",
            )
        return msgspec.json.decode(content, type=PublicJwk)
    except OSError as error:
        raise TrustStoreError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, UnicodeDecodeError) as error:
        raise TrustStoreError(
            f"{path} is no public Ed25519 JWK: {error}",
            advice="`fvs certificate keygen` writes one beside the private key.",
        ) from error
