"""Text is printed as it is, and JSON is always JSON."""

import json
import os
import re

import pytest

from fvs.cli.output import print_error, print_json, print_line
from fvs.errors import UsageError

HOSTILE = ["[/x].jpg", "[bold]a[/].jpg", "a:smile:.jpg", "a[red]", "[link=x]y"]
NOT_UTF8 = os.fsdecode(b"caf\xe9.jpg")


@pytest.mark.parametrize("text", HOSTILE)
def test_lines_are_printed_as_they_are(text, capsys):
    """Neither markup nor emoji names are read out of a file's name."""
    print_line(text, (text, "bold"))
    assert capsys.readouterr().out == f"{text}{text}\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_errors_are_printed_as_they_are(text, capsys):
    """So are messages and their advice."""
    print_error(UsageError(text, advice=text))
    assert capsys.readouterr().err == f"error: {text}\n  {text}\n"


@pytest.mark.parametrize("document", [{}, [], {"ก": "ไทย"}, {"a": [None, 1.5, "[/x]"]}])
def test_json_is_what_was_given(document, capsys):
    """In UTF-8, ending a line."""
    print_json(document)
    printed = capsys.readouterr().out
    assert json.loads(printed) == document
    assert printed.endswith("\n")


def test_json_of_names_that_are_not_utf8(capsys):
    """Bytes that are no text become escapes, which keep names apart."""
    other = os.fsdecode(b"caf\xe8.jpg")
    print_json({NOT_UTF8: {"path": NOT_UTF8, "others": (other,)}, other: 1})
    document = json.loads(capsys.readouterr().out)
    assert list(document) == [r"caf\udce9.jpg", r"caf\udce8.jpg"]
    assert document[r"caf\udce9.jpg"] == {"path": r"caf\udce9.jpg", "others": [r"caf\udce8.jpg"]}


@pytest.mark.parametrize("name", [*HOSTILE, NOT_UTF8])
def test_commands_take_any_name(fvs, name):
    """A missing file of any name is wrong use, never a crash."""
    ran = fvs("embed", name)
    assert ran.code == 3
    assert name.encode("utf-8", "backslashreplace").decode() in ran.err


@pytest.mark.usefixtures("weights")
@pytest.mark.parametrize("name", [*HOSTILE[1:], NOT_UTF8])
def test_inspect_takes_any_name(fvs, name, tmp_path, monkeypatch):
    """A file of any name is reported under its name, to people and to programs."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    shown = name.encode("utf-8", "backslashreplace").decode()
    assert shown in re.sub(r"\n", "", fvs("inspect", name).out)
    assert list(json.loads(fvs("inspect", name, "--json").out)) == [shown]
