"""What `fvs calibrate` adds to what was measured, and where it puts it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from fvs.certificates import IssueTerms, issue, write_certificate
from fvs.certificates.files import signature_path
from fvs.cli.certificate import read_signing_key
from fvs.cli.certificate_view import print_certificate
from fvs.cli.common import require_writable
from fvs.cli.output import print_json, print_line
from fvs.errors import UsageError

if TYPE_CHECKING:
    from fvs.certificates.signing import PrivateJwk
    from fvs.operating_points import OperatingPoints

__all__ = [
    "Certifying",
    "IssuerOption",
    "KeyOption",
    "LicenceOption",
    "OutOption",
    "ValidDaysOption",
]

OutOption = Annotated[
    Path, typer.Option(help="The certificate.json to write; its signature is put beside it.")
]
KeyOption = Annotated[
    Path | None, typer.Option(help="Private key to sign with (`fvs certificate keygen`).")
]
IssuerOption = Annotated[
    str,
    typer.Option(help="Who vouches, in words. \\[default: the name in --key]", show_default=False),
]
LicenceOption = Annotated[
    str,
    typer.Option(
        help="Terms of data and weights. \\[default: those of the data]", show_default=False
    ),
]
ValidDaysOption = Annotated[int, typer.Option(min=1, help="Days until it expires.")]

NOBODY = "nobody: not signed"

OTHER_PEOPLE = (
    "The rates are those of the pictures or scores named under `data`; other cameras, card "
    "printers and people can have others."
)
ZERO_EFFORT = (
    "Attempts are taken as zero-effort: rates against people who try to look alike, or whose "
    "pictures were manipulated, are not in here."
)
TWINS = "Identical twins are not told apart by any face network."
LIMITS = (OTHER_PEOPLE, ZERO_EFFORT, TWINS)


@dataclass(frozen=True, kw_only=True)
class Certifying:
    """Where a certificate goes and on which terms.

    Attributes:
        out: `certificate.json`.
        key: signs; None does not.
        issuer: who vouches.
        licence: terms; empty takes those of the data.
        valid_days: from now.
        limits: what the rates do not say.
    """

    out: Path
    key: PrivateJwk | None
    issuer: str
    licence: str
    valid_days: int
    limits: tuple[str, ...] = LIMITS

    @classmethod
    def checked(
        cls, out: Path, key: Path | None, issuer: str, licence: str, valid_days: int
    ) -> Self:
        """Find out before hours of work whether there is a key and a place to write to.

        Raises:
            UsageError: there is not, or nobody is named.
        """
        require_writable(out)
        require_writable(signature_path(out))
        private = None if key is None else read_signing_key(key)
        named = issuer or (NOBODY if private is None else private.issuer)
        if not named.strip():
            raise UsageError("the key does not say whose it is", advice="Name --issuer.")
        return cls(out=out, key=private, issuer=named, licence=licence, valid_days=valid_days)

    def write(self, points: OperatingPoints, *, as_json: bool) -> None:
        """Write the certificate, sign it if there is a key, and show it."""
        terms = IssueTerms(
            issuer=self.issuer,
            issued=datetime.now(UTC),
            valid_days=self.valid_days,
            licence=self.licence or _terms_of_data(points),
            limits=self.limits,
        )
        certificate = issue(points, terms)
        write_certificate(self.out, certificate, self.key)
        if as_json:
            print_json(certificate)
            return
        print_certificate(certificate)
        signed = "not signed" if self.key is None else f"signed with key {self.key.kid}"
        print_line(f"{self.out}, {signed}")


def _terms_of_data(points: OperatingPoints) -> str:
    return "; ".join(dict.fromkeys(f"{one.name}: {one.terms}" for one in points.data))
