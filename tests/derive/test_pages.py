"""Pages hold what the model holds, all of it, and change with it; hostile schemas cannot break them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from xml.etree import ElementTree

import construct
import pytest

from tests.derive.sample_protocol import EVENTS, PROSE, TESTS, record
from tests.derive.sample_protocol import PROTOCOL as SAMPLE
from tests.derive.test_escape import HOSTILE, markdown
from tests.house.project import ROOT
from wireformat.catalogue import CATALOGUE
from wireformat.cli.docs import vectors_in
from wireformat.cli.exits import exit_for
from wireformat.derive.escape import code, file_name
from wireformat.derive.ledger import checked_by
from wireformat.derive.model_schema import schema_document
from wireformat.derive.pages import pages
from wireformat.derive.pages_errors import EXIT_CODES, error_page, error_sentences
from wireformat.derive.pages_message import badges, fields_with_anchor, message_page
from wireformat.derive.pages_print import print_page
from wireformat.derive.pages_protocol import protocol_page
from wireformat.derive.subject import Subject, subject_of, subject_of_constructs
from wireformat.derive.vectors import Vector
from wireformat.errors import SchemaError, WireError
from wireformat.protocols import NAMES, protocol
from wireformat.schema import model

pytestmark = pytest.mark.slow


def subject(name: str) -> Subject:
    """A protocol with its vectors."""
    return subject_of(protocol(name), vectors=vectors_in(ROOT / "spec" / "vectors" / name))


SUBJECTS = {name: subject(name) for name in NAMES} | {
    "library": subject_of(SAMPLE, runs=(record(EVENTS),), prose=PROSE, tests=checked_by(TESTS))
}
LINK = re.compile(r"\]\(([^)#\s]+)(?:#([^)\s]+))?\)")


@cache
def made() -> Mapping[str, str]:
    """Every file of the reference, by its path."""
    return pages(SUBJECTS.values(), CATALOGUE)


@pytest.mark.parametrize("name", list(SUBJECTS))
def test_every_message_and_every_field_has_its_entry(name: str) -> None:
    for key, entry in SUBJECTS[name].entries.items():
        page = made()[f"{name}/{file_name(key)}.md"]
        assert page.startswith(f"# {key}\n")
        assert fields_with_anchor(page) == {f"field-{field.name}" for field in entry.record.fields}
        assert f"[{code(key)}]({key}.md)" in made()[f"{name}/index.md"]
        assert json.loads(made()[f"{name}/{key}.json"]) == json.loads(json.dumps(schema_document(entry.schema)))


def test_every_link_leads_to_a_page() -> None:
    for path, text in made().items():
        if path.endswith(".md"):
            for target, _ in LINK.findall(text):
                if "protocols/" not in target:
                    place = (ROOT / path).parent / target
                    assert str(place.resolve().relative_to(ROOT)) in made(), (path, target)


def test_every_error_has_a_page_with_the_text_of_explain() -> None:
    errors = {**CATALOGUE, **protocol("vmstate").errors, **SAMPLE.errors}
    for id, entry in errors.items():
        text = made()[f"errors/{id}.md"]
        rendered = "".join(ElementTree.fromstring(f"<div>{markdown.markdown(text)}</div>").itertext())
        for sentence in error_sentences(id, entry):
            assert " ".join(sentence.replace("`", "").split()) in " ".join(rendered.split())


def test_exit_codes_are_those_of_the_command() -> None:
    for id, entry in CATALOGUE.items():
        assert EXIT_CODES[entry.kind] == exit_for(WireError(id, ""))


def test_an_error_page_names_the_messages_that_raise_it() -> None:
    assert "(../vmstate/Command.md)" in made()["errors/overrun.md"]
    assert "(../../" not in made()["errors/truncated.md"]
    assert "(../index.md)" in error_page("a/b", CATALOGUE["tag"], [])


def test_badges() -> None:
    page = made()["library/Lend.md"]
    found = re.findall(r'<span class="wf-badge"><b>(\w+)</b> ([^<]*)</span>', page)
    assert found == [
        ("from", "lender → borrower"),
        ("channel", "desk"),
        ("code", "2 (0x02)"),
        ("since", "2"),
        ("standing", "a proposal of this project"),
    ]


@pytest.mark.parametrize(
    ("name", "page", "direction"),
    [
        ("handshake", "Hello", "source → destination"),
        ("spice", "MigrateConnected", "client → source, target"),
        ("spice", "MigrateBegin", "server"),
        ("channels", "ChannelHeader", "either"),
    ],
)
def test_who_sends_to_whom(name: str, page: str, direction: str) -> None:
    """Channels of a party are no parties, and who sends as none of the parties has no receivers."""
    subject = subject_of(protocol(name))
    assert f"<b>from</b> {direction}</span>" in badges(subject, subject.entries[page])


def test_where_a_message_is_legal() -> None:
    page = made()["library/Lend.md"]
    assert "| <code>borrower</code> | <code>waiting</code> | <code>reading</code> |" in page
    assert "stands inside what other messages introduce" in made()["vmstate/SectionFooter.md"]


def test_which_messages_answer_each_other() -> None:
    assert "## Replies\n\nAnswered by [<code>Lend</code>](Lend.md).\n" in made()["library/Ask.md"]
    assert "## Replies\n\nAnswers [<code>Ask</code>](Ask.md).\n" in made()["library/Lend.md"]
    assert "## Replies" not in made()["library/Return.md"]
    page = made()["spice/MigrateFlushMark.md"]
    answers = "Answers [<code>Migrate</code>](Migrate.md).\n"
    assert f"{answers}\nAnswered by [<code>ServerMigrateData</code>](ServerMigrateData.md).\n" in page


def test_bytes_and_malformed_bytes_are_shown_with_the_exact_error() -> None:
    page = made()["vmstate/Command.md"]
    assert 'title="0x0: command &#61; PING (2)"' in page or 'title="0x0: command = PING (2)"' in page
    assert "<code>body at 0x4: 0 names no member &#91;qemu-stream 5&#93;</code>" in page


def test_the_build_fails_where_codec_and_vector_disagree() -> None:
    lying = Vector("Ping", "liar", bytes(4), values={"value": 1})
    changed = replace(SUBJECTS["vmstate"], vectors={"Ping": (lying,)})
    with pytest.raises(SchemaError, match="Ping: vector liar decodes to"):
        pages([changed], CATALOGUE)


def test_one_sentence_changes_page_notation_and_json_and_nothing_else_needs_an_edit() -> None:
    entry = SUBJECTS["vmstate"].entries["Ping"]
    (value,) = entry.record.fields
    changed = replace(entry.record, fields=(replace(value, doc="brand new sentence"),))
    schema = model.Schema("Ping", {**entry.schema.records, "Ping": changed})
    page = message_page(SUBJECTS["vmstate"], replace(entry, schema=schema))
    assert page.count("brand new sentence") == 3
    assert value.doc not in page
    assert "brand new sentence" in json.dumps(schema_document(schema))


def test_only_proposals_have_the_banner() -> None:
    assert "A proposal of this project" in made()["library/index.md"]
    assert "A proposal" not in made()["vmstate/index.md"]
    standing = "<b>standing</b> a proposal of this project"
    marked = {path.partition("/")[0] for path, text in made().items() if standing in text and path != "print.md"}
    assert marked == {"library", "channels", "handshake"}
    assert standing not in made()["vmstate/Ping.md"]


def test_the_page_of_a_protocol_has_all_its_parts() -> None:
    page = made()["library/index.md"]
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert headings == ["Messages", "Machine", "Recorded runs", "Limits", "Numbers", "Errors", "Requirements"]
    assert page.count("<svg") == 3
    assert "| 0xb00c | constant | [<code>Ask</code>](Ask.md) <code>magic</code> |" in page
    assert "| [<code>Ask</code>](Ask.md) <code>title</code> | 255 bytes |" in page
    assert "3 of 3 requirements have tests." in page


def test_numbers_are_in_order() -> None:
    numbers = [int(row, 16) for row in re.findall(r"^\| (0x[0-9a-f]+) \|", made()["vmstate/index.md"], re.MULTILINE)]
    assert len(numbers) > 40
    assert numbers == sorted(numbers)


def test_the_print_version_has_everything_once() -> None:
    page = made()["print.md"]
    anchors = re.findall(r'<a id="([^"]+)">', page)
    assert len(anchors) == len(set(anchors))
    assert "vmstate-Command-field-command" in anchors
    count = sum(len(subject.entries) for subject in SUBJECTS.values())
    assert page.count("\n## ") == count + len(SUBJECTS)
    assert print_page(["a/x.md"], {"a/x.md": "# X\n\n[y](y.md#z) [u](../u.md)\n"}).endswith(
        "## X\n\n[y](a/y.md#z) [u](u.md)\n"
    )


class Tags(HTMLParser):
    """The tags of a page, their attributes, and where links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one tag."""
        self.tags.add(tag)
        if tag not in ("svg", "rect", "path", "text"):
            self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


TAGS = set("h1 h2 h3 h4 p a code span b i div pre table thead tbody tr th td br mark".split())
TAGS |= {"svg", "g", "title", "rect", "path", "text"}
DRAWING = ("markdown", "role", "viewbox")


def test_hostile_names_break_nothing() -> None:
    fields = [name / construct.Int8ub for name in HOSTILE]
    enum = "kind" / construct.Enum(construct.Int8ub, **{name: index for index, name in enumerate(HOSTILE)})
    wild = {name: construct.Struct(*fields, enum) * "</td><script>" for name in HOSTILE}
    made = pages([subject_of_constructs("a|<b>/..", "<script>|", wild)], {})
    assert len([path for path in made if path.endswith(".json")]) == len(HOSTILE)
    assert not any(".." in path.split("/") for path in made)
    extensions = ["tables", "attr_list", "md_in_html", "admonition", "toc"]
    for path, text in made.items():
        if path.endswith(".md"):
            found = Tags()
            found.feed(markdown.markdown(text, extensions=extensions))
            assert found.tags <= TAGS, path
            assert found.attributes <= {"href", "id", "class", "title", *DRAWING}, path
            assert not [link for link in found.links if ":" in link], path
        if path.endswith(".svg"):
            ElementTree.fromstring(text)


def test_a_stranger_without_names_is_documented() -> None:
    plain = construct.Struct("a" / construct.Int16ul, "b" / construct.Bytes(3), construct.Padding(2))
    made = pages([subject_of_constructs("x", "d", {"Plain": plain})], {})
    assert '<span class="wf-c0" title="0x0: a = 1">01 00</span>' in made["x/Plain.md"]
    assert "field-unnamed" in made["x/Plain.md"]


def test_a_protocol_without_prose_or_machine_has_no_empty_sections() -> None:
    bare = subject_of(replace(SAMPLE, machine=None, errors={}))
    assert re.findall(r"^## (.*)$", protocol_page(bare), re.MULTILINE) == ["Messages", "Limits", "Numbers"]
