"""Options that several verbs share, taken as one value.

typer makes an option of every parameter of a verb's function. A parameter may instead be a group: a dataclass whose
fields are declared as such parameters are. `grouped` shows typer the fields in the group's place, and hands the whole
to the function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints


def grouped(function: Callable[..., int]) -> Callable[..., int]:
    """The function of a verb, as it is called with the options of its groups."""
    parameters = signature(function, eval_str=True).parameters.values()
    groups: dict[str, Any] = {each.name: each.annotation for each in parameters if is_dataclass(each.annotation)}

    @wraps(function)
    def run(**options: Any) -> int:
        taken = {name: _take(group, options) for name, group in groups.items()}
        return function(**options, **taken)

    run.__dict__["__signature__"] = Signature([option for each in parameters for option in _options(each)])
    return run


def _options(parameter: Parameter) -> Iterator[Parameter]:
    """A parameter, or the fields of the group that it is."""
    group = parameter.annotation
    if not is_dataclass(group):
        yield parameter.replace(kind=Parameter.KEYWORD_ONLY)
        return
    declared = get_type_hints(group, include_extras=True)
    for field in fields(group):
        default = Parameter.empty if field.default is MISSING else field.default
        yield Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=declared[field.name])


def _take(group: type[Any], options: dict[str, Any]) -> object:
    """The group of these options, which are then no longer among them."""
    return group(**{field.name: options.pop(field.name) for field in fields(group)})
