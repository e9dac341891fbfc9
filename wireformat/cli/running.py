"""Running a verb: its options by typer, its faults as one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from importlib import import_module
from types import ModuleType
from typing import TextIO

import typer
from typer.exceptions import TyperException

from wireformat.cli.exits import Exit, UsageError, exit_for
from wireformat.errors import WireError


def run_verb(verb: str, arguments: Sequence[str]) -> int:
    """Call `wireformat.cli.VERB.run` with the arguments; returns the exit code."""
    if sys.stdout is None:
        return _usage(verb, "standard output is closed")
    command = typer.main.get_command(_application(verb, import_module(f"wireformat.cli.{verb}")))
    try:
        return int(command.main(list(arguments), prog_name=f"wireformat {verb}", standalone_mode=False) or 0)
    except TyperException as error:
        return _usage(verb, str(error))
    except UsageError as error:
        return _usage(verb, str(error))
    except WireError as error:
        complain(verb, str(error))
        return exit_for(error)
    except (KeyboardInterrupt, typer.Abort):
        return Exit.INTERRUPTED
    except OSError as error:
        _silence_stdout()
        return _usage(verb, f"{error.filename or 'file'}: {error.strerror or error}")
    except Exception as error:  # the last resort: a mistake in this program is one line as well
        complain(verb, f"internal error: {type(error).__name__}: {error}; please report it")
        if os.environ.get("WIREFORMAT_TRACEBACK"):
            raise
        return Exit.INTERNAL


def _application(verb: str, module: ModuleType) -> typer.Typer:
    """The verb with its options. A module with `COMMANDS` has a second word: one of them, beneath `run`."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    commands: Mapping[str, Callable[..., int]] = getattr(module, "COMMANDS", {})
    for name, function in commands.items():
        app.command(name)(_until_closed(function))
    if commands:
        app.callback()(module.run)
    else:
        app.command(verb)(_until_closed(module.run))
    return app


def _until_closed(function: Callable[..., int]) -> Callable[..., int]:
    """The function, ending quietly once nobody reads its output any more (typer would make a failure of that)."""

    @wraps(function)
    def run(*arguments: object, **options: object) -> int:
        try:
            code = function(*arguments, **options)
            sys.stdout.flush()
        except BrokenPipeError:
            _silence_stdout()
            return Exit.FINE
        return code

    return run


def complain(verb: str, message: str) -> None:
    """One line on standard error, under the verb's name."""
    tell(f"wireformat {verb}: {message}")


def tell(line: str) -> None:
    """One line on standard error. What is said there decides nothing: work goes on where nobody reads it any more."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)


def _usage(verb: str, message: str) -> Exit:
    complain(verb, message)
    return Exit.USAGE


def _silence_stdout() -> None:
    """Where standard output takes no more: keep the interpreter from complaining about that when it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        _discard(sys.stdout)


def _discard(stream: TextIO) -> None:
    """Throw away what is written to a stream from now on, and what waits in its buffer."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
