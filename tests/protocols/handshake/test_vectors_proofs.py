"""Digests, proofs and confirmations are those of the vectors, which the standard library alone has computed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.derive import freeze_proofs
from tests.derive.plain_bytes import frame
from wireformat.protocols.handshake.frame import FRAME_HEADER
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.handshake.sessions.keys import (
    channel_proof,
    confirmation,
    result_digest,
    resume_answer,
    resume_proof,
)
from wireformat.protocols.handshake.sessions.transcript import Transcript


def vectors(name: str) -> list[dict[str, Any]]:
    """The inputs of a file's vectors with bytes as bytes, and the output as `output`."""
    document = json.loads(freeze_proofs.path_of(name).read_text())
    return [{**_read(each["inputs"]), "output": bytes.fromhex(each["output"])} for each in document["vectors"]]


def _read(inputs: dict[str, Any]) -> dict[str, Any]:
    texts = {"type", "role"}
    return {
        key: bytes.fromhex(value) if isinstance(value, str) and key not in texts else value
        for key, value in inputs.items()
    }


@pytest.mark.parametrize("name", freeze_proofs.FILES)
def test_files_are_what_the_standard_library_computes(name: str) -> None:
    assert json.loads(freeze_proofs.path_of(name).read_text()) == freeze_proofs.document(name)


def test_the_design_prints_this_hash() -> None:
    (found,) = vectors("design_hash")
    assert found["output"].hex() == "244f1c11140c4cae5d8ffa2a2b777a1a9b54d56325554cf0629d937c5e777da8"


@pytest.mark.requirement("HS-051")
def test_result_digests() -> None:
    assert [result_digest(each["entries"]) for each in vectors("result_digest")] == outputs("result_digest")


@pytest.mark.requirement("CH-059")
def test_channel_proofs() -> None:
    found = [
        channel_proof(each["secret"], each["binding"], each["epoch"], ChannelKey(each["type"], each["index"]))
        for each in vectors("channel_proof")
    ]
    assert found == outputs("channel_proof")
    assert len(set(found)) == len(found)


@pytest.mark.requirement("HS-110")
def test_transcripts() -> None:
    assert [transcript_of(each) for each in vectors("transcript")] == outputs("transcript")


def transcript_of(inputs: dict[str, Any]) -> bytes:
    """The transcript for a vector's COMMIT; the first frame is there before both headers are known."""
    whole = Transcript(inputs["prologue"])
    first, *others = (bytes.fromhex(each) for each in inputs["frames"])
    whole.add(first)
    whole.headers(inputs["source_header"], inputs["destination_header"])
    for each in others:
        whole.add(each)
    number = int.from_bytes(inputs["last_frame_begins"][:2], "big")
    before = inputs["entries_before_transcript"]
    commit = frame(number, before + bytes.fromhex("fffd000000000020") + bytes(32))
    return whole.digest(commit, FRAME_HEADER + len(before))


@pytest.mark.requirement("HS-112")
def test_confirmations() -> None:
    found = [confirmation(each["key"], each["role"], each["transcript"]) for each in vectors("confirmation")]
    assert found == outputs("confirmation")


@pytest.mark.requirement("HS-193")
def test_proofs_of_resuming() -> None:
    source, destination = vectors("resume_proof")
    nonces = destination["source_nonce"], destination["destination_nonce"]
    found = [
        resume_proof(source["secret"], source["binding"], source["epoch"], source["source_nonce"]),
        resume_answer(
            destination["secret"],
            destination["binding"],
            destination["epoch"],
            nonces,
            destination["received"],
            destination["digest"],
        ),
    ]
    assert found == outputs("resume_proof")


def outputs(name: str) -> list[bytes]:
    """What the vectors of a file demand."""
    return [each["output"] for each in vectors(name)]
