"""What the process owes whoever started it: one line per error, and an exit code that is true.

Codes 0, 1 and 2 are answers. Python itself would return 1, "no match", for any mistake in this
program, so everything that can fail is called from `main`, the imports of the commands included.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from typing import TYPE_CHECKING, TextIO

from fvs.cli.exit_codes import ExitCode
from fvs.errors import DeploymentError, FvsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DEBUG_VARIABLE", "main"]

DEBUG_VARIABLE = "FVS_DEBUG"
"""Set to anything, it makes errors show their traceback."""

_OF_THE_PARSER = "Value error, "
"""What pydantic, by which typer reads options, puts before the words of its own validators."""


def main() -> None:
    """Run the command line and exit with an `ExitCode`."""
    streams = (sys.stdout, sys.stderr)
    code = _run_reporting()
    for stream in streams:
        _settle(stream)
    sys.exit(code)


def _run_reporting() -> ExitCode:
    try:
        return _run()
    except KeyboardInterrupt:
        return _report(FvsError("interrupted"), ExitCode.INTERRUPTED)
    except BrokenPipeError:
        return ExitCode.BROKEN_PIPE  # nobody is there to be told
    except (FvsError, ImportError, OSError) as error:
        return _report(_told(error), ExitCode.WRONG_USE)
    except Exception as error:  # noqa: BLE001 - the last resort, or Python would exit with 1
        words = f"internal error: {type(error).__name__}: {error}"
        advice = f"Please report it with the traceback that {DEBUG_VARIABLE}=1 shows."
        return _report(FvsError(words, advice=advice), ExitCode.INTERNAL_ERROR)


def _run() -> ExitCode:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Advice is Thai too, and names of files are any bytes: never fail on what a terminal
            # cannot show.
            stream.reconfigure(errors="backslashreplace")
    # Imported here, so that whatever goes wrong with it is reported like everything else.
    import typer  # noqa: PLC0415

    from fvs.cli.app import app  # noqa: PLC0415

    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        # Only a bad parameter knows how to name the parameter; `fvs` alone prints the help, and
        # the error has no words.
        words = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
        advice = "`fvs --help` and `fvs COMMAND --help` say more."
        words = words.replace(_OF_THE_PARSER, "")
        raise UsageError(words or "which command?", advice=advice) from error
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except SystemExit as error:
        # Where the reader of a help text goes away, typer and rich exit with 1 on their own.
        raise BrokenPipeError from error
    if code == ExitCode.INTERRUPTED:  # typer's own answer to Ctrl-C
        raise KeyboardInterrupt
    if sys.stdout is not None:
        sys.stdout.flush()
    return ExitCode(code or 0)


def _told(error: FvsError | ImportError | OSError) -> FvsError:
    """The mistake of a caller or deployer, in words for them."""
    if isinstance(error, FvsError):
        return error
    if isinstance(error, ImportError):
        return DeploymentError(
            f"this installation is broken: {error}",
            advice="Install `face-verification-service` anew.",
        )
    if error.strerror is None:
        return DeploymentError(f"{type(error).__name__}: {error}")
    about = "" if error.filename is None else f"{error.filename}: "
    return DeploymentError(f"{about}{error.strerror}")


def _report(error: FvsError, code: ExitCode) -> ExitCode:
    """Tell people on standard error and, under `--json`, programs on standard output."""
    if os.environ.get(DEBUG_VARIABLE):
        with contextlib.suppress(OSError):
            traceback.print_exc()
    with contextlib.suppress(OSError):
        try:
            from fvs.cli.output import print_error, print_json_error  # noqa: PLC0415
        except ImportError:  # rich or msgspec may be what is missing
            sys.stderr.write(f"error: {error}\n  {error.advice}\n")
            return code
        print_error(error)
        if "--json" in sys.argv:
            print_json_error(error)
    return code


def _settle(stream: TextIO | None) -> None:
    """Flush a stream, or point it at nothing, so that Python's own flush at exit cannot fail."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        with _null() as null:
            os.dup2(null, stream.fileno())


@contextlib.contextmanager
def _null() -> Iterator[int]:
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        yield null
    finally:
        os.close(null)
