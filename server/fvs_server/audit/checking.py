"""Checks a log: that nothing was changed, removed, reordered, inserted or cut off.

The chain shows a change of any entry but the last ones; a checkpoint that was kept elsewhere shows
those too, and a log that was rewritten from its beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from fvs_server.audit.checkpoints import read_checkpoint
from fvs_server.audit.export import event_fault, purged_by
from fvs_server.audit.hashing import GENESIS
from fvs_server.audit.merkle import completed_nodes, left_siblings, root_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fvs_server.audit.checkpoints import Checkpoint
    from fvs_server.audit.export import EntryLine

__all__ = ["Finding", "LogCheck", "check_log"]

_MOST_FINDINGS = 100


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong.

    Attributes:
        code: `gap`, `wrong_hash`, `broken_chain`, `wrong_event`, `foreign_checkpoint`,
            `other_root`, `cut_off` or `untold_purge`.
        sequence: where; of a checkpoint, how many entries it is over.
        english: in words.
    """

    code: str
    sequence: int
    english: str


class LogCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found.

    Attributes:
        entries: that were read.
        purged: of those, entries whose event was purged.
        checkpoints: different ones that were checked.
        root: of the Merkle tree, hexadecimal.
        findings: the first hundred things that are wrong; empty where the log is whole.
    """

    entries: int
    purged: int
    checkpoints: int
    root: str
    findings: list[Finding]

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


class _Frontier:
    """The Merkle tree of the entries so far, in O(log n) memory."""

    def __init__(self) -> None:
        self.size = 0
        self._nodes: dict[tuple[int, int], bytes] = {}

    def add(self, leaf: bytes) -> None:
        needed = left_siblings(self.size)
        made = completed_nodes(self.size, leaf, [self._nodes[node] for node in needed])
        (top, value) = max(made.items())
        for node in needed:
            del self._nodes[node]
        self._nodes[top] = value
        self.size += 1

    @property
    def root(self) -> bytes:
        return root_of(self.size, lambda level, position: self._nodes[level, position])


def check_log(
    lines: Iterable[EntryLine], statements: Sequence[str], public_jwk: dict[str, str]
) -> LogCheck:
    """Read a log once, from its first entry, in O(log n) memory.

    Args:
        lines: all entries, of an export or of the database.
        statements: checkpoints, signed: those of the log, and those that were kept elsewhere.
        public_jwk: of the service's checkpoints.
    """
    check = _Check()
    # One that was kept may be one of the log's own.
    read = [read_checkpoint(signed, public_jwk) for signed in dict.fromkeys(statements)]
    wanted = {checkpoint.entries for checkpoint in read if checkpoint is not None}
    for line in lines:
        check.entry(line)
        if check.size in wanted:
            check.remember_root()
    for number, checkpoint in enumerate(read, start=1):
        check.statement(number, checkpoint)
    return check.result(len(read))


class _Check:
    """The state of one reading."""

    def __init__(self) -> None:
        self._tree = _Frontier()
        self._roots: dict[int, str] = {}
        self._expected = 0
        self._previous = GENESIS
        self._purged = self._told = 0
        self._findings: list[Finding] = []

    @property
    def size(self) -> int:
        """Entries that were read."""
        return self._tree.size

    def remember_root(self) -> None:
        """A checkpoint is over the entries so far."""
        self._roots[self.size] = self._tree.root.hex()

    def entry(self, line: EntryLine) -> None:
        """The next entry."""
        if line.sequence != self._expected:
            self._find("gap", line.sequence, f"entry {self._expected} was expected here")
        self._expected = line.sequence + 1  # what follows a gap is no further one
        chained = line.chained
        if chained.previous_hash != self._previous:
            self._find("broken_chain", line.sequence, "it does not name the entry before it")
        if chained.hash.hex() != line.hash:
            self._find("wrong_hash", line.sequence, "the entry is not what was hashed")
        self._purged += line.event is None and line.salt is None
        fault = event_fault(line)
        if fault:
            self._find("wrong_event", line.sequence, fault)
        else:
            self._told += purged_by(line)
        self._previous = bytes.fromhex(line.hash)
        self._tree.add(chained.hash)

    def statement(self, number: int, checkpoint: Checkpoint | None) -> None:
        """One checkpoint, after all entries."""
        if checkpoint is None:
            self._find("foreign_checkpoint", 0, f"checkpoint {number} is not signed by this key")
        elif checkpoint.entries > self.size:
            missing = checkpoint.entries - self.size
            self._find("cut_off", checkpoint.entries, f"{missing} of so many entries are missing")
        elif self._roots[checkpoint.entries] != checkpoint.root:
            self._find(
                "other_root", checkpoint.entries, "the entries are others than those signed for"
            )

    def result(self, statements: int) -> LogCheck:
        """What was found."""
        untold = self._purged - self._told
        if untold > 0:
            self._find("untold_purge", self.size, f"no entry tells who purged {untold} events")
        return LogCheck(
            entries=self.size,
            purged=self._purged,
            checkpoints=statements,
            root=self._tree.root.hex(),
            findings=self._findings,
        )

    def _find(self, code: str, sequence: int, english: str) -> None:
        if len(self._findings) < _MOST_FINDINGS:
            self._findings.append(Finding(code=code, sequence=sequence, english=english))
