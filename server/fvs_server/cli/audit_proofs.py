"""`fvs audit prove`, `prove-consistency` and how they are checked, which needs no database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
import typer

from fvs.cli.common import JsonOption
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import print_json, print_line, print_note
from fvs.errors import DeploymentError, UsageError
from fvs_server.cli.audit_files import (
    OutOption,
    PublicKeyOption,
    newest_checkpoint,
    open_log,
    public_key_of,
    read_file,
    read_text,
)
from fvs_server.cli.opening import SettingsOption
from fvs_server.cli.written_files import STDOUT, write_file

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fvs_server.audit.checkpoints import Checkpoints, SignedCheckpoint
    from fvs_server.audit.proofs import ConsistencyProof

__all__ = ["prove", "prove_consistency", "verify_consistency", "verify_proof"]

P = TypeVar("P")


def prove(
    transaction_id: Annotated[str, typer.Argument(help="As the answer names it.")],
    *,
    out: OutOption = STDOUT,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove that an answer is in the log, against a checkpoint that is made where needed.

    Exit codes: 0 proved, 1 no such answer is in the log, 3 wrong use.

    Examples:
      fvs audit prove 0b5c2f0e-6d9c-4e27-8a0e-2f6d0a1f3f55 --out proof.json
    """
    from fvs_server.audit import proofs  # noqa: PLC0415 - heavy

    with open_log(settings) as (database, checkpoints), database.writing() as connection:
        signed = newest_checkpoint(checkpoints, connection)
        proof = signed and proofs.prove(connection, transaction_id, signed)
    if proof is None:
        print_note("no such answer is in the log")
        raise typer.Exit(ExitCode.NO_MATCH)
    write_file(out, msgspec.json.format(msgspec.json.encode(proof)) + b"\n", as_json=as_json)


