"""Face verification: a live selfie against an ID-card portrait, with measured error rates."""

from fvs.answer import VerificationAnswer, answer_verification
from fvs.decide import DecisionPolicy
from fvs.engine import Engine, EngineSettings, Samples, Verifications
from fvs.errors import DeploymentError, FvsError, UsageError
from fvs.image import DecodeLimits
from fvs.network import Runtime
from fvs.operating_points import OperatingPoint, OperatingPoints, PadPoint, load_operating_points
from fvs.packs import Pack, load_pack, shipped_models_dir
from fvs.status import Outcome, Role, Status

__all__ = [
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
    "UsageError",
    "VerificationAnswer",
    "Verifications",
    "__version__",
    "answer_verification",
    "load_operating_points",
    "load_pack",
    "shipped_models_dir",
]

__version__ = "0.1.0"
