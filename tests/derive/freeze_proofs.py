"""Makes the vectors of digests, proofs and confirmations: `python -m tests.derive.freeze_proofs` writes missing files.

They are computed here from the words of the specification with `hashlib` and `hmac`, without any code of the package.
A file is JSON: `what`, and for each vector a name, `inputs` (bytes as hexadecimal, numbers, texts) and the `output`.
Files that exist are never written again.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.derive.plain_bytes import entry, frame, header
from tests.house.project import ROOT

FOLDER = ROOT / "spec" / "vectors" / "handshake" / "proofs"

KEY = bytes(range(0x40, 0x60))
SECRET = b"\x5e" * 32
ID = bytes(range(16))
NONCE = bytes(range(32))
OTHER_NONCE = bytes(range(32, 64))
DIGEST = sha256(b"payload").digest()
CONTEXT = entry(0x8001, b"guest 7") + entry(0x8002, bytes.fromhex("5c9c2f8e41d04b0c9a7d1f3ab0c4d2e6"))
RESULT = entry(0x8001, b"\0\1") + entry(0x8002, b"v1-raw")
LARGER_RESULT = (
    entry(0x8001, b"\0\1")
    + entry(0x8002, b"v1-striped")
    + entry(0x8003, b"multifd")
    + entry(0x8004, b"\x0dmax-bandwidth\1" + (1 << 30).to_bytes(8, "big"))
    + entry(0x8005, b"\7multifd\0\2")
)
SOURCE_HEADER = header(1, 1, bytes(16))
DESTINATION_HEADER = header(1, 0, bytes(16))
DESIGN_HELLO = bytes.fromhex(
    "80010000000000000000003fc1a1ea4e8001000000000006000100021a1a800200000000002000010203040506070809"
    "0a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0a0a00000000000142"
)
HELLO = frame(0x8001, entry(0x8001, b"\0\1") + entry(0x8002, NONCE) + entry(0x8008, b"\6v1-raw"))
MEANS_NOTHING = frame(0x1A1A, b"\x42", 1)
PROGRESS = frame(0x000D, entry(0x0001, b"thinking"))
COMMIT = entry(0x8001, RESULT)


def result_digests() -> Iterator[dict[str, Any]]:
    """The digest of a result."""
    for name, entries in (("least", RESULT), ("with a channel, a capability and a parameter", LARGER_RESULT)):
        yield vector(name, {"entries": entries}, sha256(b"vmhs1 result\0" + entries).digest())


def channel_proofs() -> Iterator[dict[str, Any]]:
    """The proof in the header of a channel."""
    for kind, index, epoch in (("multifd", 3, 0), ("multifd", 3, 1), ("multifd", 258, 0), ("postcopy-preempt", 0, 0)):
        text = b"vmhs1 channel\0" + ID + epoch.to_bytes(4, "big") + kind.encode() + b"\0" + index.to_bytes(2, "big")
        inputs = {"secret": SECRET, "binding": ID, "epoch": epoch, "type": kind, "index": index}
        yield vector(f"{kind}/{index}, epoch {epoch}", inputs, hmac.digest(SECRET, text, "sha256")[:16])


def transcripts() -> Iterator[dict[str, Any]]:
    """The transcript, and the text that it is the digest of."""
    head = frame(0x8005, COMMIT)[:8]
    for name, prologue, frames in (
        ("no context, one frame", b"", (HELLO,)),
        ("with context", CONTEXT, (HELLO,)),
        ("with frames that mean nothing", CONTEXT, (HELLO, MEANS_NOTHING, PROGRESS)),
    ):
        text = b"vmhs1 transcript\0" + prologue + SOURCE_HEADER + DESTINATION_HEADER + b"".join(frames) + head + COMMIT
        inputs = {
            "prologue": prologue,
            "source_header": SOURCE_HEADER,
            "destination_header": DESTINATION_HEADER,
            "frames": [each.hex() for each in frames],
            "last_frame_begins": head,
            "entries_before_transcript": COMMIT,
        }
        yield vector(name, inputs, sha256(text).digest())


def design_hash() -> Iterator[dict[str, Any]]:
    """The hash that the design prints: a header of MAIN and a HELLO. A part of a transcript, without its label."""
    text = SOURCE_HEADER + DESIGN_HELLO
    yield vector("the illustration of the design", {"text": text}, sha256(text).digest())


def confirmations() -> Iterator[dict[str, Any]]:
    """The confirmation of a transcript."""
    for role in ("source", "destination"):
        text = b"vmhs1 confirm " + role.encode() + b"\0" + DIGEST
        yield vector(role, {"key": KEY, "role": role, "transcript": DIGEST}, hmac.digest(KEY, text, "sha256"))


def resume_proofs() -> Iterator[dict[str, Any]]:
    """The proofs of RESUME and of its reply."""
    text = ID + (1).to_bytes(4, "big") + NONCE
    inputs = {"secret": SECRET, "binding": ID, "epoch": 1, "source_nonce": NONCE}
    yield vector("source", inputs, hmac.digest(SECRET, b"vmhs1 resume source\0" + text, "sha256"))
    received = 1 << 19
    text = b"vmhs1 resume destination\0" + text + OTHER_NONCE + received.to_bytes(8, "big") + DIGEST
    inputs = {**inputs, "destination_nonce": OTHER_NONCE, "received": received, "digest": DIGEST}
    yield vector("destination", inputs, hmac.digest(SECRET, text, "sha256"))


def vector(name: str, inputs: Mapping[str, Any], output: bytes) -> dict[str, Any]:
    """A vector, bytes as hexadecimal."""
    shown = {key: value.hex() if isinstance(value, bytes) else value for key, value in inputs.items()}
    return {"name": name, "inputs": shown, "output": output.hex()}


FILES: Mapping[str, Callable[[], Iterator[dict[str, Any]]]] = {
    "result_digest": result_digests,
    "channel_proof": channel_proofs,
    "transcript": transcripts,
    "design_hash": design_hash,
    "confirmation": confirmations,
    "resume_proof": resume_proofs,
}


def document(name: str) -> dict[str, Any]:
    """One file."""
    make = FILES[name]
    return {"what": (make.__doc__ or "").strip(), "vectors": list(make())}


def path_of(name: str) -> Path:
    """Where a file stands."""
    return FOLDER / f"{name}.json"


def main() -> None:
    """Write what is missing."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if not path_of(name).exists():
            path_of(name).write_text(json.dumps(document(name), indent=1) + "\n")
            print(path_of(name).relative_to(ROOT))


if __name__ == "__main__":
    main()
