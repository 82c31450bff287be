"""`fvs certificate`: who vouches for which thresholds, and making certificates of one's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from fvs.certificates import load_certificate
from fvs.certificates.diff import diff_certificates
from fvs.certificates.files import read_certificate, signature_path
from fvs.certificates.signing import (
    PrivateJwk,
    generate_key,
    parse_private_key,
    sign_bytes,
    verify_bytes,
)
from fvs.cli.certificate_view import print_certificate, print_changes
from fvs.cli.common import JsonOption, PackOption, require_writable
from fvs.cli.output import print_json, print_line
from fvs.deployment.certificates import certificate_path, operator_trust_dir, trust_store
from fvs.deployment.packs import DEFAULT_PACK, open_pack
from fvs.errors import UsageError

__all__ = ["app", "read_signing_key", "show"]

OWNER_ALONE = 0o600

app = typer.Typer(
    name="certificate",
    help="Signed operating points: show, verify, compare, sign; keys to sign with.",
    no_args_is_help=True,
)

FileOption = Annotated[
    Path | None,
    typer.Option("--file", help="A certificate.json, in place of the pack's.", metavar="FILE"),
]


@app.command()
def show(
    *, pack: PackOption = DEFAULT_PACK, file: FileOption = None, as_json: JsonOption = False
) -> None:
    """Show a certificate: targets, thresholds, the evidence for them, limits and validity.

    Whoever signed it, or nobody: `fvs certificate verify` says whether it is to be believed.

    Exit codes: 0 shown, 3 wrong use or no certificate.

    Examples:
      fvs certificate show
      fvs certificate show --pack reference --json | jq '.points[].threshold'
      fvs certificate show --file certificate.json
    """
    certificate = read_certificate(file or certificate_path(pack))
    if as_json:
        print_json(certificate)
    else:
        print_certificate(certificate)


@app.command()
def verify(
    *, pack: PackOption = DEFAULT_PACK, file: FileOption = None, as_json: JsonOption = False
) -> None:
    """Check what every decision checks: signature, key, time, and that the weights are the pack's.

    Exit codes: 0 decisions may rest on it, 3 they may not (or wrong use); the error says why.

    Examples:
      fvs certificate verify
      fvs certificate verify --pack standard --file certificate.json
      FVS_TRUST=/etc/fvs/trust fvs certificate verify --file certificate.json --json
    """
    path = file or certificate_path(pack)
    trust = trust_store()
    certificate = load_certificate(path, trust)
    certificate.require_models(open_pack(pack))
    key = verify_bytes(path.read_bytes(), signature_path(path).read_bytes(), trust.keys)
    if as_json:
        print_json(
            {
                "certificate_id": certificate.certificate_id,
                "pack": certificate.pack,
                "issuer": certificate.issuer,
                "key": key,
                "issued": certificate.issued,
                "expires": certificate.expires,
            }
        )
        return
    print_line(("valid", "bold green"), f": certificate {certificate.certificate_id}")
    print_line(f"of pack {certificate.pack}, until {certificate.expires}")
    print_line(f"signed by {key.issuer or 'a key without a name'} (key {key.kid})")


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="A certificate.json.")],
    after: Annotated[Path, typer.Argument(help="Another one.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Show every value in which two certificates differ; signatures are not looked at.

    Exit codes: 0 compared, whether they differ or not, 3 wrong use.

    Examples:
      fvs certificate diff old/certificate.json new/certificate.json
      fvs certificate diff old.json new.json --json | jq '.[] | select(.where | test("threshold"))'
    """
    changes = diff_certificates(read_certificate(before), read_certificate(after))
    if as_json:
        print_json(changes)
    else:
        print_changes(changes)


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(help="The certificate.json to vouch for.")],
    *,
    key: Annotated[Path, typer.Option(help="A private key that `keygen` wrote.")],
    as_json: JsonOption = False,
) -> None:
    """Sign a certificate as it stands; the signature is written beside it.

    Exit codes: 0 signed, 3 wrong use.

    Examples:
      fvs certificate sign certificate.json --key signing-key.json
      fvs certificate sign certificate.json --key signing-key.json --json
    """
    private = read_signing_key(key)
    certificate = read_certificate(file)
    path = signature_path(file)
    require_writable(path)
    path.write_bytes(sign_bytes(file.read_bytes(), private))
    if as_json:
        print_json(
            {
                "certificate_id": certificate.certificate_id,
                "kid": private.kid,
                "signature": str(path),
            }
        )
    else:
        print_line(f"signed certificate {certificate.certificate_id} with key {private.kid}")


@app.command()
def keygen(
    *,
    out: Annotated[Path, typer.Option(help="The private key to write (JSON, readable by you).")],
    issuer: Annotated[str, typer.Option(help="Whose key it is, in words.")],
    as_json: JsonOption = False,
) -> None:
    """Make a key to sign certificates with, and the public half that others are to trust.

    The private key is written to --out, the public one beside it as `NAME.public.json`. Keep the
    first where only the issuer reads it. Trust the second by copying it into a folder that
    FVS_TRUST names, or into the one that `fvs certificate trust` shows first.

    Exit codes: 0 made, 3 wrong use; a file that is there already is never replaced.

    Examples:
      fvs certificate keygen --out signing-key.json --issuer "Example Bank, biometrics"
      fvs certificate keygen --out signing-key.json --issuer "Example Bank" --json | jq .kid
    """
    if not issuer.strip():
        raise UsageError("--issuer is empty", advice="Say whose key it is.")
    public_path = out.with_name(f"{out.stem}.public.json")
    private = generate_key(issuer)
    _write_new(out, msgspec.json.encode(private), OWNER_ALONE)
    _write_new(public_path, msgspec.json.encode(private.public), 0o644)
    if as_json:
        print_json(private.public)
    else:
        print_line(f"private key {out}, public key {public_path}")
        print_line(f"thumbprint {private.kid}")


@app.command()
def trust(*, as_json: JsonOption = False) -> None:
    """Show whose certificates are believed here, and in which folders keys are looked for.

    Exit codes: 0 shown, 3 a file there is no public key, or wrong use.

    Examples:
      fvs certificate trust
      FVS_TRUST=/etc/fvs/trust fvs certificate trust --json
    """
    store = trust_store()
    if as_json:
        folders = [str(folder) for folder in store.folders]
        print_json({"folders": folders, "keys": list(store.keys.values())})
        return
    print_line(f"your own keys: {operator_trust_dir()}")
    for folder in store.folders:
        print_line(f"folder {folder}" + ("" if folder.is_dir() else " (no such folder)"))
    for key in store.keys.values():
        print_line((key.kid, "bold"), f" {key.issuer}")


def read_signing_key(path: Path) -> PrivateJwk:
    """A private key of a file.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    try:
        return parse_private_key(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}",
            advice="`fvs certificate keygen` makes a key.",
        ) from error


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise UsageError(
            f"{path} is there already", advice="A key is never replaced: name another file."
        ) from error
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(content, indent=1) + b"\n")
