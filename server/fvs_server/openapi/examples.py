"""Bodies of requests as examples; a test decodes each as its route does."""

from __future__ import annotations

__all__ = ["EXAMPLES"]

_SUBJECT = {"kind": "citizen_id", "number": "1101700230708"}
_PICTURE = "/9j/4AAQSkZJRgABAQ=="
"""The first bytes of a JPEG file, base64."""

EXAMPLES: dict[str, dict[str, object]] = {
    "verify_face": {
        "subject": _SUBJECT,
        "frames": [_PICTURE],
        "purpose": "open_account",
        "consent_reference": "consent-2026-000123",
        "assurance_level": "ial2.2",
    },
    "compare_faces": {
        "selfie": _PICTURE,
        "card": _PICTURE,
        "purpose": "open_account",
        "consent_reference": "consent-2026-000124",
        "assurance_level": "ial2.2",
    },
    "create_liveness_session": {"subject": _SUBJECT},
    "look_up_subject": {"subject": _SUBJECT},
    "export_subject": {"subject": _SUBJECT},
    "erase_subject": {"subject": _SUBJECT},
    "enrol_portrait": {"subject": _SUBJECT, "picture": _PICTURE},
    "resolve_duplicate_review": {"state": "dismissed", "note": "twins; both documents were seen"},
}
"""By operation."""
