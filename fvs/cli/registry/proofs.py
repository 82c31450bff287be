"""`fvs registry verify-proof`: needs no registry, only the public key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fvs.cli.common import JsonOption
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import print_json, print_line
from fvs.errors import UsageError

if TYPE_CHECKING:
    from fvs.registry.erasure import Erasure

__all__ = ["verify_proof"]

_MAX_PROOF_BYTES = 1 << 20


def verify_proof(
    proof: Annotated[Path, typer.Argument(help="The file that `fvs registry erase` wrote.")],
    *,
    public_key: Annotated[
        str,
        typer.Option(
            help="64 hexadecimal digits, as `stats` prints them, or a file of them, such as "
            "proofs.pub in the registry's folder; from whoever runs the registry, never from "
            "beside the proof.",
            metavar="HEX|FILE",
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Check that a registry stated the erasure that a proof tells of.

    It shows that whoever holds the registry's signing key destroyed the keys of these records; not
    that no older backup exists. Needs no registry and no key ring.

    Exit codes: 0 genuine, 1 malformed, altered or of another signer, 3 wrong use.

    Examples:
      fvs registry verify-proof proof.json --public-key people/proofs.pub
      fvs registry verify-proof proof.json --public-key 5e3f... --json | jq .erased_at
    """
    from fvs.registry.erasure import verify_erasure  # noqa: PLC0415 - 0.1 s
    from fvs.registry.errors import ErasureProofError  # noqa: PLC0415 - goes with it

    key = _read_public_key(public_key)
    try:
        erasure = verify_erasure(_read_proof(proof), key)
    except ErasureProofError as error:
        if as_json:
            print_json({"genuine": False, "code": error.code, "message": str(error)})
        else:
            print_line((error.code, "bold"), f": {error}")
        raise typer.Exit(ExitCode.NO_MATCH) from error
    if as_json:
        print_json({"genuine": True, **_document(erasure)})
    else:
        print_line(("genuine", "bold green"), f": {len(erasure.record_ids)} records erased")
        for name, value in _document(erasure).items():
            shown = ", ".join(value) if isinstance(value, list) else value
            print_line(f"  {name.replace('_', ' ')}: {shown}")


def _document(erasure: Erasure) -> dict[str, object]:
    return {
        "registry_id": erasure.registry_id,
        "subject": erasure.subject.hex(),
        "record_ids": [record_id.hex() for record_id in erasure.record_ids],
        "erased_at": erasure.erased_at,
        "revision": erasure.revision,
    }


def _read_proof(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_PROOF_BYTES)
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", advice="Name the file of the proof."
        ) from error


def _read_public_key(text: str) -> bytes:
    """The key itself, or that of a file.

    Raises:
        UsageError: neither.
    """
    path = Path(text)
    try:
        digits = path.read_text(encoding="ascii") if path.is_file() else text
        return bytes.fromhex(digits)
    except (OSError, ValueError) as error:
        raise UsageError(
            "--public-key is neither hexadecimal digits nor a file of them",
            advice="`fvs registry stats` prints the public key of a registry.",
        ) from error