def verify_proof(
    proof: Annotated[Path, typer.Argument(help="Of `fvs audit prove`.")],
    *,
    public_key: PublicKeyOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a proof, and show the event that it is of. Needs no database.

    Exit codes: 0 it holds, 1 it does not, 3 wrong use.

    Examples:
      fvs audit verify-proof proof.json --public-key audit.jwk
    """
    from fvs_server.audit.export import readable_event  # noqa: PLC0415 - heavy
    from fvs_server.audit.proofs import InclusionProof, proof_fault  # noqa: PLC0415

    read = _read_proof(proof, InclusionProof, "prove")
    fault = proof_fault(read, public_key_of(public_key, settings))
    event = readable_event(read.entry.event) if read.entry.event and not fault else None
    if as_json:
        print_json({"holds": not fault, "fault": fault or None, "event": event})
    else:
        print_line(f"it does not hold: {fault}" if fault else "it holds")
        if not fault:
            shown = msgspec.json.format(msgspec.json.encode(event)).decode() if event else "purged"
            print_line(shown)
    raise typer.Exit(ExitCode.NO_MATCH if fault else ExitCode.MATCH)


def prove_consistency(
    older: Annotated[Path, typer.Argument(help="A checkpoint that was kept.")],
    newer: Annotated[
        Path | None, typer.Argument(help="A later one; without it the log as it is now.")
    ] = None,
    *,
    out: OutOption = STDOUT,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove that the log of a later checkpoint begins with that of an earlier one.

    So nothing that was there at the first was changed, removed or moved by the second; whoever kept
    both checks it with `verify-consistency`, and without the log.

    Exit codes: 0 proved, 1 it does not begin so, 3 wrong use.

    Examples:
      fvs audit prove-consistency november.jws --out consistency.json
      fvs audit prove-consistency november.jws december.jws --out consistency.json
    """
    with open_log(settings) as (database, checkpoints), database.writing() as connection:
        first = _read_checkpoint(older, checkpoints)
        try:
            second = _later(newer, checkpoints, connection)
            proof, fault = _proved(connection, first, second, checkpoints)
        except DeploymentError as error:  # of the log, which another checkpoint contradicts
            proof, fault = None, str(error)
    if proof is None:
        print_note(f"{fault}; `fvs audit verify --checkpoint {older}` says what was changed")
        raise typer.Exit(ExitCode.NO_MATCH)
    write_file(out, msgspec.json.format(msgspec.json.encode(proof)) + b"\n", as_json=as_json)


def _later(
    path: Path | None, checkpoints: Checkpoints, connection: Connection
) -> SignedCheckpoint | None:
    """The later checkpoint; None where none is given and the log is empty."""
    if path is None:
        return newest_checkpoint(checkpoints, connection)
    return _read_checkpoint(path, checkpoints)


def _proved(
    connection: Connection,
    older: SignedCheckpoint,
    newer: SignedCheckpoint | None,
    checkpoints: Checkpoints,
) -> tuple[ConsistencyProof | None, str]:
    """A proof that holds, or why there is none.

    Raises:
        UsageError: the first checkpoint is the later one.
    """
    from fvs_server.audit import proofs  # noqa: PLC0415 - heavy
    from fvs_server.audit.log import log_size  # noqa: PLC0415
    from fvs_server.audit.nodes import MissingNodeError  # noqa: PLC0415

    last = newer or older
    if max(older.checkpoint.entries, last.checkpoint.entries) > log_size(connection):
        return None, "the log has fewer entries than a checkpoint states"
    if older.checkpoint.entries > last.checkpoint.entries:
        raise UsageError(
            "the first checkpoint is over more entries", advice="Give the older first."
        )
    try:
        proof = proofs.prove_consistency(connection, older, last)
    except MissingNodeError:
        return None, "somebody has deleted from the tree"
    fault = proofs.consistency_fault(proof, checkpoints.key.public)
    return (None, fault) if fault else (proof, "")


def verify_consistency(
    proof: Annotated[Path, typer.Argument(help="Of `fvs audit prove-consistency`.")],
    *,
    kept: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint", help="One that you kept: the proof must be of it.", metavar="FILE"
        ),
    ] = None,
    public_key: PublicKeyOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that a later log begins with an earlier one. Needs no database.

    Exit codes: 0 it does, 1 it does not, or the proof is of other checkpoints, 3 wrong use.

    Examples:
      fvs audit verify-consistency consistency.json --checkpoint november.jws
      fvs audit verify-consistency consistency.json --public-key audit.jwk --json
    """
    from fvs_server.audit.checkpoints import read_checkpoint  # noqa: PLC0415 - heavy
    from fvs_server.audit.proofs import ConsistencyProof, consistency_fault  # noqa: PLC0415

    read = _read_proof(proof, ConsistencyProof, "prove-consistency")
    key = public_key_of(public_key, settings)
    fault = consistency_fault(read, key)
    if not fault and not {read_text(path) for path in kept or ()} <= {read.older, read.newer}:
        fault = "it is of other checkpoints than those that were kept"
    older, newer = (
        None if fault else read_checkpoint(each, key) for each in (read.older, read.newer)
    )
    if as_json:
        print_json({"holds": not fault, "fault": fault or None, "older": older, "newer": newer})
    else:
        print_line(f"it does not hold: {fault}" if fault else "it holds")
        for each in filter(None, (older, newer)):
            print_line(f"{each.entries} entries at {each.at:%Y-%m-%d %H:%M} UTC, root {each.root}")
    raise typer.Exit(ExitCode.NO_MATCH if fault else ExitCode.MATCH)


def _read_proof(path: Path, kind: type[P], command: str) -> P:
    try:
        return msgspec.json.decode(read_file(path), type=kind)
    except msgspec.DecodeError as error:
        raise UsageError(
            f"{path} holds no proof of that kind", advice=f"Give a file of `fvs audit {command}`."
        ) from error


def _read_checkpoint(path: Path, checkpoints: Checkpoints) -> SignedCheckpoint:
    from fvs_server.audit.checkpoints import SignedCheckpoint, read_checkpoint  # noqa: PLC0415

    text = read_text(path)
    stated = read_checkpoint(text, checkpoints.key.public)
    if stated is None:
        raise UsageError(
            f"{path} holds no checkpoint of this server",
            advice="Give a file of `fvs audit checkpoint`, and the settings of its server.",
        )
    return SignedCheckpoint(checkpoint=stated, signed=text)
