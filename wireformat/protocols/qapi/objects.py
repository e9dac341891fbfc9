"""Addresses as objects, the form in which QMP has them [handshake B.1].

Two unions lie flat in one object: `transport` chooses the members, and for sockets `type` does, beside it. What belongs
to another choice is foreign and refused, as is anything of a wrong type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from wireformat.protocols.qapi.addresses import (
    OPTIONS,
    UINT64,
    Address,
    AddressError,
    Exec,
    Fd,
    File,
    Inet,
    Rdma,
    Unix,
    Vsock,
    attribute,
)
from wireformat.schema.path import Path, join


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object: `most` is the largest value of a number; `field` its name in the value."""

    name: str
    type: type
    field: str
    required: bool = True
    most: int = 0


def _text(name: str, field: str = "") -> Member:
    return Member(name, str, field or name)


def _switch(name: str) -> Member:
    return Member(name, bool, attribute(name), required=False)


PORT: Final = (
    _text("host"),
    _text("port"),
    *(Member(name, int if most else bool, attribute(name), False, most) for name, most in OPTIONS.items()),
)
FORMS: Final[Mapping[tuple[str, ...], tuple[type[Address], tuple[Member, ...]]]] = {
    ("socket", "inet"): (Inet, PORT),
    ("socket", "unix"): (Unix, (_text("path"), _switch("abstract"), _switch("tight"))),
    ("socket", "vsock"): (Vsock, (_text("cid"), _text("port"))),
    ("socket", "fd"): (Fd, (_text("str", "name"),)),
    ("exec",): (Exec, (Member("args", list, "args"),)),
    ("rdma",): (Rdma, PORT),
    ("file",): (File, (_text("filename"), Member("offset", int, "offset", most=UINT64))),
}
"""By the values of `transport` and `type`: the class of the address, and its members."""

TAGS: Final = ("transport", "type")


def from_qapi(given: object, path: Path = ("addr",)) -> Address:
    """The address that an object describes. Raises `AddressError`, which names the member below `path`."""
    if not isinstance(given, Mapping):
        raise _fault(path, f"{_kind(given)} instead of an object")
    choice = _choice(given, path)
    made, members = FORMS[choice]
    known = {*TAGS[: len(choice)], *(member.name for member in members)}
    for name in given:
        if name not in known:
            raise _fault((*path, str(name)), f"no member of {' '.join(choice)} addresses")
    return made(**{member.field: _value(given, member, path) for member in members if _is_given(given, member, path)})


def to_qapi(address: Address) -> dict[str, Any]:
    """The object that describes an address; what is not given is left out."""
    choice = next(choice for choice, (made, _) in FORMS.items() if type(address) is made)
    found: dict[str, Any] = dict(zip(TAGS, choice, strict=False))
    for member in FORMS[choice][1]:
        value = getattr(address, member.field)
        if value is not None:
            found[member.name] = list(value) if member.type is list else value
    return found


def _choice(given: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """The values of the members that choose the others."""
    transport = _tag(given, "transport", [choice[0] for choice in FORMS], path)
    if transport != "socket":
        return (transport,)
    return transport, _tag(given, "type", [choice[1] for choice in FORMS if len(choice) > 1], path)


def _tag(given: Mapping[str, Any], name: str, known: list[str], path: Path) -> str:
    value = given.get(name)
    if name not in given:
        raise _fault((*path, name), "missing")
    if not isinstance(value, str) or value not in known:
        listed = ", ".join(dict.fromkeys(known))
        raise AddressError("qapi/transport", f"{value!r} is none of {listed}", path=join((*path, name)), actual=value)
    return value


def _is_given(given: Mapping[str, Any], member: Member, path: Path) -> bool:
    if member.required and member.name not in given:
        raise _fault((*path, member.name), "missing")
    return member.name in given


def _value(given: Mapping[str, Any], member: Member, path: Path) -> Any:
    """The value of a member, of the right type: booleans are no numbers, and numbers no booleans."""
    value: Any = given[member.name]
    where = (*path, member.name)
    if type(value) is not member.type:
        raise _fault(where, f"{_kind(value)} instead of {KINDS[member.type]}")
    if isinstance(value, int) and not isinstance(value, bool) and not 0 <= value <= member.most:
        raise _fault(where, f"{value} is not between 0 and {member.most}")
    return _texts(value, where) if isinstance(value, list) else value


def _texts(items: list[Any], path: Path) -> tuple[str, ...]:
    for index, item in enumerate(items):
        if type(item) is not str:
            raise _fault((*path, index), f"{_kind(item)} instead of a string")
    return tuple(items)


KINDS: Final = {
    str: "a string",
    int: "a number",
    bool: "a boolean",
    list: "a list",
    dict: "an object",
    float: "a number",
}


def _kind(value: object) -> str:
    return KINDS.get(type(value), "null" if value is None else type(value).__name__)


def _fault(path: Path, detail: str) -> AddressError:
    return AddressError("qapi/member", detail, path=join(path))
