"""The codec that everything uses: the fast one, with the errors of the reference."""

from __future__ import annotations

import pytest

from wireformat import codec
from wireformat.codec import Codec, codec_for, disagreements, fast, reference
from wireformat.errors import DecodeError, EncodeError
from wireformat.schema import Bytes, Int8ub, Record, String8, field, lift, model, this


class Note(Record, source="notes 1", versions=("1", "2")):
    """A note."""

    text: str = field(String8, "what it says")
    stars: int | None = field(Int8ub, "how good it is", since="2", default=None)


class Page(Record):
    """A page."""

    data: bytes = field(Bytes(this._params.page_size), "contents")


def test_whole_inputs() -> None:
    note = Note(text="hé", stars=3)
    assert codec.encode(note) == b"\3h\xc3\xa9\3"
    assert codec.decode(Note, b"\3h\xc3\xa9\3") == note
    assert codec.encode(Note(text="a"), "1") == b"\1a"
    assert codec.decode(Note, b"\1a", "1") == Note(text="a")


def test_trailing_bytes() -> None:
    with pytest.raises(DecodeError) as caught:
        codec.decode(Note, b"\1a\0rest")
    error = caught.value
    assert (error.id, error.offset, error.actual, error.source) == ("trailing", 3, 4, "notes 1")


def test_part_of_an_input() -> None:
    notes = Codec(Note)
    data = b"??\1a\5\1b\6"
    assert notes.decode_from(data, 2) == (Note(text="a", stars=5), 5)
    assert notes.decode_from(data, 5, 8) == (Note(text="b", stars=6), 8)
    assert notes.decode_from(memoryview(data), 5) == (Note(text="b", stars=6), 8)
    for source in (data, bytearray(data)):
        with pytest.raises(DecodeError) as caught:
            notes.decode_from(source, 5, 7)  # type: ignore[arg-type]
        assert (caught.value.id, caught.value.path, caught.value.offset) == ("truncated", "stars", 7)


def test_parameters() -> None:
    pages = codec_for(Page)
    assert pages.decode(b"abcd", {"page_size": 4}) == Page(data=b"abcd")
    assert pages.encode(Page(data=b"ab"), {"page_size": 2}) == b"ab"
    with pytest.raises(EncodeError) as caught:
        pages.encode(Page(data=b"ab"), {"page_size": 4})
    assert caught.value.id == "mismatch"


def test_codecs_are_kept() -> None:
    schema = model.Schema("r", {"r": model.Record("r", (model.Field("x y", model.Int(2)),))})
    assert codec_for(Note) is codec_for(Note)
    assert codec_for(Note, "1") is not codec_for(Note, "2")
    assert codec_for(schema) is codec_for(schema)
    assert codec_for(schema).decode(b"\1\2") == {"x y": 0x102}


def test_spans() -> None:
    value, spans = codec_for(Note).spans(b"?\1a\5", 1)
    assert value == Note(text="a", stars=5)
    assert spans == {"text": (1, 3), "stars": (3, 4)}


def test_a_disagreement_is_counted_and_the_reference_prevails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> object:
        raise ValueError

    def refusing(*arguments: object) -> object:
        return refuse

    monkeypatch.setattr(fast, "decoder", refusing)
    monkeypatch.setattr(fast, "encoder", refusing)
    notes = Codec(Note)
    assert notes.decode(b"\1a\5") == Note(text="a", stars=5)
    assert notes.encode(Note(text="a", stars=5)) == b"\1a\5"
    assert disagreements == {"Note": 2}
    disagreements.clear()


def test_both_codecs_give_the_same_error() -> None:
    for data in (b"", b"\3a", b"\1\xff\0"):
        errors = []
        for decode in (Codec(Note).decode_from, lambda given: reference.decode(lift(Note), given)):
            with pytest.raises(DecodeError) as caught:
                decode(data)
            errors.append(str(caught.value))
        assert errors[0] == errors[1]
