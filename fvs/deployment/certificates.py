"""Where certificates and the keys that are trusted lie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from fvs.certificates import TrustStore, load_certificate
from fvs.certificates.trust import TRUST_FOLDER_NAME
from fvs.decide import DecisionPolicy
from fvs.deployment.packs import open_pack
from fvs.packs import CERTIFICATE_FILE_NAME, Pack, list_packs, shipped_models_dir

if TYPE_CHECKING:
    from fvs.certificates import Certificate

__all__ = [
    "TRUST_VARIABLE",
    "accepted_certificate",
    "certificate_path",
    "open_policy",
    "operator_trust_dir",
    "trust_store",
]

TRUST_VARIABLE = "FVS_TRUST"


def operator_trust_dir() -> Path:
    """Where this user's own trusted keys lie, whether it exists or not."""
    return Path(platformdirs.user_config_dir("fvs", appauthor=False)) / TRUST_FOLDER_NAME


def trust_store() -> TrustStore:
    """The keys of this installation, of the folders in FVS_TRUST, and of this user.

    Raises:
        TrustStoreError: one of the files is no public key.
    """
    named = [Path(part) for part in os.environ.get(TRUST_VARIABLE, "").split(os.pathsep) if part]
    shipped = shipped_models_dir() / TRUST_FOLDER_NAME
    return TrustStore.open([shipped, *named, operator_trust_dir()])


def certificate_path(pack: str) -> Path:
    """Of a pack by name, weights or not; else of the pack whose weights the folder holds."""
    models_dir = shipped_models_dir()
    if pack in list_packs(models_dir):
        return models_dir / "packs" / pack / CERTIFICATE_FILE_NAME
    return open_pack(pack).certificate_path


def accepted_certificate(pack: Pack, own: Path | None) -> Certificate:
    """The certificate named, else the pack's, if decisions may rest on it.

    Raises:
        CertificateError: they may not.
    """
    return load_certificate(own or pack.certificate_path, trust_store())


def open_policy(
    pack: Pack, target_fmr: float, own: Path | None = None, *, with_pad: bool = True
) -> DecisionPolicy:
    """What a match must satisfy.

    Raises:
        CertificateError: no decision may rest on the certificate.
        UsageError: it has no point for this target.
    """
    certificate = accepted_certificate(pack, own)
    return DecisionPolicy.from_certificate(certificate, pack, target_fmr, with_pad=with_pad)
