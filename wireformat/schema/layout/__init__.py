"""Construct objects built from the model: the reference meaning of every node."""

from __future__ import annotations

from wireformat.schema.layout.build import construct_of, element_of, struct_of

__all__ = ["construct_of", "element_of", "struct_of"]
