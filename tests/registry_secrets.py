"""How tests look for secrets where none may be."""

import base64
import traceback

from fvs.registry.keys import KeyRing


def secrets_of(keys: KeyRing) -> list[bytes]:
    """Every secret of a ring, in the clear."""
    others = (keys.pseudonym_key, keys.transform_seed, keys.signing_seed)
    return [secret.reveal() for secret in (*(key.key for key in keys.wrapping_keys), *others)]


def shows(text: str, secret: bytes) -> bool:
    """Whether a text holds a secret: raw, as Python writes it, in hexadecimal or in base64."""
    forms = (
        secret.decode("latin-1"),
        repr(secret)[2:-1],
        secret.hex(),
        base64.b64encode(secret).decode().rstrip("="),
    )
    return any(form in text for form in forms)


def report(error: BaseException) -> str:
    """The most talkative traceback there is: local variables, and errors that came before."""
    seen = []
    while error is not None:
        frames = traceback.TracebackException.from_exception(error, capture_locals=True)
        seen.append("".join(frames.format()))
        error = error.__cause__ or error.__context__
    return "\n".join(seen)
