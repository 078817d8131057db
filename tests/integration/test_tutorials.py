"""Every command and cell of the tutorials does what the page shows, in a lab that runs."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from hub.adapters.secrets import Secret, read_secret
from hub.demo.web_login import Visitor
from hub.demo.workspace_client import Cell, Workspace
from integration.console_blocks import ASKS_FOR_THE_CODE, Block, Step, Terminal, blocks, commands, not_printed
from lab_fixture import COMMAND, StoryLab

REPOSITORY = Path(__file__).parents[2]
ENGLISH, FRENCH = REPOSITORY / "docs/tutorial", REPOSITORY / "docs/tutoriel"
HOW_TO = REPOSITORY / "docs/how-to"
PEOPLE = {
    "data-scientist": "scientist",
    "lab-researcher": "researcher",
    "data-steward": "jobs-steward",
    "data-owner": "jobs-steward",
    "administrator": "administrator",
}
"""Whose terminal is meant where a block names nobody."""
HOW_TOS = {"approve-notebooks": "jobs-steward"}
IN_FRENCH = {"approve-notebooks": "approuver-des-notebooks"}
"""Pages for one purpose whose commands are tried as well."""
RUN = ("console", "python", "text")
STOPPED = 204


@dataclass
class Readers:
    """The people who follow one tutorial: their terminals, and their cells in workspaces."""

    lab: StoryLab
    folder: Path
    stack: ExitStack
    terminals: dict[str, Terminal] = field(default_factory=dict)
    workspaces: dict[tuple[str, str], Workspace] = field(default_factory=dict)
    typed: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def terminal(self, person: str) -> Terminal:
        """A person's terminal in the lab's folder, with the environment that the tutorials ask for."""
        if person not in self.terminals:
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": str(self.lab.folder),
                "DATALAB_CONFIG": str(self.lab.config),
                "DATALAB_URL": self.lab.settings.public_url,
                "DATALAB_TOKEN": self.lab.token(person),
            }
            prelude = f'datalab() {{ {shlex.join(COMMAND)} "$@"; }}'
            self.terminals[person] = self.stack.enter_context(Terminal(self.folder, environment, prelude))
        return self.terminals[person]

    def cell(self, person: str, project: str, source: str) -> Cell:
        """Run a cell in a person's workspace, after the tutorial's earlier cells there."""
        place = (person, project)
        if place not in self.workspaces:
            self.workspaces[place] = self._fresh_workspace(person, project)
        self.typed.setdefault(place, []).append(source)
        return self.workspaces[place].run(self.typed[place])[-1]

    def _fresh_workspace(self, person: str, project: str) -> Workspace:
        """A workspace sees the datasets that were granted when it started."""
        passwords = json.loads(read_secret(self.lab.settings.secret(Secret.DEMO)))
        visitor = Visitor(self.lab.settings.public_url, person, passwords[person])
        visitor.get("/hub/home")
        stopped = visitor.send("DELETE", f"/hub/api/users/{person}/servers/{project}", "/hub/", None)
        assert stopped.status_code in (STOPPED, 404), stopped.text
        workspace = Workspace(visitor, project)
        workspace.open()
        return workspace


def follow(readers: Readers, page: Path, person: str) -> None:
    """Do what a page says, in order."""
    found = list(blocks(page.read_text(encoding="utf-8")))
    for number, block in enumerate(found):
        kind, *words = block.words or ("",)
        if kind == "console":
            type_commands(readers.terminal(words[0] if words else person), block)
        elif kind == "python":
            who, where = words
            after = found[number + 1] if number + 1 < len(found) else Block((), 0, ())
            check_cell(readers.cell(who, where, "\n".join(block.lines)), block.line, after)


def type_commands(terminal: Terminal, block: Block) -> None:
    """Type the commands of a block; each must end and print as it is shown."""
    steps = list(commands(block))
    for step, after in zip(steps, [*steps[1:], Step(0, "", ())], strict=True):
        code, printed = terminal.type(step.source)
        lacking = not_printed(step.shown, printed)
        assert lacking is None, f"line {step.line}: “{step.source}” does not print “{lacking}” there, but:\n{printed}"
        if after.source != ASKS_FOR_THE_CODE:
            assert (code != 0) == step.fails, f"line {step.line}: “{step.source}” ends with {code}:\n{printed}"


def check_cell(cell: Cell, line: int, after: Block) -> None:
    """A cell shows what the block after it says; its error, too, where it has one."""
    said = [f"{o['ename']}: {o['evalue']}" for o in cell.outputs if o["output_type"] == "error"]
    shown = after.lines if after.words == ("text",) else ()
    printed = "\n".join([cell.text, *said])
    lacking = not_printed(shown, printed)
    assert lacking is None, f"line {line}: the cell does not show “{lacking}” there, but:\n{printed}"
    assert not cell.error or any(cell.error in text for text in shown), f"line {line}: {printed}"


@pytest.mark.parametrize(("name", "person"), PEOPLE.items())
def test_every_command_of_a_tutorial_does_what_it_shows(
    story_lab: StoryLab, tmp_path: Path, name: str, person: str
) -> None:
    lay_out(story_lab, tmp_path)
    with ExitStack() as stack:
        follow(Readers(story_lab, tmp_path, stack), ENGLISH / f"{name}.md", person)


@pytest.mark.parametrize(("name", "person"), HOW_TOS.items())
def test_every_command_of_a_how_to_does_what_it_shows(
    story_lab: StoryLab, tmp_path: Path, name: str, person: str
) -> None:
    lay_out(story_lab, tmp_path)
    with ExitStack() as stack:
        follow(Readers(story_lab, tmp_path, stack), HOW_TO / f"{name}.md", person)


def lay_out(lab: StoryLab, folder: Path) -> None:
    """Make a folder look like the one of the demonstration, so that nothing is written into the real one."""
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "var").symlink_to(lab.settings.state)
    for name in ("docs", "hub"):
        (folder / name).symlink_to(REPOSITORY / name)


SAME = {
    **{page.name: (page, ENGLISH / page.name) for page in sorted(FRENCH.glob("*.md"))},
    **{name: (HOW_TO / f"{IN_FRENCH[name]}.md", HOW_TO / f"{name}.md") for name in HOW_TOS},
}


@pytest.mark.parametrize(("page", "english"), SAME.values(), ids=SAME)
def test_a_page_in_french_shows_what_the_english_one_shows(page: Path, english: Path) -> None:
    def run(text: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        return [(block.words, block.lines) for block in blocks(text) if block.words[:1] and block.words[0] in RUN]

    assert run(page.read_text(encoding="utf-8")) == run(english.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("page", "begins", "quoted", "words"),
    [
        *((page, "*On the pages:*", "“([A-Z][^”]*)”", "id") for page in sorted(ENGLISH.glob("*.md"))),
        *(
            (page, "*Sur les pages\u00a0:*", "«\u00a0([A-Z][^»]*)\u00a0»", "string")
            for page in sorted(FRENCH.glob("*.md"))
        ),
    ],
    ids=lambda value: "/".join(value.parts[-2:]) if isinstance(value, Path) else "",
)
def test_the_pages_have_what_a_tutorial_says_is_there(page: Path, begins: str, quoted: str, words: str) -> None:
    paragraphs = [" ".join(part.split("\n")) for part in page.read_text(encoding="utf-8").split("\n\n")]
    named = {label for part in paragraphs if part.startswith(begins) for label in re.findall(quoted, part)}
    with (REPOSITORY / "hub/web/locale/fr/LC_MESSAGES/messages.po").open("rb") as file:
        there = {getattr(message, words) for message in read_po(file)}
    assert named
    assert named <= there


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("```console\n$ echo one\ntwo\n```\n", "does not print “two”"),
        ("```console\n$ printf 'b\\na\\n'\na\nb\n```\n", "does not print “b”"),
        ("```console\n$ false\n```\n", "ends with 1"),
        ("```console\n$ echo 'datalab: no.'\ndatalab: no.\n```\n", "ends with 0"),
        ("```console\n$ (exit 3)\n$ echo $?\n4\n```\n", "does not print “4”"),
    ],
)
def test_a_page_that_shows_something_else_is_found(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        typed(tmp_path, text)


def test_variables_and_long_commands_are_typed_as_in_any_shell(tmp_path: Path) -> None:
    typed(
        tmp_path,
        "```console\n$ NAME=$(echo care)\n$ cat > file <<'END'\n> title = 1\n> END\n$ cat file; echo $NAME\n…\n"
        "title = …\ncare\n$ (exit 3)\n$ echo $?\n3\n```\n",
    )


def typed(folder: Path, text: str) -> None:
    with Terminal(folder, {"PATH": os.environ["PATH"]}, limit=20.0) as terminal:
        for block in blocks(text):
            type_commands(terminal, block)


def test_a_command_that_does_not_end_is_ended(tmp_path: Path) -> None:
    with (
        Terminal(tmp_path, {"PATH": os.environ["PATH"]}, limit=0.3) as terminal,
        pytest.raises(AssertionError, match="did not end"),
    ):
        terminal.type("exec sleep 60")
