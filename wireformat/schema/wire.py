"""What a field is on the wire: construct objects that carry the Python type of their value.

`Wire[T]` exists for type checkers: a field whose annotation disagrees with its wire is a type error. At run time a
wire is any `construct.Construct`. A `Part` is our own kind of construct: it holds which model node it stands for and
what that is made of. `lift` reads that; parsing and building are those of the lifted node, so there is one meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import construct

T_co = TypeVar("T_co", covariant=True)

if TYPE_CHECKING:

    class Wire(Generic[T_co]):
        """A construct object whose value is a `T_co`."""

        name: str | None

        def parse(self, data: bytes, **params: Any) -> T_co:
            """Decode a whole input."""

        def build(self, value: Any, **params: Any) -> bytes:
            """Encode one value."""

        def _parse(self, stream: Any, context: Any, path: Any) -> Any:
            """Decode from a stream."""

        def _build(self, value: Any, stream: Any, context: Any, path: Any) -> Any:
            """Encode to a stream."""

    Base = Wire[Any]
else:
    Base = construct.Construct
    Wire = construct.Construct


class Part(Base):
    """One piece of a declaration: the kind of model node, and its arguments, which may be constructs again."""

    def __init__(self, node: type[Any], /, **arguments: Any) -> None:
        super().__init__()
        self.node = node
        self.arguments = arguments

    def _parse(self, stream: Any, context: Any, path: Any) -> Any:
        return self._element()._parse(stream, context, path)

    def _build(self, value: Any, stream: Any, context: Any, path: Any) -> Any:
        return self._element()._build(value, stream, context, path)

    def _element(self) -> Wire[Any]:
        from wireformat.schema.layout import element_of
        from wireformat.schema.lift import lift_part

        element: Wire[Any] = element_of(*lift_part(self))
        return element


class Reference(Base):
    """The record that a class, or a function without arguments, stands for. It is looked up when first needed."""

    def __init__(self, target: Any) -> None:
        super().__init__()
        self.target = target

    def record(self) -> Any:
        """The record class."""
        return self.target if isinstance(self.target, type) else self.target()

    def _parse(self, stream: Any, context: Any, path: Any) -> Any:
        return self.record().struct()._parse(stream, context, path)

    def _build(self, value: Any, stream: Any, context: Any, path: Any) -> Any:
        return self.record().struct()._build(value, stream, context, path)
