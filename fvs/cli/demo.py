"""`fvs demo`: the whole job on pictures that ship inside dependencies."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from fvs.answer import VerificationAnswer, answer_verification
from fvs.cli.common import JsonOption, PackOption, write_picture
from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import OUTPUT_CONSOLE, print_json, print_line
from fvs.cli.verify import DEFAULT_TARGET_FMR, OUTCOME_STYLES
from fvs.deployment.certificates import open_policy
from fvs.deployment.packs import DEFAULT_PACK, open_engine, open_pack
from fvs.errors import UsageError
from fvs.status import Outcome

if TYPE_CHECKING:
    from fvs.cli.demo_cases import Case
    from fvs.decide import DecisionPolicy
    from fvs.engine import Engine

__all__ = ["demo"]

MS_PER_S = 1000
HONESTY = (
    "Both pictures of a mated pair are made from one photograph, and the attacks are simulated: "
    "this shows the engine at work, it measures nothing."
)


@dataclass(frozen=True)
class _Result:
    """What became of one case."""

    case: Case
    answer: VerificationAnswer
    elapsed_ms: float
    files: dict[str, str]

    @property
    def as_expected(self) -> bool:
        """Whether the outcome, and the reason if one was named, came out."""
        codes = {reason.code for reason in self.answer.reasons}
        reason = self.case.expected_reason
        return self.answer.outcome == self.case.expected and (not reason or reason in codes)


def demo(
    *,
    out: Annotated[
        Path, typer.Option(help="Folder for the selfies, cards and explanations.")
    ] = Path("demo-output"),
    pack: PackOption = DEFAULT_PACK,
    as_json: JsonOption = False,
) -> None:
    """Verify real faces against rendered specimen cards, and draw why.

    The portraits are in the public domain and ship inside scikit-image and matplotlib; nothing is
    fetched. A miss that is known is shown but does not count.

    Exit codes: 0 every case came out as expected, 1 one did not, 3 wrong use.

    Examples:
      fvs demo
      fvs demo --out /tmp/demo --json | jq '.cases[].outcome'
    """
    opened = open_pack(pack)
    policy = open_policy(opened, DEFAULT_TARGET_FMR)
    from fvs.cli.demo_cases import build_cases  # noqa: PLC0415 - needs the demo extra

    _make_folder(out)
    engine = open_engine(opened)
    results = [_run(case, engine, policy, out) for case in build_cases()]
    if as_json:
        print_json({"pack": opened.name, "note": HONESTY, "cases": [_document(r) for r in results]})
    else:
        _print_results(results)
    passed = all(result.as_expected or result.case.known_miss for result in results)
    raise typer.Exit(ExitCode.MATCH if passed else ExitCode.NO_MATCH)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make {out}: {error.strerror}") from error


def _run(case: Case, engine: Engine, policy: DecisionPolicy, out: Path) -> _Result:
    from fvs.explain import draw_explanation  # noqa: PLC0415 - needs the demo extra

    start = time.perf_counter()
    verifications = engine.verify([case.selfie_jpeg], [case.card_jpeg], policy, [case.age_years])
    elapsed_ms = (time.perf_counter() - start) * MS_PER_S
    selfie, card, explanation = (
        out / f"{case.name}-{kind}" for kind in ("selfie.jpg", "card.jpg", "explained.png")
    )
    selfie.write_bytes(case.selfie_jpeg)
    card.write_bytes(case.card_jpeg)
    write_picture(explanation, draw_explanation(verifications, 0, policy))
    return _Result(
        case=case,
        answer=answer_verification(verifications, 0, policy),
        elapsed_ms=elapsed_ms,
        files={"selfie": str(selfie), "card": str(card), "explanation": str(explanation)},
    )


def _document(result: _Result) -> dict[str, object]:
    return {
        "name": result.case.name,
        "story": result.case.story,
        "expected": result.case.expected,
        "as_expected": result.as_expected,
        "known_miss": result.case.known_miss,
        "outcome": result.answer.outcome,
        "elapsed_ms": round(result.elapsed_ms, 1),
        "files": result.files,
        "answer": result.answer,
    }


def _print_results(results: list[_Result]) -> None:
    table = Table(box=None, padding=(0, 1), collapse_padding=True, pad_edge=False)
    # Narrower than 80 columns in all; the reasons, which are not, have lines of their own below.
    for heading in ("case", "expected", "outcome", "score", "threshold", "live", "ms", ""):
        numeric = heading in ("score", "threshold", "live", "ms")
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=True)
    for result in results:
        table.add_row(*_cells(result))
    OUTPUT_CONSOLE.print(table)
    OUTPUT_CONSOLE.print()
    for result in results:
        print_line((result.case.name, "bold"), f": {result.case.story}")
        if result.answer.reasons:
            OUTPUT_CONSOLE.print(f"  {_words(*(r.code for r in result.answer.reasons))}")
        print_line(f"  {result.files['explanation']}")
    OUTPUT_CONSOLE.print(f"\n{HONESTY}")
    for result in results:
        if not result.as_expected:
            OUTPUT_CONSOLE.print(_difference(result))


def _difference(result: _Result) -> Text:
    wanted = [result.case.expected, result.case.expected_reason]
    got = [result.answer.outcome, *(reason.code for reason in result.answer.reasons)]
    excuse = f" (a known miss: {result.case.known_miss})" if result.case.known_miss else ""
    return Text.assemble(
        (f"{result.case.name} did not come out as expected", "bold red"),
        f": wanted {_words(*wanted)}, got {_words(*got)}{excuse}",
    )


def _cells(result: _Result) -> tuple[str | Text, ...]:
    answer = result.answer
    outcome = Outcome(answer.outcome)
    style = OUTCOME_STYLES[outcome] if result.as_expected else "reverse red"
    return (
        result.case.name,
        _words(result.case.expected),
        Text(_words(outcome), style),
        _shown(answer.score),
        _shown(answer.threshold),
        _shown(answer.selfie.liveness.live_probability),
        f"{result.elapsed_ms:.0f}",
        _mark(result),
    )


def _mark(result: _Result) -> Text:
    if result.as_expected:
        return Text()
    return Text("known miss", "yellow") if result.case.known_miss else Text("unexpected", "red")


def _words(*codes: str) -> str:
    """Codes as words, which can be wrapped."""
    return ", ".join(code.replace("_", " ") for code in codes if code)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
