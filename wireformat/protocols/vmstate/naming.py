"""What the parts of a stream are called in paths: `devices["0000:00:03.0/virtio-net"].vdev`, `ram`, `block`.

A section's name is its idstr; `@N` follows for instances other than 0, and `#N` when the same name and instance come
again (`isa-ide` twice in one stream).
"""

from __future__ import annotations

from collections import Counter

from wireformat.schema.path import join


def section_key(idstr: str, instance_id: int, repeat: int = 0) -> str:
    """The name of a section within its stream; `repeat` counts earlier ones of equal name and instance."""
    instance = f"@{instance_id}" if instance_id else ""
    return f"{idstr}{instance}" + (f"#{repeat}" if repeat else "")


def section_path(idstr: str, instance_id: int) -> str:
    """Where a section's value stands in a decoded stream."""
    return "ram" if idstr == "ram" else join(("devices", section_key(idstr, instance_id)))


class SectionKeys:
    """Gives each section of a stream its key, in stream order."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, int]] = Counter()

    def key(self, idstr: str, instance_id: int) -> str:
        """The key of the next section of that name and instance."""
        repeat = self._seen[idstr, instance_id]
        self._seen[idstr, instance_id] += 1
        return section_key(idstr, instance_id, repeat)
