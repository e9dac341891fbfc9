"""Cells of the skew matrix whose state travels in a file: plain, or in a container that says what it needs.

A file asks nobody: what cannot be loaded is found out when it is saved, where the profile of its reader was at hand, or
else when it is read. A handshake over a file is refused before anything is opened [handshake R-HS-13].
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wireformat.errors import DecodeError
from wireformat.peer.dialler import Dialler
from wireformat.peer.dialling import is_one_way
from wireformat.peer.listening import listen
from wireformat.peer.lobby import Lobby
from wireformat.peer.plain import Cut, PlainDestination, send_plain
from wireformat.peer.sink import Sink
from wireformat.peer.skew import End, Way
from wireformat.peer.skew_builds import Build
from wireformat.peer.skew_guest import OLD_FORM, GuestPayload, abilities_of, inventory_of
from wireformat.peer.skew_scene import Scene
from wireformat.peer.skew_seen import (
    COMMAND_REFUSED,
    CUT,
    LOADED,
    SAVED,
    UNMOVED,
    Seen,
    failed,
    features_of,
    left_behind,
    loading,
)
from wireformat.protocols.handshake.files.admission import admit
from wireformat.protocols.handshake.files.container import front, manifest_of
from wireformat.protocols.handshake.files.container_reader import ContainerReader
from wireformat.protocols.handshake.files.profile import settle_with
from wireformat.protocols.handshake.inventories.resolution import Resolution
from wireformat.protocols.handshake.inventories.soundness import manifest_violations
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.negotiation.registry import Side
from wireformat.protocols.handshake.sessions.offer_wire import result_entries, result_of
from wireformat.protocols.qapi.addresses import File
from wireformat.protocols.vmstate.stream import read_stream

TIMEOUT: Final = 5.0
THEN: Final = ", at the offset "
"""Stands between what a build without containers makes of one, and of the stream in it."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A file, and where the stream begins in it."""

    path: Path
    payload: GuestPayload
    offset: int = 0


async def run_file(scene: Scene) -> Seen:
    """Try a cell whose state is saved and loaded again."""
    path = scene.folder / "saved"
    if _is_refused(scene.cell.source, path):
        return Seen(COMMAND_REFUSED, UNMOVED)
    saved = await _save(scene, path)
    if isinstance(saved, tuple):
        return Seen(failed(saved), UNMOVED)
    if _is_refused(scene.cell.destination, path):
        return Seen(SAVED, COMMAND_REFUSED)
    if scene.cell.way is Way.PLAIN_FILE:
        return _seen(scene, saved, await _load(scene, saved.path, 0))
    if not scene.far.is_aware:
        at_start = await _load(scene, saved.path, 0)
        return _seen(scene, saved, at_start + THEN + await _load(scene, saved.path, saved.offset))
    return await _admit(scene, saved)


def _is_refused(end: End, path: Path) -> bool:
    """Whether a command cannot be, over such an address."""
    return end.shakes_hands and is_one_way(File(str(path)))


async def _save(scene: Scene, path: Path) -> Saved | tuple[ErrorItem, ...]:
    """Write the file, or say why not."""
    if scene.cell.way is Way.PLAIN_FILE:
        payload = GuestPayload(OLD_FORM)
        payload.keep(Resolution())
        await send_plain(Dialler(File(str(path)), TIMEOUT), payload)
        return Saved(path, payload)
    reader = scene.far if scene.cell.way is Way.CONTAINER else scene.near
    return _save_container(scene, path, reader)


def _save_container(scene: Scene, path: Path, reader: Build) -> Saved | tuple[ErrorItem, ...]:
    """Write a container for a build whose profile is at hand."""
    build = scene.near
    profile = build.read_profile(reader.profile(scene.wish))
    inventory = inventory_of(build.form)
    settled = settle_with(build.file_offer(Side.SOURCE, scene.wish), profile, inventory)
    if isinstance(settled, tuple):
        return settled
    payload = GuestPayload(build.form)
    payload.keep(settled.resolution)
    manifest = manifest_of(result_entries(settled.result), inventory, settled.resolution, profile=profile.name)
    start = front(manifest, build.dialect)
    path.write_bytes(start + b"".join(payload.chunks()))
    return Saved(path, payload, len(start))


async def _load(scene: Scene, path: Path, offset: int) -> str:
    """Read a plain stream at an offset of a file, as a program does that was told nothing of it."""
    listener = await listen(File(str(path), offset))
    destination = PlainDestination(listener, Sink(str(scene.target)), TIMEOUT, Lobby(1, TIMEOUT))
    try:
        await destination.run()
    except Cut:
        return CUT
    return loading(scene.target.read_bytes(), scene.far)


async def _admit(scene: Scene, saved: Saved) -> Seen:
    """Read the front of a container, and the stream only where nothing stands against it."""
    reader = ContainerReader(scene.far.dialect)
    reader.receive_data(saved.path.read_bytes())
    try:
        found = reader.take()
    except DecodeError as error:
        return Seen(SAVED, f"failed: {error.id}")
    assert found is not None
    manifest: Any = found.manifest
    offer = scene.far.file_offer(Side.DESTINATION, scene.wish)
    errors = admit(manifest, offer, abilities_of(scene.far.form))
    if errors:
        return _seen(scene, saved, failed(errors))
    ending = await _load(scene, saved.path, found.size)
    unlisted = manifest_violations(read_stream(scene.target.read_bytes()), manifest) if ending == LOADED else ()
    troubles = tuple(f"not in the manifest: {item.path}" for item in unlisted)
    result = result_of(manifest.result)
    return _seen(scene, saved, ending, result.version, features_of(result.capabilities), troubles)


def _seen(
    scene: Scene,
    saved: Saved,
    ending: str,
    revision: int | None = None,
    features: tuple[str, ...] = (),
    troubles: tuple[str, ...] = (),
) -> Seen:
    has_come = scene.target.exists()
    names = (each.name for each in scene.folder.iterdir())
    found = [*troubles, *left_behind(scene.target.name, names, is_wanted=has_come)]
    if has_come and scene.target.read_bytes() != b"".join(saved.payload.chunks()):
        found.append("the stream that was loaded is not the one that was saved")
    return Seen(SAVED, ending, revision, features, tuple(found))
