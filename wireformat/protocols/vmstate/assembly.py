"""From JSON objects back to the stream: the inverse of `document` with `ram="base64"`.

Each object is encoded by itself, so a stream of any size can be assembled line by line. What a user changed in a
field changes these bytes and no others: lengths, footers and words are computed, and the description is written for
what the devices have become.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wireformat.codec import Codec, codec_for, encode
from wireformat.codec.json_form import from_json
from wireformat.errors import DecodeError, EncodeError
from wireformat.protocols.vmstate.description import Description, DeviceEntry, parse
from wireformat.protocols.vmstate.document import FORMAT, SECTION_TYPES, description_text
from wireformat.protocols.vmstate.document_ram import KINDS, Json
from wireformat.protocols.vmstate.encoder import (
    END_OF_BODY,
    element_bytes,
    encode_block,
    footer_bytes,
    ram_word,
)
from wireformat.protocols.vmstate.iterative import HANDLERS, handler_for
from wireformat.protocols.vmstate.layout import schema_of, undescribed, undescribed_slack
from wireformat.protocols.vmstate.messages import (
    Command,
    Configuration,
    ElementType,
    Header,
    Packaged,
    SectionEnd,
    SectionFull,
    SectionPart,
    SectionStart,
    VmDescription,
)
from wireformat.protocols.vmstate.ram import CONTINUE, MEM_SIZE, MULTIFD_FLUSH, PAGE, ZERO, RamBlock
from wireformat.protocols.vmstate.redescription import Redescription

TYPES = {name: kind for kind, name in SECTION_TYPES.items()}
FLAGS = {name: flag for flag, name in KINDS.items()}


def assemble(documents: Iterable[Json]) -> Iterator[bytes]:
    """The bytes of a stream, from the objects of `document.documents` in order.

    Raises `EncodeError` with the path of the part that cannot be encoded.
    """
    source = iter(documents)
    head = next(source, {})
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise EncodeError("type", f"no document of the format {FORMAT}", path="format")
    assembler = Assembler(head)
    for number, document in enumerate(source):
        yield from assembler.element(document, f"elements[{number}]")


class Assembler:
    """Encodes the objects of one stream, in order."""

    def __init__(self, head: Json) -> None:
        self._page_size = head.get("page_size") or 0
        self._description = _description(head.get("description"))
        self._finder = self._description.finder() if self._description else None
        self._redescription = Redescription(head.get("description"), self._description)

    def element(self, document: Json, path: str) -> Iterator[bytes]:
        """The bytes of one object."""
        try:
            yield from self._element(document, path)
        except EncodeError as error:
            raise _within(error, path) from None
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise EncodeError("type", f"{type(error).__name__}: {error}", path=path) from None

    def _element(self, document: Json, path: str) -> Iterator[bytes]:
        kind = document["type"]
        if kind == "header":
            yield encode(Header(version=document["version"]))
        elif kind == "configuration":
            yield self._configuration(document)
        elif kind in TYPES:
            yield from self._section(document, TYPES[kind])
        elif kind == "command":
            yield from self._command(document, path)
        elif kind == "eof":
            yield bytes([ElementType.EOF])
        elif kind == "description":
            yield self._description_bytes(document)
        elif kind == "raw":
            yield _binary(document["base64"])
        else:
            raise EncodeError("tag", f"no element of type {kind!r}")

    def _configuration(self, document: Json) -> bytes:
        configuration: Configuration = _value(Configuration, _without(document, "type"))
        self._redescription.configuration(configuration)
        return element_bytes(configuration)

    def _section(self, document: Json, kind: ElementType) -> Iterator[bytes]:
        number = document["section_id"]
        if kind in (ElementType.SECTION_START, ElementType.SECTION_FULL):
            message = SectionStart if kind == ElementType.SECTION_START else SectionFull
            names = ("section_id", "idstr", "instance_id", "version_id")
            yield element_bytes(message(**{name: document[name] for name in names}))
        else:
            short = SectionPart if kind == ElementType.SECTION_PART else SectionEnd
            yield element_bytes(short(section_id=number))
        yield from self._body(document)
        if document["footer"]:
            yield footer_bytes(number)

    def _body(self, document: Json) -> Iterator[bytes]:
        if "ram" in document:
            if not isinstance(document["ram"], list):
                raise EncodeError("missing", "RAM records were left out; decode with --ram base64", path="ram")
            for record in document["ram"]:
                yield from self._run(record)
            yield END_OF_BODY
        elif "records" in document:
            yield from self._records(document)
        elif "fields" in document:
            yield self._device(document)
        else:
            if self._finder is not None and document["type"] == "full":
                self._finder.find(document["idstr"], document["instance_id"])
            yield bytes.fromhex(document["data"])

    def _device(self, document: Json) -> bytes:
        entry = self._finder.find(document["idstr"], document["instance_id"]) if self._finder else None
        if entry is None:
            raise EncodeError("missing", f"the description has no device {document['idstr']!r}", path="fields")
        codec = Codec(schema_of(entry, _slack(entry, document["fields"])))
        value = from_json(codec.schema, document["fields"])
        self._redescription.device(entry, codec.schema, value)
        return codec.encode(value)

    def _run(self, record: Json) -> Iterator[bytes]:
        flags = FLAGS[record["kind"]]
        if flags == MULTIFD_FLUSH:
            yield ram_word(0, flags)
        elif flags == MEM_SIZE:
            yield from self._block_list(record)
        else:
            yield from self._pages(record, flags)

    def _block_list(self, record: Json) -> Iterator[bytes]:
        blocks = [_value(RamBlock, block) for block in record["blocks"]]
        yield ram_word(sum(block.used_length for block in blocks), MEM_SIZE)
        for number, block in enumerate(blocks):
            yield encode_block(block)
            region = record["regions"][number] if "regions" in record else None
            if region is not None:
                yield _binary(region["base64"])

    def _pages(self, record: Json, flags: int) -> Iterator[bytes]:
        bodies = self._bodies(record, flags)
        offset = record["offset"]
        if record["named"]:
            name = record["block"].encode()
            yield ram_word(offset, flags) + bytes([len(name)]) + name + next(bodies)
            offset += self._page_size
        for body in bodies:
            yield ram_word(offset, flags | CONTINUE) + body
            offset += self._page_size

    def _bodies(self, record: Json, flags: int) -> Iterator[bytes]:
        if record["count"] < 1:
            raise EncodeError("range", "run of no pages", path="ram")
        if flags == ZERO:
            yield from (bytes([record.get("fill", 0)]) for _ in range(record["count"]))
            return
        data = _binary(record["base64"])
        size = self._page_size if flags == PAGE else len(data)
        if len(data) != size * record["count"]:
            raise EncodeError("range", f"{len(data)} bytes for {record['count']} pages of {size}", path="ram")
        yield from (data[start : start + size] for start in range(0, len(data), size))

    def _records(self, document: Json) -> Iterator[bytes]:
        handler = HANDLERS.get(document["handler"]) or handler_for(document["handler"])
        if handler is None:
            raise EncodeError("tag", f"no handler {document['handler']!r}", path="handler")
        if "head" in document and handler.head is not None:
            yield encode(_value(handler.head, document["head"]))
        for item in document["records"]:
            yield encode(_value(handler.record, _without(item, "base64")))
            yield _binary(item.get("base64", ""))

    def _command(self, document: Json, path: str) -> Iterator[bytes]:
        command: Command = _value(Command, _without(document, "type", "package"))
        if "package" not in document:
            yield element_bytes(command)
            return
        parts = enumerate(document["package"])
        package = b"".join(piece for n, part in parts for piece in self.element(part, f"package[{n}]"))
        yield element_bytes(Command(command=command.command, body=Packaged(size=len(package))))
        yield package

    def _description_bytes(self, document: Json) -> bytes:
        if "data" in document:
            return element_bytes(VmDescription(text=bytes.fromhex(document["data"])))
        return element_bytes(VmDescription(text=description_text(self._redescription.value)))


def _description(value: Any) -> Description | None:
    if value is None:
        return None
    try:
        return parse(description_text(value))
    except DecodeError as error:
        raise EncodeError("vmstate/description", error.detail, path="description") from None


def _slack(entry: DeviceEntry, fields: Json) -> int:
    """What an array that is not described has beyond its description: the JSON holds all its bytes."""
    field = undescribed(entry)
    return 0 if field is None else undescribed_slack(entry, len(bytes.fromhex(fields[field.name])))


def _value(message: type, document: Json) -> Any:
    return from_json(codec_for(message).schema, document)


def _binary(text: str) -> bytes:
    return b64decode(text, validate=True)


def _without(document: Mapping[str, Any], *names: str) -> Json:
    return {name: value for name, value in document.items() if name not in names}


def _within(error: EncodeError, path: str) -> EncodeError:
    joined = f"{path}.{error.path}" if error.path else path
    return EncodeError(error.id, error.detail, path=joined, expected=error.expected, actual=error.actual)
