"""Face verification: a live selfie against an ID-card portrait, with measured error rates.

Names are imported when they are first used, so that the command line is running, and can report
what is wrong, before anything large is loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fvs.answer import VerificationAnswer, answer_verification
    from fvs.certificates import Certificate, TrustStore, load_certificate, shipped_trust
    from fvs.decide import DecisionPolicy
    from fvs.engine import Engine, EngineSettings, Samples, Verifications
    from fvs.errors import DeploymentError, FvsError, UsageError
    from fvs.image import DecodeLimits
    from fvs.network import Runtime
    from fvs.operating_points import OperatingPoint, OperatingPoints, PadPoint
    from fvs.packs import Pack, load_pack, shipped_models_dir
    from fvs.status import Outcome, Role, Status

__all__ = [
    "Certificate",
    "DecisionPolicy",
    "DecodeLimits",
    "DeploymentError",
    "Engine",
    "EngineSettings",
    "FvsError",
    "OperatingPoint",
    "OperatingPoints",
    "Outcome",
    "Pack",
    "PadPoint",
    "Role",
    "Runtime",
    "Samples",
    "Status",
    "TrustStore",
    "UsageError",
    "VerificationAnswer",
    "Verifications",
    "__version__",
    "answer_verification",
    "load_certificate",
    "load_pack",
    "shipped_models_dir",
    "shipped_trust",
]

__version__ = "0.1.0"

_EXPORTS = {
    "answer": ("VerificationAnswer", "answer_verification"),
    "certificates": ("Certificate", "TrustStore", "load_certificate", "shipped_trust"),
    "decide": ("DecisionPolicy",),
    "engine": ("Engine", "EngineSettings", "Samples", "Verifications"),
    "errors": ("DeploymentError", "FvsError", "UsageError"),
    "image": ("DecodeLimits",),
    "network": ("Runtime",),
    "operating_points": ("OperatingPoint", "OperatingPoints", "PadPoint"),
    "packs": ("Pack", "load_pack", "shipped_models_dir"),
    "status": ("Outcome", "Role", "Status"),
}
"""Module -> public names that users import from here."""


def __getattr__(name: str) -> object:
    for module, names in _EXPORTS.items():
        if name in names:
            return getattr(import_module(f"fvs.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
