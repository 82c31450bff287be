"""Every command explains itself the same way."""

import pytest
from rich.text import Text
from typer.main import get_command

from fvs.cli.app import app


def leaves(command, path=("fvs",)):
    """(path, command) of every command that does something."""
    for name, child in getattr(command, "commands", {}).items():
        yield from leaves(child, (*path, name))
    if not hasattr(command, "commands"):
        yield path, command


LEAVES = dict(leaves(get_command(app)))


def test_the_tree_is_walked():
    """Commands of groups are among them."""
    assert ("fvs", "verify") in LEAVES
    assert ("fvs", "models", "pull") in LEAVES
    assert ("fvs", "calibrate", "protocol") in LEAVES


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_help_has_examples_and_exit_codes(path):
    """Each names its exit codes, and shows itself at work at least once."""
    text = LEAVES[path].help
    assert "Exit codes: 0 " in text
    assert "3 " in text.partition("Exit codes:")[2]
    assert " ".join(path) in text.partition("Examples:")[2]


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_has_json(path):
    """Whatever people can read, programs can."""
    options = {option for parameter in LEAVES[path].params for option in parameter.opts}
    assert "--json" in options


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_brackets_are_shown(path):
    """Rich takes [words] for markup and swallows them: what is in brackets is escaped."""
    command = LEAVES[path]
    for text in (command.help, *(getattr(option, "help", None) for option in command.params)):
        assert not Text.from_markup(text or "").spans, text


def test_root_explains_exit_codes_and_errors(fvs):
    """`fvs --help` says what every code is, and what an error is under --json."""
    text = " ".join(fvs("--help").out.split())
    for code in ("0 match", "1 no match", "2 no decision", "3 wrong use", "70 ", "130 ", "141 "):
        assert code in text
    assert '"error"' in text
